"""Columns that are neither words nor tags: sentences' names, parts of speech, lemmas, rows of spreadsheets."""

from pathlib import Path

import pytest

from mner_core.data.conll import read
from mner_core.data.lines import Reading
from mner_core.types import InputError


def reading_of(folder: Path, lines: str, name: str = "train.tsv", separator: str = "\t") -> Reading:
    """Of lines parted by slashes whose columns are apart by spaces, which become the separator."""
    content = "".join(f"{line.strip().replace(' ', separator)}\n" for line in lines.split("/"))
    (folder / name).write_text(content, encoding="utf-8")
    return read(folder / name)


def said(reading: Reading) -> list[tuple[str, list[str]]]:
    assert not reading.defects
    return [(post.text, [f"{post.span_text(it)}={it.label}" for it in post.spans or ()]) for post, _ in reading.posts]


TWO = [("Ann Lee won", ["Ann Lee=PER"]), ("Rome fell", ["Rome=LOC"])]


@pytest.mark.parametrize("separator", ["\t", ",", ";", "|", " "])
@pytest.mark.parametrize(
    "lines",
    [
        "sentence word tag / 1 Ann B-PER / 1 Lee I-PER / 1 won O / 2 Rome B-LOC / 2 fell O",
        "Sentence_ID Token POS NER / s1 Ann N B-PER / s1 Lee N I-PER / s1 won V O / s2 Rome N B-LOC / s2 fell V O",
        "word tag sent_id / Ann B-PER x / Lee I-PER x / won O x / Rome B-LOC y / fell O y",
        "tweet_id token label / 7 Ann B-PER / 7 Lee I-PER / 7 won O / 8 Rome B-LOC / 8 fell O",
    ],
)
def test_a_sentence_that_is_named_on_each_line_is_one_post(tmp_path: Path, lines: str, separator: str) -> None:
    assert said(reading_of(tmp_path, lines, separator=separator)) == TWO


@pytest.mark.parametrize(
    ("lines", "columns"),
    [
        ("s1 Ann B-PER / s1 won O / s2 Rome B-LOC", (1, 2)),
        ("d1 s1 Ann B-PER / d1 s1 won O / d1 s2 Rome B-LOC", (1, 2)),
        ("a.txt 0 Ann B-PER / a.txt 1 won O / a.txt 2 Rome B-LOC", (1, 3)),
        ("NNP Ann B-PER / VBD won O / . . O", (1, 2)),
        ("PROPN 安 B-PER / VERB 赢 O", (1, 2)),
        ("anne Anne B-PER / win won O / rome Rome B-LOC", (1, 2)),
        ("B-PER Anne anne / O won win / B-LOC Rome rome", (2, 3)),
        ("B-PER Ann NNP / O won VBD / B-LOC Rome NNP", (2, 3)),
    ],
)
def test_columns_that_would_be_read_as_words_and_are_none_are_refused(
    tmp_path: Path, lines: str, columns: tuple[int, int]
) -> None:
    one, other = columns
    with pytest.raises(InputError, match=rf"train\.tsv, line 1: .* column {one} or column {other} holds the words"):
        reading_of(tmp_path, lines)


@pytest.mark.parametrize(
    "lines",
    [
        "Ann NNP B-PER / won VBD O / Rome NNP B-LOC",
        "Ann ann NNP B-PER / won win VBD O / Rome rome NNP B-LOC",
        "ha UH O / ha UH O / ha NN O",
        "Ann _ _ B-PER / Ann _ _ B-PER / won _ _ O",
        "Ann x1 B-PER / won x1 O / Rome x2 B-LOC",
        "IN IN O / TO TO O",
        "Ann 0 3 B-PER / won 4 7 O",
    ],
)
def test_words_stay_words_beside_any_other_column(tmp_path: Path, lines: str) -> None:
    [(post, _)] = reading_of(tmp_path, lines).posts
    assert list(post.words) == [line.split()[0] for line in lines.split("/")]


@pytest.mark.parametrize(
    "lines",
    [
        "Ann BPER / Lee IPER / won O",
        "Ann BPER / Rome BLOC / Lee IPER / won O",
        "ann bper / lee iper / won o",
        "Ann B.PER / won O",
        "Ann B/PER / Lee I/PER / won O",
        "安 Ｂ-PER / 李 Ｉ-PER / won O",
    ],
)
def test_types_that_hold_a_letter_of_the_scheme_are_refused(tmp_path: Path, lines: str) -> None:
    content = "".join(f"{line.strip()}\n" for line in lines.split(" / "))
    (tmp_path / "train.txt").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"train\.txt, line 1: the tags .* do not part beginning and type"):
        read(tmp_path / "train.txt")


@pytest.mark.parametrize("types", ["Ann Branch / won O / Lee Brand", "p person-actor / of O / hit Benelux"])
def test_types_that_begin_with_such_a_letter_are_types(tmp_path: Path, types: str) -> None:
    assert len(said(reading_of(tmp_path, types))[0][1]) == 2


