"""What a tag file looks like, recognised from all of its lines: which column is the word, which its tag, how tags are
written. A file that looks like nothing known is refused, so that no tag becomes a word and no gold is wrong.

Read are columns apart by tabs, spaces, commas or semicolons; the tag in the last column, the first, or beside others
(part of speech, chunks, GermEval's numbered words with outer and nested entities); tags as BIO, IO, BIOES, BILOU or
BMES, in any case, with - or _, before the type or behind it, and bare types beside O (Stanford NER, Few-NERD).
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mner_core.data.tag_columns import (
    OF_CSV,
    NumberedLine,
    Row,
    columns_of,
    counts_words,
    must_be_a_word_a_line,
    must_have_no_columns,
    number_of,
)
from mner_core.data.word_columns import must_hold_no_texts, must_hold_words, must_say_types
from mner_core.types import InputError

Style: TypeAlias = Literal["prefix", "suffix", "bare"]

_OUTSIDE = re.compile(r"[Oo]|X|\[[A-Z]+\]|<[a-z]+>")  # the last two are marks that BERT scripts left in files
_TAGS: dict[Style, re.Pattern[str]] = {
    "prefix": re.compile(r"(?P<part>[BILUMESW])[-_](?P<type>.+)", re.IGNORECASE),
    "suffix": re.compile(r"(?P<type>.+)[-_](?P<part>[BILUMESW])", re.IGNORECASE),
    "bare": re.compile(r"(?P<part>)(?P<type>[^\W\d][\w./-]*)"),
}
_BY_SPACES = re.compile(r"[^\t]+ +(?:[BILUMES][-_][^\t ]+|[Oo]|X)")
_AS_BIOES = {"L": "E", "U": "S", "M": "I", "W": "S", "": "I"}
_CHUNKS = frozenset(["NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP", "PNP"])
_SENTENCE = re.compile(r"sent.*|(?:post|tweet|text|example)[ _]?(?:id|no|number|#)")
_WORD_NAMES = frozenset({"word", "words", "token", "tokens", "text", "form"})
_TAG_NAMES = frozenset({"tag", "tags", "label", "labels", "ner", "ner_tag", "ner_tags", "ne", "iob", "entity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the lines of one tag file are read.

    Args:
        separator: between columns: a tab, "" (spaces, or tabs on a line that has one), a comma or a semicolon.
        width: columns of a good line; 1 where the file has words alone.
        word, tag: the columns of both.
        style: how the tags are written.
        nested: whether a further column of tags (entities inside entities) is left out.
        sentence: the column that names the sentence, on its first line or on all, None where blank lines part them.
        is_counted: whether the first column counts the words of each post, so that a post ends where it begins anew.
        is_text: whether the file has raw texts, a line each, rather than words.
        letters: those of the tags, as the file writes them: B, I, L, U.
    """

    separator: str = ""
    width: int = 1
    word: int = 0
    tag: int = 0
    style: Style = "prefix"
    nested: bool = False
    sentence: int | None = None
    is_counted: bool = False
    is_text: bool = False
    letters: frozenset[str] = frozenset()

    def columns(self, line: str) -> list[str]:
        """The line's columns; a word that is blank or missing is a single space, so that it keeps its place."""
        return columns_of(line, self.separator, self.width)

    def letter(self, value: str) -> str:
        """The letter of a tag, B or I or another; empty where there is none."""
        found = None if _OUTSIDE.fullmatch(value) else _TAGS[self.style].fullmatch(value)
        return found["part"].upper() if found else ""

    def as_tag(self, value: str) -> str | None:
        """The value as BIO2 or BIOES has it; None where it is no tag. Marks of no scheme stay as they are."""
        if _OUTSIDE.fullmatch(value):
            return "O" if value == "o" else value
        found = _TAGS[self.style].fullmatch(value)
        if found is None or not found["type"].isprintable():  # a type that nobody can see is no other type
            return None
        part = found["part"].upper()
        return f"{_AS_BIOES.get(part, part)}-{found['type']}"

    def is_good(self, columns: Sequence[str]) -> bool:
        """Whether a line has the columns of this file and a tag among them."""
        return len(columns) == self.width > 1 and self.as_tag(columns[self.tag]) is not None

    def is_untagged(self, line: str) -> bool:
        """Whether a line has a word alone; in a file whose columns are apart by tabs, a word may hold spaces."""
        if self.width == 1:
            return True
        columns = self.columns(line)
        if self.separator == "\t":
            return "\t" not in line.rstrip("\t ") and self.as_tag(columns[-1]) is None
        return len(columns) == 1

    def names_columns(self, columns: Sequence[str]) -> bool:
        """Whether this first line of a file says what its columns are, as a spreadsheet's does."""
        return len(columns) == self.width > 1 and _named(columns) == (self.word, self.tag, self.sentence)

    def posts(self, lines: list[NumberedLine]) -> list[list[NumberedLine]]:
        """The lines between two blank ones, by the posts that they are."""
        if self.is_text:
            return [[line] for line in lines]
        parts: list[list[NumberedLine]] = [[]]
        for line in lines:
            if parts[-1] and self._begins(self.columns(line[1]), parts[-1]):
                parts.append([])
            parts[-1].append(line)
        return parts

    def _begins(self, columns: Sequence[str], before: Sequence[NumberedLine]) -> bool:
        """Whether a line is the first of a post although no blank line stands between it and those before."""
        if len(columns) != self.width:
            return False
        if self.is_counted:
            return number_of(columns[0]) <= number_of(self.columns(before[-1][1])[0])
        if self.sentence is None or not (named := columns[self.sentence].strip()):
            return False
        return [named] != self.columns(before[0][1])[self.sentence : self.sentence + 1]


