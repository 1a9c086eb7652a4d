"""Similar: a data set's posts are compared by one kind of vector, so that the like of any of them are found at once.

Payload: {"dataset", "by", "profile"}. Result: {"dataset", "by", "posts", "compared": how many have such a vector}.
The index is kept (`db.similar_indexes`) and opened by the serving child (`worker.similar_posts`).
"""

from typing import Any

from db.engine import Store
from db.jobs import Job
from mner_core.catalog.profiles import profile
from worker.child_protocol import Reporter
from worker.similar_posts import Compared, compare, kind_named


def run(store: Store, job: Job, report: Reporter) -> dict[str, Any]:
    """Builds the index, where there is none.

    Raises:
        InputError: there is no such data set, profile or kind of vector, or the weights are missing.
    """
    found = built(store, job, report)
    compared = int((found.index.rows >= 0).sum())
    return {
        "dataset": job.payload["dataset"],
        "by": job.payload["by"],
        "posts": len(found.numbers),
        "compared": compared,
    }


def built(store: Store, job: Job, report: Reporter, end: float = 1.0) -> Compared:
    """The index that the payload names; `end` is the job's progress when it is there.

    Raises:
        InputError: as in `run`.
    """
    by, chosen = kind_named(job.payload["by"]), profile(job.payload["profile"])
    begin = {"pictures": 0.0, "vectors": 0.0 if by == "text" else 0.8}
    stop = {"pictures": 0.8, "vectors": 1.0}

    def say(what: str, done: int, total: int) -> None:
        share = begin[what] + (stop[what] - begin[what]) * done / max(total, 1)
        report.progress(end * share, f"{what}: {done:,} of {total:,}")

    return compare(store, job.payload["dataset"], by, chosen, say)
