"""The way to one post by its id: typed, on every screen that speaks of posts."""

from collections.abc import Callable

import streamlit as st

from db.posts import dataset as dataset_named
from db.posts import numbers_of
from pages.shared.selection import Selection, go
from pages.shared.store import store
from pages.shared.text import plain, quoted

_KEY, _TO, _MISSING = "jump", "jump to", "jump missing"
_WIDTH = 210


def draw_jump(chosen: Selection, open_post: Callable[[str], None] | None = None) -> None:
    """A field that leads to the post whose id is typed, or SPLIT/ID; it says so where there is none.

    `open_post` opens it on this screen, from a callback; without it the screen Post opens.
    """
    if chosen.dataset is None:
        return
    dataset = chosen.dataset

    def leave() -> None:
        said = st.session_state[_KEY].strip()
        st.session_state.pop(_MISSING, None)
        if not said:
            return
        if number_named(dataset, said) is None:
            st.session_state[_MISSING] = said
        else:
            st.session_state[_KEY] = ""
            if open_post:
                open_post(said)
            else:
                st.session_state[_TO] = said

    there = st.session_state.pop(_TO, None)
    if there is not None:
        go("post", post=there)
    missing = st.session_state.pop(_MISSING, None)
    if missing is not None:
        st.caption(f":material/search_off: No post {plain(quoted(missing, longest=24))} here", width="content")
    st.text_input(
        "Go to a post", key=_KEY, type="search", placeholder="Go to id or split/id", width=_WIDTH,
        label_visibility="collapsed", on_change=leave,
    )  # fmt: skip


def number_named(dataset: str, said: str, split: str | None = None) -> int | None:
    """The number of the post that is called so, by SPLIT/ID or its id, one of `split` rather than of another; or None.

    Raises:
        InputError: there is no such data set.
    """
    of, _, name = said.partition("/")
    found = numbers_of(store(), dataset, dataset_named(store(), dataset).splits, {said, name})
    places = [(of, name), (split, said), *(key for key in found if key[1] == said)]
    return next((found[place] for place in places if place in found), None)
