"""What a person's own track begins with on a post that it says nothing of: the gold, or nothing (a blind opinion)."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import streamlit as st

from db.agreement import beginnings
from db.posts import GOLD
from pages.annotate import drafts
from pages.shared.address import write
from pages.shared.selection import Selection
from pages.shared.store import store

Beginning: TypeAlias = Literal["gold", "empty"]
_BEGIN = "annotate begin"
_NAMES: Mapping[Beginning, str] = {"gold": "with the gold", "empty": "empty"}


def pick_beginning(chosen: Selection, track: str) -> None:
    """The choice; nothing on the gold track, which always goes on from itself."""
    if track == GOLD:
        return
    st.session_state[_BEGIN] = _beginning(chosen, track)
    st.selectbox(
        "A post begins",
        list(_NAMES),
        format_func=lambda each: _NAMES[each],
        key=_BEGIN,
        on_change=_changed,
        help="Empty makes it a second opinion of its own: neither labels by others nor what the run suggests are shown "
        "before you have saved. Agreement says how many posts began with what.",
    )


def begins_empty(chosen: Selection, track: str) -> bool:
    """Whether the track begins empty on a post that it says nothing of."""
    return track != GOLD and _beginning(chosen, track) == "empty"


def _beginning(chosen: Selection, track: str) -> Beginning:
    """What the address says, or else what most posts of the track began with."""
    said = st.query_params.get("begin")
    if said in _NAMES:
        return "empty" if said == "empty" else "gold"
    key = f"{_BEGIN} of {chosen.dataset} {track}"  # counted once a session: saving does not wait for it
    if key not in st.session_state:
        found = beginnings(store(), chosen.dataset or "", track)
        st.session_state[key] = "empty" if found.get("empty", 0) > found.get(GOLD, 0) else "gold"
    kept: Beginning = st.session_state[key]
    return kept


def _changed() -> None:
    drafts.close()
    write({"begin": st.session_state[_BEGIN]})
