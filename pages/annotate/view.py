"""Correct the labels of posts, one after another: text and picture, a model's predictions as a second layer."""

import streamlit as st

from db.posts import GOLD, Dataset, dataset
from pages.annotate.beginning import pick_beginning
from pages.annotate.editor import draw_editor
from pages.annotate.held_out import draw_held_out
from pages.annotate.label_errors import draw_label_errors, is_searched
from pages.annotate.like_mistakes import draw_like_mistakes
from pages.annotate.list_place import open_list, open_post
from pages.annotate.suggestions import draw_suggestions
from pages.mistakes.no_mistakes import is_judged
from pages.mistakes.worklist import LISTS, TITLES, chosen_list
from pages.shared.address import write
from pages.shared.jump import draw_jump
from pages.shared.pickers import pick_dataset, pick_run, pick_split
from pages.shared.selection import Selection, page_link, selection
from pages.shared.store import me, store
from pages.shared.text import plain
from pages.shared.types_form import types_form

_TRACK = "annotate track"


def main() -> None:
    """Draws the screen."""
    chosen = selection()
    head = st.container(horizontal=True, vertical_alignment="center")
    head.title("Annotate", anchor=False)
    if chosen.dataset is None:
        st.info("There are no posts yet. Import some, and correct their labels here.")
        page_link("data", "Import posts")
        return
    found = dataset(store(), chosen.dataset)
    if not found.types:
        _name_types_first(chosen, found)
        return
    with head:
        draw_jump(chosen, open_post)
    track = _track()
    name = chosen_list("mistakes" if is_judged(chosen) else "uncorrected")
    _draw_pickers(chosen, name, track)
    with st.container():  # one place however much stands there: a save finds the editor by the editor's own place
        if name == "held-out":
            draw_held_out(found)
        elif name == "doubts":
            draw_label_errors(found, chosen.split)
        elif name == "similar-mistakes":
            draw_like_mistakes(found)
        if name != "held-out" and (name != "doubts" or is_searched(found, chosen.split)):
            draw_suggestions(chosen, found)
    draw_editor(chosen, name, track)


def _name_types_first(chosen: Selection, found: Dataset) -> None:
    """A raw data set has no types: nothing can be marked before they are named."""
    pick_dataset(chosen)
    st.header("Name the types first", anchor=False)
    st.write(
        f"Nobody has labelled a post of {plain(found.name)}, and it came without types. Say which kinds of entities "
        "are to be marked; colours, keys and descriptions can be changed later, on the screen Data."
    )
    types_form(found)


def _track() -> str:
    return me() if st.query_params.get("track") == "mine" else GOLD


def _draw_pickers(chosen: Selection, name: str, track: str) -> None:
    columns = st.columns(5)
    with columns[0]:
        key = "annotate list"
        st.session_state[key] = name
        st.selectbox(
            "Work list",
            LISTS,
            format_func=lambda each: TITLES[each],
            key=key,
            on_change=lambda: open_list(chosen, st.session_state[key], track),
        )
    with columns[1]:
        st.session_state[_TRACK] = "gold" if track == GOLD else "mine"
        st.selectbox(
            "Save to",
            ["gold", "mine"],
            format_func=lambda each: "the gold labels" if each == "gold" else f"my own ({me()})",
            key=_TRACK,
            on_change=lambda: write({"track": st.session_state[_TRACK]}),
            help="Runs are measured and trained on the gold labels. Your own are kept beside them, until somebody "
            "takes them over into the gold.",
        )
        pick_beginning(chosen, track)
    for column, pick in zip(columns[2:], (pick_run, pick_split, pick_dataset), strict=True):
        with column:
            pick(chosen)


main()
