"""Where on a work list one is: the open post, how much is done, and the ways on."""

import streamlit as st

from db.gold import CURRENT
from pages.annotate import drafts
from pages.mistakes.filters import current_filter
from pages.mistakes.no_mistakes import no_mistakes
from pages.mistakes.steps import draw_steps
from pages.mistakes.worklist import ListName, ListPlace, WorkList, forget_list, work_list
from pages.shared.address import write
from pages.shared.number_format import counted
from pages.shared.selection import Selection, change, page_link
from pages.shared.store import store

_AT = "annotate at"


def open_place(chosen: Selection, works: WorkList, track: str) -> ListPlace | None:
    """The post that is open: the one that was gone to, or that the address names, or the first that is not done."""
    said, kept = st.query_params.get("post"), st.session_state.get(_AT)
    if said and kept and kept[1] == said and (kept[0] == chosen.post_id or works.place(kept[0])):
        return kept
    if said and said == chosen.post and chosen.post_id is not None:
        found: ListPlace | None = (chosen.post_id, said)
    else:
        found = works.first(track)
    go_to(found)
    return found


def open_list(chosen: Selection, name: ListName, track: str) -> None:
    """Takes another list and opens its first post that is not done; for callbacks: one step in the address."""
    works = work_list(store(), chosen, name, track)
    first = works.first(track)
    st.session_state[_AT] = first
    change(post=first and first[1], list=name)


def open_post(name: str) -> None:
    """Opens a post that may be on the list or not, by its id or SPLIT/ID; for callbacks."""
    drafts.close()
    st.session_state[_AT] = None
    change(post=name)


def go_to(place: ListPlace | None) -> None:
    """Makes a post the open one; None for the first that is not done."""
    st.session_state[_AT] = place
    write({"post": place and place[1]})


def why_nothing(chosen: Selection, name: str) -> str:
    """Why a list is empty, and what to do."""
    if name == "mistakes":
        return f"{no_mistakes(chosen, current_filter().asks)} Choose another work list, another split or another run."
    return {
        "held-out": "Nothing is here: have every post judged, or choose the split train.",
        "similar-mistakes": "Nothing is here: have the list made on the screen Errors, or choose the split train.",
        "doubts": "No label error is listed here: search for label errors, or choose the split that was searched.",
        "uncorrected": "Every post has been corrected or left out.",
    }.get(name, "There is no post here: choose another split.")


def _how_much(done: int, total: int) -> str:
    """How many posts are dealt with, and how many are left to do."""
    left = total - done
    return f"{done:,} of {counted(total, 'post')} done, {f'{left:,} left' if left else 'none left'}"


def draw_progress(chosen: Selection, works: WorkList, done: int, at: ListPlace | None) -> None:
    """How much of the list is done, the posts before and after the open one, and what to do with the list."""
    total, number = works.total, at and at[0]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.progress(done / max(total, 1), _how_much(done, total), width=220)
        draw_steps(works, number, _leave_for)
        place = works.place(number)
        st.caption(f"{place:,} of {total:,}" if place else "not on this list", width="content")
        st.space("stretch")
        st.button("New list", on_click=_new_list, help="Makes the list again, as things stand now.", type="tertiary")
        # A link: to switch the page in a callback of this part, beside another that renews itself, whitens the page.
        page_link(
            "runs",
            "Train on these",
            dataset=chosen.dataset,
            gold=CURRENT,
            run=chosen.run,
            new="1",
            start=chosen.run,
        )


def _leave_for(place: ListPlace | None) -> None:
    drafts.close()
    go_to(place)


def _new_list() -> None:
    forget_list()
    _leave_for(None)
