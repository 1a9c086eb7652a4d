"""What the tests of a difference amount to, alone and as one of many in a table: the only place that says "supported".

A difference that several tests must support together has the largest of their p values (an intersection-union test,
Berger 1982). Of many differences in one table some have a small p by chance: Holm 1979, A simple sequentially rejective
multiple test procedure, keeps the chance of even one false mark in the table below the level, whatever the tests share.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

LEVEL = 0.05
"""A p value below this supports a difference; intervals are those of 1 - LEVEL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A difference's p value, None where it is undefined, and the same corrected for its `family`.

    `holm` is p after Holm's correction over the `family` differences that are told together; alone it is p itself.
    """

    p: float | None
    holm: float | None
    family: int

    @property
    def supported(self) -> bool:
        """Whether the difference may be called one."""
        return self.holm is not None and self.holm < LEVEL

    def words(self, low: float | None, high: float | None) -> str:
        """The verdict in words; `low` and `high` are the difference's 95 % interval, None where it has none."""
        if self.supported:
            return "supported"
        if self.p is None:
            return "not supported: a test is undefined, because every seed differs by the same; train more seeds"
        if self.p < LEVEL:
            return f"not supported after Holm's correction over {self.family} comparisons ({p_said(self.holm)})"
        if low is not None and high is not None and not low <= 0 <= high:
            return "not supported: the interval excludes 0, but not every test has p < 0.05"
        return "not supported: no difference to speak of"


def alone(p: float | None) -> Verdict:
    """The verdict on one difference that is told by itself."""
    return in_family([p])[0]


def in_family(values: Sequence[float | None]) -> list[Verdict]:
    """The verdicts on differences that are told together, in one table; None is an undefined p value."""
    known = [None if p is None or math.isnan(p) else p for p in values]
    return [Verdict(p=p, holm=held, family=len(known)) for p, held in zip(known, holm(known), strict=True)]


def together(values: Sequence[float | None]) -> float | None:
    """The p value of a difference that every one of these tests must support: the largest; None where one has none."""
    known = [p for p in values if p is not None]
    return max(known) if known and len(known) == len(values) else None


def holm(values: Sequence[float | None]) -> list[float | None]:
    """The p values (0..1) after Holm's correction, in the order given.

    An undefined one stays so and still counts as a difference that was asked for.
    """
    order = sorted((p, place) for place, p in enumerate(values) if p is not None)
    held: list[float | None] = [None] * len(values)
    largest = 0.0
    for rank, (p, place) in enumerate(order):
        largest = max(largest, min(1.0, (len(values) - rank) * p))
        held[place] = largest
    return held


def p_said(p: float | None) -> str:
    """A p value as people write it; a dash where it is undefined."""
    if p is None:
        return "p = –"
    return f"p = {p:.3f}" if p >= 0.001 else "p < 0.001"
