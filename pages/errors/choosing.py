"""The part of the screen where a person says which mistakes to show: kinds, types, slices, and the confusion matrix."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from db.mistake_cases import CHANGES
from db.mistakes import Cell, facet
from db.posts import dataset
from mner_core.evaluation.errors import NONE
from pages.components.confusion_matrix import confusion_matrix
from pages.mistakes.cases import MISTAKES
from pages.mistakes.filters import Filter, set_filter
from pages.mistakes.stored import asked_of_cases
from pages.shared.selection import Selection
from pages.shared.store import store
from pages.shared.text import plain

_SLICES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "picture": ("Picture", {"": "any", "with": "with one", "without": "without", "broken": "missing or broken"}),
    "name": ("Name", {"": "any", "seen": "seen in training", "unseen": "not seen"}),
    "length": ("Length", {"": "any", "1": "1 word", "2": "2 words", "3": "3 and more"}),
    "labels": ("Post", {"": "any", "corrected": "corrected", "imported": "as imported"}),
    "order": ("Order", {"": "surest first", "unsure": "least sure first", "most": "most first", "file": "as imported"}),
}


def draw_filters(chosen: Selection, found: Sequence[Cell], wanted: Filter) -> None:
    """Counts that filter when they are chosen, and the slices; `found` is what the slices leave."""
    wrong = [cell for cell in found if cell.kind != "correct"]
    if chosen.compare:
        _pills("change", "Against the other run", CHANGES, wrong, wanted)
    _pills("kind", "Kind of mistake", MISTAKES, wrong, wanted)
    types = sorted({cell.label for cell in wrong} | ({wanted.type} if wanted.type else set()))
    _pills("type", "Entity type", _known_first(chosen, types), wrong, wanted)
    first, second = st.columns(3), st.columns(3)
    for column, name in zip([*first, *second], _SLICES, strict=False):
        with column:
            _slice(name, wanted)
    with second[2]:
        if wanted.asks:
            st.space("small")
            st.button(
                "Show all", icon=":material/filter_alt_off:", on_click=set_filter, args=(Filter(order=wanted.order),)
            )


def choose_matrix_cell(chosen: Selection, every: Sequence[Cell], found: Sequence[Cell], wanted: Filter) -> None:
    """The confusion matrix of what all other filters leave; choosing a cell shows its mistakes, again shows all.

    `found` is what the slices leave of `every` case.
    """
    asked = asked_of_cases(wanted)
    named = sorted({label for cell in every for label in (cell.gold, cell.predicted)} - {NONE})
    confusion_matrix(
        [*_known_first(chosen, named), NONE],
        facet([cell for cell in found if cell.kind != "correct"], asked, "pair"),
        facet([cell for cell in found if cell.kind == "correct"], asked, "pair"),
        wanted.pair,
        key="matrix",
        on_pick=lambda cell: set_filter(replace(wanted, pair="" if cell == wanted.pair else cell)),
    )
    st.caption(_reading(wanted, bool(chosen.compare)))


def _reading(wanted: Filter, is_compared: bool) -> str:
    if wanted.pair:
        gold, _, predicted = wanted.pair.partition(">")
        return f"Shown: gold {plain(gold)}, predicted {plain(predicted)}. Choose the cell again to show all."
    fixed = " Mistakes that this run fixes are counted as the other run made them." if is_compared else ""
    return (
        "Choose a cell to see its mistakes. Grey on the diagonal: right; beside it: right type, other words. The row "
        f"none holds spurious predictions, the column none missed entities.{fixed}"
    )


def _pills(name: str, title: str, values: Sequence[str], found: Sequence[Cell], wanted: Filter) -> None:
    counts = facet(found, asked_of_cases(wanted), name)
    current = getattr(wanted, name)
    offered = [value for value in values if counts.get(value) or value == current]
    key = f"filter {name}"
    st.session_state[key] = current if current in offered else None
    if offered:
        st.pills(
            title,
            offered,
            format_func=lambda value: f"{plain(value)} {counts.get(value, 0)}",
            key=key,
            on_change=lambda: _set(wanted, name, st.session_state[key] or ""),
        )


def _slice(name: str, wanted: Filter) -> None:
    title, values = _SLICES[name]
    key = f"filter {name}"
    current = getattr(wanted, name)
    st.session_state[key] = current if current in values else ""
    st.selectbox(
        title,
        list(values),
        format_func=lambda value: values[value],
        key=key,
        on_change=lambda: _set(wanted, name, st.session_state[key]),
    )


def _set(wanted: Filter, name: str, value: str) -> None:
    changed: Any = {name: value}
    set_filter(replace(wanted, **changed))


def _known_first(chosen: Selection, labels: Sequence[str]) -> list[str]:
    """The labels in the order of the data set's label set, any others behind."""
    assert chosen.dataset, "a data set is chosen"
    order = dataset(store(), chosen.dataset).labels
    return [label for label in order if label in labels] + [label for label in labels if label not in order]
