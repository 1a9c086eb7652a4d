"""Evidence made smaller says the same."""

import numpy as np
import pytest

from mner_core.evidence import entropy, mean_over_depth, per_entity, summarise
from mner_core.types import Axis, Evidence, Span
from tests.fakes import post

POST = post(0, ["Kim", "Lee", "in", "Rio"])
SPANS = (Span(0, 2, "PER"), Span(3, 4, "LOC"))
WORDS = tuple({"text": word} for word in POST.words)
OBJECTS = tuple({"label": name, "box": [0, 0, 1, 1]} for name in ("person", "tower"))
VALUES = np.array([[[0.9, 0.1], [0.7, 0.3], [0.5, 0.5], [0.2, 0.8]], [[0.7, 0.3], [0.9, 0.1], [0.5, 0.5], [0.0, 1.0]]])
ATTENTION = Evidence(
    name="word x object attention",
    kind="attention",
    axes=("head", "word", "object"),
    items=(({"index": 0}, {"index": 1}), WORDS, OBJECTS),
    values=VALUES.astype(np.float32),
)


def test_entities_look_where_their_words_look() -> None:
    flat = mean_over_depth(ATTENTION)
    assert flat.axes == ("word", "object")
    assert flat.reduced == "mean over heads"
    entities = per_entity(flat, POST, SPANS)
    assert entities is not None
    assert entities.axes == ("entity", "object")
    assert entities.reduced == "mean over heads, mean over an entity's words"
    assert entities.values == pytest.approx(np.array([[0.8, 0.2], [0.1, 0.9]]))
    assert [item["text"] for item in entities.items[0]] == ["Kim Lee", "Rio"]
    assert mean_over_depth(flat) is flat


def test_entities_of_the_models_own_are_matched_by_their_words() -> None:
    """One proposal with two words in the span and one with one: weighed two to one; no word shared: left out."""
    proposed = ({"start": 0, "end": 2, "text": "Kim Lee"}, {"start": 2, "end": 3, "text": "in"})
    values = np.array([[[0.9, 0.1], [0.3, 0.7]]], np.float32)
    looked = Evidence(
        name="entity x object attention",
        kind="attention",
        axes=("layer", "entity", "object"),
        items=(({"index": 0},), proposed, OBJECTS),
        values=values,
    )
    reduced = per_entity(looked, POST, (Span(0, 3, "PER"), Span(3, 4, "LOC")))
    assert reduced is not None
    assert reduced.axes == looked.axes
    assert reduced.values == pytest.approx(np.array([[[0.7, 0.3]]]))
    assert [item["label"] for item in reduced.items[1]] == ["PER"]
    assert [each.strongest["label"] for each in summarise([looked], POST, (Span(0, 2, "PER"),))] == ["person"]
    assert per_entity(looked, POST, (Span(3, 4, "LOC"),)) is None
    assert summarise([looked], POST, (Span(3, 4, "LOC"),)) == []


def test_summaries_name_the_strongest_object() -> None:
    gate = Evidence(name="gate", kind="gate", axes=("word",), items=(WORDS,), values=np.ones(4, np.float32))
    summaries = summarise([ATTENTION, gate], POST, SPANS)
    assert [(each.span, each.strongest["label"], round(each.share, 3)) for each in summaries] == [
        (SPANS[0], "person", 0.8),
        (SPANS[1], "tower", 0.9),
    ]
    assert summarise([ATTENTION], POST, ()) == []


def test_entropy_runs_from_one_place_to_everywhere() -> None:
    assert entropy(np.array([1, 0, 0], np.float32)) == 0
    assert entropy(np.array([1, 1, 1], np.float32)) == pytest.approx(1)
    assert 0 < entropy(np.array([3, 1, 1], np.float32)) < 1
    assert entropy(np.array([1], np.float32)) == 0


@pytest.mark.parametrize("axis", ["object", "neighbour", "attribute"])
def test_where_there_is_nothing_to_look_at_nothing_was_looked_at(axis: Axis) -> None:
    words = tuple({"text": word} for word in POST.words)
    nothing = Evidence(
        name="none",
        kind="attention",
        axes=("word", axis),
        items=(words, ()),
        values=np.zeros((len(words), 0), np.float32),
    )
    assert summarise([nothing], POST, SPANS) == []
