"""Gold that comes with posts, as revisions hold it."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from db.character_spans import Mark, marks_from_spans, settle, to_json
from mner_core.data.lines import Kind
from mner_core.types import Example, InputError

Gold: TypeAlias = tuple[list[Any] | None, str]
"""A post's gold as the store holds it, None where there is none, and what is wrong with it."""
Report: TypeAlias = Callable[[Kind, Example, str], None]
"""Hears what is wrong with a post: a kind, the post, and the end of a sentence that begins with it."""


def accepted(gold: Gold, example: Example, report: Report) -> list[Any] | None:
    """The gold of a post as the store holds it; `report` is told where it cannot be."""
    marks, complaint = gold
    if complaint:
        report("bad-gold", example, f"has gold that cannot be, and came in without: {complaint}")
    return marks


def gold_of(example: Example, labels: Sequence[str]) -> Gold:
    """The gold of a post that `is_text`, with ids that another import of the same gold gives again.

    `labels` are those of the data set.
    """
    if example.spans is None:
        return None, ""
    try:
        return _gold_to_json(example, labels), ""
    except InputError as error:
        return None, str(error).rstrip(".")


def _gold_to_json(example: Example, labels: Sequence[str]) -> list[Any]:
    marks = marks_from_spans(example.tokens, example.spans or ())
    named = [Mark(id=f"g{place}", start=mark.start, end=mark.end, label=mark.label) for place, mark in enumerate(marks)]
    return to_json(settle(example.text, example.tokens, named, labels))


def is_text(example: Example) -> bool:
    """Whether all that a post says can be written as UTF-8: lone surrogates are no text."""
    words = [example.id, example.text, example.caption or "", example.image_name or ""]
    try:
        "".join([*words, *(span.label for span in example.spans or ())]).encode()
    except UnicodeEncodeError:
        return False
    return True
