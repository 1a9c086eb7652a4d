"""Two runs side by side on one gold: what became right, what became wrong, type by type."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from db.fair_gold import Suggested
from db.figures import Question
from db.runs import runs
from pages.mistakes.fairness import Fairness
from pages.shared.figures import computed
from pages.shared.number_format import COUNT_COLUMN, short
from pages.shared.pickers import pick_compare, pick_run
from pages.shared.selection import Selection, change, gold_name, page_link
from pages.shared.store import store
from pages.shared.text import plain

Comparison = Mapping[str, Any]
"""What `db.figure_kinds` says of two runs."""


def compare_runs(chosen: Selection) -> None:
    """The choice of two runs, and what the second does otherwise."""
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
    asked = Question(kind="comparison", dataset=chosen.dataset, split=chosen.split, golds=(chosen.gold,), runs=pair)
    found = computed(asked)
    if found is None:
        return
    if "problem" in found:
        st.write(plain(found["problem"]))
        return
    _draw(found, chosen.gold)


def _draw(found: Comparison, gold: str) -> None:
    fair = _fairness(found)
    _show_changes(found)
    st.caption(plain(found["tested"]))
    if fair.sentence:
        _say_what_is_fair(found, fair)
    st.dataframe(_type_rows(found), hide_index=True, column_config=_type_columns(found))
    after = found["after"]
    called = gold_name(gold) + (" without what these runs suggested" if fair.fair_to else "")
    st.caption(
        f"Both on the same posts: Protocol `{after['protocol']}` · {after['support']:,} entities in "
        f"{found['posts']:,} posts · {plain(called)}, fingerprint `{short(after['gold_sha256'])}`."
    )


def _fairness(found: Comparison) -> Fairness:
    suggested = Suggested(**found["fair"])
    return Fairness(fair_to=tuple(found["runs"]) if suggested.posts else (), found=suggested)


def _say_what_is_fair(found: Comparison, fair: Fairness) -> None:
    """Both figures, where labels go back to suggestions of the runs; the verdict is on the fair ones alone."""
    pairs = zip(found["runs"], found["as_labelled"], strict=True)
    said = ", ".join(f"{plain(run)} {f1:.1f}" for run, f1 in pairs)
    st.info(
        f"{fair.sentence} On the labels as they are: {said}, which says nothing of which is better.",
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


def _show_changes(found: Comparison) -> None:
    before, after = found["before"]["f1"], found["after"]["f1"]
    about = {
        "fixed": "Mistakes of the other run that this one does not make.",
        "broken": "Mistakes of this run that the other one does not make.",
        "wrong in both": "Mistakes that both make at the same place.",
    }
    columns = st.columns(4)
    columns[0].metric(
        "F1",
        f"{after:.1f}",
        delta=f"{after - before:+.1f}",
        delta_color="normal" if found["supported"] else "off",
        help=f"{plain(found['runs'][0])}: {before:.1f}, {plain(found['runs'][1])}: {after:.1f}.",
    )
    for column, kind in zip(columns[1:], about, strict=True):
        number = found["changes"][kind]
        with column:
            st.metric(kind.capitalize(), f"{number:,}", help=about[kind])
            if number:
                page_link("errors", "Show in Errors", change=kind)


def _type_rows(found: Comparison) -> list[dict[str, Any]]:
    before, after = found["before"]["per_type"], found["after"]["per_type"]
    nothing = {"f1": 0.0, "support": 0}
    rows = []
    for label, changes in found["by_type"].items():
        old, new = (of.get(label, nothing) for of in (before, after))
        rows.append(
            {
                "Type": label,
                "Entities": max(old["support"], new["support"]),
                f"F1 {found['runs'][0]}": old["f1"],
                f"F1 {found['runs'][1]}": new["f1"],
                "Difference": new["f1"] - old["f1"],
                **{kind.capitalize(): number for kind, number in changes.items()},
            }
        )
    return rows


def _type_columns(found: Comparison) -> Mapping[str, Any]:
    return {
        **{f"F1 {run}": st.column_config.NumberColumn(format="%.1f") for run in found["runs"]},
        "Difference": st.column_config.NumberColumn(format="%+.1f"),
        **dict.fromkeys(("Entities", *map(str.capitalize, found["changes"])), COUNT_COLUMN),
    }
