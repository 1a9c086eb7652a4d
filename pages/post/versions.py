"""The history of a post's labels, in sentences."""

import streamlit as st

from db.posts import GOLD
from pages.post.post_state import PostState
from pages.shared.text import quoted
from pages.shared.versions import version_sentence


def draw_versions(state: PostState) -> None:
    """All revisions of the post, track by track, newest first."""
    with st.expander(f"Revisions ({len(state.past)})"):
        if not state.past:
            st.caption("Nobody has labelled this post.")
        for track in sorted({each.track for each in state.past}, key=lambda name: (name != GOLD, name)):
            st.caption("Gold" if track == GOLD else f"Labels by {quoted(track, marks=False)}")
            mine = [each for each in state.past if each.track == track]
            for place in range(len(mine) - 1, -1, -1):
                st.text(version_sentence(state.post.example.text, mine[place], mine[place - 1] if place else None))
