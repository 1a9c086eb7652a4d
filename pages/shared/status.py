"""The quiet line in the sidebar: whether a worker lives, and what it is doing."""

import streamlit as st

from db.engine import Store
from db.jobs import Job, jobs
from db.posts import datasets
from db.workers import alive
from pages.shared.store import store

TICK = 2.0
"""Seconds between two looks at something that moves."""


def active_jobs(store: Store) -> list[Job]:
    """The jobs that run or wait, in the order in which they will be done."""
    found = jobs(store, ("queued", "running"))
    return sorted(found, key=lambda job: (job.status != "running", -job.priority, job.id))


def is_waiting(store: Store) -> bool:
    """Whether a screen has something to wait for: a job, a worker, or the first data set."""
    return bool(active_jobs(store)) or not alive(store) or not datasets(store)


def job_title(job: Job) -> str:
    """What a job does, in a person's words: "Training second-try on scenes"."""
    said = {name: str(value) for name, value in job.payload.items() if isinstance(value, str)}
    name, dataset = said.get("name") or said.get("run", "a run"), said.get("dataset", "the posts")
    return {
        "import": f"Importing {said.get('name') or 'posts'}",
        "features": f"Looking at the pictures of {dataset}",
        "train": f"Training {name} on {dataset}",
        "predict": f"{said.get('run', 'A run')} reads {dataset}",
        "experiment": f"Experiment {name}",
    }[job.kind]


def status_line() -> None:
    """Draws the line; it renews itself while there is something to wait for, and the screen when that is over."""
    was_waiting = is_waiting(store())

    @st.fragment(run_every=TICK if was_waiting else None)
    def line() -> None:
        _draw(store())
        if was_waiting and not is_waiting(store()):
            st.rerun()

    line()


def _draw(store: Store) -> None:
    running = [job for job in active_jobs(store) if job.status == "running"]
    queued = [job for job in active_jobs(store) if job.status == "queued"]
    if not alive(store):
        st.caption(":material/pause_circle: No worker is running: nothing is trained or imported until one is started.")
    elif not running and not queued:
        st.caption(":material/check_circle: Worker ready")
    for job in running:
        st.progress(job.progress, f"{job_title(job)}: {job.progress:.0%}")
    if queued:
        st.caption(f"{len(queued)} more waiting" if running else f"{len(queued)} waiting")
