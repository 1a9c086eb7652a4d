"""What the annotator's browser half sends, read without a browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.character_spans import Mark
from mner_core.data.tokenize import tokenize
from mner_core.types import InputError
from pages.components.span_annotator import Save, read_save

TEXT = "👨‍👩‍👧 Zoe\u0308 met محمد in NewYork"
TOKENS = tokenize(TEXT)
KNOWN = (Mark(start=6, end=10, label="PER", id="abc", box=(0.1, 0.1, 0.5, 0.5)),)
LABELS = ("PER", "LOC")


def read(*marks: object, post: object = "p1", revision: object = 3, known=KNOWN) -> Save:
    payload = {"post": post, "revision": revision, "marks": list(marks)}
    return read_save(payload, "p1", 3, TEXT, TOKENS, known, LABELS)


def sent(start: object, end: object, label: object = "PER", origin: object = None) -> dict[str, object]:
    return {"start": start, "end": end, "label": label, "from": origin}


def test_a_moved_and_relabelled_mark_keeps_id_and_box():
    (mark,) = read(sent(6, 14, "LOC", 0)).marks
    assert (mark.id, mark.box, mark.label) == ("abc", KNOWN[0].box, "LOC")
    assert TEXT[mark.start : mark.end] == "Zoe\u0308 met"


def test_a_new_mark_gets_an_id_and_cuts_its_word():
    start = TEXT.index("York")
    save = read(sent(start, start + 4, "LOC"))
    assert [token.text for token in save.tokens][-2:] == ["New", "York"]
    assert save.marks[0].id
    assert save.revision == 3


def test_nothing_marked_is_a_save_too():
    assert read().marks == ()


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ([sent(0, 999)], "outside the text"),
        ([sent(-1, 3)], "outside the text"),
        ([sent(7, 7)], "outside the text"),
        ([sent(6, 10, "DOG")], "has a label"),
        ([sent(6, 10), sent(9, 14)], "overlaps"),
        ([sent(6, 10, "PER", 0), sent(11, 14, "PER", 0)], "one mark twice"),
        ([sent(6, 10, "PER", 5)], "cannot be read"),
        ([sent(6, 10, "PER", -1)], "cannot be read"),
        ([sent("6", 10)], "cannot be read"),
        ([sent(True, 10)], "cannot be read"),
        ([sent(6.0, 10)], "cannot be read"),
        ([sent(6, 10, None)], "cannot be read"),
        (["mark"], "cannot be read"),
        ([None], "cannot be read"),
        ([{"start": 6}], "cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(marks, words):
    with pytest.raises(InputError, match=words):
        read(*marks)


def test_another_post_or_revision_is_refused():
    for wrong in ({"post": "p2"}, {"revision": 2}, {"revision": None}):
        with pytest.raises(InputError, match="no longer shown"):
            read(sent(6, 10), **wrong)
    with pytest.raises(InputError, match="no longer shown"):
        read_save(None, "p1", 3, TEXT, TOKENS, KNOWN, LABELS)
    with pytest.raises(InputError, match="no marks"):
        read_save({"post": "p1", "revision": 3}, "p1", 3, TEXT, TOKENS, KNOWN, LABELS)


@given(st.integers(-3, len(TEXT) + 3), st.integers(-3, len(TEXT) + 3))
def test_any_two_offsets_are_read_or_refused(start, end):
    try:
        save = read(sent(start, end))
    except InputError:
        return
    (mark,) = save.marks
    assert start <= mark.start < mark.end <= end
    assert TEXT[start:end].strip() == TEXT[mark.start : mark.end]
    assert all(token.text == TEXT[token.start : token.end] for token in save.tokens)
