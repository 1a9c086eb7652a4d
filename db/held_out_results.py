"""What models say of posts that they were not trained on: what jobs of the kind `cross-validate` found, a file each."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from db.engine import Store
from db.evaluations import Judged
from db.gold import CURRENT, gold_posts_in
from db.job_files import JobFiles
from db.jobs import Job
from db.predictions import PostPrediction, PredictedMark
from db.scores import places

FILES = JobFiles(kind="cross-validate", folder="held-out-predictions", what="the predictions")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """The newest cross-validation of a data set: its job, and what was said, by post."""

    job: Job
    said: Mapping[int, PostPrediction]

    @property
    def name(self) -> str:
        """How a revision names it that started from its suggestions, as others name a run."""
        return f"cross-validated {self.job.payload['model']}"


def keep_predictions(store: Store, job: Job, said: Sequence[PostPrediction]) -> Path:
    """Writes what a job found.

    Raises:
        StoreError: it cannot be written.
    """
    marks = {each.post: [[mark.start, mark.end, mark.label, mark.confidence] for mark in each.marks] for each in said}
    return FILES.keep(store, job, marks)


def newest_held_out(store: Store, dataset: str) -> HeldOut | None:
    """The data set's newest cross-validation; None where there is none, or no file of one can be read."""
    for job, file in FILES.ended(store, dataset):
        try:
            return HeldOut(job=job, said=_read(file, file.stat().st_mtime_ns))
        except (OSError, ValueError):
            continue
    return None


def judged_held_out(store: Store, dataset: str, found: HeldOut, among: Collection[int] | None = None) -> list[Judged]:
    """The posts that were judged, as they are labelled now, in the order of the files; with `among`, these alone."""
    with store.read() as session:
        posts = gold_posts_in(session, store, dataset, CURRENT, None, (), among)
    return [
        Judged(gold_post=each, gold=places(each.example), prediction=found.said[each.post])
        for each in posts
        if each.revision is not None and each.post in found.said
    ]


@lru_cache(maxsize=4)
def _read(file: Path, written: int) -> Mapping[int, PostPrediction]:  # noqa: ARG001  another time is another file
    """What a file says, by post; the annotator asks at every post."""
    marks = json.loads(file.read_text(encoding="utf-8"))
    return {int(post): _prediction(int(post), of_post) for post, of_post in marks.items()}


def _prediction(post: int, marks: Sequence[Any]) -> PostPrediction:
    found = (
        PredictedMark(start=start, end=end, label=label, confidence=confidence)
        for start, end, label, confidence in marks
    )
    return PostPrediction(post=post, marks=tuple(found))
