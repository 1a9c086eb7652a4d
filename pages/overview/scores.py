"""The overview's table: what every run scores on one gold, and what one has to know of these figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from db.deleted_names import spoken
from db.fair_gold import suggesting_runs
from db.figures import Question
from db.gold_totals import GoldSums
from db.jobs import enqueue
from db.posts import Dataset, dataset
from db.predictions import is_unread
from db.run_totals import Totals, measured
from db.runs import StoredRun, runs
from mner_core.catalog.systems import SYSTEMS
from mner_core.evaluation.gold import PROTOCOLS
from mner_core.evaluation.scoring import Counts
from pages.shared.figures import computed, fingerprint_of
from pages.shared.number_format import COUNT_COLUMN, counted, when
from pages.shared.pickers import choice_table
from pages.shared.run_words import unknown_types_of
from pages.shared.selection import Selection, gold_name, page_link
from pages.shared.status import active_jobs, going_on
from pages.shared.store import me, store
from pages.shared.text import plain

_NUMBER = st.column_config.NumberColumn(format="%.1f", width="small")
_PROTOCOL = "entity"


def show_runs(chosen: Selection, labels: Mapping[str, GoldSums]) -> None:
    """A table of all runs on the chosen posts and gold; a click on a row chooses the run.

    `labels` are the sums of the gold by split.
    """
    assert chosen.dataset is not None, "runs are measured on a data set"
    scores = measured(store(), chosen.dataset, chosen.split, chosen.gold)
    if scores is None:
        st.info("The mistakes of runs are being counted.", icon=":material/calculate:")
        going_on(["count"])
        return
    found = [(run, scores[run.name]) for run in reversed(runs(store())) if run.name in scores]
    choice_table(
        "run",
        [run.name for run, _ in found],
        chosen.run,
        [_row(run, score) for run, score in found],
        {"F1": _NUMBER, "Precision": _NUMBER, "Recall": _NUMBER, "Entities": COUNT_COLUMN, "Posts": COUNT_COLUMN},
    )
    here = [sums for split, sums in labels.items() if chosen.split in (None, split)]
    if any(isinstance(score, Totals) for _, score in found):
        _say_what_it_rests_on(chosen, here)
    of_types = _entities(here)
    _f1_by_type(found, of_types)
    about = dataset(store(), chosen.dataset)
    for run, score in found:
        if isinstance(score, Totals):
            _say_what_counts(about, run, score, of_types)
    if chosen.run is not None:
        with st.container(horizontal=True):
            page_link("errors", f"Errors of {plain(chosen.run)}")
            page_link("runs", f"About {plain(chosen.run)}")
    for run, score in found:
        if isinstance(score, str):
            _unmeasured(chosen, run, score)


def _say_what_it_rests_on(chosen: Selection, here: Sequence[GoldSums]) -> None:
    """Protocol, entities, posts, gold and its fingerprint, which the worker computes."""
    assert chosen.dataset is not None, "runs are measured on a data set"
    asked = Question(kind="fingerprint", dataset=chosen.dataset, split=chosen.split, golds=(chosen.gold,))
    entities = sum(sum(sums.entities.values()) for sums in here)
    posts = sum(sums.labelled for sums in here)
    fingerprint = fingerprint_of(asked)
    said = f"`{fingerprint}`" if fingerprint else "being computed"
    st.caption(
        f"F1, precision and recall in percent, one seed each. Protocol `{_PROTOCOL}` · {entities:,} entities in "
        f"{posts:,} posts · {plain(gold_name(chosen.gold))}, fingerprint {said}.",
        help=PROTOCOLS[_PROTOCOL].about,
    )
    computed(asked)
    _say_who_suggested(chosen)
    if chosen.split in {None, "train"}:
        st.caption(":material/info: Runs have learned from training posts: what they score there says little.")


def _entities(here: Sequence[GoldSums]) -> dict[str, int]:
    """The entities of some splits by type, in alphabetical order."""
    labels = sorted({label for sums in here for label in sums.entities})
    return {label: sum(sums.entities.get(label, 0) for sums in here) for label in labels}


def _f1_by_type(found: Sequence[tuple[StoredRun, Totals | str]], entities: Mapping[str, int]) -> None:
    """F1 of every run for each type that the labels have, with the number of its entities."""
    rows = [
        {"Run": run.name, **{label: score.by_type.get(label, Counts()).figures().f1 for label in entities}}
        for run, score in found
        if isinstance(score, Totals)
    ]
    if not rows or not entities:
        return
    with st.expander("F1 by type"):
        st.dataframe(rows, hide_index=True, column_config=dict.fromkeys(entities, _NUMBER))
        said = ", ".join(f"{number:,} {plain(label)}" for label, number in entities.items())
        st.caption(f"Entities of these labels: {said}. A brought run is measured on those of the posts it is about.")


def _say_what_counts(about: Dataset, run: StoredRun, score: Totals, entities: Mapping[str, int]) -> None:
    """What one has to know of a run's figure: types that it does not know, or that it was brought for some posts."""
    if unknown := unknown_types_of(run, about, entities):
        st.caption(f":material/info: {unknown}")
    if run.is_brought:
        posts = counted(score.posts, "labelled post")
        st.caption(f":material/info: {plain(run.name)} was brought; it is measured on the {posts} that it is about.")


