"""The part of the screen where a person says which mistakes to show: kinds, types, slices, and the confusion matrix."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from db.mistake_cases import CHANGES, in_pair
from db.mistakes import Cell, facet
from db.posts import dataset
from pages.components.confusion_matrix import confusion_matrix
from pages.errors.slices import draw_slices, set_field
from pages.mistakes.cases import MISTAKES
from pages.mistakes.filters import Filter, set_filter
from pages.mistakes.stored import asked_of_cases
from pages.shared.selection import Selection
from pages.shared.store import store
from pages.shared.text import plain


def draw_filters(chosen: Selection, found: Sequence[Cell], wanted: Filter) -> None:
    """The slices, and counts that filter when they are chosen; `found` is what the slices leave."""
    draw_slices(chosen, wanted)
    wrong = [cell for cell in found if cell.kind != "correct"]
    if chosen.compare:
        _pills("change", "Against the other run", CHANGES, wrong, wanted)
    _pills("kind", "Kind of mistake", MISTAKES, wrong, wanted)
    types = sorted({cell.label for cell in wrong} | ({wanted.type} if wanted.type else set()))
    _pills("type", "Entity type", _known_first(chosen, types), wrong, wanted)


def choose_matrix_cell(chosen: Selection, every: Sequence[Cell], found: Sequence[Cell], wanted: Filter) -> None:
    """The confusion matrix of what all other filters leave; choosing a cell shows its mistakes, again shows all.

    `found` is what the slices leave of `every` case.
    """
    asked = asked_of_cases(wanted)
    named = sorted({label for cell in every for label in (cell.gold, cell.predicted) if label is not None})
    confusion_matrix(
        [*map(in_pair, _known_first(chosen, named)), in_pair(None)],
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
            format_func=lambda value: f"{plain(value)} {counts.get(value, 0):,}",
            key=key,
            on_change=lambda: set_field(wanted, name, st.session_state[key] or ""),
        )


def _known_first(chosen: Selection, labels: Sequence[str]) -> list[str]:
    """The labels in the order of the data set's label set, any others behind."""
    assert chosen.dataset, "a data set is chosen"
    order = dataset(store(), chosen.dataset).labels
    return [label for label in order if label in labels] + [label for label in labels if label not in order]
