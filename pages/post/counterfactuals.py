"""Counterfactuals: what the run predicts when the picture, an object, a word, the caption or a neighbour is another."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from db.posts import post
from db.predictions import PredictedMark
from db.requests import Answer
from pages.components.span_text import MarkedText, span_text
from pages.post import changes
from pages.post.changes import Asked
from pages.post.evidence_panel import prediction
from pages.post.post_state import PostState
from pages.shared.inference_requests import answer_to
from pages.shared.marking import suggestions
from pages.shared.pictures import THUMBNAIL, picture_uri, why_no_picture
from pages.shared.store import store
from pages.shared.text import plain, quoted, share
from pages.shared.waiting import wait_for

_ASKED = "otherwise"
MOST = 4
"""Changes that stand side by side; the oldest makes room."""


def draw(state: PostState, answer: Answer | None) -> None:
    """The section; nothing while there is no answer to compare with."""
    if answer is None or answer.response is None:
        return
    response = answer.response
    st.header("Counterfactuals", anchor="without")
    if response["picture"] and not response["picture"]["ok"]:
        st.caption(f"{why_no_picture(state.post.example)} So only what is read beside it can be changed.")
    elif response["picture"]:
        changes.draw_picture(state, response["picture"]["objects"], _ask)
    changes.draw_reading(state, response, _ask)
    asked = [each for each in st.session_state.get(_ASKED, ()) if each.question == state.question]
    if asked:
        _draw_text(state, "as it is", prediction(state.post.id, response).marks, "As it is")
    for number, each in enumerate(asked):
        _draw_answer(state, each, number)


def _ask(asked: Asked) -> None:
    """Puts the change first among those that are shown; for callbacks."""
    others = [each for each in st.session_state.get(_ASKED, ()) if each != asked]
    st.session_state[_ASKED] = [asked, *others][:MOST]


def _forget(asked: Asked) -> None:
    st.session_state[_ASKED] = [each for each in st.session_state.get(_ASKED, ()) if each != asked]


def _draw_answer(state: PostState, asked: Asked, number: int) -> None:
    payload = {**state.question, **asked.change}
    found = answer_to(store(), "counterfactual", payload)
    if found is None or found.response is None:
        wait_for(found, "counterfactual", payload, f"The run reads the post {plain(asked.words)}.")
        return
    text, response = str(found.response["text"]), found.response
    before = prediction(state.post.id, {"spans": response["original"]}).marks
    after = prediction(state.post.id, response).marks
    with st.container(horizontal=True, vertical_alignment="top"):
        if "other" in asked.change:
            uri = picture_uri(post(store(), asked.change["other"]).example.image, THUMBNAIL)
            if uri:
                st.image(uri, width=120, alt="The other post's picture")
        with st.container():
            _draw_text(state, f"change {number}", after, asked.words[:1].upper() + asked.words[1:], text)
            for line in differences(text, moved(before, asked), after):
                st.text(line)
        st.button(
            "Take off", key=f"take off {number}", on_click=_forget, args=(asked,), type="tertiary",
            help=f"Shows no longer what the run predicts {asked.words}.",
        )  # fmt: skip


def _draw_text(state: PostState, name: str, marks: Sequence[PredictedMark], note: str, text: str | None = None) -> None:
    said = state.post.example.text if text is None else text
    span_text(
        MarkedText(id=name, text=said, predicted=suggestions(marks), note=note), state.types, key=f"otherwise {name}"
    )


def moved(marks: Sequence[PredictedMark], asked: Asked) -> list[PredictedMark]:
    """The entities at the places that they have after a word was changed; those that went with it are left out."""
    if asked.place is None:
        return list(marks)
    start, end = asked.place
    shift = len(asked.change["said"]) - (end - start)
    there = [
        replace(
            mark,
            start=mark.start + shift if mark.start >= end else mark.start,
            end=mark.end + shift if mark.end >= end else mark.end,
        )
        for mark in marks
    ]
    return [mark for mark in there if mark.start < mark.end]


def differences(text: str, before: Sequence[Any], after: Sequence[Any]) -> list[str]:
    """What became of each predicted entity, in words; entities are told apart by their place."""
    old = {(mark.start, mark.end): mark for mark in before}
    new = {(mark.start, mark.end): mark for mark in after}
    lines = []
    for place in sorted(old.keys() | new.keys()):
        name, one, other = quoted(text[place[0] : place[1]]), old.get(place), new.get(place)
        if one is None:
            assert other is not None, "the place is an old entity's or a new one's"
            lines.append(f"{name}: now found as {other.label} ({share(other.confidence)})")
        elif other is None:
            lines.append(f"{name}: no longer found (was {one.label}, {share(one.confidence)})")
        elif one.label != other.label:
            lines.append(
                f"{name}: {one.label} ({share(one.confidence)}) becomes {other.label} ({share(other.confidence)})"
            )
        else:
            lines.append(f"{name}: still {one.label}, confidence {share(one.confidence)} → {share(other.confidence)}")
    return lines or ["Nothing is predicted, with or without the change."]
