import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mner_core.data import conll
from mner_core.data.lines import Reading
from mner_core.tags import SCHEMES, Scheme, decode_strict
from mner_core.types import Example, InputError, Span

REAL = Path("../shared/data")


def read(tmp_path: Path, content: str | bytes, name: str = "train.txt") -> Reading:
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return conll.read(tmp_path / name, "train")


def examples(reading: Reading) -> list[Example]:
    return [example for example, _ in reading.posts]


def found(reading: Reading) -> list[tuple[str, int | None]]:
    return [(defect.kind, defect.line) for defect in reading.defects]


TWO = "IMGID:17\nNew\tB-LOC\nYork\tI-LOC\n!\tO\n\nIMGID:18\nhi\tO\n\n"


def test_two_posts(tmp_path: Path) -> None:
    reading = read(tmp_path, TWO)
    first, second = examples(reading)
    assert (first.id, first.image_name, first.text, first.source, first.split) == (
        "17",
        "17",
        "New York !",
        "train.txt",
        "train",
    )
    assert first.spans == (Span(0, 2, "LOC"),)
    assert first.tags == ("B-LOC", "I-LOC", "O")
    assert [(token.start, token.end) for token in first.tokens] == [(0, 3), (4, 8), (9, 10)]
    assert (second.words, second.spans) == (("hi",), ())
    assert [place.words for _, place in reading.posts] == [(2, 3, 4), (7,)]
    assert [place.line for _, place in reading.posts] == [1, 6]
    assert reading.defects == []


@pytest.mark.parametrize(
    "content",
    [
        TWO.replace("\n", "\r\n"),
        TWO.replace("\n", "\r"),
        TWO.replace("\t", " "),
        TWO.replace("\t", "  \t ").replace("\n\n", "\n \t\n\n\n"),
        TWO.rstrip("\n"),
        "\ufeff" + TWO,
        TWO.encode("utf-16"),
        "-DOCSTART- -X- O\n\n" + TWO,
        TWO.replace("IMGID:17", "IMGID: 17 "),
        TWO.replace("IMGID:17\n", "\n\nIMGID:17\n\n"),
        TWO.replace("!\tO\n\n", "!\tO\n"),
    ],
    ids=[
        "crlf",
        "cr",
        "spaces",
        "loose",
        "no-end",
        "bom",
        "utf-16",
        "docstart",
        "header-spaces",
        "header-blank",
        "tight",
    ],
)
def test_the_same_posts_in_other_clothes(tmp_path: Path, content: str | bytes) -> None:
    reading = read(tmp_path, content)
    assert reading.defects == []
    assert examples(reading) == examples(read(tmp_path, TWO))


def test_no_images_at_all(tmp_path: Path) -> None:
    first, second = examples(read(tmp_path, "a\tO\n\nb\tB-PER\n"))
    assert (first.id, first.image_name) == ("train-1", None)
    assert (second.id, second.image_name) == ("train-2", None)


def test_a_post_without_image_between_others(tmp_path: Path) -> None:
    names = [example.image_name for example in examples(read(tmp_path, TWO + "lost\tO\n\n" + TWO))]
    assert names == ["17", "18", None, "17", "18"]


def test_a_word_that_looks_like_a_header(tmp_path: Path) -> None:
    (example,) = examples(read(tmp_path, "a\tO\nIMGID:5\tB-MISC\n"))
    assert (example.words, example.image_name) == (("a", "IMGID:5"), None)


