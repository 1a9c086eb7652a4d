"""What a new installation does by itself, so that there are errors to browse after a few minutes.

A chain of jobs that follows from the jobs there were: whoever stops it, kills it or starts it twice finds it going on
where it was, and what a person has deleted afterwards does not come back.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from db.engine import Store
from db.jobs import Job, Kind, enqueue, jobs
from db.posts import datasets
from mner_core.catalog.profiles import profile
from mner_core.types import InputError
from mner_core.weights.packages import weight_file

AUTHOR = "first start"
SCENES, PHOTOS, RUN = "Scenes", "Photographs", "first run"
POSTS = 400
EPOCHS = {"compact": 4, "tiny": 8}
"""Enough for scores well above what the text alone can reach, few enough for a laptop's patience."""


@dataclass(frozen=True)
class _Step:
    kind: Kind
    payload: Mapping[str, Any]


def go_on(store: Store) -> Job | None:
    """Queues the next step, unless one waits or runs, one has failed, or the store began with other data."""
    done = [job for job in reversed(jobs(store)) if job.author == AUTHOR]
    if not done and (datasets(store) or jobs(store, limit=1)):
        return None
    if any(job.status != "done" for job in done) or len(done) >= len(steps("tiny")):
        return None
    chosen, note = _profile(done)
    step = steps(chosen)[len(done)]
    payload = {**step.payload, **({"note": note} if note else {})}
    return enqueue(store, step.kind, payload, author=AUTHOR, dedupe_key=AUTHOR)


def steps(profile_name: str) -> list[_Step]:
    """The chain, in order."""
    return list(_steps(profile_name))


def _steps(profile_name: str) -> Iterator[_Step]:
    yield _Step("import", {"demo": "scenes", "size": POSTS, "seed": 1, "name": SCENES})
    yield _Step("features", {"dataset": SCENES, "profile": profile_name})
    settings = {"epochs": EPOCHS[profile_name]} | ({"heads": 4} if profile_name == "tiny" else {})
    yield _Step(
        "train",
        {
            "dataset": SCENES, "model": "rgcn", "variant": "", "settings": settings, "profile": profile_name,
            "gold": "original", "seed": 0, "name": RUN,
        },
    )  # fmt: skip
    yield _Step("import", {"demo": "photos", "name": PHOTOS})
    yield _Step("predict", {"run": RUN, "dataset": PHOTOS})


def _profile(done: list[Job]) -> tuple[str, str]:
    """The profile that the chain began with, or the best that this machine can have, and what is to be said of it."""
    begun = next((job.payload["profile"] for job in done if "profile" in job.payload), None)
    if begun is not None:
        return begun, ""
    try:
        for extractor in {profile("compact").text, profile("compact").grid, profile("compact").objects}:
            weight_file(extractor)
    except InputError as error:
        return "tiny", f"The profile tiny stands in for compact, its scores are low: {error}"
    return "compact", ""
