"""What can be asked otherwise of a post: buttons and fields for each kind of change (`worker.changed_posts`)."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from db.engine import Store
from db.other_pictures import posts_with_other_pictures
from db.posts import Post, post
from mner_core.data.images import opens
from pages.post.post_state import PostState
from pages.shared.jump import number_named
from pages.shared.store import store
from pages.shared.text import plain, quoted

_SEED, _SAID = "otherwise seed", "otherwise said"
_POST, _WORD, _INSTEAD, _CONTEXT = "otherwise post", "otherwise word", "otherwise instead", "otherwise context"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A change that somebody asked for: of which question, in words, and as the worker takes it.

    `place` is where the changed word stood, None where no word was changed.
    """

    question: Mapping[str, Any]
    words: str
    change: Mapping[str, Any]
    place: tuple[int, int] | None = None


Ask = Callable[[Asked], None]


def draw_picture(state: PostState, objects: Sequence[Mapping[str, Any]], ask: Ask) -> None:
    """Changes of the picture: none, one object less, another post's, drawn or chosen."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _button("Without the picture", state, "without the picture", {"change": "no image"}, ask)
        if objects:
            names = [f"{place} {it['label']}" for place, it in enumerate(objects, 1)]
            place = st.selectbox(
                "Object", range(len(objects)), format_func=lambda it: names[it], width=170, key="otherwise object"
            )
            less = {"change": "no object", "object": place}
            _button("Without this object", state, f"without the object {names[place]}", less, ask)
        _draw_other_picture(state, ask)
    if sentence := st.session_state.pop(_SAID, ""):
        st.caption(sentence)


def draw_reading(state: PostState, response: Mapping[str, Any], ask: Ask) -> None:
    """Changes of what is read beside the picture: a word, the caption, a retrieved post."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _draw_word(state, response["tokens"], ask)
        if response["pictures"]:
            neighbours = list(response["pictures"])
            chosen = st.selectbox("Retrieved post", neighbours, width=200, key="otherwise neighbour")
            less = {"change": "no neighbour", "neighbour": chosen}
            _button("Without this post", state, f"without the retrieved post {chosen}", less, ask)
        if response.get("context") is not None:
            _draw_context(state, response["context"], ask)


def another_picture(store: Store, own: Post, seed: int) -> Post | None:
    """A post of the split, drawn by the seed among those whose picture opens and is not this one's own."""
    others = posts_with_other_pictures(store, own)
    random.Random(seed).shuffle(others)
    found = (post(store, number) for number in others)
    return next((each for each in found if opens(each.example.image)), None)


def _button(label: str, state: PostState, words: str, change: Mapping[str, Any], ask: Ask) -> None:
    st.button(label, on_click=ask, args=(Asked(question=state.question, words=words, change=change),))


def _draw_other_picture(state: PostState, ask: Ask) -> None:
    def with_picture_of(other: Post) -> None:
        words = f"with the picture of {other.example.id}"
        ask(Asked(question=state.question, words=words, change={"change": "image of", "other": other.id}))

    def drawn() -> None:
        seed = st.session_state.get(_SEED, 0)
        st.session_state[_SEED] = seed + 1
        other = another_picture(store(), state.post, seed)
        if other is None:
            st.session_state[_SAID] = "No other post of this split has another picture that opens."
        else:
            with_picture_of(other)

    def chosen() -> None:
        said = str(st.session_state[_POST]).strip()
        if not said:
            return
        number = number_named(state.post.dataset, said, state.post.example.split)
        other = None if number is None else post(store(), number)
        if other is None or not opens(other.example.image):
            lacks = "No post" if other is None else "No picture that opens in the post"
            st.session_state[_SAID] = f"{lacks} {plain(quoted(said, longest=24))} here."
        else:
            st.session_state[_POST] = ""
            with_picture_of(other)

    st.button("With another post's picture", on_click=drawn, help="A picture picked at random; again for another one.")
    st.text_input("With the picture of", key=_POST, placeholder="id or split/id", width=170, on_change=chosen)


def _draw_word(state: PostState, tokens: Sequence[tuple[int, int]], ask: Ask) -> None:
    text = state.post.example.text

    def change() -> None:
        word, said = int(st.session_state[_WORD]), str(st.session_state[_INSTEAD]).strip()
        start, end = tokens[word]
        old = quoted(text[start:end])
        words = f"with {quoted(said)} in the place of {old}" if said else f"without the word {old}"
        changed = {"change": "word", "word": word, "said": said}
        ask(Asked(question=state.question, words=words, change=changed, place=(start, end)))

    if tokens:
        st.selectbox(
            "Word", range(len(tokens)), key=_WORD, width=170,
            format_func=lambda it: f"{it + 1} {text[tokens[it][0] : tokens[it][1]]}",
        )  # fmt: skip
        st.text_input("In its place", key=_INSTEAD, placeholder="nothing", width=170)
        st.button("Change the word", on_click=change)


def _draw_context(state: PostState, context: str, ask: Ask) -> None:
    def change() -> None:
        said = str(st.session_state[_CONTEXT]).strip()
        words = f"with the caption {quoted(said, longest=60)}" if said else "without a caption"
        ask(Asked(question=state.question, words=words, change={"change": "context", "said": said}))

    st.text_input("Caption", key=_CONTEXT, placeholder=context or "none", width=280)
    st.button("With this caption", on_click=change)
