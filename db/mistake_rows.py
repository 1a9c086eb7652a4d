"""The rows of `Outcomes` behind a question about mistakes: whose they are, and beside a second run, what changed.

Questions go through the index of mistakes (`ix_outcomes_mistakes`) as long as they ask in its words for its columns.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from db.gold import CURRENT, ORIGINAL, counts_as
from db.gold_totals import labelled_by_split
from db.outcome_tables import RIGHT
from db.posts import GOLD, dataset_key
from db.revision_states import counted_at
from db.runs import run_id
from db.tables import Outcomes, Revisions, RunTotals

Change: TypeAlias = Literal["fixed", "broken", "wrong in both"]
CHANGES: tuple[Change, ...] = get_args(Change)
FIXED, BROKEN, BOTH = CHANGES
_IN_WORDS: list[ColumnElement[str]] = [literal_column(f"'{kind}'") for kind in RIGHT]


@dataclass(frozen=True, slots=True, kw_only=True)
class MistakesOf:
    """Whose mistakes on which posts. With `compare`, beside a second run; then labels that the runs `fair_to` suggested
    are taken back (`db.fair_gold`). With `until`, on the labels as they were at that moment (`db.revision_states`).
    """

    run: str
    dataset: str
    split: str | None = None
    gold: str = CURRENT
    compare: str | None = None
    fair_to: tuple[str, ...] = ()
    until: int | None = None

    @property
    def track(self) -> str:
        """The track whose revisions the named gold consists of."""
        return GOLD if self.gold in (CURRENT, ORIGINAL) else self.gold

    @property
    def is_of_now(self) -> bool:
        """Whether it is about a gold as it is, of which sums are kept."""
        return self.until is None and not self.fair_to


@dataclass(frozen=True, slots=True)
class Side:
    """The rows of one run that a question is about: a table of `Outcomes`, conditions on it, and what changed there."""

    table: Any
    conditions: tuple[ColumnElement[bool], ...]
    change: ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one run under the named gold; its methods give conditions on a table of `Outcomes`."""

    of: MistakesOf
    dataset: int
    run: int

    def here(self, table: Any, among: Collection[int] | None = None) -> list[ColumnElement[bool]]:
        """All rows, or those of some posts."""
        # The sum keeps SQLite from reading all that the run has said where some posts are asked for.
        here = [table.run_id == self.run if among is None else table.run_id + 0 == self.run]
        here.append(table.dataset_id == self.dataset)
        here += [] if among is None else [table.post_id.in_(among)]
        here += [] if self.of.split is None else [table.split == self.of.split]
        return [*here, table.track == self.of.track, _counts(self.of, table)]

    def has_read(self, table: Any) -> ColumnElement[bool]:
        """Whether the run has read the post of a row of the other run."""
        mine = Outcomes.__table__.alias().c
        of_post = (mine.split == table.split, mine.revision_id == table.revision_id)
        return select(mine.run_id).where(*self.here(mine), *of_post).exists()

    def makes_it_too(self, table: Any) -> ColumnElement[bool]:
        """Whether a mistake of the other run is one of this run, too.

        A gold entity is a mistake of a run that does not find it, a spurious one of a run that makes it up.
        """
        mine = Outcomes.__table__.alias().c
        same = [
            getattr(mine, name) == getattr(table, name) for name in ("split", "revision_id", "start", "end", "label")
        ]
        same.append((mine.kind == "spurious") == (table.kind == "spurious"))
        return select(mine.run_id).where(*self.here(mine), is_wrong(mine), *same).exists()


def mistake_sides(session: Session, of: MistakesOf, change: str, among: Collection[int] | None = None) -> list[Side]:
    """The mistakes of the run; beside a second run, its own and those that only the other one makes.

    Both are on the posts that both have read. Where `change` names one, the mistakes so changed alone.

    Raises:
        InputError: there is no such run or data set.
    """
    mine, table = _rows(session, of, of.run), Outcomes.__table__.alias("mine").c
    if of.compare is None:
        return [Side(table, (*mine.here(table, among), is_wrong(table), *([no_row(table)] if change else [])), null())]
    theirs = _rows(session, of, of.compare)
    is_same = _have_read_the_same(session, mine, theirs)
    own = [] if change == FIXED else [_own(mine, theirs, change, among, is_same)]
    return own if change not in ("", FIXED) else [*own, _fixed(mine, theirs, among, is_same)]


def right_side(session: Session, of: MistakesOf) -> Side:
    """What the run gets right, on the posts that both have read where there are two.

    Raises:
        InputError: there is no such run or data set.
    """
    mine, table = _rows(session, of, of.run), Outcomes.__table__.alias("mine").c
    here = [*mine.here(table), table.kind == "correct"]
    if of.compare is not None:
        theirs = _rows(session, of, of.compare)
        here += [] if _have_read_the_same(session, mine, theirs) else [theirs.has_read(table)]
    return Side(table, tuple(here), null())


