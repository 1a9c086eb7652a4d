"""What the run would say if the picture were otherwise: stronger evidence than where it looked."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from db.posts import Post, post, posts
from db.requests import Answer
from mner_core.data.images import opens
from pages.components.span_text import MarkedText, span_text
from pages.post.evidence_panel import prediction
from pages.post.inference_requests import answer_to
from pages.post.post_state import PostState
from pages.post.waiting import wait_for
from pages.shared.marking import suggestions
from pages.shared.pictures import THUMBNAIL, picture_uri
from pages.shared.store import store
from pages.shared.text import plain, quoted, share

_ASKED = "otherwise"
_SEED = "otherwise seed"
_SAID = "otherwise said"


def draw(looked: PostState, answer: Answer | None) -> None:
    """The section; nothing where the run does not look at this post's picture."""
    picture = answer.response["picture"] if answer and answer.response else None
    if not picture or not picture["ok"]:
        return
    st.header("What if the picture were otherwise?", anchor="without")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _button("Without the picture", looked, "without the picture", {"change": "no image"})
        _draw_objects(looked, picture["objects"])
        _draw_other_picture(looked)
    asked = st.session_state.get(_ASKED)
    if asked and asked[0] == looked.question:
        _draw_answer(looked, asked[1], asked[2])


def _button(label: str, looked: PostState, words: str, change: Mapping[str, Any]) -> None:
    st.button(label, on_click=_ask, args=(looked.question, words, change))


def _ask(question: Mapping[str, Any], words: str, change: Mapping[str, Any]) -> None:
    st.session_state[_ASKED] = (question, words, change)


def _draw_objects(looked: PostState, objects: Sequence[Mapping[str, Any]]) -> None:
    if not objects:
        return
    names = [f"{place} {it['label']}" for place, it in enumerate(objects, 1)]
    place = st.selectbox(
        "Object", range(len(objects)), format_func=lambda it: names[it], width=170, key="otherwise object"
    )
    _button(
        "Without this object", looked, f"without the object {names[place]}", {"change": "no object", "object": place}
    )


def _draw_other_picture(looked: PostState) -> None:
    def another() -> None:
        seed = st.session_state.get(_SEED, 0)
        st.session_state[_SEED] = seed + 1
        every = posts(store(), looked.post.dataset, looked.post.example.split)
        other = another_picture(every, looked.post.image_sha256, seed)
        if other is None:
            st.session_state[_SAID] = "No other post of this split has another picture that opens."
        else:
            _ask(looked.question, f"with the picture of {other.example.id}", {"change": "image of", "other": other.id})

    st.button(
        "With another post's picture", on_click=another, help="A picture picked at random; again for another one."
    )
    if sentence := st.session_state.pop(_SAID, ""):
        st.caption(sentence)


def another_picture(every: Sequence[Post], own: str | None, seed: int) -> Post | None:
    """A post drawn by the seed among those whose picture opens and is not this one's own."""
    others = [each for each in every if each.image_sha256 is not None and each.image_sha256 != own]
    random.Random(seed).shuffle(others)
    return next((each for each in others if opens(each.example.image)), None)


def _draw_answer(looked: PostState, words: str, change: Mapping[str, Any]) -> None:
    payload = {**looked.question, **change}
    found = answer_to(store(), "counterfactual", payload)
    if found is None or found.response is None:
        wait_for(found, "counterfactual", payload, f"The run reads the post {plain(words)}.")
        return
    text, response = looked.post.example.text, found.response
    before = prediction(looked.post.id, {"spans": response["original"]}).marks
    after = prediction(looked.post.id, response).marks
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
        span_text(texts, looked.types, key="otherwise texts")
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
