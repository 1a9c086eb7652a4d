"""What the worker is doing: a quiet line in the sidebar, and sentences with progress on the screens."""

from collections.abc import Callable, Sequence
from functools import cache

import streamlit as st

from db.deleted_names import spoken
from db.engine import Store
from db.jobs import ACTIVE, KINDS, Job, Kind, jobs
from db.posts import datasets
from db.workers import is_running
from mner_core.experiment.suite import read_suite
from mner_core.retrieval.likeness import WORDS
from mner_core.types import InputError
from pages.shared import address
from pages.shared.store import store
from pages.shared.text import plain

TICK = 2.0
"""Seconds between two looks at something that moves."""

ASKED_FOR: Sequence[Kind] = [kind for kind in KINDS if kind != "figure"]
"""The kinds of jobs that people ask for; figures are asked for by screens, which say so where they will be."""

NO_WORKER = "No worker is running, so nothing is imported or trained: start one with `make run`."


def active_jobs(store: Store, kinds: Sequence[Kind] | None = None) -> list[Job]:
    """The jobs that run or wait, in the order in which they will be done."""
    found = jobs(store, ACTIVE, kinds)
    return sorted(found, key=lambda job: (job.status != "running", -job.priority, job.id))


def job_title(job: Job) -> str:
    """What a job does, in a person's words: "Training second-try on scenes"."""
    said = {name: spoken(value) for name, value in job.payload.items() if isinstance(value, str) and value}
    dataset = said.get("dataset") or said.get("name") or "the posts"
    run = said.get("run") or said.get("name") or "a run"
    return {
        "import": f"Importing {said.get('name') or 'posts'}",
        "features": f"Extracting picture features of {dataset}",
        "train": f"Training {run} on {dataset}",
        "predict": f"Predicting {dataset} with {run}",
        "suspicious": f"Searching label errors in {dataset}",
        "cross-validate": f"Judging the posts of {dataset} by models that have not seen them",
        "count": "Counting the mistakes of runs",
        "figure": _figure_title(job, dataset),
        "similar": f"Comparing the posts of {dataset} by {WORDS.get(job.payload.get('by', ''), 'vectors')}",
        "similar-mistakes": f"Looking for posts of {dataset} like the mistakes of {run}",
        "experiment": f"Computing the table “{_table_title(said.get('suite', ''))}”",
    }[job.kind]


def _figure_title(job: Job, dataset: str) -> str:
    if job.kind != "figure":
        return ""
    asked = job.payload["question"]
    return {
        "agreement": f"Comparing the labels of {dataset}",
        "comparison": f"Comparing {' with '.join(reversed(asked['runs']))} on {dataset}",
        "fingerprint": f"Computing the fingerprint of the labels of {dataset}",
        "inside": f"Computing slices and calibration of {asked['runs'][0] if asked['runs'] else 'a run'} on {dataset}",
    }[asked["kind"]]


@cache
def _table_title(suite: str) -> str:
    try:
        return read_suite(suite).title
    except InputError:
        return suite


def job_sentence(job: Job) -> str:
    """How far a job is: "Training second-try on scenes: 43%, epoch 3 of 6"."""
    if job.status == "queued":
        return f"{job_title(job)}: waiting"
    if job.cancel_requested:
        return f"{job_title(job)}: being stopped"
    again = f", attempt {job.attempt}" if job.attempt > 1 else ""
    if not job.message and not job.progress:
        return f"{job_title(job)}: starting{again}"
    return f"{job_title(job)}: {job.progress:.0%}{job.message and ', '}{job.message}{again}"


def is_waiting(store: Store) -> bool:
    """Whether a screen has something to wait for: a job, a worker, or the first data set."""
    return bool(active_jobs(store)) or not is_running(store) or not datasets(store)


def status_line() -> None:
    """Draws the line for the sidebar."""
    watch(_draw_line, lambda: is_waiting(store()))


def going_on(kinds: Sequence[Kind] | None = None) -> None:
    """Draws what runs and waits as sentences with progress; nothing where there is nothing."""
    watch(lambda: _draw_jobs(kinds), lambda: bool(active_jobs(store(), kinds)))


def watch(draw: Callable[[], None], is_moving: Callable[[], bool]) -> None:
    """Draws something again and again while it moves, and the whole screen once when it has come to rest."""
    moved = is_moving()
    drawn: list[bool] = []

    @st.fragment(run_every=TICK if moved else None)
    def part() -> None:
        draw()
        if moved and not is_moving():
            if drawn:  # alone, and not as a part of the whole screen
                address.take_back()
            st.rerun()
        drawn.append(True)

    part()


def _draw_jobs(kinds: Sequence[Kind] | None) -> None:
    found = active_jobs(store(), kinds)
    if found and not is_running(store()):
        st.warning(NO_WORKER, icon=":material/pause_circle:")
    for job in found:
        if job.status == "running":
            st.progress(job.progress, plain(job_sentence(job)))
        else:
            st.caption(f":material/schedule: {plain(job_sentence(job))}")


def _draw_line() -> None:
    found = active_jobs(store())
    running = [job for job in found if job.status == "running"]
    waiting = len(found) - len(running)
    if not is_running(store()):
        st.caption(":material/pause_circle: No worker is running")
    elif not found:
        st.caption(":material/check_circle: Worker ready")
    for job in running:
        st.progress(job.progress, plain(f"{job_title(job)}: {job.progress:.0%}"))
    if waiting:
        st.caption(f":material/schedule: {waiting} {'more ' if running else ''}waiting")
