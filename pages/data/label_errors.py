"""Label errors: the search, and the list with the reason for each, into the annotator."""

from typing import Any

import streamlit as st

from db.label_error_results import LabelError, newest_ranking
from db.posts import GOLD, Dataset
from db.revision_states import done_posts
from pages.mistakes.label_error_search import HOW_IT_IS_SEARCHED, draw_search
from pages.mistakes.worklist import label_errors
from pages.shared.number_format import when
from pages.shared.selection import page_link
from pages.shared.store import store
from pages.shared.text import plain

KIND = {
    "missing": "may be missing",
    "spurious": "may be no entity",
    "boundary": "other words",
    "type": "other type",
    "inconsistent": "other type elsewhere",
}
"""The reasons in words."""
_WIDTHS = {"Words": 115, "Label": 60, "What": 130, "Perhaps": 125, "Why": 310}
"""Pixels of the columns, so that they fit beside each other at 1280; a click shows a cell's whole text."""
_ABOUT_SCORE = "From 0 to 100: how much the label looks like labels that were made wrong on purpose."
_SHOWN = 500


def labels_in_doubt(found: Dataset) -> None:
    """The form, and what the last search has found."""
    draw_search(found)
    ranking = newest_ranking(store(), found.name)
    if ranking is None:
        st.caption(f"No search yet. {HOW_IT_IS_SEARCHED}")
        return
    _draw_list(found.name, label_errors(store(), found.name), str(ranking.payload["split"]), ranking.finished or 0.0)


def _draw_list(name: str, found: list[LabelError], split: str, made: float) -> None:
    st.caption(
        f"Searched {when(made)}, split {plain(split)}. Likeliest error first. The score orders the labels; it is no "
        "probability. Tick a row for a link to its post."
    )
    if found:
        page_link("annotate", "Go through them in Annotate", dataset=name, split=split, list="doubts")
    shown = found[:_SHOWN]
    done = done_posts(store(), {each.post for each in shown}, GOLD)
    ticked = st.dataframe(
        [_row(each, each.post in done) for each in shown],
        hide_index=True,
        column_config={
            **{name: st.column_config.TextColumn(width=width) for name, width in _WIDTHS.items()},
            "Score": st.column_config.NumberColumn(format="%.0f", width=65, help=_ABOUT_SCORE),
            "Seen": st.column_config.CheckboxColumn(width="small", help="The post was corrected or left out."),
        },
        on_select="rerun",
        selection_mode="single-row",
        key="label errors table",
    )
    # A link: to switch the page while another part of the screen renews itself whitens the page.
    for row in ticked["selection"]["rows"]:
        each = shown[row]
        page_link(
            "annotate", f"Correct {plain(each.name)}", dataset=name, post=each.name, split=each.split, list="doubts"
        )
    if len(found) > _SHOWN:
        st.caption(f"The first {_SHOWN} of {len(found):,}; the work list in Annotate goes through all of them.")


def _row(each: LabelError, is_done: bool) -> dict[str, Any]:
    return {
        "Words": each.text,
        "Label": "" if each.reason == "missing" else each.label,
        "What": KIND.get(each.reason, each.reason),
        "Perhaps": each.suggested,
        "Score": 100 * each.score,
        "Why": each.detail,
        "Seen": is_done,
        "Post": each.name,
    }