@pytest.mark.parametrize(
    "content",
    [
        "IMGID:1,\nAnn,B-PER\nLee,I-PER\n,\nIMGID:2,\nRome,B-LOC\n",
        "IMGID:1,O\nAnn,B-PER\nLee,I-PER\n,\nIMGID:2,O\nRome,B-LOC\n",
        '"IMGID:1"\n"Ann","B-PER"\n"Lee","I-PER"\n\n"IMGID:2"\n"Rome","B-LOC"\n',
        "word;pos;tag\nIMGID:1;;\nAnn;N;B-PER\nLee;N;I-PER\n;;\nIMGID:2;;\nRome;N;B-LOC\n;;\n",
        "IMGID:1|\r\nAnn|B-PER\r\nLee|I-PER\r\n|\r\nIMGID:2|\r\nRome|B-LOC\r\n",
    ],
)
def test_a_spreadsheet_parts_posts_by_rows_of_separators_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / "train.csv").write_bytes(content.encode())
    reading = read(tmp_path / "train.csv")
    assert said(reading) == [("Ann Lee", ["Ann Lee=PER"]), ("Rome", ["Rome=LOC"])]
    assert [post.image_name for post, _ in reading.posts] == ["1", "2"]


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        ("sentence,tags\nAnn Lee won,B-PER I-PER O\nRome,B-LOC O\n", 2, "holds all tags of a text"),
        ("Ann Lee won\tB-PER I-PER O\nRome is\tB-LOC O\n", 1, "holds all tags of a text"),
        ("Ann won,\"['B-PER', 'O']\"\nRome is,\"['B-LOC', 'O']\"\n", 1, "holds all tags of a text"),
        ("<PER>Ann Lee</PER> won\nin <LOC>Rome</LOC>\n", 1, "entities are marked inside of the text"),
        ("it rained\n[Ann Lee](PER) won\nin [Rome](city)\n", 2, "entities are marked inside of the text"),
    ],
)
def test_a_text_and_its_tags_on_one_line_are_refused(tmp_path: Path, content: str, line: int, why: str) -> None:
    (tmp_path / "train.txt").write_text(content)
    with pytest.raises(InputError, match=rf"train\.txt, line {line}: .*{why}"):
        read(tmp_path / "train.txt")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.csv", "text,label\nAnn sat in Rome,PER\nSo what is it,O\n"),
        ("train.csv", 'tweet_id,text,label\n1,"Ann sat, in Rome",PER\n2,So what is it,O\n3,No,O\n'),
        ("train.tsv", "token\ttag\nAnn sat in Rome\tB-PER\nSo what is it\tO\n"),
        ("train.txt", "Ann sat in Rome\tpositive\nSo what is it\tO\nno\tO\n"),
        ("train.csv", "Ann sat in Rome;PER\nSo what is it;O\n"),
    ],
)
def test_a_table_with_a_text_and_its_class_a_row_is_refused(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=rf"^{name}, line \d: this is a table with a text a row"):
        read(tmp_path / name)


@pytest.mark.parametrize(
    "content",
    [
        "New York City\tLOC\nwon\tO\nit\tO\n",
        "San Juan del Sur\tB-LOC\nand so on\tO\n",
        "word\ttag\nNew York\tLOC\nis\tO\n",
    ],
)
def test_words_that_hold_spaces_stay_words(tmp_path: Path, content: str) -> None:
    (tmp_path / "train.txt").write_text(content, encoding="utf-8")
    [(post, _)] = read(tmp_path / "train.txt").posts
    assert post.spans is not None
    assert [span.label for span in post.spans] == ["LOC"]


@pytest.mark.parametrize("name", ["train.csv", "train.tsv"])
@pytest.mark.parametrize("heading", ["text", '"Tweet"', "CONTENT"])
def test_a_table_of_one_column_of_texts_is_refused(tmp_path: Path, name: str, heading: str) -> None:
    (tmp_path / name).write_text(f"{heading}\nAnn Lee won\nGreat\n")
    with pytest.raises(InputError, match=rf"{name}, line 1: this is a table with a text a row"):
        read(tmp_path / name)


@pytest.mark.parametrize(
    "line", ["{'token': ['a', 'b'], 'relation': 'x'}", "['Ann won', ['B-PER', 'O']]", "('Ann won', {'entities': []}),"]
)
def test_python_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "train.txt").write_text(f"\n{line}\n{line}\n")
    with pytest.raises(InputError, match=r"train\.txt, line 2: this is Python"):
        read(tmp_path / "train.txt")


@pytest.mark.parametrize(
    "content",
    [
        "'tis so now\n[it rained]\n",
        "{'} what\n(so)\n",
        "see <b>this</b> now\nand <a>that</a>\n",
        "O O\n, , O\n",
        "EU,B-NP,B-ORG\nnow,B-ADVP,O\n",
    ],
)
def test_what_only_looks_like_it_is_read(tmp_path: Path, content: str) -> None:
    (tmp_path / "train.txt").write_text(content)
    assert read(tmp_path / "train.txt").posts
