"""Posts that are like those in which a run is wrong: what jobs of the kind `similar-mistakes` found, a file each."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from db.engine import Store
from db.job_files import JobFiles
from db.jobs import Job
from mner_core.home import Home

FILES = JobFiles(kind="similar-mistakes", folder="similar-mistakes", what="the list of posts")


@dataclass(frozen=True, slots=True, kw_only=True)
class LikeMistake:
    """A post, the post with a mistake that it is most like, both by number, and the cosine of both, -1..1."""

    post: int
    score: float
    like: int


def keep_like_mistakes(store: Store, job: Job, found: Sequence[LikeMistake]) -> Path:
    """Writes what a job found, the likest first.

    Raises:
        StoreError: it cannot be written.
    """
    return FILES.keep(store, job, [asdict(each) for each in found])


def newest_like_mistakes(store: Store, dataset: str) -> Job | None:
    """The job that has made the data set's newest list; None where there is none."""
    return next((job for job, _ in FILES.ended(store, dataset)), None)


def read_like_mistakes(home: Home, job: int) -> list[LikeMistake]:
    """What that job found, the likest first; empty where its file is gone."""
    try:
        records = json.loads(FILES.of(home, job).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [LikeMistake(**record) for record in records]
