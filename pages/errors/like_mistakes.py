"""A work list from the mistakes that are listed: the posts of train that are most like them, found by the worker."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from db.connection import StoreError
from db.corrections import TRAIN
from db.jobs import enqueue, jobs
from db.mistake_cases import MistakesOf
from db.posts import dataset
from mner_core.retrieval.likeness import KINDS, WORDS
from mner_core.types import InputError
from pages.mistakes.filters import Filter
from pages.mistakes.like_mistakes import JOB, list_sentence, newest_list
from pages.mistakes.stored import asked_of_cases
from pages.shared.selection import Selection, page_link
from pages.shared.similar_posts import profile_of
from pages.shared.status import active_jobs, going_on
from pages.shared.store import me, store
from pages.shared.text import plain

_SAID = "like mistakes said"
_BY = "like mistakes by"


def draw_like_mistakes(chosen: Selection, of: MistakesOf, wanted: Filter) -> None:
    """The newest list, and the form that has one made; nothing for a data set without train."""
    if TRAIN not in dataset(store(), of.dataset).splits:
        return
    if sentence := st.session_state.pop(_SAID, ""):
        st.error(plain(sentence))
    if any(job.payload.get("dataset") == of.dataset for job in active_jobs(store(), [JOB])):
        going_on([JOB])
        return
    _draw_last(of.dataset)
    with st.expander("Posts of train like these mistakes", icon=":material/join_inner:"):
        _draw_form(chosen, of, wanted)


def _draw_last(name: str) -> None:
    """What became of the last one that was asked for, and the way to the newest list."""
    last = next(iter(jobs(store(), ("done", "failed"), (JOB,), dataset=name, limit=1)), None)
    if last and last.status == "failed":
        st.error(plain(last.error), icon=":material/error:")
    newest = newest_list(store(), name)
    if newest:
        st.caption(f":material/fact_check: {list_sentence(newest)}")
        page_link("annotate", "Go through this list", list=JOB, split=TRAIN, post=None)


def _draw_form(chosen: Selection, of: MistakesOf, wanted: Filter) -> None:
    st.caption(
        "The list has the posts of train that are most like the posts below, under the filters that are set: what the "
        "run has learned its mistakes from, or what it has too few examples of, is likeliest there."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Compared by", tuple(reversed(KINDS)), format_func=lambda by: WORDS[by].capitalize(), key=_BY, width=160
        )
        st.button("List posts of train like these", on_click=_ask, args=(_payload(chosen, of, wanted),))


def _payload(chosen: Selection, of: MistakesOf, wanted: Filter) -> dict[str, Any]:
    asked = asked_of_cases(wanted)
    return {
        "dataset": of.dataset, "profile": profile_of(chosen), "in": TRAIN, "run": of.run, "gold": of.gold,
        "split": of.split, "compare": of.compare, "fair_to": list(of.fair_to),
        "filter": {name: value for name, value in wanted.parameters().items() if getattr(asked, name, "")},
    }  # fmt: skip


def _ask(payload: Mapping[str, Any]) -> None:
    asked = {**payload, "by": st.session_state[_BY]}
    try:
        enqueue(store(), JOB, asked, author=me(), dedupe_key=f"{JOB} {payload['dataset']}")
    except (InputError, StoreError) as error:
        st.session_state[_SAID] = str(error)