@dataclass(frozen=True, slots=True)
class _Found:
    """A column of tags: its place, how they are written, and the types; all-O columns have none."""

    place: int
    style: Style
    types: frozenset[str]
    letters: frozenset[str] = frozenset()


def recognise(called: str, blocks: Sequence[Sequence[NumberedLine]]) -> Layout:
    """The layout of a file from its posts' numbered lines, without headers and comments.

    Raises:
        InputError: the lines have columns of which none, or more than one, holds tags, or they hold something else.
    """
    lines = [line for block in blocks for line in block]
    if not lines:
        return Layout()
    must_be_a_word_a_line(called, lines)
    tabs = sum("\t" in line for _, line in lines)
    is_by_tabs = tabs > 0 and tabs >= sum(bool(_BY_SPACES.fullmatch(line.rstrip())) for _, line in lines)
    for separator in ("\t",) if is_by_tabs else ("", *OF_CSV):
        usable = [[(n, columns_of(line, separator)) for n, line in block if separator in line] for block in blocks]
        if layout := _with_tags(called, separator, [block for block in usable if block], len(lines)):
            return layout
    must_have_no_columns(called, lines, 2 * tabs >= len(lines))
    texts = sum(len(line.split()) > 1 for _, line in lines)
    return Layout(is_text=2 * texts > len(lines))


