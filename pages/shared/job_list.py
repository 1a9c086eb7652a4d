"""Jobs on the screen: those that train or wait, with curve, log and a way to stop them, and how the last ones ended."""

from collections.abc import Sequence

import streamlit as st

from db.jobs import ENDED, Event, Job, Kind, cancel, events, jobs, log_path
from db.workers import alive
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
    newest = ended[0]
    if newest.status == "failed":
        st.error(plain(f"{job_title(newest)} failed: {newest.error}"), icon=":material/error:")
    with st.expander("Earlier jobs"):
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


def _draw(kinds: Sequence[Kind] | None) -> None:
    found = active_jobs(store(), kinds)
    if found and not alive(store()):
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


def _epochs(happened: Sequence[Event]) -> list[dict[str, float]]:
    return [dict(event.data) for event in happened if event.kind == "epoch"]
