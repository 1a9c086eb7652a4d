"""The ways from a post to those beside it on a work list."""

from collections.abc import Callable

import streamlit as st

from pages.mistakes.worklist import ListPlace, WorkList


def draw_steps(works: WorkList, post: int | None, go: Callable[[ListPlace], None]) -> None:
    """Two buttons, with keys; `go` is called with the post that one leads to."""
    for label, icon, shortcut, there in (
        ("Previous", ":material/arrow_back:", "Alt+Up", works.beside(post, -1)),
        ("Next", ":material/arrow_forward:", "Alt+Down", works.beside(post, 1)),
    ):
        st.button(label, icon=icon, disabled=there is None, on_click=go, args=(there,), shortcut=shortcut)
