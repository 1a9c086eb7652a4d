"""Which rows of `Outcomes` a question about mistakes is about: whose, under which gold, and under which filter.

A case is a mistake of a run; beside a second run, its own mistakes and those that only the other one makes, on
the posts that both have read.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import ColumnElement, Select, case, exists, false, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from db.gold import CURRENT, ORIGINAL, counts_as
from db.outcomes import NOTHING
from db.posts import GOLD, dataset_key
from db.revision_states import by_a_person, counted_at, has_draft
from db.runs import run_id
from db.tables import Outcomes, Posts, Revisions, TrainingNames
from db.text_search import holds, is_searchable
from db.uncounted import is_counted
from mner_core.evaluation.errors import NONE

Change: TypeAlias = Literal["fixed", "broken", "wrong in both"]
CHANGES: tuple[Change, ...] = get_args(Change)
_RIGHT = ("correct", NOTHING)
_COLUMNS = (
    "post_id", "place", "number", "kind", "start", "end", "label", "predicted_start", "predicted_end",
    "predicted_label", "confidence", "words", "name",
)  # fmt: skip


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """What is asked of a case; an empty field asks nothing.

    Args:
        kind: "missed" and so on.
        type: the type in the gold, or the predicted one where there is no gold.
        pair: "PER>ORG": one cell of the confusion matrix, gold before predicted.
        change: against the second run: one of `CHANGES`.
        picture: "with" one that opens, "without" any, or "broken": named, but not there or not to be opened.
        name: "seen" or "unseen" among the entities of the imported training posts.
        length: of the entity in words: "1", "2" or "3" (and more).
        labels: of the post: "corrected" by a person, "imported" for any other, "draft" where somebody has begun to
            correct them, "discarded" where the post was left out since (the original labels still have it).
        confidence: "50-90": of the prediction, in percent, both ends included; a missed entity has none.
        text: words that the post's text has in it (`db.text_search`).
        source: the file that the post came from.
    """

    kind: str = ""
    type: str = ""
    pair: str = ""
    change: str = ""
    picture: str = ""
    name: str = ""
    length: str = ""
    labels: str = ""
    confidence: str = ""
    text: str = ""
    source: str = ""

    @property
    def slices(self) -> "CaseFilter":
        """What it asks but for kind, type, pair and change, which `db.mistakes.facet` counts."""
        return replace(self, kind="", type="", pair="", change="")


def selected_cases(
    session: Session,
    of: MistakesOf,
    wanted: CaseFilter,
    right: bool = False,
    among: Collection[int] | None = None,
) -> Select[Any]:
    """All columns of the cases that a filter leaves, with `gold_label` and `change`; with `right`, also what is right.

    `among`: in some posts alone.

    Raises:
        InputError: there is no such run or data set.
    """
    cases = _cases(session, of, right, among).subquery()
    return select(cases).where(*_fits(session, of, cases.c, wanted))


def answers(session: Session, of: MistakesOf, wanted: CaseFilter) -> bool:
    """Whether what would be answered now is true: all posts are counted and, where it is asked of them, searchable.

    Raises:
        InputError: there is no such data set.
    """
    return is_counted(session, dataset_key(session, of.dataset)) and (not wanted.text or is_searchable(session))


def percents(confidence: str) -> tuple[int, int] | None:
    """The ends of "50-90"; None where the words are no range."""
    low, dash, high = confidence.partition("-")
    is_range = dash and all(part.isascii() and part.isdigit() and len(part) <= 3 for part in (low, high))
    return (int(low), int(high)) if is_range else None


def read_posts(session: Session, of: MistakesOf) -> Select[Any]:
    """The labelled posts that the run has read; those that both have read where there are two.

    Raises:
        InputError: there is no such run or data set.
    """
    mine = Outcomes.__table__.alias("mine").c
    here = [*_of_run(session, of, mine, of.run), mine.number == 0]
    if of.compare is not None:
        theirs = Outcomes.__table__.alias("theirs").c
        there = _of_run(session, of, theirs, of.compare)
        here.append(exists().where(*there, theirs.split == mine.split, theirs.revision_id == mine.revision_id))
    return select(mine.post_id).where(*here)


def gold_label(cases: Any) -> ColumnElement[str]:
    """The type in the gold, "none" where the prediction is spurious."""
    return case((cases.kind == "spurious", NONE), else_=cases.label)


def said_label(cases: Any) -> ColumnElement[str]:
    """The type that was predicted, "none" where nothing was."""
    return func.coalesce(cases.predicted_label, NONE)


def _cases(session: Session, of: MistakesOf, right: bool, among: Collection[int] | None) -> Any:
    mine = Outcomes.__table__.alias("mine").c
    here = _of_run(session, of, mine, of.run)
    mine_asked = _of_run(session, of, mine, of.run, among)
    wrong = mine.kind.not_in(_RIGHT)
    kinds = mine.kind != NOTHING if right else wrong
    if of.compare is None:
        return select(*_columns(mine), null().label("change")).where(*mine_asked, kinds)
    theirs = Outcomes.__table__.alias("theirs").c
    there = _of_run(session, of, theirs, of.compare)
    change = case((~wrong, None), (exists().where(*there, *_same_mistake(mine, theirs)), CHANGES[2]), else_=CHANGES[1])
    read = exists().where(*there, theirs.split == mine.split, theirs.revision_id == mine.revision_id)
    also = exists().where(*here, mine.split == theirs.split, mine.revision_id == theirs.revision_id)
    fixed = ~exists().where(*here, *_same_mistake(theirs, mine))
    return union_all(
        select(*_columns(mine), change.label("change")).where(*mine_asked, kinds, read),
        select(*_columns(theirs), literal(CHANGES[0]).label("change")).where(
            *_of_run(session, of, theirs, of.compare, among), theirs.kind.not_in(_RIGHT), also, fixed
        ),
    )


def _columns(table: Any) -> Sequence[Any]:
    return [getattr(table, name).label(name) for name in _COLUMNS]


def _of_run(
    session: Session, of: MistakesOf, table: Any, run: str, among: Collection[int] | None = None
) -> list[ColumnElement[bool]]:
    """The rows of a run under the named gold, all or those of some posts."""
    # The sum keeps SQLite from reading all that the run has said where some posts are asked for.
    key = table.run_id if among is None else table.run_id + 0
    here = [key == run_id(session, run), table.dataset_id == dataset_key(session, of.dataset)]
    here += [] if among is None else [table.post_id.in_(among)]
    here += [] if of.split is None else [table.split == of.split]
    here.append(table.track == _track(of))
    if of.fair_to:
        return [*here, table.revision_id.in_(select(Revisions.id).where(counts_as(of.gold, of.fair_to, of.until)))]
    if of.gold == ORIGINAL:
        return [*here, table.imported]
    if of.until is None:
        return [*here, table.is_newest]
    return [*here, counted_at(table.revision_id, table.is_newest, _track(of), of.until)]


def _same_mistake(one: Any, other: Any) -> list[ColumnElement[bool]]:
    """A gold entity is a mistake of a run that does not find it, a spurious one of a run that makes it up."""
    return [
        other.split == one.split,
        other.revision_id == one.revision_id,
        other.kind.not_in(_RIGHT),
        other.start == one.start,
        other.end == one.end,
        other.label == one.label,
        (other.kind == "spurious") == (one.kind == "spurious"),
    ]


def _track(of: MistakesOf) -> str:
    return GOLD if of.gold in (CURRENT, ORIGINAL) else of.gold


def _fits(session: Session, of: MistakesOf, cases: Any, wanted: CaseFilter) -> list[ColumnElement[bool]]:
    dataset_id = dataset_key(session, of.dataset)
    known = exists().where(TrainingNames.dataset_id == dataset_id, TrainingNames.name == cases.name)
    pictures = select(Posts.id).where(Posts.dataset_id == dataset_id, Posts.picture == wanted.picture)
    sources = select(Posts.id).where(Posts.dataset_id == dataset_id, Posts.source == wanted.source)
    asked: dict[str, Callable[[], ColumnElement[bool]]] = {
        "kind": lambda: cases.kind == wanted.kind,
        "type": lambda: cases.label == wanted.type,
        "pair": lambda: gold_label(cases) + ">" + said_label(cases) == wanted.pair,
        "change": lambda: cases.change == wanted.change,
        "picture": lambda: cases.post_id.in_(pictures),
        "name": lambda: known if wanted.name == "seen" else ~known,
        "length": lambda: (case((cases.words < 3, cases.words), else_=3)) == _number(wanted.length),
        "labels": lambda: _in_state(of, cases.post_id, wanted.labels),
        "confidence": lambda: _as_sure(cases, wanted.confidence),
        "text": lambda: holds(session, cases.post_id, wanted.text),
        "source": lambda: cases.post_id.in_(sources),
    }
    return [condition() for name, condition in asked.items() if getattr(wanted, name)]


def _number(length: str) -> int:
    return int(length) if length in {"1", "2", "3"} else -1


def _as_sure(cases: Any, confidence: str) -> ColumnElement[bool]:
    ends = percents(confidence)
    return false() if ends is None else cases.confidence.between(ends[0] / 100, ends[1] / 100)


def _in_state(of: MistakesOf, post: Any, labels: str) -> ColumnElement[bool]:
    if labels == "draft":
        return has_draft(post, _track(of), of.until)
    corrected = by_a_person(post, _track(of), ("discarded" if labels == "discarded" else "submitted",), of.until)
    return corrected if labels in ("corrected", "discarded") else ~corrected
