"""A finished table: lines of numbers under blocks of columns, as Markdown, CSV or LaTeX, and as plain records."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mner_core.csv_text import csv_text

DAGGER = "†"


@dataclass(frozen=True, slots=True)
class Number:
    """A figure, over seeds its mean with the deviation; `marked` where a test supports its difference."""

    value: float
    deviation: float | None = None
    marked: bool = False

    def text(self, digits: int = 2) -> str:
        """As it stands in a table; nothing known is a dash."""
        if math.isnan(self.value):
            return "–"
        spread = "" if self.deviation is None or math.isnan(self.deviation) else f" ± {self.deviation:.{digits}f}"
        return f"{self.value:.{digits}f}{spread}{DAGGER if self.marked else ''}"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the table: whose numbers (`ours` or `printed`), and one list for each block, in the columns' order."""

    name: str
    source: str
    blocks: Mapping[str, Sequence[Number]]
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ResultTable:
    """The table: `columns` of each block by name, lines, notes that state what the numbers rest on.

    `broken` has a sentence for each row that could not be trained; the notes have them, too.
    """

    title: str
    columns: Mapping[str, Sequence[str]]
    lines: Sequence[Line]
    notes: Sequence[str]
    digits: int = 2
    broken: Sequence[str] = ()

    def records(self) -> list[dict[str, Any]]:
        """One record a line and block: numbers by column, deviations, and what is known of the comparison."""
        names = {"P": "precision", "R": "recall", "F1": "f1"}
        found = []
        for line in self.lines:
            for block, numbers in line.blocks.items():
                columns = (names.get(column, column) for column in self.columns[block])
                pairs = list(zip(columns, numbers, strict=True))
                found.append(
                    {
                        "row": line.name,
                        "source": line.source,
                        "data": block,
                        **{name: _plain(number.value) for name, number in pairs},
                        "deviation": {
                            name: _plain(number.deviation) for name, number in pairs if number.deviation is not None
                        },
                        **line.facts.get(block, {}),
                    }
                )
        return found

    def to_json(self) -> dict[str, Any]:
        """All of it; `from_json` reads it. A number is its value (None where unknown), deviation and mark."""
        return {
            "title": self.title,
            "columns": {block: list(names) for block, names in self.columns.items()},
            "lines": [
                {
                    "name": line.name,
                    "source": line.source,
                    "blocks": {
                        block: [[_plain(it.value), _plain(it.deviation), it.marked] for it in numbers]
                        for block, numbers in line.blocks.items()
                    },
                    "facts": {block: dict(facts) for block, facts in line.facts.items()},
                }
                for line in self.lines
            ],
            "notes": list(self.notes),
            "digits": self.digits,
            "broken": list(self.broken),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "ResultTable":
        """The table that `to_json` made a record of."""
        return cls(**{**record, "lines": [_line(line) for line in record["lines"]]})

    def markdown(self) -> str:
        """A GitHub table under its title, notes below."""
        header = ["", "", *(f"{block}: {name}" for block, names in self.columns.items() for name in names)]
        rows = [[line.name, line.source, *self._cells(line)] for line in self.lines]
        body = [header, ["---", "---", *["---:"] * (len(header) - 2)], *rows]
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in body]
        return "\n".join([f"## {self.title}", "", *lines, "", *(f"- {note}" for note in self.notes), ""])

    def csv(self) -> str:
        """One line a row and source, numbers and deviations in columns of their own; notes are not in it."""
        names = [f"{block}: {name}" for block, columns in self.columns.items() for name in columns]
        rows: list[list[str | float | None]] = [
            ["row", "source", *[part for name in names for part in (name, f"{name} deviation")]]
        ]
        for line in self.lines:
            cells = [part for number in self._numbers(line) for part in (number.value, number.deviation)]
            rows.append([line.name, line.source, *map(_plain, cells)])
        return csv_text(rows)

    def latex(self) -> str:
        """A `table` with booktabs rules."""
        spans = [rf"\multicolumn{{{len(names)}}}{{c}}{{{_tex(block)}}}" for block, names in self.columns.items()]
        width = sum(map(len, self.columns.values()))
        rows = [" & ".join(map(_tex, [line.name, line.source, *self._cells(line)])) + r" \\" for line in self.lines]
        return "\n".join(
            [
                r"\begin{table}",
                rf"\caption{{{_tex(self.title)}. {_tex(' '.join(self.notes))}}}",
                rf"\begin{{tabular}}{{ll{'r' * width}}}",
                r"\toprule",
                " & & " + " & ".join(spans) + r" \\",
                " & & " + " & ".join(_tex(name) for names in self.columns.values() for name in names) + r" \\",
                r"\midrule",
                *rows,
                r"\bottomrule",
                r"\end{tabular}",
                r"\end{table}",
                "",
            ]
        )

    def _numbers(self, line: Line) -> list[Number]:
        unknown = Number(math.nan)
        return [
            number for block, names in self.columns.items() for number in line.blocks.get(block, [unknown] * len(names))
        ]

    def _cells(self, line: Line) -> list[str]:
        return [number.text(self.digits) for number in self._numbers(line)]


_TEX: Mapping[str, str] = {
    **{sign: f"\\{sign}" for sign in "&%_#${}"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "`": r"\textasciigrave{}",
    "~": r"\textasciitilde{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"\textbar{}",
    "[": "{[}",  # behind \\ a bracket would be its argument
    "]": "{]}",
    "*": "{*}",  # likewise a star
    DAGGER: r"$^\dagger$",
    "±": r"$\pm$",
    "→": r"$\to$",
    "×": r"$\times$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "Δ": r"$\Delta$",
    "λ": r"$\lambda$",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "−": "$-$",
    "\u00a0": "~",
}


def _line(record: Mapping[str, Any]) -> Line:
    blocks = {
        block: [Number(math.nan if value is None else value, deviation, marked) for value, deviation, marked in numbers]
        for block, numbers in record["blocks"].items()
    }
    return Line(**{**record, "blocks": blocks})


def _plain(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def _tex(text: str) -> str:
    """The text in LaTeX: signs that it takes for commands, or that its fonts lack, are written out.

    What stands between two backticks, Markdown's mark of a name, is set in the font of names.
    """
    parts = re.split(r"`([^`]+)`", " ".join(text.split()))
    return "".join(
        rf"\texttt{{{written}}}" if is_name else written
        for place, part in enumerate(parts)
        for is_name, written in [(place % 2, "".join(_TEX.get(sign, sign) for sign in part))]
    )
