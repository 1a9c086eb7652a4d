"""The overview's numbers: every run on one gold, and two runs compared on it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from db.change_token import change_token
from db.deleted_names import spoken
from db.evaluations import Evaluation
from db.fair_gold import suggesting_runs
from db.jobs import enqueue
from db.predictions import waiting
from db.runs import StoredRun, runs
from mner_core.catalog.systems import SYSTEMS
from mner_core.evaluation.gold import PROTOCOLS
from pages.overview.data_statistics import RunComparison, comparison, measured, unknown_to
from pages.shared.number_format import counted, score_sentence, when
from pages.shared.pickers import choice_table, pick_compare, pick_run
from pages.shared.selection import Selection, change, gold_name, page_link
from pages.shared.status import active_jobs
from pages.shared.store import me, store
from pages.shared.text import plain

_NUMBER = st.column_config.NumberColumn(format="%.1f", width="small")


def show_runs(chosen: Selection) -> None:
    """A table of all runs on the chosen posts and gold; a click on a row chooses the run."""
    assert chosen.dataset is not None, "runs are measured on a data set"
    now = change_token(store(), chosen.dataset, None, [chosen.gold], [run.name for run in runs(store())])
    found = [
        (run, measured(store(), now, run.name, chosen.dataset, chosen.split, chosen.gold))
        for run in reversed(runs(store()))
    ]
    choice_table(
        "run",
        [run.name for run, _ in found],
        chosen.run,
        [_row(run, score) for run, score in found],
        {"F1": _NUMBER, "Precision": _NUMBER, "Recall": _NUMBER},
    )
    scored = [score for _, score in found if isinstance(score, Evaluation)]
    if scored:
        one = scored[0]
        rests_on = score_sentence(one.score, gold_name(one.gold), one.posts)
        st.caption(
            f"F1, precision and recall in percent, one seed each. {rests_on}.", help=PROTOCOLS[one.score.protocol].about
        )
        _say_who_suggested(chosen)
        if chosen.split in {None, "train"}:
            st.caption(":material/info: Runs have learned from training posts: what they score there says little.")
    for run, score in found:
        if isinstance(score, Evaluation):
            _say_what_counts(chosen, run, score)
    if chosen.run is not None:
        with st.container(horizontal=True):
            page_link("errors", f"Errors of {plain(chosen.run)}")
            page_link("runs", f"About {plain(chosen.run)}")
    for run, score in found:
        if isinstance(score, str):
            _unmeasured(chosen, run, score)


def _say_what_counts(chosen: Selection, run: StoredRun, score: Evaluation) -> None:
    """What one has to know of a run's figure: types that it does not know, or that it was brought for some posts."""
    assert chosen.dataset is not None, "runs are measured on a data set"
    now = change_token(store(), chosen.dataset, chosen.split, [chosen.gold], [run.name])
    unknown = unknown_to(store(), now, run.name, chosen.dataset, chosen.split, chosen.gold)
    if unknown:
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
    elif waiting(store(), run.name, chosen.dataset, chosen.split):
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


def compare_runs(chosen: Selection) -> None:
    """Two runs on one gold: what became right, what became wrong, type by type."""
    assert chosen.dataset is not None, "runs are compared on a data set"
    if len(runs(store())) < 2:
        st.write("There is only one run. Correct some posts, train another one, and see here what it does better.")
        page_link("runs", "Train another run", new="yes")
        return
    columns = st.columns([1, 1, 2])
    with columns[0]:
        pick_run(chosen, "This run")
    with columns[1]:
        pick_compare(chosen)
    if chosen.run is None or chosen.compare is None:
        st.caption("Choose a second run to see what became right and what became wrong.")
        _offer_compare(chosen)
        return
    pair = (chosen.compare, chosen.run)
    now = change_token(store(), chosen.dataset, None, [chosen.gold], pair)
    found = comparison(store(), now, pair, chosen.dataset, chosen.split, chosen.gold)
    if isinstance(found, str):
        st.write(plain(found))
        return
    _show_changes(found)
    st.caption(plain(found.tested))
    _say_what_is_fair(found)
    st.dataframe(_type_rows(found), hide_index=True, column_config=_type_columns(found))
    st.caption(f"Both on the same posts: {score_sentence(found.after.score, _gold_called(found), found.after.posts)}.")


