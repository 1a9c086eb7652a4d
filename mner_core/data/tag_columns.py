"""The columns of a line of a tag file, and whether the first one counts words."""

import csv
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

Row: TypeAlias = tuple[int, list[str]]
"""A line's number (from 1) and its columns."""
NumberedLine: TypeAlias = tuple[int, str]

OF_CSV = (",", ";", "|")
"""Separators of tables, whose fields may be quoted."""


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
