"""Mistakes in train: having every post judged by a model that was trained on the others, and what that rests on."""

import streamlit as st

from db.connection import StoreError
from db.gold import CURRENT
from db.held_out_results import HeldOut, newest_held_out
from db.jobs import enqueue, jobs
from db.posts import Dataset
from mner_core.catalog.profiles import PROFILES
from mner_core.catalog.systems import SYSTEMS
from mner_core.types import InputError
from pages.shared.number_format import counted, when
from pages.shared.status import active_jobs, going_on
from pages.shared.store import me, store
from pages.shared.text import plain

_SAID = "held-out said"
_TRAIN = "train"


def draw_held_out(found: Dataset) -> None:
    """What was found last, and the form that has it made (anew)."""
    if sentence := st.session_state.pop(_SAID, ""):
        st.error(plain(sentence))
    if any(job.payload.get("dataset") == found.name for job in active_jobs(store(), ["cross-validate"])):
        going_on(["cross-validate"])
        return
    last = next(iter(jobs(store(), ("done", "failed"), ("cross-validate",), dataset=found.name, limit=1)), None)
    if last and last.status == "failed":
        st.error(plain(last.error), icon=":material/error:")
    newest = newest_held_out(store(), found.name)
    if newest is None:
        st.write(
            "A run repeats the labels that it learned, so its mistakes in train are not seen. Here five models are "
            "trained, each on four fifths of train, and each judges the fifth that it has never seen."
        )
    else:
        st.caption(f":material/fact_check: {_sentence(newest)}")
    with st.expander("Judge them again" if newest else "Have train judged", expanded=newest is None):
        _draw_form(found)


def _sentence(newest: HeldOut) -> str:
    """When, by what, on how many posts."""
    job = newest.job
    result = job.result or {}
    system = SYSTEMS.get(str(job.payload["model"]))
    return (
        f"Judged {when(job.finished or 0.0)} by {plain(system.title if system else str(job.payload['model']))}, five "
        f"folds: {counted(int(result.get('mistakes', 0)), 'post')} of {int(result.get('posts', 0)):,} held a mistake, "
        "of the models or of the labels. The list is of the labels as they are now."
    )


def _draw_form(found: Dataset) -> None:
    columns = st.columns([2, 2, 2], vertical_alignment="bottom")
    columns[0].selectbox("Judged by", list(SYSTEMS), format_func=lambda name: SYSTEMS[name].title, key="held-out model")
    columns[1].selectbox("Profile", list(PROFILES), key="held-out profile")
    columns[2].button("Judge every post of train", on_click=_ask, args=(found.name,), width="stretch")


def _ask(name: str) -> None:
    session = st.session_state
    payload = {
        "dataset": name, "gold": CURRENT, "split": _TRAIN,
        "model": session["held-out model"], "profile": session["held-out profile"],
    }  # fmt: skip
    try:
        enqueue(store(), "cross-validate", payload, author=me(), dedupe_key=f"cross-validate {name}")
    except (InputError, StoreError) as error:
        session[_SAID] = str(error)
