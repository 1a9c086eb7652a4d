"""Features: one sweep over a data set's pictures, so that nobody waits for one later.

Payload: {"dataset", "profile"}. Result: {"images", "computed", "broken": [{"image", "detail"}] (the first hundred),
"broken_images": how many there are}.
"""

from typing import Any

from db.engine import Store
from db.gold import ORIGINAL, examples
from db.jobs import Job
from db.posts import dataset
from mner_core.catalog.profiles import profile
from mner_core.features.extract import extract
from worker.child_protocol import Reporter

SHOWN = 100
"""Broken pictures that a result lists."""


def run(store: Store, job: Job, report: Reporter) -> dict[str, Any]:
    """Extracts what is not cached yet.

    Raises:
        InputError: there is no such data set or profile, or the weights are missing.
    """
    name = dataset(store, job.payload["dataset"]).name
    if job.payload.get("note"):
        report.event("note", {"message": job.payload["note"]})

    def say(done: int, total: int) -> None:
        report.progress(done / max(total, 1), f"looking at pictures: {done} of {total}")

    done = extract(examples(store, name, ORIGINAL), profile(job.payload["profile"]), store.home, say)
    broken = [{"image": image, "detail": detail} for image, detail in done.broken[:SHOWN]]
    return {"images": done.images, "computed": done.computed, "broken": broken, "broken_images": len(done.broken)}
