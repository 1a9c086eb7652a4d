"""Posts like the mistakes of a run: what the list rests on, and which mistake an open post is like."""

import streamlit as st

from db.post_lists import names_of
from db.posts import Dataset
from pages.mistakes.like_mistakes import like_mistakes, list_sentence, newest_list
from pages.shared.selection import Selection, page_link
from pages.shared.similar_posts import cosine
from pages.shared.store import store
from pages.shared.text import plain


def draw_like_mistakes(found: Dataset) -> None:
    """What the list was made from, or where one is made."""
    newest = newest_list(store(), found.name)
    if newest:
        st.caption(f":material/fact_check: {list_sentence(newest)}")
    else:
        st.info("Nobody has had such a list made: it is made on the screen Errors, from the mistakes listed there.")
        page_link("errors", "Errors")


def draw_reason(chosen: Selection, post: int) -> None:
    """The post with a mistake that this one is most like."""
    of_post = next((each for each in like_mistakes(store(), chosen.dataset) if each.post == post), None)
    named = names_of(store(), [of_post.like]) if of_post else {}
    if of_post is None or of_post.like not in named:
        return
    split, name = named[of_post.like]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            f":material/help: cosine {cosine(of_post.score)} with a post that was read wrongly:", width="content"
        )
        label = f"{split}/{name}" if split else name
        page_link("post", plain(label), dataset=chosen.dataset, split=split, post=name)
