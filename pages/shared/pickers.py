"""Choices that several screens offer: each shows what the selection says and changes it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from db.posts import dataset, datasets
from db.runs import runs
from pages.shared.selection import ALL, Selection, change, gold_name, golds
from pages.shared.store import store


def pick_dataset(chosen: Selection, label: str = "Data set") -> None:
    """A choice among the data sets, newest first."""
    _pick("dataset", chosen, label, [each.name for each in reversed(datasets(store()))])


def pick_split(chosen: Selection, label: str = "Split") -> None:
    """A choice among the splits of the data set, or all of them."""
    if chosen.dataset is None:
        return
    splits = dataset(store(), chosen.dataset).splits
    every = {} if ALL in splits else {ALL: "all splits"}
    _pick("split", chosen, label, [*splits, *every], lambda split: every.get(split, split or "(no split)"))


def pick_gold(chosen: Selection, label: str = "Labels") -> None:
    """A choice among the golds of the data set."""
    _pick("gold", chosen, label, golds(store(), chosen.dataset) if chosen.dataset else [], gold_name)


def pick_run(chosen: Selection, label: str = "Run") -> None:
    """A choice among the runs, newest first."""
    names = [run.name for run in reversed(runs(store()))]
    nothing = [] if chosen.run or not names else [""]
    _pick("run", chosen, label, [*nothing, *names], lambda run: run or "no run")


def pick_compare(chosen: Selection, label: str = "Compared with") -> None:
    """A choice of a second run, or of none."""
    others = [run.name for run in reversed(runs(store())) if run.name != chosen.run]
    _pick("compare", chosen, label, ["", *others], lambda run: run or "no other run")


def choice_table(
    field: str,
    names: Sequence[str],
    chosen: str | None,
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, Any] | None = None,
    height: Literal["auto", "content"] = "auto",
) -> None:
    """A table, one row for each name, in which ticking a row chooses it; the chosen one is ticked.

    `field` is the selection's, or one that the screen keeps in its address by itself; `columns` is Streamlit's column
    configuration; a height of "content" shows all rows at once.
    """
    key = f"table {field} {chosen}"  # another choice is another table: only a new one takes a default

    def choose() -> None:
        ticked = st.session_state[key]["selection"]["rows"]
        if ticked:
            change(**{field: names[ticked[0]]})

    st.dataframe(
        rows,
        hide_index=True,
        column_config=columns,
        height=height,
        placeholder="–",  # where there is no number yet
        on_select=choose,
        selection_mode="single-row",
        selection_default={"selection": {"rows": [names.index(chosen)] if chosen in names else []}},
        key=key,
    )


def _pick(field: str, chosen: Selection, label: str, options: Sequence[str], name: Callable[[str], str] = str) -> None:
    if not options:
        return
    key = f"pick {field}"
    current = chosen.parameters().get(field, "")
    st.session_state[key] = current if current in options else options[0]
    st.selectbox(
        label, options, format_func=name, key=key, on_change=lambda: change(**{field: st.session_state[key] or None})
    )
