"""One run more closely: its score on slices of the posts, and whether its confidence can be believed."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from db.figures import DEV, Question
from mner_core.evaluation.slices import TITLES
from pages.shared.charts import reliability, show
from pages.shared.figures import computed
from pages.shared.number_format import COUNT_COLUMN, counted
from pages.shared.run_words import has_confidences
from pages.shared.selection import Selection, gold_name
from pages.shared.text import plain

_PERCENT = st.column_config.NumberColumn(format="%.1f", width="small")


def look_inside(chosen: Selection) -> None:
    """Draws both, when asked to: they are computed anew after every correction."""
    if chosen.run is None or chosen.dataset is None:
        return
    asked = st.toggle(
        f"Slices and confidence of {plain(chosen.run)}",
        key="inside",
        help="Where the run is good and where not, and whether what it is sure of is right.",
    )
    if not asked:
        return
    found = computed(
        Question(kind="inside", dataset=chosen.dataset, split=chosen.split, golds=(chosen.gold,), runs=(chosen.run,))
    )
    if found is None:
        return
    if "problem" in found or not found["slices"]:
        st.caption(plain(found.get("problem", "The run has read none of the labelled posts.")))
        return
    slices, believed = st.columns([5, 3], gap="medium")
    with slices:
        columns = dict.fromkeys(("F1", "P", "R"), _PERCENT) | {"Entities": COUNT_COLUMN}
        st.dataframe(_rows(found["slices"]), hide_index=True, height=330, column_config=columns)
        st.caption(
            f"Measured on the {plain(gold_name(chosen.gold))}. Slices of entities count the predictions that touch "
            "one of them, and overlap: they do not add up."
        )
    with believed:
        if not has_confidences(chosen.run):
            st.caption("These predictions were brought without confidences, so there is none to look at.")
        elif found["spans"]:
            show(reliability(found["bins"]), height=280, key="reliability")
            st.caption(_believed_sentence(found, chosen.split))
        else:
            st.caption("The run finds no entity in these posts, so there is no confidence to look at.")


def _believed_sentence(found: Mapping[str, Any], split: str | None) -> str:
    said = (
        f"{counted(found['spans'], 'predicted entity', 'predicted entities')}. On the dotted line a run is right "
        f"as often as it is sure. Mean distance (ECE): {100 * found['ece']:.1f} points."
    )
    if found["temperature"] is None:
        return said
    where = "these very posts" if split == DEV else DEV
    return (
        f"{said} With a temperature of {found['temperature']:.2f}, fitted on {where}, it would be "
        f"{100 * found['mended']:.1f}."
    )


def _rows(slices: Sequence[Sequence[Any]]) -> list[dict[str, str | float | int]]:
    return [
        {"Slice": TITLES.get(name, name), "F1": f1, "P": precision, "R": recall, "Entities": support}
        for name, f1, precision, recall, support in slices
    ]
