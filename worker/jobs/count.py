"""Count: what runs get right and wrong on the posts that wait for it, in an older store or after a big move.

Payload: {}. Result: {"posts": how many were counted}.
"""

from typing import Any

from db.engine import Store
from db.jobs import Job
from db.uncounted import count_waiting
from worker.child_protocol import Reporter


def run(store: Store, job: Job, report: Reporter) -> dict[str, Any]:  # noqa: ARG001 - it counts all that waits
    """Counts until nothing waits; a job that was stopped is gone on with by the next one."""

    def progress(done: int, total: int) -> None:
        report.progress(done / total, f"counting: {done:,} of {total:,} posts")

    return {"posts": count_waiting(store, progress)}
