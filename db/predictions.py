"""What runs say about posts, kept in code points."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import delete, exc, exists, func, insert, select
from sqlalchemy.orm import Session

from db.change_token import ChangeToken, change_token, said_changed
from db.engine import Store
from db.gold import counts_as
from db.gold_totals import by_people, labelled_posts, posts_in, posts_spoken_of
from db.outcomes import judge, lock, parts
from db.posts import dataset_key, in_dataset
from db.runs import run_id
from db.tables import Counts, Evaluations, Posts, Predictions, Revisions, RunTotals
from db.uncounted import is_counted
from mner_core.data.tokenize import character_offsets
from mner_core.types import InputError, Prediction, Span, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedMark:
    """An entity that a run sees: code points `start` to `end` carry `label`; `confidence` is 0..1."""

    start: int
    end: int
    label: str
    confidence: float

    @property
    def span(self) -> Span:
        """The same place and label as a Span that counts code points."""
        return Span(self.start, self.end, self.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPrediction:
    """What a run says about a post. `summary` is small JSON: strongest object, neighbour ids, entropy, relevance."""

    post: int
    marks: tuple[PredictedMark, ...]
    summary: Mapping[str, Any] = field(default_factory=dict)


def from_prediction(
    post: int, tokens: Sequence[Token], prediction: Prediction, summary: Mapping[str, Any] | None = None
) -> PostPrediction:
    """A model's prediction, whose spans count `tokens`, as the store keeps it."""
    pairs = zip(prediction.spans, prediction.confidences, strict=True)
    marks = (
        PredictedMark(start=start, end=end, label=span.label, confidence=confidence)
        for span, confidence in pairs
        for start, end in [character_offsets(tokens, span)]
    )
    return PostPrediction(post=post, marks=tuple(marks), summary=summary or {})


def record(store: Store, run: str, predictions: Iterable[PostPrediction]) -> int:
    """Keeps what a run says, in place of what it said of these posts before; returns how many posts that were.

    Raises:
        InputError: there is no such run, or no such post.
    """
    rows = {each.post: each for each in predictions}
    with store.write() as session:
        key = run_id(session, run)
        lock(session, list(rows))
        for part in parts(list(rows)):
            of_posts = select(Revisions.id).where(Revisions.post_id.in_(part))
            session.execute(delete(Counts).where(Counts.run_id == key, Counts.revision_id.in_(of_posts)))
            session.execute(delete(Predictions).where(Predictions.run_id == key, Predictions.post_id.in_(part)))
        session.execute(delete(Evaluations).where(Evaluations.run_id == key))
        if rows:
            try:
                session.execute(insert(Predictions), [_row(key, each) for each in rows.values()])
            except exc.IntegrityError as error:
                raise InputError(f"A prediction of the run {run} is about a post that is not in the store.") from error
        judge(session, list(rows), key)
        said_changed(session, key, [*parts(list(rows))])
    return len(rows)


def predictions(
    store: Store, run: str, dataset: str | None = None, split: str | None = None
) -> dict[int, PostPrediction]:
    """What a run says, by post; `split` only with a data set.

    Raises:
        InputError: there is no such run or data set.
    """
    with store.read() as session:
        return predictions_in(session, run_id(session, run), dataset, split)


def prediction_of(store: Store, run: str, post: int) -> PostPrediction | None:
    """What a run says about one post; None where it has not looked at it.

    Raises:
        InputError: there is no such run.
    """
    with store.read() as session:
        return predictions_in(session, run_id(session, run), None, None, [post]).get(post)


def waiting(store: Store, run: str, dataset: str, split: str | None = None) -> list[int]:
    """The posts that a run has not looked at yet, in the order of the files.

    Raises:
        InputError: there is no such run or data set.
    """
    with store.read() as session:
        seen = select(Predictions.post_id).where(Predictions.run_id == run_id(session, run))
        wanted = select(Posts.id).where(*in_dataset(session, dataset, split), Posts.id.not_in(seen))
        return list(session.scalars(wanted.order_by(Posts.place)))


