"""Count: what runs get right and wrong on the posts that wait for it, in an older store or after a big move.

An older store's texts are made searchable, too. Payload: {}. Result: {"posts": how many were counted, "texts": how many
were made searchable}.
"""

from typing import Any

from db.engine import Store
from db.jobs import Job
from db.text_search import add_waiting_texts
from db.uncounted import count_waiting
from worker.child_protocol import Reporter


def run(store: Store, job: Job, report: Reporter) -> dict[str, Any]:  # noqa: ARG001 - it counts all that waits
    """Counts until nothing waits; a job that was stopped is gone on with by the next one."""

    def progress(done: int, total: int) -> None:
        report.progress(done / total, f"counting: {done:,} of {total:,} posts")

    def of_texts(done: int, total: int) -> None:
        report.progress(done / total, f"making texts searchable: {done:,} of {total:,}")

    texts = add_waiting_texts(store, of_texts)
    return {"posts": count_waiting(store, progress), "texts": texts}
