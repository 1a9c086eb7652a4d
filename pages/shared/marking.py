"""What the store knows of a post, as the components draw it."""

from collections.abc import Iterable

from db.character_spans import Mark
from db.evaluations import Judged
from db.predictions import PredictedMark
from mner_core.types import Span
from pages.components.span_annotator import Suggestion


def gold_marks(judged: Judged) -> list[Mark]:
    """The gold of a post."""
    return marks_of(judged.gold)


def marks_of(spans: Iterable[Span]) -> list[Mark]:
    """Entities in code points (`db.scores.places`)."""
    return [Mark(start=span.start, end=span.end, label=span.label) for span in spans]


def suggestions(marks: Iterable[PredictedMark]) -> list[Suggestion]:
    """What a run predicts."""
    return [Suggestion(start=mark.start, end=mark.end, label=mark.label, confidence=mark.confidence) for mark in marks]
