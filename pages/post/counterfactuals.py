"""Counterfactuals: what the run predicts without the picture, an object, or with another picture."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from db.engine import Store
from db.other_pictures import posts_with_other_pictures
from db.posts import Post, post
from db.requests import Answer
from mner_core.data.images import opens
from pages.components.span_text import MarkedText, span_text
from pages.post.evidence_panel import prediction
from pages.post.inference_requests import answer_to
from pages.post.post_state import PostState
from pages.post.waiting import wait_for
from pages.shared.marking import suggestions
from pages.shared.pictures import THUMBNAIL, picture_uri, why_no_picture
from pages.shared.store import store
from pages.shared.text import plain, quoted, share

_ASKED = "otherwise"
_SEED = "otherwise seed"
_SAID = "otherwise said"


def draw(state: PostState, answer: Answer | None) -> None:
    """The section; nothing where the run reads no pictures, and why there is none where this post's is not there."""
    picture = answer.response["picture"] if answer and answer.response else None
    if not picture:
        return
    st.header("Counterfactuals: another picture, or none", anchor="without")
    if not picture["ok"]:
        st.caption(f"{why_no_picture(state.post.example)} So there is nothing to compare with.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _button("Without the picture", state, "without the picture", {"change": "no image"})
        _draw_objects(state, picture["objects"])
        _draw_other_picture(state)
    asked = st.session_state.get(_ASKED)
    if asked and asked[0] == state.question:
        _draw_answer(state, asked[1], asked[2])


def _button(label: str, state: PostState, words: str, change: Mapping[str, Any]) -> None:
    st.button(label, on_click=_ask, args=(state.question, words, change))


def _ask(question: Mapping[str, Any], words: str, change: Mapping[str, Any]) -> None:
    st.session_state[_ASKED] = (question, words, change)


def _draw_objects(state: PostState, objects: Sequence[Mapping[str, Any]]) -> None:
    if not objects:
        return
    names = [f"{place} {it['label']}" for place, it in enumerate(objects, 1)]
    place = st.selectbox(
        "Object", range(len(objects)), format_func=lambda it: names[it], width=170, key="otherwise object"
    )
    _button(
        "Without this object", state, f"without the object {names[place]}", {"change": "no object", "object": place}
    )


def _draw_other_picture(state: PostState) -> None:
    def another() -> None:
        seed = st.session_state.get(_SEED, 0)
        st.session_state[_SEED] = seed + 1
        other = another_picture(store(), state.post, seed)
        if other is None:
            st.session_state[_SAID] = "No other post of this split has another picture that opens."
        else:
            _ask(state.question, f"with the picture of {other.example.id}", {"change": "image of", "other": other.id})

    st.button(
        "With another post's picture", on_click=another, help="A picture picked at random; again for another one."
    )
    if sentence := st.session_state.pop(_SAID, ""):
        st.caption(sentence)


def another_picture(store: Store, own: Post, seed: int) -> Post | None:
    """A post of the split, drawn by the seed among those whose picture opens and is not this one's own."""
    others = posts_with_other_pictures(store, own)
    random.Random(seed).shuffle(others)
    found = (post(store, number) for number in others)
    return next((each for each in found if opens(each.example.image)), None)


def _draw_answer(state: PostState, words: str, change: Mapping[str, Any]) -> None:
    payload = {**state.question, **change}
    found = answer_to(store(), "counterfactual", payload)
    if found is None or found.response is None:
        wait_for(found, "counterfactual", payload, f"The run reads the post {plain(words)}.")
        return
    text, response = state.post.example.text, found.response
    before = prediction(state.post.id, {"spans": response["original"]}).marks
    after = prediction(state.post.id, response).marks
    texts = [
        MarkedText(id="before", text=text, predicted=suggestions(before), note="As it is"),
        MarkedText(id="after", text=text, predicted=suggestions(after), note=words[:1].upper() + words[1:]),
    ]
    side, main = st.columns([1, 4]) if "other" in change else (None, st.container())
    if side is not None:
        uri = picture_uri(post(store(), change["other"]).example.image, THUMBNAIL)
        if uri:
            side.image(uri, width="stretch", alt="The other post's picture")
    with main:
        span_text(texts, state.types, key="otherwise texts")
        for line in differences(text, before, after):
            st.text(line)


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
