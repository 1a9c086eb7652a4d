"""Tables as CSV that a spreadsheet opens and never runs: the one writer of every CSV file and download.

A spreadsheet takes a cell for a formula that begins with one of a few signs, and a formula may call programs or send
the other cells away (OWASP, CSV injection). Such a cell gets an apostrophe in front, which spreadsheets know as the
mark of text. Numbers stay numbers, be they given as such or written as text.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

_RUNS = re.compile(r"[\t\r\n]|[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")
"""What a formula begins with, also behind what nobody sees; the wide signs where the spreadsheet's language is an East
Asian one."""
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")


def csv_text(rows: Iterable[Sequence[str | float | None]]) -> str:
    """The rows, the first of which are the columns' heads, as comma-separated text; None is an empty cell."""
    return "".join(_line(row) for row in rows)


def _line(row: Sequence[str | float | None]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(map(_cell, row))  # with these it quotes a cell that holds either
    return out.getvalue().removesuffix("\r\n") + "\n"


def _cell(value: str | float | None) -> str | float:
    if value is None:
        return ""
    if isinstance(value, str) and _RUNS.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
