"""Figures that the worker computes (`db.figures`): drawn once they are there, and until then said to be computed."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from db.figures import Figure, Question, ask_again, figure, want
from db.workers import is_running
from pages.shared.job_list import failure
from pages.shared.number_format import short, when
from pages.shared.status import NO_WORKER, job_sentence, job_title, watch
from pages.shared.store import me, store
from pages.shared.text import plain


def computed(asked: Question) -> Mapping[str, Any] | None:
    """The answer to a question, None where there is none yet; says so, and looks again, until there is one.

    An answer that labels, predictions or another program have overtaken is returned with a sentence that says of which
    labels it is.
    """
    found = figure(store(), asked)
    if found is not None and found.is_current:
        return found.value
    watch(lambda: _draw_waiting(asked), lambda: not _is_there(asked))
    if found is None or asked.kind == "fingerprint":  # another fingerprint is simply not that of these labels
        return None
    st.caption(f":material/history: {_as_of(found)}")
    return found.value


def fingerprint_of(asked: Question) -> str | None:
    """The beginning of the fingerprint of labels as they are now; None while it is computed, or where there is none."""
    found = figure(store(), asked)
    if found is None or not found.is_current or "sha256" not in found.value:
        return None
    return short(found.value["sha256"])


def _is_there(asked: Question) -> bool:
    found = figure(store(), asked)
    return found is not None and found.is_current


def _draw_waiting(asked: Question) -> None:
    if _is_there(asked):
        return
    job = want(store(), asked, me())
    if job.status == "failed":
        failure(job)
    elif job.status == "cancelled":
        st.caption(f":material/block: {plain(job_title(job))} was stopped.")
        st.button("Compute it", key=f"compute {job.id}", on_click=_ask_again, args=(asked,))
    elif asked.kind == "fingerprint":  # a part of a sentence, which says that it is being computed
        if not is_running(store()):
            st.caption(":material/pause_circle: The fingerprint waits for a worker, and none is running.")
    elif not is_running(store()):
        st.warning(f"This is computed by the worker. {NO_WORKER}", icon=":material/pause_circle:")
    elif job.status == "running":
        st.progress(job.progress, plain(job_sentence(job)))
    else:
        st.caption(f":material/schedule: {plain(job_sentence(job))}")


def _ask_again(asked: Question) -> None:
    ask_again(store(), asked, me())


def _as_of(found: Figure) -> str:
    """Of which labels an old answer is."""
    value = found.value
    sha256 = value.get("gold_sha256") or value.get("after", {}).get("gold_sha256")
    labels = f" on labels with the fingerprint `{short(sha256)}`" if sha256 else ""
    return f"Old figures, of {when(found.computed)}{labels}: labels or predictions have changed since."
