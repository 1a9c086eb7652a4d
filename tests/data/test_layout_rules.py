"""How a tag file's layout is recognised: each rule by itself, at its bounds."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mner_core.data.conll import read, write
from mner_core.data.tag_layout import Layout, recognise
from mner_core.types import InputError
from tests.data.test_realistic_errors import post


def layout(*posts: str) -> Layout:
    """Of posts whose lines are parted by slashes."""
    number, blocks = 0, []
    for lines in posts:
        block = []
        for line in lines.split(" / "):
            number += 1
            block.append((number, line))
        blocks.append(block)
    return recognise("file", blocks)


@pytest.mark.parametrize(
    ("lines", "word", "tag", "sentence", "style"),
    [
        ("Word,Tag / Ann,B-PER / won,O", 0, 1, None, "prefix"),
        ("Tag,Word / B-PER,Ann / O,won", 1, 0, None, "prefix"),
        ("token,POS,label,NER / Ann,NNP,O,B-PER / won,VBD,O,O", 0, 3, None, "prefix"),
        ("id,token,text,tag / 1,Ann,Ann,B-PER / 2,won,won,O", 1, 3, None, "prefix"),
        ("Sentence #,Word,Tag / Sentence: 1,Ann,B-PER / ,won,O", 1, 2, 0, "prefix"),
        ("Word,Tag,sentence_id,sentence / Ann,B-PER,1,a / won,O,1,a", 0, 1, 2, "prefix"),
        ("Word,Tag / Ann,PER / won,O", 0, 1, None, "bare"),
        ("Tag,Word / PER,Ann / O,won", 1, 0, None, "bare"),
        ("word,tag / Ann,PER-B / won,O", 0, 1, None, "suffix"),
    ],
)
def test_a_line_of_names_says_which_column_is_what(
    lines: str, word: int, tag: int, sentence: int | None, style: str
) -> None:
    found = layout(lines)
    assert (found.word, found.tag, found.sentence, found.style) == (word, tag, sentence, style)
    assert (found.separator, found.is_text, found.nested) == (",", False, False)
    names, *rest = (line.split(",") for line in lines.split(" / "))
    assert found.width == len(names)
    assert found.names_columns(names)
    assert not any(found.names_columns(row) for row in rest)
    assert not found.names_columns(names[:-1])


def test_names_without_a_word_or_without_tags_are_no_names() -> None:
    for names in ("Word,POS", "POS,Tag"):
        found = layout(f"{names} / Ann,B-PER / won,O / here,O")
        assert (found.word, found.tag, found.style) == (0, 1, "prefix")
        assert not found.names_columns(names.split(","))


@pytest.mark.parametrize(
    ("lines", "style"),
    [
        ("Ann B-PER / Bo B-LOC / won odd / so odder", "prefix"),
        ("Ann B-PER / won odd / so odder / it oddest", None),
        ("Ann PER / won O", "bare"),
        ("Ann PER / won o", "bare"),
        ("Ann PER-B / won O", "suffix"),
        ("Ann O / won O", "prefix"),
        ("Ann O / won X", "prefix"),
        ("Ann B-PER / won 7", "prefix"),
        ("Ann 8 / won 7 / so O", None),
    ],
)
def test_a_column_holds_tags_where_half_of_what_is_not_outside_is_written_as_one(lines: str, style: str | None) -> None:
    if style is None:
        with pytest.raises(InputError, match="file, line 1"):
            layout(lines)
    else:
        assert layout(lines).style == style


@pytest.mark.parametrize(
    ("posts", "word"),
    [
        (["1 Ann B-PER / 2 won O", "1 so O"], 1),
        (["0 Ann B-PER / 1 won O"], 1),
        (["1 Ann B-PER / 2 won O / 1 so O / 1 it O / 2 is O"], 1),
        (["0 Ann B-PER / 1 won O / 0 so O"], 1),
        (["1 B-PER / 2 O"], 0),
    ],
)
def test_a_first_column_that_counts_the_words_is_no_word(posts: list[str], word: int) -> None:
    assert layout(*posts).word == word


@pytest.mark.parametrize(
    "posts",
    [
        ["2 Ann B-PER / 3 won O"],
        ["1 Ann B-PER / 3 won O"],
        ["1 Ann B-PER", "1 won O"],
        ["1 Ann B-PER / 2 won O", "2 so O / 3 it O"],
        ["1 Ann B-PER / 1 won O / 2 so O / 2 it O"],
    ],
)
def test_a_first_column_of_other_numbers_is_refused(posts: list[str]) -> None:
    """They may be the number of the sentence, or of the line in a book: never are they the words."""
    with pytest.raises(InputError, match="file, line 1: the first column holds numbers that do not count the words"):
        layout(*posts)


@pytest.mark.parametrize(
    "lines", ["Ann B / Lee I / won O", "Ann U / won O", "Ann\tb / Lee\te / won\to", "Ann S / won O"]
)
def test_tags_that_name_no_type_are_refused(lines: str) -> None:
    with pytest.raises(InputError, match="name no type of entity; write B-PER and I-PER"):
        layout(lines)


def test_a_type_of_one_letter_beside_others_is_a_type() -> None:
    assert layout("Ann P / Rome B / won O").style == "bare"


@pytest.mark.parametrize(
    "table",
    ['text,labels / "Ann won","[]"', "id;text;entities / 1;Ann won;0", "tweet\tner / Ann won\tx", "Text|NER / a b|c"],
)
def test_a_table_of_texts_is_refused(table: str) -> None:
    with pytest.raises(InputError, match="file, line 1: this is a table with a text a row"):
        layout(table)


def test_nested_entities_stand_beside_numbered_words_alone() -> None:
    nested = layout("1 Ann B-PER B-ORG / 2 won O O")
    assert (nested.tag, nested.nested, nested.width) == (2, True, 4)
    plain = layout("1 Ann B-PER O / 2 won O O")
    assert (plain.tag, plain.nested) == (2, False)
    with pytest.raises(InputError, match="file, line 1: the columns 2 and 3 both hold tags"):
        layout("Ann B-PER B-ORG / won O O")
    same = layout("Ann B-PER B-PER / won O O")
    assert (same.tag, same.nested) == (2, False), "both say the same"


def test_chunks_are_no_entities_unless_nothing_else_is_there() -> None:
    assert layout("Ann B-NP B-PER / won B-VP O").tag == 2
    assert layout("Ann B-PER B-NP / won O B-VP").tag == 1
    assert layout("Ann NNP B-NP / won VBD B-VP").tag == 2
    assert layout("Ann B-NP O / won B-VP O").tag == 2, "no post of this file has an entity"


@pytest.mark.parametrize(
    ("lines", "tag", "word"),
    [("B-PER Ann / O won", 0, 1), ("B-PER x Ann / O y won", 0, 2), ("Ann x B-PER / won y O", 2, 0)],
)
def test_a_tag_may_come_first_and_the_word_is_then_the_last(lines: str, tag: int, word: int) -> None:
    found = layout(lines)
    assert (found.tag, found.word) == (tag, word)


@pytest.mark.parametrize(
    ("lines", "separator"),
    [
        ("Ann\tB-PER / won\tO", "\t"),
        ("Ann\tB-PER / won O", "\t"),
        ("Ann\tB-PER / won O / so O", ""),
        ("Ann B-PER / won O", ""),
        ("Ann,B-PER / won,O", ","),
        ("Ann;B-PER / won;O", ";"),
        ("Ann|B-PER / won|O", "|"),
        ("Ann,B-PER / won,O / so / it", ","),
    ],
)
def test_columns_are_parted_by_what_most_lines_are_parted_by(lines: str, separator: str) -> None:
    assert layout(lines).separator == separator


def test_a_comma_in_fewer_than_half_of_the_lines_parts_nothing() -> None:
    found = layout("Ann,B-PER / won / so / it")
    assert (found.width, found.is_text) == (1, False)


@pytest.mark.parametrize(
    ("lines", "is_text"),
    [
        ("Ann won today / so it goes on", True),
        ("Ann / won", False),
        ("Ann won / it", False),
        ("Ann won it / so what then / it", True),
        ("Ann won", True),
    ],
)
def test_raw_texts_are_lines_of_words_in_more_than_half(lines: str, is_text: bool) -> None:
    found = layout(lines)
    assert (found.is_text, found.width, found.word, found.tag) == (is_text, 1, 0, 0)
    assert found.is_untagged("anything at all")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("Ann\tx / won\ty", "apart by tabs"),
        ("Ann x / won y", "apart by spaces"),
        ("Ann,7 / won,8", "apart by commas"),
        ("Ann;7 / won;8", "apart by semicolons"),
        ("Ann|7 / won|8", "apart by bars"),
        ("Ann/B-PER won/O", "not in a column of their own"),
        ('{"text": "x"}', "this is JSON"),
        ('[{"a": 1}]', "this is JSON"),
    ],
)
def test_columns_without_tags_are_refused(lines: str, why: str) -> None:
    with pytest.raises(InputError, match=f"file, line 1: .*{why}"):
        layout(lines)


def test_nothing_is_words_alone() -> None:
    assert layout() == recognise("file", []) == Layout()
    assert (Layout().width, Layout().word, Layout().tag, Layout().style) == (1, 0, 0, "prefix")


def test_a_good_line_has_all_columns_and_a_tag() -> None:
    found = layout("Ann NNP B-PER / won VBD O")
    rows: list[tuple[Sequence[str], bool]] = [
        (["Ann", "NNP", "B-PER"], True),
        (["Ann", "NNP", "X"], True),
        (["Ann", "NNP", "[CLS]"], True),
        (["Ann", "NNP", "PER"], False),
        (["Ann", "B-PER"], False),
        (["Ann", "NNP", "B-PER", "x"], False),
    ]
    assert [found.is_good(row) for row, _ in rows] == [good for _, good in rows]
    assert [found.is_untagged(line) for line in ("Ann", "Ann x", "Ann x O")] == [True, False, False]
    tabs = layout("Ann\tB-PER / won\tO")
    assert [tabs.is_untagged(line) for line in ("New York", "York", "York O", "York\tO", "York\t")] == [
        *(True, True, False, False, True),
    ]
    assert not Layout().is_good(["O"]), "words alone have no tag"


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        *(("B-PER", "B-PER"), ("i_PER", "I-PER"), ("L-PER", "E-PER"), ("U-PER", "S-PER"), ("M-PER", "I-PER")),
        *(("W-PER", "S-PER"), ("E-PER", "E-PER"), ("S-PER", "S-PER"), ("o", "O"), ("O", "O"), ("X", "X")),
        *(("[CLS]", "[CLS]"), ("<unk>", "<unk>"), ("PER", None), ("B-", None), ("Q-PER", None), ("", None)),
    ],
)
def test_tags_of_other_schemes_are_written_as_ours(value: str, tag: str | None) -> None:
    assert Layout().as_tag(value) == tag


def test_bare_types_are_inside() -> None:
    assert Layout(style="bare").as_tag("PER") == "I-PER"
    assert Layout(style="suffix").as_tag("PER-B") == "B-PER"
    assert Layout(style="bare").as_tag("7") is None


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("Ann  B-PER  ", ["Ann", "B-PER"]),
        (" B-PER", [" ", "B-PER"]),
        ("Ann\tB-PER\t", ["Ann", "B-PER"]),
        ("New York\t B-PER", ["New York", "B-PER"]),
        ("\tO", [" ", "O"]),
    ],
)
def test_a_word_that_is_missing_keeps_its_place(line: str, columns: list[str]) -> None:
    assert Layout(width=2, tag=1).columns(line) == columns


@pytest.mark.parametrize(
    ("line", "width", "columns"),
    [
        ("Ann,B-PER", 2, ["Ann", "B-PER"]),
        ('"a,b",O', 2, ["a,b", "O"]),
        (",,O", 2, [",", "O"]),
        ("1,000,O", 2, ["1,000", "O"]),
        ("1,000,O", 3, ["1", "000", "O"]),
        ("a, b ,O", 3, ["a", "b", "O"]),
    ],
)
def test_a_comma_that_nobody_quoted_is_of_the_word_in_two_columns(line: str, width: int, columns: list[str]) -> None:
    assert Layout(separator=",", width=width, tag=width - 1).columns(line) == columns


def test_a_sentence_begins_where_its_column_names_it() -> None:
    found = layout("Sentence #,Word,Tag / Sentence: 1,Ann,B-PER / ,won,O / Sentence: 2,so,O / Sentence: 3,it,O")
    lines = [(2, "Sentence: 1,Ann,B-PER"), (3, ",won,O"), (4, "Sentence: 2,so,O"), (5, "odd"), (6, "Sentence: 3,it,O")]
    assert [[number for number, _ in part] for part in found.posts(lines)] == [[2, 3], [4, 5], [6]]
    assert found.posts([]) == [[]]
    assert layout("Ann B-PER / won O").posts(lines[:2]) == [lines[:2]]
    assert Layout(is_text=True).posts(lines[:2]) == [lines[:1], lines[1:2]]


@pytest.mark.parametrize("words", [["{", "Ann"], ["["], ["Ann/B-PER"]])
def test_words_of_which_the_reader_makes_nothing_are_refused_by_their_post(tmp_path: Path, words: list[str]) -> None:
    wrong = replace(post("7", words), spans=None)
    with pytest.raises(InputError, match="Post 7 cannot be written as a tag file"):
        write([wrong], tmp_path / "out.txt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("1\tAnn\tB-PER\n2\twon\tO\n1\tLA\tB-LOC\n2\tis\tO\n", [("Ann", "won"), ("LA", "is")]),
        ("0 Ann B-PER\n0 LA B-LOC\n1 is O\n\n0 So O\n", [("Ann",), ("LA", "is"), ("So",)]),
        ("1,Ann,B-PER\n2,won,O\n1,LA,B-LOC\n2,is,O\n3,it,O\n", [("Ann", "won"), ("LA", "is", "it")]),
    ],
)
def test_a_post_begins_where_the_numbers_do(tmp_path: Path, content: str, words: list[tuple[str, ...]]) -> None:
    (tmp_path / "train.txt").write_text(content)
    reading = read(tmp_path / "train.txt")
    assert [post.words for post, _ in reading.posts] == words
    assert not reading.defects


def test_a_post_that_reads_like_names_of_columns_is_a_post() -> None:
    assert layout("Tweet, post / Ann met Bob in Rome / it rained / so we left").is_text
