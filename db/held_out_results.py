"""What models say of posts that they were not trained on: what jobs of the kind `cross-validate` found, a file each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from db.connection import disk_error
from db.engine import Store
from db.evaluations import Judged
from db.gold import CURRENT, gold_posts
from db.jobs import Job, jobs
from db.predictions import PostPrediction, PredictedMark
from db.scores import places
from mner_core.files import write_whole
from mner_core.home import Home


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
        StoreError: there is no room left.
    """
    file = _file(store.home, job.id)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, "the predictions") from error
    marks = {each.post: [[mark.start, mark.end, mark.label, mark.confidence] for mark in each.marks] for each in said}
    write_whole(file, json.dumps(marks, ensure_ascii=False))
    return file


def newest_held_out(store: Store, dataset: str) -> HeldOut | None:
    """The data set's newest cross-validation; None where there is none, or its file is gone."""
    ended = jobs(store, ("done",), ("cross-validate",), dataset=dataset)
    for job in ended:
        try:
            file = _file(store.home, job.id)
            return HeldOut(job=job, said=_read(file, file.stat().st_mtime_ns))
        except (OSError, ValueError):
            continue
    return None


def judged_held_out(store: Store, dataset: str, found: HeldOut) -> list[Judged]:
    """The posts that were judged, as they are labelled now, in the order of the files."""
    return [
        Judged(gold_post=each, gold=places(each.example), prediction=found.said[each.post])
        for each in gold_posts(store, dataset, CURRENT)
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


def _file(home: Home, job: int) -> Path:
    return home.root / "held-out-predictions" / f"job-{job}.json"
