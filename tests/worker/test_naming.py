"""Names of runs."""

from dataclasses import replace
from typing import Any

import pytest

from db.engine import Store
from db.jobs import Job, enqueue
from mner_core.types import InputError
from pages.runs.submit import TrainingChoice, submit_training
from worker.naming import run_name, unfinished_run

NO_NAMES = [
    "../outside",
    "a/b",
    ".hidden",
    "a\nb",
    "x" * 81,
    "a:b",
    "\\\\share",
    " x",
    "x ",
    "x.",
    "\U00020000" * 60,
]
NAMES = ["zweiter Versuch", "पहला", "e\u0301tude", "100% (a+b)", "#3 & more", "x" * 80]


def put(store: Store, **payload: Any) -> Job:
    return enqueue(store, "train", payload, author="anna")


def test_a_person_can_read_the_name(store: Store) -> None:
    job = put(store, model="rgcn", variant="w/o Gate", dataset="Scenes (400 posts, seed 1)")
    assert run_name(job) == f"rgcn-w-o-gate-scenes-400-posts-seed-1-{job.id}"
    assert run_name(replace(job, attempt=3)) == run_name(job), "every attempt goes on in the same place"
    assert run_name(put(store, model="rgcn", dataset="Наборы")).startswith("rgcn-")
    assert run_name(put(store, name="zweiter Versuch")) == "zweiter Versuch"


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_is_no_folders_is_refused(store: Store, name: str) -> None:
    job = put(store, name=name)
    with pytest.raises(InputError, match="cannot be called"):
        run_name(job)
    assert unfinished_run(store.home, job).parent == store.home.runs


@pytest.mark.parametrize("name", [*NO_NAMES, *NAMES])
def test_the_form_and_the_worker_take_the_same_names(filled: Store, name: str) -> None:
    """What the form lets pass, the worker can write, and the other way round."""
    wish = TrainingChoice(
        dataset="scenes", gold="original", model="bert-crf", variant="", profile="tiny", seed=0, settings={},
        start=None, name=name,
    )  # fmt: skip
    if name in NAMES:
        queued = submit_training(filled, wish, "anna")
        assert run_name(queued) == name
        unfinished_run(filled.home, queued).mkdir(parents=True)
    else:
        with pytest.raises(InputError, match="cannot be called"):
            submit_training(filled, wish, "anna")