def _with_tags(called: str, separator: str, blocks: Sequence[Sequence[Row]], of: int) -> Layout | None:
    """The layout by this separator, None where no column is one of tags."""
    rows = [(number, columns) for block in blocks for number, columns in block if len(columns) > 1]
    if not rows or (separator in OF_CSV and 2 * len(rows) < of):
        return None
    width = Counter(len(columns) for _, columns in rows).most_common(1)[0][0]
    good = [(number, columns) for number, columns in rows if len(columns) == width]
    if 2 * len(good) < len(rows):
        return None
    if named := _named(good[0][1]):
        must_hold_no_texts(called, good[1:], named[0])
        return _as_named(separator, good[1:], width, named)
    is_counted = width > 2 and counts_words(blocks)
    word = 1 if is_counted else 0
    found = [column for place in range(word + 1, width) if (column := _tags_in(good, place, place == width - 1))]
    if not found and (first := _tags_in(good, 0, is_last=False)):
        must_hold_words(called, good, width - 1, {0})
        return Layout(
            separator=separator, width=width, word=width - 1, tag=0, style=first.style, letters=first.letters
        )  # fmt: skip
    if not found:
        return None
    column, nested = _the_one(called, good, found, is_counted)
    if column.style == "bare":
        must_say_types(called, good[0][0], column.types)
        must_hold_no_texts(called, good, word)
    if not is_counted and width > 2 and all(columns[0].isdecimal() for _, columns in good):
        said = "the first column holds numbers that do not count the words of a post; leave that column out."
        raise InputError(f"{called}, line {good[0][0]}: {said}")
    must_hold_words(called, good, word, {each.place for each in found})
    return Layout(
        separator=separator, width=width, word=word, tag=column.place, style=column.style, nested=nested,
        is_counted=is_counted, letters=column.letters,
    )  # fmt: skip


def _named(columns: Sequence[str]) -> tuple[int, int, int | None] | None:
    """The columns of the word, its tag and the sentence, where a line names them."""
    names = [name.lower() for name in columns]
    words, tags = ([place for place, name in enumerate(names) if name in known] for known in (_WORD_NAMES, _TAG_NAMES))
    sentences = [place for place, name in enumerate(names) if _SENTENCE.fullmatch(name)]
    return (words[0], tags[-1], sentences[0] if sentences else None) if words and tags else None


def _as_named(separator: str, rows: Sequence[Row], width: int, named: tuple[int, int, int | None]) -> Layout | None:
    """The layout that a line of names says, where the column of tags holds tags."""
    word, tag, sentence = named
    found = _tags_in(rows, tag, is_last=True)
    if found is None:
        return None
    return Layout(
        separator=separator, width=width, word=word, tag=tag, style=found.style, sentence=sentence,
        letters=found.letters,
    )  # fmt: skip


def _the_one(called: str, rows: Sequence[Row], found: list[_Found], is_numbered: bool) -> tuple[_Found, bool]:
    """The column of the entities among all columns of tags, and whether one of nested entities stands beside it."""
    named = [column for column in found if not column.types or not column.types <= _CHUNKS] or found
    filled = [column for column in named if column.types] or named[-1:]
    if len(filled) == 1 or is_numbered:
        return filled[0], len(filled) > 1
    if all(len({columns[each.place] for each in filled}) == 1 for _, columns in rows):
        return filled[-1], False
    places = " and ".join(str(each.place + 1) for each in filled)
    raise InputError(
        f"{called}, line {rows[0][0]}: the columns {places} both hold tags, so it is not clear which one is meant; "
        "leave one of them."
    )


def _tags_in(rows: Sequence[Row], place: int, is_last: bool) -> _Found | None:
    """The column, where it holds tags: at least half of what is not O is written in one style."""
    values = Counter(columns[place] for _, columns in rows)
    inside = {value: number for value, number in values.items() if not _OUTSIDE.fullmatch(value)}
    if not inside:
        return _Found(place, "prefix", frozenset())

    def fitting(style: Style) -> dict[str, re.Match[str]]:
        matches = {value: _TAGS[style].fullmatch(value) for value in inside}
        return {value: found for value, found in matches.items() if found}

    has_outside = is_last and bool(values["O"] or values["o"])
    styles: tuple[Style, ...] = ("prefix", "suffix", "bare") if has_outside else ("prefix", "suffix")
    for style in styles:
        tags = fitting(style)
        if 2 * sum(inside[value] for value in tags) >= sum(inside.values()):
            types, letters = ({found[part] for found in tags.values()} for part in ("type", "part"))
            return _Found(place, style, frozenset(types), frozenset(letter.upper() for letter in letters if letter))
    return None
