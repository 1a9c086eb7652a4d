"""What stands beside the text that is marked: the post's picture, its caption, and how the like was labelled."""

from collections.abc import Sequence

import streamlit as st

from db.posts import Post
from mner_core.data.entity_types import EntityType
from pages.shared.pictures import picture_uri, why_no_picture
from pages.shared.selection import Selection
from pages.shared.similar_posts import draw_similar
from pages.shared.text import plain


def draw_beside(chosen: Selection, each: Post, types: Sequence[EntityType], is_blind: bool) -> None:
    """Picture, caption and, where somebody asks for them, similar posts.

    One of them may have the same text, and labels that others gave it: `is_blind` keeps them back.
    """
    uri = picture_uri(each.example.image)
    if uri:
        st.image(uri, width="stretch", alt=f"Picture of the post {each.example.id}")
    else:
        st.info(why_no_picture(each.example))
    if each.example.caption:
        st.caption(plain(each.example.caption))
    if is_blind:
        st.caption("Similar posts stand here with their labels once you have saved your own.")
    else:
        draw_similar(chosen, each, types, compact=True)
