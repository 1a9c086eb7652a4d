"""Which cases a question about mistakes is about: those of `db.mistake_rows`, under a filter.

A case is a mistake of a run; beside a second run, its own mistakes and those that only the other one makes, on
the posts that both have read.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from db.mistake_rows import CHANGES as CHANGES
from db.mistake_rows import Change as Change
from db.mistake_rows import MistakesOf as MistakesOf
from db.mistake_rows import Side, mistake_sides, no_row, right_by_type, right_side
from db.mistake_rows import read_posts as read_posts
from db.posts import dataset_key
from db.revision_states import by_a_person, has_draft
from db.tables import Posts, TrainingNames
from db.text_search import holds, is_searchable
from db.uncounted import is_counted
from mner_core.evaluation.errors import NONE

EVERY_COLUMN = (
    "post_id", "kind", "start", "end", "label", "predicted_start", "predicted_end", "predicted_label", "confidence",
    "change",
)  # fmt: skip


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
    session: Session, of: MistakesOf, wanted: CaseFilter, columns: Sequence[str], among: Collection[int] | None = None
) -> Any:
    """These columns of the cases that a filter leaves; `change` is one of them. `among`: in some posts alone.

    Raises:
        InputError: there is no such run or data set.
    """
    sides = mistake_sides(session, of, wanted.change, among)
    found = [_select(side, columns).where(*_fits(session, of, side.table, wanted, among)) for side in sides]
    return found[0] if len(found) == 1 else union_all(*found)


def right_cases(session: Session, of: MistakesOf, slices: CaseFilter) -> Mapping[str, int]:
    """How many entities of each type the run gets right, under a filter's slices.

    Raises:
        InputError: there is no such run or data set.
    """
    if slices == CaseFilter() and (kept := right_by_type(session, of)) is not None:
        return kept
    right = right_side(session, of)
    wanted = select(right.table.label, func.count()).where(*right.conditions)
    wanted = wanted.where(*_fits(session, of, right.table, slices)).group_by(right.table.label)
    return {label: number for label, number in session.execute(wanted)}  # noqa: C416 - rows are no pairs to mypy


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


def gold_label(cases: Any) -> ColumnElement[str | None]:
    """The type in the gold, null where the prediction is spurious."""
    return case((cases.kind == "spurious", null()), else_=cases.label)


def in_pair(label: str | None) -> str:
    """A type, or no entity, as a filter's `pair` and the matrix name it: a type called "none" stands in quotes."""
    return NONE if label is None else f'"{label}"' if label.strip('"') == NONE else label


def _pair(cases: Any) -> ColumnElement[str]:
    return _in_pair(gold_label(cases)) + ">" + _in_pair(cases.predicted_label)


def _in_pair(label: Any) -> ColumnElement[str]:
    """`in_pair` of a column."""
    return case((label.is_(None), NONE), (func.trim(label, '"') == NONE, literal('"') + label + '"'), else_=label)


def _select(side: Side, columns: Sequence[str]) -> Select[Any]:
    named = ((name, side.change if name == "change" else getattr(side.table, name)) for name in columns)
    return select(*(column.label(name) for name, column in named)).where(*side.conditions)


def _fits(
    session: Session, of: MistakesOf, cases: Any, wanted: CaseFilter, among: Collection[int] | None = None
) -> list[ColumnElement[bool]]:
    dataset_id = dataset_key(session, of.dataset)
    known = exists().where(TrainingNames.dataset_id == dataset_id, TrainingNames.name == cases.name)
    here = [Posts.dataset_id == dataset_id, *([] if among is None else [Posts.id.in_(among)])]
    pictures = select(Posts.id).where(*here, Posts.picture == wanted.picture)
    sources = select(Posts.id).where(*here, Posts.source == wanted.source)
    asked: dict[str, Callable[[], ColumnElement[bool]]] = {
        "kind": lambda: cases.kind == wanted.kind,
        "type": lambda: cases.label == wanted.type,
        "pair": lambda: _pair(cases) == wanted.pair,
        "picture": lambda: cases.post_id.in_(pictures),
        "name": lambda: known if wanted.name == "seen" else ~known,
        "length": lambda: (case((cases.words < 3, cases.words), else_=3)) == _number(wanted.length),
        "labels": lambda: _in_state(of, cases.post_id, wanted.labels),
        "confidence": lambda: _as_sure(cases, wanted.confidence),
        "text": lambda: holds(session, cases.post_id, wanted.text, among is not None),
        "source": lambda: cases.post_id.in_(sources),
    }
    return [condition() for name, condition in asked.items() if getattr(wanted, name)]  # `mistake_sides` does `change`


def _number(length: str) -> int:
    return int(length) if length in {"1", "2", "3"} else -1


def _as_sure(cases: Any, confidence: str) -> ColumnElement[bool]:
    ends = percents(confidence)
    return no_row(cases) if ends is None else cases.confidence.between(ends[0] / 100, ends[1] / 100)


def _in_state(of: MistakesOf, post: Any, labels: str) -> ColumnElement[bool]:
    if labels == "draft":
        return has_draft(post, of.track, of.until)
    corrected = by_a_person(post, of.track, ("discarded" if labels == "discarded" else "submitted",), of.until)
    return corrected if labels in ("corrected", "discarded") else ~corrected
