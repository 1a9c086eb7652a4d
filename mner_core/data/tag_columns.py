"""The columns of a line of a tag file: how they are parted, whether the first one counts words, and refusals."""

import csv
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

from mner_core.types import InputError

Row: TypeAlias = tuple[int, list[str]]
"""A line's number (from 1) and its columns."""
NumberedLine: TypeAlias = tuple[int, str]

OF_CSV = (",", ";", "|")
"""Separators of tables, whose fields may be quoted."""
A_TEXT_A_ROW = (
    "this is a table with a text a row and not a word and its tag; "
    'such posts go into .jsonl as {"text": "...", "spans": [{"start": 0, "end": 4, "label": "PER"}]}.'
)
_LEFT_OVER = re.compile(r".*(?:^|[\s|/_,;:=\\])(?:[BILUMES][-_][A-Za-z]{2,}|O)")
_WANTED = 'a tag file has one word and its tag a line, and raw posts go into .jsonl as {"text": "..."}.'
_JSON = re.compile(r"\s*(?:[\[{]|[\[{]\s*[\"{\[].*[}\],{\[])")
_PYTHON = re.compile(r"\s*(?:\{\s*'[^']*'\s*:.*\}|[\[(]\s*\(?\s*'[^']*'\s*,.*[\])]),?")
_ONE_TAG = r"(?:O|[BILUMES][-_][\w-]+)"
_LISTED = rf"\[ *['\"]+{_ONE_TAG}['\"]+(?: *,? *['\"]+{_ONE_TAG}['\"]+)+ *\]"
_TAGS_IN_A_ROW = re.compile(rf".*(?:[\t,;|] *\"?{_ONE_TAG}(?: +{_ONE_TAG})+|{_LISTED})\"?\s*")
_HTML = r"(?!(?:[abipu]|br|em|div|code|span|strong)>)"
_MARKED = re.compile(rf".*(?:<{_HTML}([A-Za-z]\w*)>[^<]+</\1>|\[[^\[\]]+\]\([A-Za-z]\w*\)).*")
_OF_TABLE = re.compile(r"[\t,;|]")
_TEXT_NAMES = frozenset({"text", "texts", "sentence", "tweet", "post", "content", "message", "caption"})


def columns_of(line: str, separator: str, width: int = 0) -> list[str]:
    """The line's columns by a separator ("" for spaces or tabs); a first one that is blank is a single space."""
    line = line.rstrip(" \t")
    if separator in OF_CSV:
        columns = _of_csv(line, separator, width)
    elif "\t" in line:
        columns = [part.strip(" ") for part in line.split("\t")]
    else:
        columns = re.split(" +", line)
    return [columns[0] or " ", *columns[1:]]


def counts_words(blocks: Sequence[Sequence[Row]]) -> bool:
    """Whether the first column counts the words of each post, from 0 or from 1.

    Posts may follow each other without blank lines: the next one begins where the numbers do.
    """
    counted = False
    for block in blocks:
        numbers = [number_of(columns[0]) for _, columns in block]
        if not {numbers[0], *(each for before, each in pairwise(numbers) if each != before + 1)} <= {numbers[0], 0, 1}:
            return False
        if numbers[0] not in (0, 1):
            return False
        counted = counted or any(each == before + 1 for before, each in pairwise(numbers))
    return counted


def number_of(text: str) -> int:
    """The number that a text is, -1 where it is none."""
    return int(text) if text.isdecimal() else -1


def _of_csv(line: str, separator: str, width: int) -> list[str]:
    """The fields of a line of CSV; a separator that nobody quoted belongs to the word of a line with two columns."""
    columns = next(csv.reader([line], delimiter=separator), [""])
    if width == 2 and len(columns) > 2:
        word, _, tag = line.rpartition(separator)
        return [word, tag]
    return [column.strip(" ") for column in columns]


def must_be_a_word_a_line(called: str, lines: Sequence[NumberedLine]) -> None:
    """Refuses a file that has a text and all of its tags on a line, entities marked inside of texts, or JSON."""
    first, begin = lines[0]
    if _JSON.fullmatch(begin.rstrip()):
        raise InputError(f"{called}, line {first}: this is JSON, not a word and its tag a line; name it .jsonl.")
    if _PYTHON.fullmatch(begin.rstrip()):
        raise InputError(f"{called}, line {first}: this is Python, not a word and its tag a line; write JSON (.jsonl).")
    for pattern, said, share in (
        (_TAGS_IN_A_ROW, "this line holds all tags of a text", 2),
        (_MARKED, "entities are marked inside of the text", 4),
    ):
        found = [number for number, line in lines if pattern.fullmatch(line)]
        if found and share * len(found) >= len(lines):
            raise InputError(f"{called}, line {found[0]}: {said}; {_WANTED}")


def as_tabs(line: str, separator: str, width: int) -> str:
    """A line of CSV as one whose columns are apart by tabs, so that a header and a blank row are what they say."""
    columns = columns_of(line, separator, width) if line.strip() else []
    return line if any("\t" in column for column in columns) else "\t".join(columns)


def must_have_no_columns(called: str, lines: Sequence[NumberedLine], has_tabs: bool) -> None:
    """Refuses a file that has columns although none of them holds tags."""
    if _is_table_of_texts(called, lines):
        raise InputError(f"{called}, line {lines[0][0]}: {A_TEXT_A_ROW}")
    if 4 * sum(bool(_LEFT_OVER.fullmatch(line.rstrip())) for _, line in lines) > len(lines):
        raise InputError(f"{called}, line {lines[0][0]}: there are tags, but not in a column of their own; {_WANTED}")
    for separator, name in (("\t", "tabs"), (" ", "spaces"), (",", "commas"), (";", "semicolons"), ("|", "bars")):
        widths = {len(line.split(separator)) for _, line in lines}
        is_regular = len(widths) == 1 and widths != {1} and len(lines) > 1
        if (separator == "\t" and has_tabs) or is_regular:
            raise InputError(
                f"{called}, line {lines[0][0]}: the columns apart by {name} hold no tags such as O, B-PER and I-PER; "
                f"{_WANTED}"
            )


def _is_table_of_texts(called: str, lines: Sequence[NumberedLine]) -> bool:
    """Whether the first line names columns, one of them of texts, and most lines have columns, or a CSV has texts."""
    names = [name.strip(' "').lower() for name in _OF_TABLE.split(lines[0][1].strip())]
    if called.lower().endswith((".csv", ".tsv")) and names[0] in _TEXT_NAMES and len(names) == 1:
        return any(" " in line.strip() for _, line in lines[1:])
    if len(names) < 2 or not _TEXT_NAMES & {*names} or not all(re.fullmatch(r"\w[\w ]*", name) for name in names):
        return False
    return 2 * sum(bool(_OF_TABLE.search(line)) for _, line in lines) > len(lines)
