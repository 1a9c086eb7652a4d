"""How good what runs say is, on a named gold.

A score belongs to a run, a gold fingerprint and a protocol. It is the exact sum of one count for each post, kept by
revision: after a correction, only that post is counted again. Runs are compared by asking for them together: they are
then measured on the same posts with the same gold.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.engine import Store
from db.gold import CURRENT, GoldPost, gold_posts_in
from db.predictions import PostPrediction, predictions_in
from db.runs import run_id
from db.scores import count, from_json, places, scheme_of_dataset, to_json
from db.tables import Counts, Evaluations, Predictions, Runs
from db.unmeasured import brought_elsewhere, called, not_predicted, nothing_labelled
from mner_core.data.fingerprint import gold_fingerprint
from mner_core.evaluation.gold import protocol_named
from mner_core.evaluation.scoring import Score, from_counts, pool
from mner_core.run_record import BROUGHT
from mner_core.types import InputError, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A run's score on the named gold of a split, and on how many posts it rests."""

    run: str
    dataset: str
    split: str | None
    gold: str
    posts: int
    score: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A labelled post, its gold and what a run says about it, both in code points."""

    gold_post: GoldPost
    gold: tuple[Span, ...]
    prediction: PostPrediction


def evaluate(
    store: Store,
    runs: Sequence[str],
    dataset: str,
    split: str | None = None,
    gold: str = CURRENT,
    protocol: str = "entity",
    fair_to: Sequence[str] = (),
) -> list[Evaluation]:
    """The scores of some runs on one named gold, all on the same posts at the same moment.

    What the runs `fair_to` suggested is taken back (`db.fair_gold`). Posts that a brought run says nothing of do not
    count.

    Raises:
        InputError: no such run or protocol, no labelled post, or a run has not looked at all of the posts yet.
    """
    protocol_named(protocol)
    asked = _Question(store, dataset, split, gold, protocol, tuple(fair_to))
    with store.read() as session:
        found, new = asked.answer(session, runs)
    if new:  # asked again, because others may have written since
        with store.write() as session:
            found, new = asked.answer(session, runs)
            session.add_all(new)
    return found


def judged(
    store: Store,
    run: str,
    dataset: str,
    split: str | None = None,
    gold: str = CURRENT,
    fair_to: Sequence[str] = (),
    among: Collection[int] | None = None,
) -> list[Judged]:
    """The labelled posts that a run has looked at, with gold and prediction side by side, in the order of the files.

    What the runs `fair_to` suggested is taken back (`db.fair_gold`); with `among`, these posts alone.

    Raises:
        InputError: there is no such run.
    """
    with store.read() as session:
        said = predictions_in(session, run_id(session, run), dataset, split, among)
        posts = gold_posts_in(session, store, dataset, gold, split, fair_to, among)
    return [
        Judged(gold_post=each, gold=places(each.example), prediction=said[each.post])
        for each in posts
        if each.revision is not None and each.post in said
    ]


def judged_together(
    store: Store,
    runs: Sequence[str],
    dataset: str,
    split: str | None = None,
    gold: str = CURRENT,
    fair_to: Sequence[str] = (),
) -> list[list[Judged]]:
    """What each of some runs says beside the gold, all on the posts on which `evaluate` measures them together.

    Raises:
        InputError: as `evaluate` does.
    """
    asked = _Question(store, dataset, split, gold, "entity", tuple(fair_to))
    with store.read() as session:
        posts = asked.posts(session, runs)
        said = [asked.said(session, run, run_id(session, run), posts) for run in runs]
    golds = [places(each.example) for each in posts]
    return [
        [
            Judged(gold_post=each, gold=gold_of, prediction=of_run[each.post])
            for each, gold_of in zip(posts, golds, strict=True)
        ]
        for of_run in said
    ]


@dataclass(frozen=True, slots=True)
class _Question:
    """Which gold and how to score: what `evaluate` is asked, apart from the runs."""

    store: Store
    dataset: str
    split: str | None
    gold: str
    protocol: str
    fair_to: tuple[str, ...] = ()

    def answer(self, session: Session, runs: Sequence[str]) -> tuple[list[Evaluation], list[Any]]:
        """The runs' scores, and the rows that the store does not have yet."""
        posts = self.posts(session, runs)
        sha256 = gold_fingerprint(post.example for post in posts)
        found: list[Evaluation] = []
        new: list[Any] = []
        for run in runs:
            key = run_id(session, run)
            kept = self._kept(session, key)
            rows = list(self._count(session, run, key, [post for post in posts if post.revision not in kept]))
            kept |= {row.revision_id: row.counts for row in rows}
            total = pool(from_json(kept[post.revision]) for post in posts)
            score = from_counts(total, protocol=self.protocol, gold_sha256=sha256)
            found.append(self._evaluation(run, len(posts), score))
            new += rows
            if not self._is_recorded(session, key, sha256):
                new.append(self._row(key, sha256, len(posts), to_json(total)))
        return found, new

    def posts(self, session: Session, runs: Sequence[str]) -> list[GoldPost]:
        """The posts on which the runs are measured together."""
        posts = gold_posts_in(session, self.store, self.dataset, self.gold, self.split, self.fair_to)
        posts = [post for post in posts if post.revision is not None]
        if not posts:
            raise InputError(self._nothing())
        for run in runs:
            posts = self._of_brought(session, run, posts)
        return posts

    def said(self, session: Session, run: str, key: int, posts: Sequence[GoldPost]) -> dict[int, PostPrediction]:
        """What a run says of the posts, all of which it must have looked at."""
        said = predictions_in(session, key, self.dataset, self.split) if posts else {}
        if unseen := sum(post.post not in said for post in posts):
            raise InputError(not_predicted(run, unseen, self._called()))
        return said

    def _nothing(self) -> str:
        if self.fair_to:
            return f"No post of {self._called()} has labels that these runs did not suggest: nothing is fair to them."
        return nothing_labelled(self._called())

    def _of_brought(self, session: Session, run: str, posts: list[GoldPost]) -> list[GoldPost]:
        """The posts that brought predictions are of: about others nothing was said, and nobody could be asked."""
        key = run_id(session, run)
        if not session.scalar(select(Runs.model == BROUGHT).where(Runs.id == key)):
            return posts
        said = set(session.scalars(select(Predictions.post_id).where(Predictions.run_id == key)))
        kept = [post for post in posts if post.post in said]
        if not kept:
            raise InputError(brought_elsewhere(run, self._called()))
        return kept

    def _kept(self, session: Session, run: int) -> dict[int | None, Any]:
        wanted = select(Counts.revision_id, Counts.counts)
        wanted = wanted.where(Counts.run_id == run, Counts.protocol == self.protocol)
        return {revision: counts for revision, counts in session.execute(wanted)}  # noqa: C416 - rows are no pairs to mypy

    def _count(self, session: Session, run: str, key: int, posts: Sequence[GoldPost]) -> Iterator[Counts]:
        said = self.said(session, run, key, posts)
        is_strict = posts and self.protocol == "entity-strict"  # the other protocol reads no tags
        scheme = scheme_of_dataset(session, self.dataset) if is_strict else "BIO2"
        for post in posts:
            counted = count(post.example, (mark.span for mark in said[post.post].marks), self.protocol, scheme)
            yield Counts(run_id=key, revision_id=post.revision, protocol=self.protocol, counts=to_json(counted))

    def _is_recorded(self, session: Session, run: int, sha256: str) -> bool:
        wanted = select(Evaluations.id).where(
            Evaluations.run_id == run, Evaluations.gold_sha256 == sha256, Evaluations.protocol == self.protocol
        )
        return session.scalar(wanted) is not None

    def _row(self, run: int, sha256: str, posts: int, counts: dict[str, Any]) -> Evaluations:
        return Evaluations(
            run_id=run,
            gold_sha256=sha256,
            protocol=self.protocol,
            gold=f"{self._called()}, {self.gold}" + (f", fair to {', '.join(self.fair_to)}" if self.fair_to else ""),
            posts=posts,
            counts=counts,
            created=self.store.now(),
        )

    def _evaluation(self, run: str, posts: int, score: Score) -> Evaluation:
        return Evaluation(run=run, dataset=self.dataset, split=self.split, gold=self.gold, posts=posts, score=score)

    def _called(self) -> str:
        return called(self.dataset, self.split)
