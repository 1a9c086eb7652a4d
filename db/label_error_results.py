"""Labels that look wrong: what a job of the kind `suspicious` found, kept in one file for each job."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from db.engine import Store
from db.job_files import JobFiles
from db.jobs import Job
from mner_core.home import Home

FILES = JobFiles(kind="suspicious", folder="suspicious", what="the list of labels")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelError:
    """A label worth a second look, or one that is missing. Places are code points of the post's text.

    `post` is the store's number, `name` the post's own; `score` (0..1) orders them and is no probability, `reason` is
    one of `mner_core.label_errors.reasons.Reason`, `detail` a sentence; `suggested` is what models would have there.
    """

    post: int
    name: str
    split: str
    start: int
    end: int
    label: str
    text: str
    score: float
    reason: str
    detail: str
    suggested: str


def keep_ranking(store: Store, job: Job, found: Sequence[LabelError]) -> Path:
    """Writes what a job found, likeliest error first.

    Raises:
        StoreError: it cannot be written.
    """
    return FILES.keep(store, job, [asdict(each) for each in found])


def newest_ranking(store: Store, dataset: str) -> Job | None:
    """The job that has looked for wrong labels of the data set last, and found something to read."""
    return next((job for job, _ in FILES.ended(store, dataset)), None)


def read_ranking(home: Home, job: int) -> list[LabelError]:
    """What that job found, likeliest error first; empty where its file is gone."""
    try:
        records: list[dict[str, Any]] = json.loads(FILES.of(home, job).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [LabelError(**record) for record in records]
