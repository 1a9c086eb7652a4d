"""Jobs on the screen: those that run or wait, with curve, log and a way to stop them; how others ended, and a retry."""

from collections.abc import Sequence

import streamlit as st

from db.connection import StoreError
from db.jobs import ENDED, Event, Job, Kind, cancel, events, jobs, log_path, retry
from db.workers import is_running
from mner_core.types import InputError
from pages.shared.charts import epoch_curve, show
from pages.shared.logs import log_tail
from pages.shared.number_format import duration, when
from pages.shared.status import NO_WORKER, active_jobs, job_sentence, job_title, watch
from pages.shared.store import store
from pages.shared.text import plain

_ENDED = {"done": "done", "failed": "failed", "cancelled": "stopped"}


def queue(kinds: Sequence[Kind] | None = None) -> None:
    """What the worker does and what waits for it, of all kinds or some; renews itself while there is anything."""
    watch(lambda: _draw(kinds), lambda: bool(active_jobs(store(), kinds)))


def history(kinds: Sequence[Kind] | None = None, limit: int = 20) -> None:
    """How the last jobs ended, of all kinds or some."""
    ended = jobs(store(), ENDED, kinds, limit=limit)
    if not ended:
        return
    newest, *earlier = ended
    if newest.status == "failed":
        failure(newest)
    with st.expander("Earlier jobs"):
        for job in earlier:
            if job.status == "failed":
                failure(job)
        st.dataframe(
            [
                {
                    "What": job_title(job),
                    "Ended": _ENDED[job.status],
                    "When": when(job.finished or job.created),
                    "Took": duration((job.finished or job.created) - (job.started or job.finished or job.created)),
                    "By": job.author,
                    "Why": job.error,
                }
                for job in ended
            ],
            hide_index=True,
        )


def failure(job: Job) -> None:
    """Why a job failed, and a way to take it up again."""
    said, again = st.columns([6, 1], vertical_alignment="center")
    said.error(plain(f"{job_title(job)} failed: {job.error}"), icon=":material/error:")
    again.button("Retry", key=f"retry {job.id}", on_click=_retry, args=(job.id,), icon=":material/replay:")
    if sentence := st.session_state.pop(f"retry said {job.id}", ""):
        st.warning(plain(sentence))


def _draw(kinds: Sequence[Kind] | None) -> None:
    found = active_jobs(store(), kinds)
    if found and not is_running(store()):
        st.warning(NO_WORKER, icon=":material/pause_circle:")
    for job in found:
        with st.container(border=True):
            _draw_job(job)


def _draw_job(job: Job) -> None:
    said, stop = st.columns([6, 1], vertical_alignment="center")
    if job.status == "running":
        said.progress(job.progress, plain(job_sentence(job)))
    else:
        said.markdown(f":material/schedule: {plain(job_sentence(job))}")
    stop.button("Stop", key=f"stop {job.id}", on_click=_stop, args=(job.id,), disabled=job.cancel_requested)
    if job.status != "running":
        return
    happened = events(store(), job.id)
    for event in happened:
        if event.kind == "note":
            st.caption(f":material/info: {plain(str(event.data['message']))}")
    epochs = _epochs(happened)
    log = st.container()
    if epochs:
        curve, log = st.columns(2)
        with curve:
            show(epoch_curve(epochs), height=220, key=f"curve {job.id}")
    tail = log_tail(log_path(store().home, job.id), store().home)
    if tail:
        with log, st.expander("Log", expanded=False):
            st.code(tail, language=None, height=200)


def _stop(job_id: int) -> None:
    cancel(store(), job_id)


def _retry(job_id: int) -> None:
    try:
        retry(store(), job_id)
    except (InputError, StoreError) as error:
        st.session_state[f"retry said {job_id}"] = str(error)


def _epochs(happened: Sequence[Event]) -> list[dict[str, float]]:
    return [dict(event.data) for event in happened if event.kind == "epoch"]
