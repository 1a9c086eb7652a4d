"""Questions about what a run gets wrong, answered by the database: no post is loaded, nothing is scored.

While posts of the data set wait to be counted (`db.uncounted`), or a search for its texts (`db.text_search`), no
question has an answer: it is None then, and never a figure that is not true.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from db.engine import Store
from db.mistake_cases import (
    EVERY_COLUMN,
    CaseFilter,
    Change,
    MistakesOf,
    answers,
    gold_label,
    in_pair,
    read_posts,
    right_cases,
    selected_cases,
)
from db.mistake_rows import posts_read_by_all
from db.post_lists import Part, PlaceInOrder, StoredList
from db.predictions import PredictedMark
from mner_core.evaluation.errors import Kind, Outcome
from mner_core.evaluation.scoring import Counts, Figures
from mner_core.types import Span

Order: TypeAlias = Literal["sure", "unsure", "most", "file"]
ORDERS: tuple[Order, ...] = get_args(Order)
"""The surest mistakes first, the least sure, most mistakes in a post first, or as the files have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How many cases are of one kind, gold type, predicted type (None where there is no entity) and change."""

    kind: Kind
    gold: str | None
    predicted: str | None
    change: Change | None
    number: int

    @property
    def label(self) -> str:
        """The type that the cases are filed under: that of the gold, or the predicted one where there is no gold."""
        return (self.predicted if self.gold is None else self.gold) or ""

    @property
    def pair(self) -> str:
        """The cell of the confusion matrix, as the filter names it."""
        return f"{in_pair(self.gold)}>{in_pair(self.predicted)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCase:
    """A mistake, in code points of the post's text; `outcome.predicted` with its confidence is `predicted`.

    `change` says how the run differs from the one it is compared with, None where there is none. A mistake that is
    `fixed` is the other run's, and `predicted` what the other run said.
    """

    outcome: Outcome
    predicted: PredictedMark | None
    change: Change | None = None


def cells(store: Store, of: MistakesOf, wanted: CaseFilter) -> list[Cell] | None:
    """What the run got wrong and right, counted under the filter's slices.

    The counts of kinds, types, changes and of the confusion matrix are sums of these (`facet`).

    Raises:
        InputError: there is no such run or data set.
    """
    with store.read() as session:
        if not answers(session, of, wanted):
            return None
        rows = selected_cases(session, of, wanted.slices, ("kind", "label", "predicted_label", "change")).subquery().c
        by = (rows.kind, gold_label(rows), rows.predicted_label, rows.change)
        wrong = session.execute(select(*by, func.count()).group_by(*by)).all()
        right = right_cases(session, of, wanted.slices)
    return [
        *(
            Cell(kind="correct", gold=label, predicted=label, change=None, number=found)
            for label, found in right.items()
        ),
        *(
            Cell(kind=kind, gold=gold, predicted=predicted, change=change, number=number)
            for kind, gold, predicted, change, number in wrong
        ),
    ]


def facet(found: Iterable[Cell], wanted: CaseFilter, name: str) -> Mapping[str, int]:
    """How many cases each value of kind, type, pair or change would leave, under the other three of the filter."""
    counts: Counter[str] = Counter()
    for cell in found:
        values = {"kind": cell.kind, "type": cell.label, "pair": cell.pair, "change": str(cell.change)}
        if all(getattr(wanted, other) in ("", value) for other, value in values.items() if other != name):
            counts[values[name]] += cell.number
    return counts


def figures_of(found: Iterable[Cell]) -> Figures:
    """What a run scores, by the protocol `entity`, from the cells of all its cases under no filter.

    Beside a second run these are the figures on the posts that both have read.
    """
    own = [cell for cell in found if cell.change != "fixed"]
    return Counts(
        true_positives=sum(cell.number for cell in own if cell.kind == "correct"),
        predicted=sum(cell.number for cell in own if cell.predicted is not None),
        gold=sum(cell.number for cell in own if cell.gold is not None),
    ).figures()


def posts_read(store: Store, of: MistakesOf) -> int | None:
    """How many labelled posts the run has read, or both runs where there are two.

    Raises:
        InputError: there is no such run or data set.
    """
    with store.read() as session:
        if not answers(session, of, CaseFilter()):
            return None
        known = posts_read_by_all(session, of)
        if known is not None:
            return known
        return session.scalar(select(func.count()).select_from(read_posts(session, of).subquery()))


def number_of(store: Store, of: MistakesOf, wanted: CaseFilter) -> tuple[int, int] | None:
    """How many cases the filter leaves, and in how many posts.

    Raises:
        InputError: there is no such run or data set.
    """
    with store.read() as session:
        if not answers(session, of, wanted):
            return None
        cases = selected_cases(session, of, wanted, ("post_id",)).subquery().c
        found = session.execute(select(func.count(), func.count(cases.post_id.distinct()))).one()
    return found[0], found[1]


def in_order(store: Store, of: MistakesOf, wanted: CaseFilter, order: Order = "sure") -> StoredList:
    """The posts in which the filter leaves a case, as a list; its questions raise InputError as all others here."""

    def parts(session: Session, among: Collection[int] | None) -> list[Part] | None:
        if not answers(session, of, wanted):
            return None
        return [Part(_in_order(session, of, wanted, order, among))]

    return StoredList(store, parts)


def has_read(store: Store, of: MistakesOf) -> bool | None:
    """Whether the run has read a labelled post, so that it can have made a mistake.

    Raises:
        InputError: there is no such run or data set.
    """
    with store.read() as session:
        if not answers(session, of, CaseFilter()):
            return None
        return bool(session.scalar(select(read_posts(session, of).exists())))


def page_end(store: Store, of: MistakesOf, wanted: CaseFilter, order: Order, posts: int) -> PlaceInOrder | None:
    """Where the post number `posts` of the list stands, counted from 1: behind it the next page begins.

    Raises:
        InputError: there is no such run or data set.
    """
    with store.read() as session:
        if not answers(session, of, wanted):
            return None
        each = _in_order(session, of, wanted, order).subquery().c
        number = func.row_number().over(order_by=(each.at, each.place)).label("number")
        numbered = select(each.at, each.place, number).subquery().c
        found = session.execute(select(numbered.at, numbered.place).where(numbered.number == posts)).one_or_none()
    return None if found is None else (found[0], found[1])


def cases_of(
    store: Store, of: MistakesOf, wanted: CaseFilter, posts: Collection[int]
) -> dict[int, tuple[StoredCase, ...]] | None:
    """The cases of some posts that the filter leaves, in the order of the text.

    Raises:
        InputError: there is no such run or data set.
    """
    with store.read() as session:
        if not answers(session, of, wanted):
            return None
        cases = selected_cases(session, of, wanted, EVERY_COLUMN, among=posts).subquery().c
        rows = select(*cases).order_by(cases.post_id, cases.start, cases.end, cases.label, cases.kind == "spurious")
        found: dict[int, tuple[StoredCase, ...]] = {}
        for row in session.execute(rows):
            found[row.post_id] = (*found.get(row.post_id, ()), _to_case(row))
    return found


def _in_order(
    session: Session, of: MistakesOf, wanted: CaseFilter, order: Order, among: Collection[int] | None = None
) -> Select[int, float, int]:
    """Each post with a case, or each of some, and by what it is ordered (`at`, then `place`)."""
    cases = selected_cases(session, of, wanted, ("post_id", "place", "confidence"), among).subquery().c
    at: ColumnElement[float] = {
        "sure": -func.coalesce(func.max(cases.confidence), -1.0),
        "unsure": func.coalesce(func.min(cases.confidence), 2.0),
        "most": -func.count() * 1.0,
        "file": func.min(0.0),
    }[order]
    return select(cases.post_id, at.label("at"), func.min(cases.place).label("place")).group_by(cases.post_id)


def _to_case(row: Any) -> StoredCase:
    said = None
    if row.predicted_label is not None:
        said = PredictedMark(
            start=row.predicted_start, end=row.predicted_end, label=row.predicted_label, confidence=row.confidence
        )
    gold = None if row.kind == "spurious" else Span(row.start, row.end, row.label)
    return StoredCase(outcome=Outcome(gold, said.span if said else None), predicted=said, change=row.change)