def _gold_called(found: RunComparison) -> str:
    """What the gold is called on which two runs are compared."""
    return gold_name(found.after.gold) + (" without what these runs suggested" if found.fair.fair_to else "")


def _say_what_is_fair(found: RunComparison) -> None:
    """Both figures, where labels go back to suggestions of the runs; the verdict is on the fair ones alone."""
    if not found.fair.sentence:
        return
    said = ", ".join(f"{plain(each.run)} {each.score.f1:.1f}" for each in found.as_labelled)
    st.info(
        f"{found.fair.sentence} On the labels as they are: {said}, which says nothing of which is better.",
        icon=":material/balance:",
    )


def _offer_compare(chosen: Selection) -> None:
    """The usual comparison in one click: with the run that this one began with, else with the one before it."""
    known = {run.name: run for run in runs(store())}
    names = list(known)
    if chosen.run is None:
        return
    before = names[: names.index(chosen.run)] or names[names.index(chosen.run) + 1 :]
    other = known[chosen.run].parent or next(reversed(before), None)
    if other is not None:
        st.button(f"Compare with {plain(other)}", on_click=lambda: change(compare=other))


def _show_changes(found: RunComparison) -> None:
    before, after = found.before.score, found.after.score
    about = {
        "fixed": "Mistakes of the other run that this one does not make.",
        "broken": "Mistakes of this run that the other one does not make.",
        "wrong in both": "Mistakes that both make at the same place.",
    }
    columns = st.columns(4)
    columns[0].metric(
        "F1",
        f"{after.f1:.1f}",
        delta=f"{after.f1 - before.f1:+.1f}",
        delta_color="normal" if found.supported else "off",
        help=f"{found.before.run}: {before.f1:.1f}, {found.after.run}: {after.f1:.1f}.",
    )
    for column, (kind, number) in zip(columns[1:], found.changes.items(), strict=True):
        with column:
            st.metric(kind.capitalize(), f"{number:,}", help=about[kind])
            if number:
                page_link("errors", "Show in Errors", change=kind)


def _type_rows(found: RunComparison) -> list[dict[str, Any]]:
    before, after = found.before.score.per_type, found.after.score.per_type
    rows = []
    for label, changes in found.by_type.items():
        old, new = (of.get(label) for of in (before, after))
        support = (new or old).support if new or old else 0  # type: ignore[union-attr]
        f1 = [figures.f1 if figures else 0.0 for figures in (old, new)]
        rows.append(
            {
                "Type": label,
                "Entities": support,
                f"F1 {found.before.run}": f1[0],
                f"F1 {found.after.run}": f1[1],
                "Difference": f1[1] - f1[0],
                **{kind.capitalize(): number for kind, number in changes.items()},
            }
        )
    return rows


def _type_columns(found: RunComparison) -> Mapping[str, Any]:
    return {
        **{f"F1 {run}": st.column_config.NumberColumn(format="%.1f") for run in (found.before.run, found.after.run)},
        "Difference": st.column_config.NumberColumn(format="%+.1f"),
    }


def _row(run: StoredRun, score: Evaluation | str) -> dict[str, Any]:
    system = SYSTEMS.get(run.model)
    title = "brought predictions" if run.is_brought else run.model
    row: dict[str, Any] = {
        "Run": run.name,
        "Model": system.title if system else title,
        "Variant": run.variant or "–",
        "Learned from": "–" if run.is_brought else f"{run.data.get('name', '?')}, {counted(_train(run), 'post')}",
        "F1": None,
        "Precision": None,
        "Recall": None,
    }
    if isinstance(score, Evaluation):
        row |= {"F1": score.score.f1, "Precision": score.score.precision, "Recall": score.score.recall}
    return row | {"Trained": when(run.created)}


def _train(run: StoredRun) -> int:
    return int(run.data.get("train", 0))
