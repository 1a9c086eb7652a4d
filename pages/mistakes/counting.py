"""What is said while the mistakes of runs are being counted, as after an update, and where nobody counts them."""

import streamlit as st

from db.uncounted import waiting_posts
from db.workers import is_running
from pages.shared.number_format import counted
from pages.shared.status import active_jobs, going_on, watch
from pages.shared.store import store

_NOBODY = "No worker is running, so nothing is counted: start one with `make run`."


def being_counted(dataset: str) -> str:
    """How many posts are to be counted before mistakes are known; empty where they are known."""
    waiting = waiting_posts(store(), dataset)
    return f"The mistakes of runs are being counted: {counted(waiting, 'post')} to go." if waiting else ""


def draw_counting(dataset: str) -> None:
    """That they are being counted, anew until they are, or why they are not; then the whole screen is drawn."""
    watch(lambda: _draw(dataset), lambda: waiting_posts(store(), dataset) > 0)
    going_on(["count"])


def _draw(dataset: str) -> None:
    if sentence := being_counted(dataset):
        st.info(sentence, icon=":material/calculate:")
        if not active_jobs(store(), ["count"]) and not is_running(store()):
            st.warning(_NOBODY, icon=":material/pause_circle:")