def is_unread(store: Store, run: str, dataset: str, split: str | None = None) -> bool:
    """Whether there is a post that a run has not looked at yet.

    Raises:
        InputError: there is no such run or data set.
    """
    with store.read() as session:
        seen = (Predictions.run_id == run_id(session, run)) & (Predictions.post_id == Posts.id)
        unread = ~exists().where(seen).correlate(Posts)
        return session.scalar(select(Posts.id).where(*in_dataset(session, dataset, split), unread).limit(1)) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many posts there are (without those left out), how many are labelled, read by a run, and both."""

    posts: int = 0
    labelled: int = 0
    read: int = 0
    judged: int = 0


def coverage(store: Store, run: str, dataset: str, split: str | None, gold: str) -> Coverage:
    """What a run has read of a data set or a split, and on how much of it it can be judged under the named gold.

    Raises:
        InputError: there is no such run or data set.
    """
    token = change_token(store, dataset, split, runs=[run])
    with store.read() as session:
        key, dataset_id = run_id(session, run), dataset_key(session, dataset)
        labelled = labelled_posts(session, dataset_id, split, gold)
        left_out = posts_spoken_of(session, dataset_id, split, gold) - labelled
        read = _read_posts(store, key, dataset, split, token)
        if left_out:
            of_run = (Predictions.post_id == Posts.id) & (Predictions.run_id == key)
            gone = by_people(gold, "discarded").join(Predictions, of_run)
            read -= session.scalar(gone.where(*in_dataset(session, dataset, split))) or 0
        judged = _judged(session, key, dataset_id, split, gold)
    return Coverage(posts=posts_in(session, dataset_id, split) - left_out, labelled=labelled, read=read, judged=judged)


@lru_cache(maxsize=128)
def _read_posts(store: Store, run: int, dataset: str, split: str | None, token: ChangeToken) -> int:  # noqa: ARG001
    """How many posts a run has read, those that are left out, too; another token, another answer."""
    with store.read() as session:
        said = select(func.count()).select_from(Posts).join(Predictions, Predictions.post_id == Posts.id)
        said = said.where(Predictions.run_id == run, *in_dataset(session, dataset, split))
        return session.scalar(said) or 0


def _judged(session: Session, run: int, dataset_id: int, split: str | None, gold: str) -> int:
    """How many labelled posts a run has read: as its totals say, unless they are still being counted."""
    if not is_counted(session, dataset_id):
        is_read = (Predictions.post_id == Posts.id) & (Predictions.run_id == run)
        said = select(func.count()).select_from(Revisions).join(Posts, Posts.id == Revisions.post_id)
        said = said.join(Predictions, is_read).where(counts_as(gold), Revisions.status == "submitted")
        said = said.where(Posts.dataset_id == dataset_id)
        return session.scalar(said if split is None else said.where(Posts.split == split)) or 0
    wanted = select(func.sum(RunTotals.posts)).where(
        RunTotals.run_id == run, RunTotals.dataset_id == dataset_id, RunTotals.gold == gold, RunTotals.label == ""
    )
    return session.scalar(wanted if split is None else wanted.where(RunTotals.split == split)) or 0


def predictions_in(
    session: Session, run: int, dataset: str | None, split: str | None, among: Collection[int] | None = None
) -> dict[int, PostPrediction]:
    """`predictions` within a transaction that is already open; `run` is the run's key."""
    wanted = select(Predictions).where(Predictions.run_id == run)
    if dataset is not None:
        wanted = wanted.join(Posts, Predictions.post_id == Posts.id).where(*in_dataset(session, dataset, split))
    if among is not None:
        wanted = wanted.where(Predictions.post_id.in_(among))
    return {
        row.post_id: PostPrediction(
            post=row.post_id,
            marks=tuple(
                PredictedMark(start=start, end=end, label=label, confidence=confidence)
                for start, end, label, confidence in row.marks
            ),
            summary=row.summary,
        )
        for row in session.scalars(wanted)
    }


def _row(run: int, each: PostPrediction) -> dict[str, Any]:
    marks = [[mark.start, mark.end, mark.label, mark.confidence] for mark in each.marks]
    least = min((mark.confidence for mark in each.marks), default=1.0)
    return {"run_id": run, "post_id": each.post, "marks": marks, "summary": dict(each.summary), "least": least}
