"""What stands beside the annotator: a refused save with both versions, others' labels, and the versions so far."""

from collections.abc import Callable, Sequence

import streamlit as st

from db.annotations import Revision
from db.posts import Post
from mner_core.data.entity_types import EntityType
from mner_core.types import InputError
from pages.annotate import drafts
from pages.components.span_text import MarkedText, span_text
from pages.shared.store import me, store
from pages.shared.text import plain
from pages.shared.versions import state, version_sentence, when


def draw_conflict(post: Post, types: Sequence[EntityType], stale: drafts.Conflict, after: Callable[[], None]) -> None:
    """Both versions of a save that came too late, and the choice between them."""
    theirs = stale.theirs
    st.warning(f"Not saved. {plain(stale.sentence)}")
    st.caption("What you marked")
    span_text(MarkedText(id="mine", text=post.example.text, gold=stale.mine), types, key="conflict mine")
    st.caption(f"What {plain(theirs.author if theirs else 'nobody')} saved")
    span_text(
        MarkedText(id="theirs", text=post.example.text, gold=theirs.marks if theirs else ()),
        types,
        key="conflict theirs",
    )

    def mine() -> None:
        base = theirs.number if theirs else 0
        try:
            on_top = drafts.Opened(
                post=post.id, track=stale.track, base=base, marks=(), status=None, source=stale.track, began=""
            )
            if drafts.keep(store(), post, on_top, stale.mine, stale.status, me(), None):
                after()
        except InputError as error:
            drafts.tell(str(error))

    with st.container(horizontal=True):
        st.button("Save mine on top", type="primary", on_click=mine)
        st.button("Go on with theirs", on_click=drafts.close)


def draw_others(post: Post, types: Sequence[EntityType], now: drafts.Opened, past: Sequence[Revision]) -> None:
    """The labels of all other tracks, each to be taken over into the annotator."""
    tracks = sorted({revision.track for revision in past} - {now.track})
    if not tracks:
        return
    if now.is_blind:
        st.caption("Labels by others are shown once you have saved your own.")
        return
    with st.expander(f"Labels by others ({len(tracks)})"):
        for track in tracks:
            newest = drafts.newest_of(past, track)
            assert newest is not None, "the track was found among the revisions"
            span_text(
                MarkedText(
                    id=track,
                    text=post.example.text,
                    gold=newest.marks,
                    note=f"{track}, {state(newest)}, {when(newest.created)}",
                ),
                types,
                key=f"other {track}",
            )
            st.button("Take over", key=f"take {track}", on_click=drafts.take_over, args=(now, newest))


def draw_versions(post: Post, track: str, past: Sequence[Revision]) -> None:
    """What was saved on the track, newest first; any of it can be brought back."""
    mine = [revision for revision in past if revision.track == track]
    if not mine:
        return
    with st.expander(f"Revisions ({len(mine)})"):
        for place in range(len(mine) - 1, -1, -1):
            revision = mine[place]
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(version_sentence(post.example.text, revision, mine[place - 1] if place else None))
                if place < len(mine) - 1:
                    st.button(
                        "Bring back",
                        key=f"bring back {revision.number}",
                        on_click=drafts.bring_back,
                        args=(store(), post.id, post.example.id, track, revision.number, mine[-1].number, me()),
                    )
