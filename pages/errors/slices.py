"""Filters that ask for some of the posts and predictions: a search in the text, and all others behind one button.

What is chosen behind the button stands beside it, each with a cross that takes it off.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import streamlit as st

from db.mistake_cases import percents
from db.post_sources import sources
from pages.mistakes.filters import Filter, set_filter
from pages.shared.selection import Selection
from pages.shared.store import store
from pages.shared.text import plain, quoted

_SLICES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "picture": ("Picture", {"": "any", "with": "with one", "without": "without", "broken": "missing or broken"}),
    "name": ("Name", {"": "any", "seen": "seen in training", "unseen": "not seen"}),
    "length": ("Length", {"": "any", "1": "1 word", "2": "2 words", "3": "3 and more"}),
    "labels": (
        "Labels of the post",
        {
            "": "any", "corrected": "corrected", "imported": "as imported", "draft": "begun, not submitted",
            "discarded": "left out since",
        },
    ),
}  # fmt: skip
_ORDERS = {"": "surest first", "unsure": "least sure first", "most": "most first", "file": "as imported"}
_LONGEST = 200
"""Characters of a search."""


def draw_slices(chosen: Selection, wanted: Filter) -> None:
    """The search, the order, the button with all others, and what is chosen behind it."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _draw_search(wanted)
        _choice("order", "Order", _ORDERS, wanted, width=150)
        on = _chosen_words(wanted)
        with st.popover(f"Filters: {len(on)}" if on else "Filters", icon=":material/tune:", key="filters"):
            _draw_hidden(chosen, wanted)
    if wanted.asks:
        with st.container(horizontal=True, gap="xsmall"):
            for name, words in on.items():
                st.button(
                    words, key=f"without {name}", icon=":material/close:", help="Takes this filter off",
                    on_click=set_field, args=(wanted, name, ""),
                )  # fmt: skip
            st.button(
                "Show all", icon=":material/filter_alt_off:", type="tertiary", on_click=set_filter,
                args=(Filter(order=wanted.order),),
            )  # fmt: skip


def set_field(wanted: Filter, name: str, value: str) -> None:
    """Changes one field of the filter; for callbacks."""
    changed: Any = {name: value}
    set_filter(replace(wanted, **changed))


def _draw_search(wanted: Filter) -> None:
    key = "filter text"
    st.session_state[key] = wanted.text[:_LONGEST]
    st.text_input(
        "Text of the post holds",
        key=key,
        type="search",
        max_chars=_LONGEST,
        placeholder="any words",
        on_change=lambda: set_field(wanted, "text", st.session_state[key].strip()),
    )


def _draw_hidden(chosen: Selection, wanted: Filter) -> None:
    _draw_confidence(wanted)
    for name, (title, values) in _SLICES.items():
        _choice(name, title, values, wanted)
    files = sources(store(), chosen.dataset or "")
    if len(files) > 1 or wanted.source:
        known = dict.fromkeys([*files, *([wanted.source] if wanted.source else [])])
        _choice("source", "File", {"": "any", **{file: file for file in known}}, wanted)


def _draw_confidence(wanted: Filter) -> None:
    key = "filter confidence"
    low, high = percents(wanted.confidence) or (0, 100)
    st.session_state[key] = (low, high) if low <= high <= 100 else (0, 100)

    def choose() -> None:
        ends: tuple[int, int] = st.session_state[key]
        set_field(wanted, "confidence", "" if ends == (0, 100) else f"{ends[0]}-{ends[1]}")

    st.slider(
        "Confidence of the prediction", 0, 100, key=key, format="%d%%", on_change=choose,
        help="A missed entity has none: it shows as long as all confidences do.",
    )  # fmt: skip


def _choice(
    name: str, title: str, values: Mapping[str, str], wanted: Filter, width: int | Literal["stretch"] = "stretch"
) -> None:
    key = f"filter {name}"
    current = getattr(wanted, name)
    st.session_state[key] = current if current in values else ""
    st.selectbox(
        title,
        list(values),
        format_func=lambda value: values[value],
        key=key,
        width=width,
        on_change=lambda: set_field(wanted, name, st.session_state[key]),
    )


def _chosen_words(wanted: Filter) -> dict[str, str]:
    """What is chosen behind the button, or in the matrix beside it, in words."""
    found = {}
    if wanted.pair:
        gold, _, predicted = wanted.pair.partition(">")
        found["pair"] = f"Gold {plain(gold)}, predicted {plain(predicted)}"
    if wanted.confidence:
        ends = percents(wanted.confidence)
        found["confidence"] = f"{ends[0]} to {ends[1]}% sure" if ends else _unknown("Confidence", wanted.confidence)
    for name, (title, values) in _SLICES.items():
        if value := getattr(wanted, name):
            found[name] = f"{title}: {values[value]}" if value in values else _unknown(title, value)
    if wanted.source:
        found["source"] = f"File: {plain(wanted.source, 40)}"
    return found


def _unknown(title: str, value: str) -> str:
    return f"{title}: {plain(quoted(value, longest=20))}"
