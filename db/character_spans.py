"""What a person marked in a text, checked and brought to words: the part of the annotations that needs no database.

A mark holds code points of the text. It may begin or end inside a word; the words never follow from marks, and such an
entity is measured by its characters (`Span.chars`).
"""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mner_core.data.tokenize import character_offsets, entity_at
from mner_core.types import Box, InputError, Span, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An entity in a text: code points `start` to `end` (exclusive) carry `label`.

    `id` follows the mark through the revisions; empty for a new one, the store then gives it one. `box` is the part of
    the picture that shows the entity, where somebody said so.
    """

    start: int
    end: int
    label: str
    id: str = ""
    box: Box | None = None

    @property
    def span(self) -> Span:
        """The same place and label as a Span that counts code points."""
        return Span(self.start, self.end, self.label)


def marks_from_spans(tokens: Sequence[Token], spans: Iterable[Span]) -> tuple[Mark, ...]:
    """Spans of words as marks without ids.

    Raises:
        InputError: a span ends after the last word.
    """
    places = sorted((character_offsets(tokens, span), span.label) for span in spans)
    return tuple(Mark(start=start, end=end, label=label) for (start, end), label in places)


def spans_from_marks(tokens: Sequence[Token], marks: Iterable[Mark]) -> tuple[Span, ...]:
    """Marks as spans of words, in the order of the text; one that begins or ends inside a word keeps its characters.

    Raises:
        InputError: a mark holds no word.
    """
    starts = {token.start: word for word, token in enumerate(tokens)}
    ends = {token.end: word + 1 for word, token in enumerate(tokens)}
    found = []
    for mark in sorted(marks, key=lambda mark: (mark.start, mark.end)):
        if mark.start in starts and mark.end in ends:
            found.append(Span(starts[mark.start], ends[mark.end], mark.label))
        else:
            found.append(entity_at(tokens, mark.start, mark.end, mark.label))
    return tuple(found)


def settle(text: str, tokens: Sequence[Token], marks: Iterable[Mark], labels: Collection[str]) -> tuple[Mark, ...]:
    """The marks in order, without spaces at their ends and each with an id.

    Raises:
        InputError: a mark lies outside the text or on no word, has a label that the data set does not have, shares a
            character with another one, or has a box or an id that cannot be.
    """
    marks = sorted(marks, key=lambda mark: (mark.start, mark.end))
    settled: list[Mark] = []
    for mark in marks:
        _check(mark, text, labels)
        on_words = _on_words(mark, text, tokens)
        if settled and on_words.start < settled[-1].end:
            raise InputError(f"{_called(on_words, text)} overlaps {_called(settled[-1], text)}: keep one of the two.")
        settled.append(on_words)
    return _with_ids(settled)


def to_json(marks: Iterable[Mark]) -> list[Any]:
    """The form in which the store keeps marks: [[id, start, end, label, box or null], ...]."""
    return [[mark.id, mark.start, mark.end, mark.label, mark.box and list(mark.box)] for mark in marks]


def from_json(record: Iterable[Any]) -> tuple[Mark, ...]:
    """The inverse of `to_json`."""
    return tuple(
        Mark(id=name, start=start, end=end, label=label, box=box and tuple(box))
        for name, start, end, label, box in record
    )


def _check(mark: Mark, text: str, labels: Collection[str]) -> None:
    if not 0 <= mark.start < mark.end <= len(text):
        raise InputError(f"The mark {mark.start}..{mark.end} lies outside the text of {len(text)} characters.")
    if mark.label not in labels:
        known = ", ".join(sorted(labels)) or "none yet"
        raise InputError(f"{_called(mark, text)} has a label that the data set does not have; it has: {known}.")
    if mark.box is not None:
        left, top, right, bottom = mark.box
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise InputError(f"{_called(mark, text)} is tied to the box {mark.box}; its corners must lie in 0..1.")
    if len(mark.id) > 64:
        raise InputError(f"{_called(mark, text)} has an id of more than 64 characters.")


def _on_words(mark: Mark, text: str, tokens: Sequence[Token]) -> Mark:
    start, end = character_offsets(tokens, entity_at(tokens, mark.start, mark.end, mark.label))
    if text[mark.start : start].strip() or text[end : mark.end].strip():
        raise InputError(f"{_called(mark, text)} begins or ends with characters that belong to no word.")
    return mark if (start, end) == (mark.start, mark.end) else replace(mark, start=start, end=end)


def _with_ids(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    taken = [mark.id for mark in marks if mark.id]
    if len(set(taken)) < len(taken):
        raise InputError("Two marks have the same id: give a new mark none, the store names it.")
    return tuple(mark if mark.id else replace(mark, id=secrets.token_hex(6)) for mark in marks)


def _called(mark: Mark, text: str) -> str:
    return f"The mark {mark.start}..{mark.end} {mark.label} ({text[mark.start : mark.end][:40]!r})"
