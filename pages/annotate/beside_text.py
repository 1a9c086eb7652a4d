"""What stands beside the text that is marked: the post's picture, its caption, and how the like was labelled."""

from collections.abc import Sequence

import streamlit as st

from db.posts import Post
from mner_core.data.entity_types import EntityType
from pages.shared.pictures import picture_uri, why_no_picture
from pages.shared.selection import Selection
from pages.shared.similar_posts import draw_similar
from pages.shared.text import plain


def draw_beside(chosen: Selection, each: Post, types: Sequence[EntityType]) -> None:
    """Picture, caption and, where somebody asks for them, similar posts."""
    uri = picture_uri(each.example.image)
    if uri:
        st.image(uri, width="stretch", alt=f"Picture of the post {each.example.id}")
    else:
        st.info(why_no_picture(each.example))
    if each.example.caption:
        st.caption(plain(each.example.caption))
    draw_similar(chosen, each, types, compact=True)
