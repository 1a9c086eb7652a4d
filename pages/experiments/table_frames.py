"""A finished table as the screen shows it: ours and the papers' numbers side by side; no screen in here.

The short form has one line a system and F1 alone, in each block ours beside what is printed. The whole has every
column, one line a system and source. Both leave out what nobody has a number for.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mner_core.experiment.result_table import Line, Number, ResultTable
from pages.shared.number_format import short

SOURCES = ("ours", "printed")


def has_short_form(grid: ResultTable) -> bool:
    """Whether F1 of ours and of the papers is what the table is about."""
    by_f1 = all("F1" in columns for columns in grid.columns.values())
    return by_f1 and {line.source for line in grid.lines} <= {*SOURCES}


def short_form(grid: ResultTable) -> pd.DataFrame:
    """F1 by system; columns are (block, source)."""
    names = list(dict.fromkeys(line.name for line in grid.lines))
    lines = {(line.name, line.source): line for line in grid.lines}
    columns: dict[tuple[str, str], list[str]] = {}
    for block, of_block in grid.columns.items():
        place = list(of_block).index("F1")
        for source in SOURCES:
            found = [_cell(lines.get((name, source)), block, place) for name in names]
            if any(known(number) for number in found):
                columns[block, source] = [text(number, grid.digits) for number in found]
    return _frame({("", "System"): names, **columns})


def whole(grid: ResultTable) -> pd.DataFrame:
    """Every column; the first two say the line's name and whose numbers they are."""
    columns: dict[tuple[str, str], list[str]] = {
        ("", "Row"): [line.name for line in grid.lines],
        ("", "Source"): [line.source for line in grid.lines],
    }
    for block, of_block in grid.columns.items():
        for place, column in enumerate(of_block):
            found = [_cell(line, block, place) for line in grid.lines]
            if any(known(number) for number in found):
                columns[block, column] = [text(number, grid.digits) for number in found]
    return _frame(columns)


def comparisons(grid: ResultTable) -> list[dict[str, Any]]:
    """What the tests say of each line that was compared with another, in words."""
    return [
        {
            "Row": line.name,
            "On": block,
            "Difference": facts["difference"],
            "Supported": bool(facts.get("supported")),
            "What the tests say": facts.get("sentence", ""),
        }
        for line in grid.lines
        for block, facts in line.facts.items()
        if "difference" in facts
    ]


def rests_on(grid: ResultTable) -> list[str]:
    """For each block of ours what its numbers count: scorer, entities, posts, seeds and the gold's fingerprint."""
    found: dict[str, Mapping[str, Any]] = {}
    for line in grid.lines:
        for block, facts in line.facts.items():
            if "support" in facts:
                found.setdefault(block, facts)
    return [_sentence(block, facts) for block, facts in found.items()]


def known(number: Number | None) -> bool:
    """Whether there is a figure."""
    return number is not None and not math.isnan(number.value)


def text(number: Number | None, digits: int) -> str:
    """As it stands in the table; what nobody knows is left blank."""
    return number.text(digits) if number is not None and known(number) else ""


def _cell(line: Line | None, block: str, place: int) -> Number | None:
    numbers: Sequence[Number] = line.blocks.get(block, ()) if line else ()
    return numbers[place] if place < len(numbers) else None


def _frame(columns: Mapping[tuple[str, str], list[str]]) -> pd.DataFrame:
    frame = pd.DataFrame(list(zip(*columns.values(), strict=True)))
    frame.columns = pd.MultiIndex.from_tuples(list(columns))
    return frame


def _sentence(block: str, facts: Mapping[str, Any]) -> str:
    seeds = f" · {facts['seeds']} seeds" if facts.get("seeds", 1) != 1 else " · one seed"
    gold = f" · gold fingerprint `{short(facts['gold_sha256'])}`" if facts.get("gold_sha256") else ""
    scorer = f"scorer `{facts['protocol']}` · " if facts.get("protocol") else ""
    return f"{block}: {scorer}{facts['support']:,} entities in {facts['posts']:,} posts{seeds}{gold}"
