"""Text with labels and predictions, and beside each other in words what agrees and what does not."""

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from db.annotations import Revision
from db.mistakes import StoredCase
from db.predictions import PredictedMark
from db.requests import Answer
from mner_core.evaluation.errors import Outcome, align
from mner_core.types import Span
from pages.components.span_text import MarkedText, span_text
from pages.mistakes.sentences import said
from pages.post.post_state import PostState
from pages.shared.marking import suggestions
from pages.shared.run_words import entities_of_unknown_types, has_confidences, is_brought, why_no_run
from pages.shared.selection import gold_name
from pages.shared.text import plain, quoted, share

_NOT_READ = "has not read this post yet"
_NONE_BROUGHT = "not every entity was brought with one; 100% stands where there is none"
_ANY = "the run's probability of exactly this entity"
_SOURCES = {"crf": "the share of the CRF's probability that has exactly this entity"}


def draw_outcomes(state: PostState) -> DeltaGenerator:
    """The post's text, a legend, and one line for each entity; returns the place for `draw_confidence`."""
    text = state.post.example.text
    if not text.strip():
        st.info("This post has no text.")
        return st.empty()
    gold = state.gold.marks if state.gold else ()
    marks = state.stored.marks if state.stored else ()
    span_text(MarkedText(id="post", text=text, gold=gold, predicted=suggestions(marks)), state.types, key="post text")
    st.caption(_legend(state))
    if state.stored:
        for line in _lines(text, state.gold, marks):
            st.text(line)
    return st.empty()


def draw_confidence(place: DeltaGenerator, state: PostState, answer: Answer | None) -> None:
    """What the percentages are: the run says so itself, where it was asked."""
    if state.stored and state.stored.marks:
        source = str(answer.response["confidence_source"]) if answer and answer.response else ""
        about = _SOURCES.get(source, f"as {plain(source)} gives it" if source else _ANY)
        if is_brought(state.chosen.run):
            about = "as it was brought" if has_confidences(state.chosen.run) else _NONE_BROUGHT
        place.caption(f"Confidence: {about}.")


def _lines(text: str, gold: Revision | None, marks: Sequence[PredictedMark]) -> list[str]:
    if gold is None:
        return [f"{quoted(text[m.start : m.end])} predicted {m.label} ({share(m.confidence)})" for m in marks]
    confident = {mark.span: mark for mark in marks}
    return [_line(text, each, confident) for each in align((mark.span for mark in gold.marks), confident)]


def _line(text: str, outcome: Outcome, confident: Mapping[Span, PredictedMark]) -> str:
    mark = confident[outcome.predicted] if outcome.predicted else None
    if outcome.kind == "correct":
        assert mark is not None, "a correct entity was predicted"
        name = quoted(text[mark.start : mark.end])
        return f"✓  {name} is {mark.label}, predicted {mark.label} ({share(mark.confidence)})"
    return f"×  {said(text, StoredCase(outcome=outcome, predicted=mark))}"


def _legend(state: PostState) -> str:
    labels = gold_name(state.chosen.gold)
    filled = f"Filled: {plain(labels)}." if state.gold else f"Nobody has labelled this post ({plain(labels)})."
    if state.chosen.run is None:
        return f"{filled} {why_no_run(state.chosen)} So nothing is predicted."
    run = plain(state.chosen.run)
    if state.stored is None:
        why = "was brought without a prediction of this post" if is_brought(state.chosen.run) else _NOT_READ
        return f"{filled} {run} {why}."
    nothing = "" if state.stored.marks else " It predicts no entity here."
    return f"{filled} Underlined: predicted by {run}.{nothing} {_unknown(state)}".rstrip()


def _unknown(state: PostState) -> str:
    """What the run cannot know of this post's gold."""
    if state.gold is None:
        return ""
    spans = tuple(Span(mark.start, mark.end, mark.label) for mark in state.gold.marks)
    return entities_of_unknown_types(state.chosen.run, state.post.dataset, [state.post.example.with_spans(spans)])