def test_many_columns(tmp_path: Path) -> None:
    reading = read(tmp_path, "EU NNP B-NP B-ORG\nrejects VBZ B-VP O\n")
    assert examples(reading)[0].words == ("EU", "rejects")
    assert examples(reading)[0].tags == ("B-ORG", "O")
    assert reading.defects == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (" \tO", " "),
        ("\tO", " "),
        (" O", " "),
        ("\u00a0\tO", "\u00a0"),
        ("\u3000 O", "\u3000"),
        ("\u200b\tO", "\u200b"),
        ("\ufe0f O", "\ufe0f"),
        ("\x85\tO", "\x85"),
        ("\u2028\tO", "\u2028"),
        ("New York\tO", "New York"),
    ],
)
def test_strange_words_stay(tmp_path: Path, line: str, word: str) -> None:
    reading = read(tmp_path, f"IMGID:1\na\tO\n{line}\nb\tB-PER\n")
    (example,) = examples(reading)
    assert example.words == ("a", word, "b")
    assert all(example.text[token.start : token.end] == token.text for token in example.tokens)
    assert example.spans == (Span(2, 3, "PER"),)
    assert reading.defects == []


@pytest.mark.parametrize(
    ("line", "word", "tag"),
    [
        ("Obama", "Obama", "O"),
        ("Obama\t", "Obama", "O"),
        ("Obama PERSON", "Obama", "PERSON"),
        ("Obama\tB-", "Obama", "B-"),
        ("this line is broken", "this line is broken", "O"),
        ("New York B-LOC", "New York", "B-LOC"),
        ("Obama\tNNP\tB-PER", "Obama NNP", "B-PER"),
    ],
)
def test_a_broken_line_is_named_and_costs_no_other(tmp_path: Path, line: str, word: str, tag: str) -> None:
    reading = read(tmp_path, f"IMGID:1\na\tO\nb\tB-PER\n{line}\nc\tO\n")
    assert found(reading) == [("bad-line", 4)]
    (example,) = examples(reading)
    assert example.words == ("a", "b", word, "c")
    assert example.tags == ("O", "B-PER", tag, "O")
    assert example.spans is not None
    assert Span(1, 2, "PER") in example.spans


def test_tags_of_bert_scripts_count_as_outside(tmp_path: Path) -> None:
    reading = read(tmp_path, "a\tB-PER\n##b\tX\n[SEP]\t[SEP]\n")
    assert examples(reading)[0].spans == (Span(0, 1, "PER"),)
    assert reading.defects == []


def test_orphans_are_entities_and_the_tags_stay(tmp_path: Path) -> None:
    (example,) = examples(read(tmp_path, "a\tI-PER\nb\tO\nc\tB-LOC\nd\tI-PER\n"))
    assert example.tags == ("I-PER", "O", "B-LOC", "I-PER")
    assert example.spans == (Span(0, 1, "PER"), Span(2, 3, "LOC"), Span(3, 4, "PER"))


def test_bioes(tmp_path: Path) -> None:
    (example,) = examples(read(tmp_path, "a\tS-PER\nb\tB-LOC\nc\tE-LOC\n"))
    assert example.spans == (Span(0, 1, "PER"), Span(1, 3, "LOC"))


def test_words_without_any_tag_are_not_labelled(tmp_path: Path) -> None:
    reading = read(tmp_path, "IMGID:1\nhello\nworld\n")
    (example,) = examples(reading)
    assert (example.words, example.spans, example.tags) == (("hello", "world"), None, None)
    assert reading.defects == []


def test_posts_without_words(tmp_path: Path) -> None:
    reading = read(tmp_path, "IMGID:1\n\nIMGID:2\na\tO\n\nIMGID:\nb\tO\n")
    assert found(reading) == [("empty-post", 1), ("bad-line", 6)]
    assert [(example.id, example.image_name) for example in examples(reading)] == [("2", "2"), ("train-3", None)]


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"", "empty-file"), (b"\n \n", "empty-file"), (b"\x89PNG\0\0abc\n", "not-text"), (os.urandom(4000), "not-text")],
)
def test_no_tag_file_at_all(tmp_path: Path, content: bytes, kind: str) -> None:
    reading = read(tmp_path, content)
    assert reading.posts == []
    assert found(reading) == [(kind, None)]


def test_one_line_that_is_not_utf8(tmp_path: Path) -> None:
    reading = read(tmp_path, b"a\tO\nJos\xe9\tB-PER\nc\tO\n")
    assert found(reading) == [("bad-line", 2)]
    assert examples(reading)[0].words == ("a", "Jos\ufffd", "c")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Cannot read gone\.txt"):
        conll.read(tmp_path / "gone.txt")


