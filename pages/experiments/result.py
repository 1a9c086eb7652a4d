"""A table on the screen: numbers, what they rest on, what the tests say, the picture, and files to take away."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from mner_core.experiment.saved_tables import SavedTable
from mner_core.experiment.suite import Suite
from pages.experiments.stating import printed
from pages.experiments.table_frames import comparisons, has_short_form, rests_on, short_form, whole
from pages.shared.number_format import when
from pages.shared.text import plain

_WIDTH = 115
"""Pixels of a column of numbers with their deviations."""
_FITS = 6
"""Columns that need no scrolling at 1280 pixels."""
_DIFFERENCE = st.column_config.NumberColumn(format="%+.2f", width="small")


def draw_choice(suite: Suite, tables: Sequence[SavedTable]) -> SavedTable:
    """Which of a suite's tables is shown, where there are several: the newest, until a person says another."""

    def said(place: int) -> str:
        return f"{tables[place].made_from or 'posts that nobody noted'} · {when(tables[place].made)}"

    if len(tables) == 1:
        return tables[0]
    # The newest one's time is a part of the key: a table that has just been computed is the one to see.
    key = f"experiment shown {suite.name} {tables[0].made}"
    chosen: int = st.selectbox("Computed from", range(len(tables)), format_func=said, key=key, width=480)
    return tables[chosen]


def draw_result(suite: Suite, quick: bool, kept: SavedTable) -> None:
    """Everything about a table that was made."""
    grid = kept.grid
    said, switch = st.columns([5, 1], vertical_alignment="center")
    is_short = has_short_form(grid)
    if is_short:
        is_short = not switch.toggle("All columns", key=f"all columns {suite.name}", help="Types, precision, recall.")
    basis = f", from {plain(kept.made_from)}" if kept.made_from else ""
    form = "quick" if quick else "full"
    said.caption(f"Computed {when(kept.made)}{basis}, {form} form. {_unit(suite, is_short)}")
    _draw_frame(short_form(grid) if is_short else whole(grid), f"table {suite.name} {quick} {is_short}")
    st.caption("  \n".join(map(plain, rests_on(grid))))
    if kept.picture:
        st.image(kept.picture, width=720, alt=suite.title)
    _draw_downloads(f"{suite.name}{'-quick' if quick else ''}", kept)
    if found := comparisons(grid):
        with st.expander("What the tests say of each difference"):
            st.dataframe(found, hide_index=True, column_config={"Difference": _DIFFERENCE})
    _draw_notes(grid.notes)


def draw_printed(suite: Suite) -> None:
    """What the papers print, for as long as there is nothing of ours."""
    found = printed(suite)
    st.write("This form has not been computed yet." + (" The papers report:" if found else ""))
    if found:
        _draw_frame(short_form(found), f"printed {suite.name}")
        st.caption("F1 in percent, by the papers' own scorers; blank where a paper has no number.")
    _draw_notes(suite.notes)


def _unit(suite: Suite, is_short: bool) -> str:
    if suite.kind == "counts":
        return "Numbers of posts and entities."
    return f"{'F1 in' if is_short else 'In'} percent, mean ± deviation over the seeds; blank where nobody has a number."


def _draw_frame(frame: pd.DataFrame, key: str) -> None:
    """All rows at once; what is too wide scrolls inside the table, under names that stay."""
    number = st.column_config.TextColumn(alignment="right", width=_WIDTH)
    name = st.column_config.TextColumn(pinned=len(frame.columns) > _FITS)
    places = enumerate(frame, 1)  # the hidden index counts as the first column
    columns: dict[Any, Any] = {place: number if block else name for place, (block, _) in places}
    st.dataframe(frame, hide_index=True, column_config=columns, width="content", height="content", key=key)


def _draw_downloads(name: str, kept: SavedTable) -> None:
    texts = {
        "Markdown": (kept.grid.markdown(), ".md", "text/markdown"),
        "CSV": (kept.grid.csv(), ".csv", "text/csv"),
        "LaTeX": (kept.grid.latex(), ".tex", "application/x-tex"),
    }
    if kept.picture:
        texts["Picture"] = (kept.picture, ".svg", "image/svg+xml")
    with st.container(horizontal=True):
        for label, (text, ending, mime) in texts.items():
            st.download_button(
                label, text, f"{name}{ending}", mime, icon=":material/download:", on_click="ignore", key=f"take {label}"
            )


def _draw_notes(notes: Sequence[str]) -> None:
    if notes:
        st.caption("\n".join(f"- {plain(note)}" for note in notes))
