"""What the chosen run suggests: whether it has read these posts, what its labels mean here, and how to have it read.

A run of another data set may suggest, too: its labels are mapped to the types of this one.
"""

from collections.abc import Mapping

import streamlit as st

from db.connection import StoreError
from db.jobs import enqueue
from db.posts import Dataset
from db.predictions import coverage
from db.run_labels import likely_mapping, map_run
from db.runs import StoredRun, runs
from mner_core.types import InputError
from pages.shared.run_words import why_no_run
from pages.shared.selection import Selection
from pages.shared.status import active_jobs, going_on
from pages.shared.store import me, store
from pages.shared.text import plain

_SAID = "suggestions said"


def draw_suggestions(chosen: Selection, found: Dataset) -> None:
    """One line, or the form that maps a foreign run's labels and has it read the posts."""
    if sentence := st.session_state.pop(_SAID, ""):
        st.error(plain(sentence))
    known = runs(store())
    run = next((each for each in known if each.name == chosen.run), None)
    if run is None:
        if known:
            st.caption(f":material/info: {why_no_run(chosen)} Choose one to have its suggestions.")
        return
    if any(job.payload.get("run") == run.name for job in active_jobs(store(), ["predict"])):
        going_on(["predict"])
        return
    read = coverage(store(), run.name, found.name, chosen.split, chosen.gold)
    unread = read.posts - read.read
    if run.is_brought:
        st.caption(":material/info: Its predictions were brought; it cannot predict more.") if unread else None
        return
    foreign = bool(set(run.labels) - set(found.labels))
    if unread:
        st.caption(f":material/info: {plain(run.name)} has not read {unread:,} of these posts.")
    if not foreign:
        if unread:
            _button(chosen, run, None)
        return
    with st.expander(_title(run, found), expanded=bool(unread), icon=":material/sync_alt:"):
        _button(chosen, run, _draw_mapping(run, found))


def _title(run: StoredRun, found: Dataset) -> str:
    mapping = found.run_labels.get(run.name)
    said = [f"{label} is {here or 'not used'}" for label, here in (mapping or {}).items()]
    return plain(f"Labels of {run.name} in this set: {', '.join(said) or 'to be named'}")


def _draw_mapping(run: StoredRun, found: Dataset) -> dict[str, str]:
    """For each label of the run the type that it stands for here."""
    begin = likely_mapping(run.labels, found.labels) | dict(found.run_labels.get(run.name, {}))
    options = ["", *found.labels]
    columns = st.columns(min(len(run.labels), 4))
    mapping = {}
    for place, label in enumerate(run.labels):
        mapping[label] = columns[place % len(columns)].selectbox(
            plain(label),
            options,
            index=options.index(begin[label]) if begin[label] in options else 0,
            format_func=lambda each: each or "not used",
            key=f"map {found.name} {run.name} {label}",
        )
    return mapping


def _button(chosen: Selection, run: StoredRun, mapping: Mapping[str, str] | None) -> None:
    st.button(
        "Predict this split" if chosen.split else "Predict all splits",
        icon=":material/lightbulb:",
        on_click=_predict,
        args=(chosen, run.name, mapping),
        disabled=mapping is not None and not any(mapping.values()),
        help="The worker lets the run read these posts; what it finds is underlined in the text, to be accepted.",
    )


def _predict(chosen: Selection, run: str, mapping: Mapping[str, str] | None) -> None:
    payload = {"run": run, "dataset": chosen.dataset, **({"split": chosen.split} if chosen.split is not None else {})}
    try:
        if mapping is not None:
            map_run(store(), chosen.dataset or "", run, mapping)
        key = f"read {run} {chosen.dataset} {chosen.split}"
        enqueue(store(), "predict", payload, author=me(), dedupe_key=key)
    except (InputError, StoreError) as error:
        st.session_state[_SAID] = str(error)