word = st.text(st.characters(exclude_characters="\t\r\n\0", exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: text.strip(" ") == text and not text.startswith(("\ufeff", "-DOCSTART-"))
)
tag = st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "E-LOC", "S-ORG", "X"])
image = st.none() | st.sampled_from(["17_06_1", "故00006458-7宫12", "a b.jpg", "../../x"])


@given(st.lists(st.tuples(image, st.lists(st.tuples(word | st.just(" "), tag), min_size=1)), min_size=1))
@settings(max_examples=200)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, posts: list[tuple[str | None, list]]
) -> None:
    folder = tmp_path_factory.mktemp("conll")
    wanted = []
    for name, pairs in posts:
        text, tokens = conll.join_words([word for word, _ in pairs])
        tags = tuple(tag for _, tag in pairs)
        wanted.append(Example(id="", text=text, tokens=tokens, spans=(), tags=tags, image_name=name))
    conll.write(wanted, folder / "out.txt")
    reading = conll.read(folder / "out.txt")
    kept = [(example.text, example.tokens, example.tags, example.image_name) for example in examples(reading)]
    assert kept == [(example.text, example.tokens, example.tags, example.image_name) for example in wanted]
    assert reading.defects == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_scheme_asked_for_is_written(tmp_path: Path, scheme: Scheme) -> None:
    (example,) = examples(read(tmp_path, "a\tI-PER\nb\tI-PER\nc\tB-LOC\n"))
    conll.write([example], tmp_path / "out.txt", scheme)
    (again,) = examples(conll.read(tmp_path / "out.txt"))
    assert again.tags is not None
    assert tuple(decode_strict(again.tags, scheme)) == example.spans


def test_posts_without_labels_are_written_without_tags(tmp_path: Path) -> None:
    (example,) = examples(read(tmp_path, "IMGID:1\nhello\nworld\n"))
    conll.write([example], tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text() == "IMGID:1\nhello\nworld\n\n"


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (example,) = examples(read(tmp_path, "a\tO\n"))
    (tmp_path / "taken").mkdir()
    with pytest.raises(InputError, match="Cannot write taken"):
        conll.write([example], tmp_path / "taken")
    with pytest.raises(InputError, match="Cannot write x"):
        conll.write([example], tmp_path / "gone" / "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taken", "train.txt"]


def test_a_word_that_a_tag_file_cannot_hold(tmp_path: Path) -> None:
    for word in ("a\tb", "a\nb", "a\0b"):
        text, tokens = conll.join_words([word])
        with pytest.raises(InputError, match="holds a tab"):
            conll.write([Example(id="1", text=text, tokens=tokens, spans=())], tmp_path / "out.txt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="needs ../shared/data")
@pytest.mark.parametrize(
    ("name", "posts", "support", "orphans", "labels"),
    [
        ("twitter2015/train.txt", 4000, 6352, 186, 4),
        ("twitter2015/valid.txt", 1000, 1594, 53, 4),
        ("twitter2017/train.txt", 3373, 6049, 0, 4),
        ("twitter2017/valid.txt", 723, 1324, 0, 4),
        ("cp_mner/train.txt", 950, 26080, 142, 16),
        ("cp_mner/valid.txt", 119, 3204, 17, 16),
    ],
)
def test_real_files(tmp_path: Path, name: str, posts: int, support: int, orphans: int, labels: int) -> None:
    reading = conll.read(REAL / name)
    spans = [(example, span) for example in examples(reading) for span in example.spans or ()]
    assert (len(reading.posts), len(spans), reading.defects) == (posts, support, [])
    assert len({span.label for _, span in spans}) == labels
    assert sum((example.tags or ())[span.start].startswith("I-") for example, span in spans) == orphans
    conll.write(examples(reading), tmp_path / Path(name).name)
    again = conll.read(tmp_path / Path(name).name)
    assert examples(again) == examples(reading)
