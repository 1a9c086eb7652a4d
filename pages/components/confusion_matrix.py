"""A confusion matrix as a table whose cells are buttons: chosen by mouse, or by Tab and the arrow keys."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from pages.components.component import component

_mount = component("confusion_matrix")


def confusion_matrix(
    names: Sequence[str],
    mistakes: Mapping[str, int],
    right: Mapping[str, int],
    picked: str,
    *,
    key: str,
    on_pick: Callable[[str], None],
) -> None:
    """Draws gold types down and predicted types across.

    Args:
        names: the types, and at the end the name for no entity.
        mistakes: their number by cell, "PER>ORG" for gold PER predicted ORG; on the diagonal those that have the right
            type and other words. A cell with a mistake is a button.
        right: how many are right, by cell of the diagonal; written, and no button.
        picked: the chosen cell, "" where none is.
        key: names the component in the session.
        on_pick: a callback that hears the cell.
    """

    def picked_now() -> None:
        cell = st.session_state[key].cell
        if cell in {f"{gold}>{predicted}" for gold in names for predicted in names}:
            on_pick(cell)

    data = {"names": list(names), "mistakes": dict(mistakes), "right": dict(right), "picked": picked}
    _mount(key=key, data=data, on_cell_change=picked_now)
