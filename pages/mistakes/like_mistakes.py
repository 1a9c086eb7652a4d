"""The list of posts like the mistakes of a run, as the worker made it last: what it rests on, and its posts."""

import streamlit as st

from db.engine import Store
from db.jobs import Job, Kind
from db.similar_results import LikeMistake, newest_like_mistakes, read_like_mistakes
from mner_core.home import Home
from mner_core.retrieval.likeness import WORDS
from pages.shared.number_format import counted, when
from pages.shared.text import plain

JOB: Kind = "similar-mistakes"
"""The kind of the jobs that make it, and how the address names the list."""


def newest_list(store: Store, dataset: str | None) -> Job | None:
    """The job that has made the data set's newest list."""
    return newest_like_mistakes(store, dataset) if dataset else None


def like_mistakes(store: Store, dataset: str | None) -> list[LikeMistake]:
    """The posts of the newest list, the likest first; empty where there is none."""
    newest = newest_list(store, dataset)
    return _read(store.home, newest.id) if newest else []


def list_sentence(job: Job) -> str:
    """When it was made, from what, by what."""
    result, payload = job.result or {}, job.payload
    filters = ", ".join(f"{name} {value}" for name, value in payload["filter"].items())
    where = plain(payload["split"] or "all splits")
    return (
        f"Made {when(job.finished or 0.0)}: {counted(int(result.get('posts', 0)), 'post')} of {plain(payload['in'])} "
        f"most like the {counted(int(result.get('mistaken', 0)), 'post')} of {where} in which "
        f"{plain(payload['run'])} is wrong{f' ({plain(filters)})' if filters else ''}, "
        f"compared by {WORDS[payload['by']]}."
    )


@st.cache_resource(max_entries=4, show_spinner=False)  # nobody changes it, and the annotator asks at every post
def _read(home: Home, job: int) -> list[LikeMistake]:
    return read_like_mistakes(home, job)
