"""What an entity rests on: the run's attributions, how far to trust them, and what attention says beside them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from db.requests import Answer
from pages.components.attribution_view import attribution_view
from pages.components.evidence_view import item_text
from pages.post.evidence_panel import prediction
from pages.post.post_state import PostState
from pages.shared.inference_requests import answer_to
from pages.shared.pictures import picture_uri, why_no_picture
from pages.shared.store import store
from pages.shared.text import plain, quoted, share
from pages.shared.waiting import wait_for

METHODS = {"integrated-gradients": "Integrated gradients", "ablation": "Ablation"}
_NEARLY = 0.05
_HELP = (
    "A score for every word, region and object: what it adds to the log-probability of exactly this entity, or takes "
    "from it. It takes a second or two for every post."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """What can be explained. `confidence` is None where the run does not predict it: then it is gold that it misses."""

    start: int
    end: int
    label: str
    confidence: float | None

    def named(self, text: str) -> str:
        """As a person chooses it."""
        known = "labelled, not predicted" if self.confidence is None else f"predicted {share(self.confidence)}"
        return f"{quoted(text[self.start : self.end])} {self.label}, {known}"


def draw(state: PostState, answer: Answer | None) -> None:
    """The section; nothing where there is no model to be asked, or no entity to be explained."""
    if answer is None or answer.response is None:
        return
    entities = entities_of(state, answer.response)
    st.header("Attributions", anchor="attributions")
    if not entities:
        st.caption("The run finds no entity in this post and nobody has marked one: there is nothing to explain.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        is_on = st.toggle("Explain each post", key="explain", help=_HELP)
        place = st.selectbox(
            "Entity", range(len(entities)), key=f"explain entity {state.post.id}", width=360,
            format_func=lambda number: entities[number].named(state.post.example.text), disabled=not is_on,
        )  # fmt: skip
        method = st.selectbox(
            "Method",
            tuple(METHODS),
            key="explain method",
            format_func=lambda it: METHODS[it],
            width=220,
            disabled=not is_on,
        )
    if is_on:
        _draw_explained(state, entities[place], method)


def entities_of(state: PostState, response: Mapping[str, Any]) -> list[Entity]:
    """What the run predicts, the surest first; then the gold that it does not predict."""
    said = sorted(prediction(state.post.id, response).marks, key=lambda mark: -mark.confidence)
    found = [Entity(start=it.start, end=it.end, label=it.label, confidence=it.confidence) for it in said]
    known = {(it.start, it.end, it.label) for it in found}
    gold = state.gold.marks if state.gold else ()
    missed = [mark for mark in gold if (mark.start, mark.end, mark.label) not in known]
    return [*found, *(Entity(start=it.start, end=it.end, label=it.label, confidence=None) for it in missed)]


def _draw_explained(state: PostState, entity: Entity, method: str) -> None:
    about = {"start": entity.start, "end": entity.end, "label": entity.label, "method": method}
    payload = {**state.question, **about}
    found = answer_to(store(), "explain", payload)
    if found is None or found.response is None:
        name = quoted(state.post.example.text[entity.start : entity.end])
        wait_for(found, "explain", payload, f"What {plain(name)} rests on is being computed.")
        return
    explained, example = found.response, state.post.example
    reads_picture = bool(explained["regions"] or explained["objects"])
    st.text(probabilities(explained, entity.label))
    attribution_view(
        explained,
        picture=picture_uri(example.image) if reads_picture else None,
        alt=f"Picture of the post {example.id}, with what the entity rests on",
        missing=why_no_picture(example) if not reads_picture and not example.image else "",
        key="attributions",
    )
    st.text(beside_attention(explained))
    st.caption(plain(trust(explained)))


def probabilities(explained: Mapping[str, Any], label: str) -> str:
    """How likely the entity is with everything and with nothing, and what each kind of unit adds."""
    entity = explained["entity"]
    whole, nothing = (share(math.exp(it)) for it in (entity["log_probability"], explained["baseline_log_probability"]))
    sums = [f"words {_signed(sum(word['score'] for word in explained['words']))}"]
    if explained["regions"]:
        sums.append(f"regions {_signed(sum(explained['regions']))}")
    if explained["objects"]:
        sums.append(f"objects {_signed(sum(thing['score'] for thing in explained['objects']))}")
    return (
        f"{quoted(entity['text'])} as {label}: probability {whole}, and {nothing} where nothing is left of the post. "
        f"Added to the log-probability: {', '.join(sums)}."
    )


def trust(explained: Mapping[str, Any]) -> str:
    """By which method, from which baseline, and how nearly the scores add up."""
    baseline = f"The baseline: {explained['baseline']}."
    if explained["method"] == "ablation":
        return (
            "Ablation: each score is what the log-probability loses when this alone is put to its baseline; the scores "
            f"need not add up. {baseline}"
        )
    error, steps = explained["completeness_error"], explained["steps"]
    nearly = "" if error <= _NEARLY else " That is much: do not read small scores."
    return (
        f"Integrated gradients, {steps} steps: the scores add up to the difference between both log-probabilities with "
        f"an error of {share(error)} (completeness).{nearly} {baseline}"
    )


def beside_attention(explained: Mapping[str, Any]) -> str:
    """Whether attention and attribution name the same region and object, and how far their orders agree."""
    attention, kinds = explained["attention"], []
    if explained["regions"] and attention["regions"]:
        names = [item_text("region", number, {}) for number in range(len(explained["regions"]))]
        kinds.append(("region", names, explained["regions"], attention["regions"]))
    if explained["objects"] and attention["objects"]:
        names = [item_text("object", number, thing) for number, thing in enumerate(explained["objects"])]
        kinds.append(("object", names, [thing["score"] for thing in explained["objects"]], attention["objects"]))
    if not kinds:
        return "The run's attention says nothing of single regions or objects here, so there is nothing to compare."
    lines = [_compared(*kind) for kind in kinds]
    agreement = attention["rank_correlation"]
    if agreement is not None:
        lines.append(f"Rank correlation of both: {agreement:.2f} (1: the same order, 0: none).")
    return " ".join(lines)


def _compared(kind: str, names: Sequence[str], scores: Sequence[float], looked: Sequence[float]) -> str:
    ours, theirs = names[scores.index(max(scores))], names[looked.index(max(looked))]
    if ours == theirs:
        return f"Attribution and attention name the same {kind} first: {ours}."
    return f"Attribution and attention disagree on the first {kind}: {ours} against {theirs}."


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
