"""What the run looked at: picture, objects, attention and gates, and the posts whose pictures it brought in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from db.predictions import PostPrediction, PredictedMark
from db.requests import Answer
from mner_core.evidence import per_entity
from mner_core.types import Evidence, Example, ImageObject, Span, Token
from pages.components.evidence_view import NeighbourPost, evidence_view
from pages.post.post_state import PostState
from pages.post.retrieved import draw_strip, retrieved
from pages.shared.inference_requests import answer_to
from pages.shared.pictures import picture_uri, why_no_picture
from pages.shared.run_words import is_brought
from pages.shared.store import store
from pages.shared.text import plain
from pages.shared.waiting import wait_for


def answer(state: PostState, wait: bool = False) -> Answer | None:
    """What the interactive lane says of the post; None where it has not answered yet, or nobody could."""
    if state.chosen.run is None or not state.has_worker or is_brought(state.chosen.run):
        return None
    return answer_to(store(), "predict", state.question, wait)


def prediction(post_id: int, response: Mapping[str, Any]) -> PostPrediction:
    """An answer's entities, as the store keeps them."""
    return PostPrediction(
        post=post_id,
        marks=tuple(
            PredictedMark(start=it["start"], end=it["end"], label=it["label"], confidence=it["confidence"])
            for it in response["spans"]
        ),
    )


def draw(state: PostState) -> None:
    """The section, or the picture alone with a sentence that says why there is no more."""
    st.header("Evidence" if state.chosen.run else "Picture", anchor=False)
    if state.chosen.run is None:
        _draw_picture(state)
        return
    if is_brought(state.chosen.run):
        st.info(
            f"{plain(state.chosen.run)} consists of predictions that were brought: there is no model that could show "
            "evidence, or predict when something is changed."
        )
        _draw_picture(state)
        return
    if not state.has_worker:
        there = "; the stored predictions are shown." if state.stored else ": start one with `make run`."
        st.info(f"No worker is running, so there is no evidence{there}")
        _draw_picture(state)
        return
    found = answer(state, wait=True)
    if found is None or found.response is None:
        waiting = f"{plain(state.chosen.run)} predicts this post. The first time takes longer: the run is loaded."
        wait_for(found, "predict", state.question, waiting)
        _draw_picture(state)
    else:
        _draw_evidence(state, found.response)


def _draw_picture(state: PostState) -> None:
    uri = picture_uri(state.post.example.image)
    if uri:
        st.image(uri, alt=_alt(state), width="content")
    else:
        st.caption(why_no_picture(state.post.example))


def _draw_evidence(state: PostState, response: Mapping[str, Any]) -> None:
    evidence = [Evidence.from_json(record) for record in response["evidence"]]
    strips = [each for each in evidence if each.axes == ("neighbour",)]
    looks = _by_entity([each for each in evidence if each.axes != ("neighbour",)], state.post.example, response)
    found = retrieved(state.post.dataset, response["pictures"])
    neighbours = {name: NeighbourPost(text=each.text, picture=each.picture) for name, each in found.items()}
    picture = response["picture"]
    objects = [ImageObject(it["label"], tuple(it["box"]), it["score"]) for it in (picture or {}).get("objects", ())]
    if picture is None:
        st.info("This run reads the text alone: it does not look at pictures.")
        _draw_picture(state)
    if picture is not None or looks:
        evidence_view(
            [*looks, *_detected(objects)],
            picture=picture_uri(state.post.example.image) if picture is not None else None,
            alt=_alt(state),
            objects=objects,
            neighbours=neighbours,
            labels=state.types,
            counterfactual=("See what changes without the picture.", "#without") if picture and picture["ok"] else None,
            key="evidence",
        )
    if picture and not picture["ok"]:
        st.caption(why_no_picture(state.post.example))
    elif picture and not objects:
        st.caption("No object was detected in this picture.")
    if picture and picture["caption"]:
        st.caption(f"Caption: {plain(picture['caption'])}")
    for each in strips:
        draw_strip(each, found)


def _by_entity(evidence: Sequence[Evidence], example: Example, response: Mapping[str, Any]) -> list[Evidence]:
    """Attention from words once more, reduced to the predicted entities, which come first."""
    tokens = tuple(Token(example.text[start:end], start, end) for start, end in response["tokens"])
    read = replace(example, tokens=tokens)
    spans = [Span(it["words"][0], it["words"][1], it["label"]) for it in response["spans"]]
    reduced = [(each, per_entity(each, read, spans)) for each in evidence if each.kind == "attention"]
    named = [replace(part, name=f"{each.name}, by entity") for each, part in reduced if part is not None]
    return [*named, *evidence]


def _detected(objects: Sequence[ImageObject]) -> list[Evidence]:
    """The objects with the detector's scores, as one more thing to choose."""
    if not objects:
        return []
    items = tuple({"label": each.label, "box": each.box, "score": each.score} for each in objects)
    scores = np.asarray([each.score for each in objects], np.float32)
    return [Evidence(name="detected objects", kind="score", axes=("object",), items=(items,), values=scores)]


def _alt(state: PostState) -> str:
    return f"Picture of the post {state.post.example.id}"