def _say_who_suggested(chosen: Selection) -> None:
    """A figure on labels that a run suggested favours it: the table says so, the comparison below does without."""
    found = suggesting_runs(store(), chosen.dataset or "", chosen.split, chosen.gold)
    if not found:
        return
    said = ", ".join(f"{plain(spoken(run))} (on {counted(number, 'post')})" for run, number in found.items())
    them = "it" if len(found) == 1 else "them"
    st.caption(
        f":material/balance: Labels of these posts were suggested by {said}, and favour {them}. Two runs side by side, "
        "below, are compared on labels that are fair to both."
    )


def _unmeasured(chosen: Selection, run: StoredRun, why: str) -> None:
    """Says why a run has no score, and offers what helps."""
    assert chosen.dataset is not None, "runs are measured on a data set"
    said, help_it = st.columns([4, 1], vertical_alignment="center")
    said.caption(f":material/info: {plain(why)}")
    if run.is_brought:
        return
    key = f"read {run.name} {chosen.dataset} {chosen.split}"
    if any(job.payload.get("run") == run.name for job in active_jobs(store(), ["predict"])):
        help_it.caption("Predicting ...")
    elif is_unread(store(), run.name, chosen.dataset, chosen.split):
        payload = {"run": run.name, "dataset": chosen.dataset, **({"split": chosen.split} if chosen.split else {})}
        help_it.button(
            "Predict this split" if chosen.split else "Predict all splits",
            key=key,
            on_click=_read,
            args=(payload, key),
            width="stretch",
        )


def _read(payload: Mapping[str, Any], key: str) -> None:
    enqueue(store(), "predict", payload, author=me(), dedupe_key=key)


def _row(run: StoredRun, score: Totals | str) -> dict[str, Any]:
    system = SYSTEMS.get(run.model)
    title = "brought predictions" if run.is_brought else run.model
    row: dict[str, Any] = {
        "Run": run.name,
        **dict.fromkeys(("F1", "Precision", "Recall", "Entities", "Posts")),  # first, for narrow screens
        "Model": system.title if system else title,
        "Variant": run.variant or "–",
        "Learned from": "–" if run.is_brought else f"{run.data.get('name', '?')}, {counted(_train(run), 'post')}",
    }
    if isinstance(score, Totals):
        found = score.figures
        row |= {"F1": found.f1, "Precision": found.precision, "Recall": found.recall}
        row |= {"Entities": found.support, "Posts": score.posts}
    return row | {"Trained": when(run.created)}


def _train(run: StoredRun) -> int:
    return int(run.data.get("train", 0))
