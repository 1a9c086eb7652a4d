"""What the run looked at: picture, objects, attention and gates, and the posts whose pictures it brought in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from db.images import image_path
from db.posts import post
from db.predictions import PostPrediction, PredictedMark
from db.requests import Answer
from mner_core.explain.reduce import per_entity
from mner_core.types import Evidence, Example, ImageObject, Span, Token
from pages.errors.wording import plain
from pages.post.lane import answer_to
from pages.post.looked import Looked
from pages.post.waiting import wait_for
from pages.shared.evidence_view import NeighbourPost, evidence_view
from pages.shared.pictures import THUMBNAIL, picture_uri
from pages.shared.selection import page_link
from pages.shared.store import store

STRIP = 5
"""Thumbnails in a row."""


def answer(looked: Looked, wait: bool = False) -> Answer | None:
    """What the interactive lane says of the post; None where it has not answered yet, or nobody could."""
    if looked.chosen.run is None or not looked.has_worker:
        return None
    return answer_to(store(), "predict", looked.question, wait)


def prediction(post_id: int, response: Mapping[str, Any]) -> PostPrediction:
    """An answer's entities, as the store keeps them."""
    return PostPrediction(
        post=post_id,
        marks=tuple(
            PredictedMark(start=it["start"], end=it["end"], label=it["label"], confidence=it["confidence"])
            for it in response["spans"]
        ),
    )


def draw(looked: Looked) -> None:
    """The section, or the picture alone with a sentence that says why there is no more."""
    st.subheader("What the run looked at" if looked.chosen.run else "Picture", anchor=False)
    if looked.chosen.run is None:
        _draw_picture(looked)
        return
    if not looked.has_worker:
        st.info("No worker is running, so the run cannot be asked what it looked at; its stored predictions are shown.")
        _draw_picture(looked)
        return
    found = answer(looked, wait=True)
    if found is None or found.response is None:
        waiting = (
            f"{plain(looked.chosen.run)} looks at this post. The first time takes longer, while the run is loaded."
        )
        wait_for(found, "predict", looked.question, waiting)
        _draw_picture(looked)
    else:
        _draw_evidence(looked, found.response)


def _draw_picture(looked: Looked) -> None:
    uri = picture_uri(looked.post.example.image)
    if uri:
        st.image(uri, alt=_alt(looked), width="content")
    else:
        st.caption(_no_picture(looked))


def _draw_evidence(looked: Looked, response: Mapping[str, Any]) -> None:
    evidence = [Evidence.from_json(record) for record in response["evidence"]]
    strips = [each for each in evidence if each.axes == ("neighbour",)]
    looks = _by_entity([each for each in evidence if each not in strips], looked.post.example, response)
    neighbours = _neighbours(response)
    picture = response["picture"]
    if picture is None:
        st.info("This run reads the text alone: it does not look at pictures.")
        _draw_picture(looked)
    if picture is not None or looks:
        evidence_view(
            looks,
            picture=picture_uri(looked.post.example.image) if picture is not None else None,
            alt=_alt(looked),
            objects=[
                ImageObject(it["label"], tuple(it["box"]), it["score"]) for it in (picture or {}).get("objects", ())
            ],
            neighbours=neighbours,
            labels=looked.labels,
            counterfactual=("See what changes without it.", "#without") if picture and picture["ok"] else None,
            key="evidence",
        )
    if picture and picture["caption"]:
        st.caption(f"Caption: {plain(picture['caption'])}")
    for each in strips:
        _draw_strip(each, neighbours, response["pictures"])


def _by_entity(evidence: Sequence[Evidence], example: Example, response: Mapping[str, Any]) -> list[Evidence]:
    """Attention from words once more, reduced to the predicted entities, which come first."""
    tokens = tuple(Token(example.text[start:end], start, end) for start, end in response["tokens"])
    read = replace(example, tokens=tokens)
    spans = [Span(it["words"][0], it["words"][1], it["label"]) for it in response["spans"]]
    reduced = [(each, per_entity(each, read, spans)) for each in evidence if each.kind == "attention"]
    named = [replace(part, name=f"{each.name}, by entity") for each, part in reduced if part is not None]
    return [*named, *evidence]


def _neighbours(response: Mapping[str, Any]) -> dict[str, NeighbourPost]:
    home = store().home
    return {
        key: NeighbourPost(
            text=post(store(), where["post"]).example.text if where["post"] is not None else key,
            picture=picture_uri(image_path(home, where["image"]), THUMBNAIL) if where["image"] else None,
        )
        for key, where in response["pictures"].items()
    }


def _draw_strip(each: Evidence, neighbours: Mapping[str, NeighbourPost], places: Mapping[str, Any]) -> None:
    st.markdown(f"**Retrieved posts: {plain(each.name)}**")
    pairs = list(zip(each.items[0], each.values, strict=True))
    for start in range(0, len(pairs), STRIP):
        columns = st.columns(STRIP)
        for column, (item, value) in zip(columns, pairs[start : start + STRIP], strict=False):
            name = str(item.get("post", ""))
            with column:
                _draw_neighbour(name, neighbours.get(name), float(value), (places.get(name) or {}).get("post"))


def _draw_neighbour(name: str, found: NeighbourPost | None, value: float, number: int | None) -> None:
    if found and found.picture:
        st.image(found.picture, width="stretch", alt=f"Picture of the post {name}")
    else:
        st.caption("no picture to show")
    st.caption(f"**{value:.2f}** {plain(found.text if found else name, 110)}")
    if number is not None:
        other = post(store(), number)
        page_link("post", "Open", dataset=other.dataset, split=other.example.split, post=other.example.id)


def _alt(looked: Looked) -> str:
    return f"Picture of the post {looked.post.example.id}"


def _no_picture(looked: Looked) -> str:
    if looked.post.example.image_name is None:
        return "This post has no picture."
    return "The picture of this post does not open."
