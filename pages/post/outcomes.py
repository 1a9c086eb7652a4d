"""Text with labels and predictions, and beside each other in words what agrees and what does not."""

import streamlit as st

from db.requests import Answer
from mner_core.evaluation.errors import Outcome, align
from pages.errors.cases import Case
from pages.errors.marking import suggestions
from pages.errors.wording import plain, quoted, said, share
from pages.post.looked import Looked
from pages.shared.selection import gold_name
from pages.shared.span_text import MarkedText, span_text

_SOURCES = {"crf": "the share of the CRF's probability that has exactly this entity"}


def draw_outcomes(looked: Looked, answer: Answer | None) -> None:
    """The post's text, a legend, and one line for each entity."""
    text = looked.post.example.text
    if not text.strip():
        st.info("This post has no text.")
        return
    gold = looked.gold.marks if looked.gold else ()
    marks = looked.stored.marks if looked.stored else ()
    span_text(MarkedText(id="post", text=text, gold=gold, predicted=suggestions(marks)), looked.labels, key="post text")
    st.caption(_legend(looked))
    if looked.stored is None:
        return
    confident = {mark.span: mark for mark in marks}
    outcomes = align([mark.span for mark in gold], confident) if looked.gold else []
    lines = [_line(text, each, confident) for each in outcomes]
    if not looked.gold:
        lines = [f"{quoted(text[m.start : m.end])} predicted {m.label} ({share(m.confidence)})" for m in marks]
    for line in lines:
        st.text(line)
    if marks:
        source = str(answer.response["confidence_source"]) if answer and answer.response else ""
        about = _SOURCES.get(
            source, f"as {plain(source)} gives it" if source else "the run's probability of exactly this entity"
        )
        st.caption(f"Confidence: {about}.")


def _line(text: str, outcome: Outcome, confident: dict) -> str:  # type: ignore[type-arg]
    mark = confident[outcome.predicted] if outcome.predicted else None
    if outcome.kind == "correct":
        assert mark is not None, "a correct entity was predicted"
        return f"✓  {quoted(text[mark.start : mark.end])} is {mark.label}, predicted so ({share(mark.confidence)})"
    return f"✗  {said(text, Case(outcome, mark, 1))}"


def _legend(looked: Looked) -> str:
    labels = gold_name(looked.chosen.gold)
    filled = f"Filled: {plain(labels)}." if looked.gold else f"Nobody has labelled this post ({plain(labels)})."
    if looked.chosen.run is None:
        return f"{filled} No run has been trained yet, so nothing is predicted."
    run = plain(looked.chosen.run)
    if looked.stored is None:
        return f"{filled} {run} has not read this post yet."
    nothing = "" if looked.stored.marks else " It predicts no entity here."
    return f"{filled} Underlined: predicted by {run}.{nothing}"
