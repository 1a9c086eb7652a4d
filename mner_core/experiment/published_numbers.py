"""What the papers print, set beside our numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mner_core.experiment.result_table import Line, Number
from mner_core.experiment.suite import USUAL_TYPES, Row, Suite


@dataclass(frozen=True)
class PublishedNumbers:
    """A part of the table that papers print numbers for: their own data set's, or one of ours of that name."""

    name: str
    printed: str
    columns: tuple[str, ...]
    order: tuple[str, ...]
    """What the numbers are, in the order in which the suite's file has them."""
    begin: int

    def numbers(self, row: Row) -> list[Number]:
        """The row's printed numbers by column; empty where the paper has none."""
        place = slice(self.begin, self.begin + len(self.order))
        values = dict(zip(self.order, row.printed.get(self.printed, [])[place], strict=False))
        spreads = dict(zip(self.order, row.deviation.get(self.printed, [])[place], strict=False))
        return [Number(values.get(name, math.nan), spreads.get(name)) for name in self.columns] if values else []


def published_blocks(
    suite: Suite, ours: Mapping[tuple[str, int], tuple[str, tuple[str, ...]]]
) -> list[PublishedNumbers]:
    """Our blocks that papers have numbers for, and what else they print: beside ours, never mixed with it.

    `ours` is the name and the columns of each of our blocks, by what rows call the data set and by the split's place.
    """
    types = {"full": USUAL_TYPES, "types": USUAL_TYPES, "prf": ()}[suite.columns]
    order = (*types, *(("F1",) if suite.columns == "types" else ("P", "R", "F1")))
    printed = list(dict.fromkeys(name for row in suite.rows for name in row.printed))
    found = []
    for name in printed:
        for place, split in enumerate(suite.splits):
            said = name.replace("->", " → ") + (f" ({split})" if len(suite.splits) > 1 else "")
            shown, columns = ours.get((name, place), (said, order))
            found.append(PublishedNumbers(shown, name, columns, order, place * len(order)))
    return found


def printed_line(row: Row, published: Sequence[PublishedNumbers]) -> Line | None:
    """The papers' numbers; None where they print none."""
    found = {each.name: numbers for each in published if (numbers := each.numbers(row))}
    return Line(name=row.name, source="printed", blocks=found) if found else None
