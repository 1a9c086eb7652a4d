"""What the address of each screen says beside the selection, and writing the address in one step.

The address alone decides what a screen shows, so that Back, Forward and a link agree with what is seen. One case is
different: a screen opened by its bare name, as the sidebar does, shows what was looked at last, and its address then
says so.
"""

from collections.abc import Mapping

import streamlit as st

FILTERS = (
    "kind", "type", "pair", "change", "picture", "name", "length", "labels", "confidence", "text", "source", "order",
)  # fmt: skip
"""The parameters of `pages.mistakes.filters.Filter`."""

SIMILAR = ("similar", "k", "among")
"""The parameters of `pages.shared.similar_posts`."""

_BESIDE: Mapping[str, tuple[str, ...]] = {
    "errors": FILTERS,
    "post": ("list", "beside", *SIMILAR, *FILTERS),
    "annotate": ("list", "track", "begin", *SIMILAR, *FILTERS),
}
"""What the address of a screen says beside the selection, and what is remembered of it."""

_MEMORY = "beside the selection"
_KNOWN = "address known"


def is_bare() -> bool:
    """Whether the screen was opened by its name alone."""
    return not st.query_params


def remember(screen: str) -> dict[str, str]:
    """What the address says beside the selection; on a bare address what it said last. Kept for other screens."""
    memory: dict[str, str] = st.session_state.setdefault(_MEMORY, {})
    names = _BESIDE.get(screen, ())
    if not is_bare():
        for name in names:
            memory.pop(name, None)
        memory |= {name: st.query_params[name] for name in names if st.query_params.get(name)}
    return {name: memory[name] for name in names if name in memory}


def remembered(screen: str, changes: Mapping[str, str | None]) -> dict[str, str]:
    """What a link to a screen says beside the selection; one that names a filter carries no other filter."""
    memory: dict[str, str] = st.session_state.get(_MEMORY, {})
    left_out = FILTERS if any(name in FILTERS for name in changes) else ()
    return {name: memory[name] for name in _BESIDE.get(screen, ()) if name in memory and name not in left_out}


def write(changes: Mapping[str, str | None]) -> None:
    """Sets parameters of the address, None or "" removes them: in one step, which is one step for Back, too."""
    now = {name: st.query_params[name] for name in st.query_params}
    then = {name: value for name, value in {**now, **changes}.items() if value}
    if then != now:
        st.query_params.from_dict(then)
    note()


def note() -> None:
    """Remembers what the address says now; `app.py` does so whenever a whole screen is drawn."""
    st.session_state[_KNOWN] = st.query_params.to_dict()


def take_back() -> None:
    """Makes the address say again what it said last, for a part of a screen that renews itself.

    The browser asks for such a part with the address that it has at that moment. Where a button has just led on, that
    is still the address before it, and drawing the whole screen by it would lead back.
    """
    known = st.session_state.get(_KNOWN)
    if known is not None and known != st.query_params.to_dict():
        st.query_params.from_dict(known)
