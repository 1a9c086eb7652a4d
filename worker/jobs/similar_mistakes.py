"""Similar to mistakes: the posts of a split that are most like those in which a run is wrong, as a list to go through.

Payload: {"dataset", "by", "profile", "in": the split to look in, "run", "gold", "split", "compare", "fair_to",
"filter": {field of `CaseFilter`: value}}. Result: {"dataset", "by", "in", "mistaken": posts with such a mistake,
"posts": how many are listed}. The list lies in the file that `db.similar_results` reads.
"""

from typing import Any

import numpy as np

from db.engine import Store
from db.jobs import Job
from db.mistake_cases import CaseFilter, MistakesOf
from db.mistakes import in_order
from db.similar_results import LikeMistake, keep_like_mistakes
from mner_core.types import InputError
from worker.child_protocol import Reporter
from worker.jobs.similar import built

ASKED = 5000
"""Posts with mistakes that others are compared with: the surest mistakes first."""
LONGEST = 500
"""Posts that are listed: more than anybody goes through."""


def run(store: Store, job: Job, report: Reporter) -> dict[str, Any]:
    """Lists them, the likest first.

    Raises:
        InputError: there is no such data set, run, profile or kind of vector; no mistake matches, or none compares.
    """
    payload = job.payload
    wrong = _mistaken(store, job)
    found = built(store, job, report, 0.9)
    places = [place for post in wrong if (place := found.place(post)) is not None]
    among = found.among(payload["in"])
    among[places] = False
    report.progress(0.9, f"comparing with {len(places):,} posts")
    alike = found.index.like_any(places, LONGEST, among)
    if not alike:
        raise InputError(_why_none(job, bool(np.any(found.index.rows[places] >= 0))))
    listed = [
        LikeMistake(post=int(found.numbers[each.place]), score=each.score, like=int(found.numbers[each.nearest]))
        for each in alike
    ]
    keep_like_mistakes(store, job, listed)
    about = {name: payload[name] for name in ("dataset", "by", "in")}
    return {**about, "mistaken": len(places), "posts": len(listed)}


def _mistaken(store: Store, job: Job) -> list[int]:
    """The posts with a mistake that the filter leaves."""
    said = job.payload
    of = MistakesOf(
        run=said["run"], dataset=said["dataset"], split=said["split"], gold=said["gold"], compare=said["compare"],
        fair_to=tuple(said["fair_to"]),
    )  # fmt: skip
    page = in_order(store, of, CaseFilter(**said["filter"])).page(None, ASKED)
    if page is None:
        raise InputError("Mistakes are still being counted: ask again in a moment.")
    if not page:
        raise InputError("No mistake matches the filter any more, so nothing can be like one.")
    return [each.post for each in page]


def _why_none(job: Job, is_comparable: bool) -> str:
    by, split = job.payload["by"], job.payload["in"]
    if is_comparable:
        return f"No other post of the split {split} has anything to compare by {by}."
    return f"None of the posts with these mistakes has anything to compare by {by}: choose another kind."
