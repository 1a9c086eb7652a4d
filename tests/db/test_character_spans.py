"""Marks travel from characters to words and back without loss, and what cannot be gets a sentence."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.character_spans import Mark, from_json, marks_from_spans, settle, spans_from_marks, to_json
from mner_core.data.tokenize import tokenize
from mner_core.types import InputError, Span

LABELS = ("LOC", "PER")
TEXTS = st.text(alphabet=st.sampled_from(list("aB .é漢👍👨\u200d👩\u0301مח#")), min_size=1, max_size=30)


@st.composite
def marked_texts(draw: st.DrawFn) -> tuple[str, list[Mark]]:
    """A text and marks on it that share no character and have no space at their ends."""
    text = draw(TEXTS)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    marks = []
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        if text[start:end].strip() == text[start:end] and not text[start:end].isspace():
            marks.append(Mark(start=start, end=end, label=draw(st.sampled_from(LABELS))))
    return text, marks


@given(marked_texts())
def test_any_marks_come_back_as_they_were(marked: tuple[str, list[Mark]]) -> None:
    text, marks = marked
    tokens = tokenize(text)
    settled = settle(text, tokens, marks, LABELS)
    assert [(mark.start, mark.end, mark.label) for mark in settled] == [(m.start, m.end, m.label) for m in marks]
    assert len({mark.id for mark in settled}) == len(marks)
    spans = spans_from_marks(tokens, settled)
    again = marks_from_spans(tokens, spans)
    assert [mark.span for mark in again] == [mark.span for mark in settled]
    assert from_json(to_json(settled)) == settled


@pytest.mark.parametrize(
    ("text", "part", "words"),
    [
        ("see @Warriors", "Warriors", (1, 2)),
        ("#NewYorkMets won", "NewYork", (0, 1)),
        ("the Bostonians", "Boston", (1, 2)),
    ],
)
def test_a_mark_inside_a_word_keeps_its_characters_and_cuts_nothing(
    text: str, part: str, words: tuple[int, int]
) -> None:
    start = text.index(part)
    (mark,) = settle(text, tokenize(text), [Mark(start=start, end=start + len(part), label="PER")], LABELS)
    (span,) = spans_from_marks(tokenize(text), [mark])
    assert span == Span(*words, "PER", (start, start + len(part)))


def test_spaces_at_the_ends_are_not_marked() -> None:
    text = "in Paris today"
    (mark,) = settle(text, tokenize(text), [Mark(start=2, end=9, label="LOC")], LABELS)
    assert (mark.start, mark.end) == (3, 8)


def test_ids_and_boxes_stay() -> None:
    box = (0.0, 0.25, 0.5, 1.0)
    given_mark = Mark(start=0, end=5, label="PER", id="mine", box=box)
    (mark,) = settle("Maria", tokenize("Maria"), [given_mark], LABELS)
    assert mark == given_mark


PARIS = Mark(start=3, end=8, label="LOC")


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        ([replace(PARIS, end=15)], "outside the text of 14"),
        ([replace(PARIS, start=-1)], "outside the text"),
        ([replace(PARIS, start=8)], "outside the text"),
        ([replace(PARIS, label="CITY")], r"3..8 CITY \('Paris'\) has a label that .* it has: LOC, PER"),
        ([PARIS, Mark(start=5, end=12, label="PER")], "overlaps"),
        ([PARIS, replace(PARIS, label="PER")], "overlaps"),
        ([replace(PARIS, start=2, end=3)], "holds no word"),
        ([replace(PARIS, box=(0.5, 0.0, 0.2, 1.0))], "corners must lie in 0..1"),
        ([replace(PARIS, box=(0.5, 0.0, 1.2, 1.0))], "corners must lie in 0..1"),
        ([replace(PARIS, box=(float("nan"), 0.0, 1.0, 1.0))], "corners must lie in 0..1"),
        ([replace(PARIS, id="a"), Mark(start=0, end=2, label="PER", id="a")], "same id"),
        ([replace(PARIS, id="a" * 65)], "more than 64"),
    ],
)
def test_what_cannot_be_marked(marks: list[Mark], message: str) -> None:
    text = "in Paris today"
    with pytest.raises(InputError, match=message):
        settle(text, tokenize(text), marks, LABELS)


def test_words_that_the_data_left_out_cannot_be_marked() -> None:
    text = "in Paris!"
    with pytest.raises(InputError, match="belong to no word"):
        settle(text, tokenize("in Paris"), [Mark(start=3, end=9, label="LOC")], LABELS)