def read_posts(session: Session, of: MistakesOf) -> Select[Any]:
    """The labelled posts that the run has read; those that both have read where there are two.

    Raises:
        InputError: there is no such run or data set.
    """
    mine, table = _rows(session, of, of.run), Outcomes.__table__.alias("mine").c
    here = [*mine.here(table), table.number == 0]
    if of.compare is not None:
        here.append(_rows(session, of, of.compare).has_read(table))
    return select(table.post_id).where(*here)


def posts_read_by_all(session: Session, of: MistakesOf) -> int | None:
    """How many labelled posts the run, or both runs, have read, where that is known without a look at any post.

    Raises:
        InputError: there is no such run or data set.
    """
    if not of.is_of_now:
        return None
    mine = _rows(session, of, of.run)
    if of.compare is not None and not _have_read_the_same(session, mine, _rows(session, of, of.compare)):
        return None
    return sum(_posts_read(session, mine).values())


def right_by_type(session: Session, of: MistakesOf) -> dict[str, int] | None:
    """How many entities of each type the run finds, where that is known without a look at any post (else None).

    Raises:
        InputError: there is no such run or data set.
    """
    if posts_read_by_all(session, of) is None:
        return None
    number = func.sum(RunTotals.true_positives)
    wanted = select(RunTotals.label, number).where(*_totals(_rows(session, of, of.run)), RunTotals.label != "")
    rows = session.execute(wanted.group_by(RunTotals.label).having(number > 0))
    return {label: found for label, found in rows}  # noqa: C416 - rows are no pairs to mypy


def no_row(table: Any) -> ColumnElement[bool]:
    """A condition that no row fulfils; all others beside it stay, where they would give way to a mere `false`."""
    return table.kind == ""


def is_wrong(table: Any) -> ColumnElement[bool]:
    """The condition that a row is a mistake, in the words of the index of mistakes."""
    return table.kind.not_in(_IN_WORDS)


def _rows(session: Session, of: MistakesOf, run: str) -> _Rows:
    return _Rows(of, dataset_key(session, of.dataset), run_id(session, run))


def _own(mine: _Rows, theirs: _Rows, change: str, among: Collection[int] | None, is_same: bool) -> Side:
    """The run's own mistakes, be they the other one's, too, or not."""
    table = Outcomes.__table__.alias("mine").c
    both = theirs.makes_it_too(table)
    asked = {"": true(), BROKEN: ~both, BOTH: both}.get(change, no_row(table))
    read = true() if is_same else theirs.has_read(table)
    word = literal(change) if change else case((both, BOTH), else_=BROKEN)
    return Side(table, (*mine.here(table, among), is_wrong(table), asked, read), word)


def _fixed(mine: _Rows, theirs: _Rows, among: Collection[int] | None, is_same: bool) -> Side:
    """The mistakes that only the other run makes."""
    table = Outcomes.__table__.alias("theirs").c
    read = true() if is_same else mine.has_read(table)
    here = (*theirs.here(table, among), is_wrong(table), read, ~mine.makes_it_too(table))
    return Side(table, here, literal(FIXED))


def _have_read_the_same(session: Session, mine: _Rows, theirs: _Rows) -> bool:
    """Whether it is known without a look at any post that two runs have read the same: all of a split, or none."""
    read, read_too = _posts_read(session, mine), _posts_read(session, theirs)
    labelled = labelled_by_split(session, mine.dataset, mine.of.gold)
    return mine.of.is_of_now and read == read_too and all(labelled.get(split) == posts for split, posts in read.items())


def _posts_read(session: Session, run: _Rows) -> dict[str, int]:
    """How many labelled posts of each split a run has read of the gold as it is, as its totals say."""
    wanted = select(RunTotals.split, RunTotals.posts).where(*_totals(run), RunTotals.label == "", RunTotals.posts > 0)
    return {split: posts for split, posts in session.execute(wanted)}  # noqa: C416 - rows are no pairs to mypy


def _totals(run: _Rows) -> Sequence[ColumnElement[bool]]:
    here = [RunTotals.run_id == run.run, RunTotals.dataset_id == run.dataset, RunTotals.gold == run.of.gold]
    return here if run.of.split is None else [*here, RunTotals.split == run.of.split]


def _counts(of: MistakesOf, table: Any) -> ColumnElement[bool]:
    """Whether a row's revision counts under the named gold, at the moment that is asked for."""
    if of.gold == ORIGINAL:
        return table.imported
    now = table.is_newest
    if of.until is not None:
        now = counted_at(table.revision_id, table.is_newest, of.track, of.until)
    if not of.fair_to:
        return now
    # Only where one of these runs suggested a label can another revision count than the newest.
    begun = select(Revisions.post_id).where(Revisions.track == of.track, Revisions.run.in_(of.fair_to))
    before = select(Revisions.id).where(Revisions.post_id.in_(begun), counts_as(of.gold, of.fair_to, of.until))
    return or_(and_(now, table.post_id.not_in(begun)), table.revision_id.in_(before))
