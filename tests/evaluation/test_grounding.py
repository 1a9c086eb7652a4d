"""The box of a predicted entity, and the threshold from which it has one, against trying every threshold."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mner_core.data.tokenize import tokenize
from mner_core.evaluation.grounded import grounded_score
from mner_core.evaluation.grounding import NEVER, Grounding, best_threshold, boxes_of, groundings
from mner_core.types import Axis, Box, Evidence, EvidenceKind, Example, Item, Prediction, Span

TEXT = "Ann met Bob"
ANN, BOB = Span(0, 1, "PER"), Span(2, 3, "PER")
LEFT: Box = (0.0, 0.0, 0.5, 1.0)
RIGHT: Box = (0.5, 0.0, 1.0, 1.0)
WORDS: tuple[Item, ...] = tuple({"text": word} for word in TEXT.split())
SIDES: tuple[Item, ...] = ({"box": LEFT}, {"box": RIGHT})


def look(
    axis: Axis, rows: Sequence[Sequence[float]], kind: EvidenceKind = "attention", items: Sequence[Item] = SIDES
) -> Evidence:
    values = np.array(rows, np.float32).reshape(len(WORDS), len(items))
    return Evidence(name=f"{kind} {axis}", kind=kind, axes=("word", axis), items=(WORDS, tuple(items)), values=values)


def post(boxes: dict[Span, tuple[Box, ...]] | None = None) -> Example:
    return Example(id="1", text=TEXT, tokens=tokenize(TEXT), spans=(ANN, BOB), boxes=boxes or {})


def said(*evidence: Evidence, spans: tuple[Span, ...] = (ANN, BOB)) -> Prediction:
    return Prediction(spans=spans, confidences=(0.5,) * len(spans), confidence_source="crf", evidence=evidence)


OBJECTS = look("object", [[0.75, 0.25], [0.5, 0.5], [0.375, 0.625]])
REGIONS = look("region", [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])
NO_OBJECTS = look("object", [[], [], []], items=())


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ((OBJECTS,), {ANN: Grounding(LEFT, 0.75), BOB: Grounding(RIGHT, 0.625)}),
        ((REGIONS,), {ANN: Grounding(RIGHT, 1.0), BOB: Grounding(LEFT, 1.0)}),
        ((REGIONS, OBJECTS), {ANN: Grounding(LEFT, 0.75), BOB: Grounding(RIGHT, 0.625)}),
        ((OBJECTS, look("object", [[0, 1], [0, 1], [0, 1]], "gate")), {
            ANN: Grounding(LEFT, 0.75), BOB: Grounding(RIGHT, 0.625),
        }),
        ((REGIONS, NO_OBJECTS), {}),
        ((look("object", [[9, 1], [9, 1], [9, 1]], "score"),), {}),
        ((look("object", [[1, 0]] * 3, items=({"label": "frame"}, {"box": RIGHT})),), {}),
        ((), {}),
    ],
)  # fmt: skip
def test_an_entity_is_where_it_looked_most(evidence: Sequence[Evidence], expected: dict[Span, Grounding]) -> None:
    """Objects before regions, attention and gates alone, the first evidence of its kind, and only what has a box."""
    assert groundings(post(), said(*evidence)) == expected


@pytest.mark.parametrize(
    ("threshold", "ann", "bob"),
    [(0.0, LEFT, RIGHT), (0.625, LEFT, RIGHT), (0.626, LEFT, None), (0.75, LEFT, None), (NEVER, None, None)],
)
def test_below_the_threshold_there_is_no_box(threshold: float, ann: Box | None, bob: Box | None) -> None:
    assert boxes_of(post(), said(OBJECTS), threshold) == {ANN: ann, BOB: bob}


LOOKS = st.lists(
    st.tuples(st.integers(4, 8), st.sampled_from([None, (), (LEFT,), (RIGHT,)])), min_size=1, max_size=12
)  # eighths: equal shares occur


@given(LOOKS)
def test_no_threshold_scores_higher_than_the_one_that_is_chosen(
    looks: list[tuple[int, tuple[Box, ...] | None]],
) -> None:
    """Against the grounded score of every threshold that makes a difference; of equal ones the lowest is chosen."""
    posts = [post({} if gold is None else {ANN: gold}) for _, gold in looks]
    predicted = [said(look("object", [[share / 8, 1 - share / 8]] * 3), spans=(ANN,)) for share, _ in looks]
    chosen = best_threshold(posts, predicted)
    if all(gold is None for _, gold in looks):
        assert chosen is None
        return
    scores = {
        threshold: grounded_score(posts, [boxes_of(*pair, threshold) for pair in zip(posts, predicted, strict=True)]).f1
        for threshold in sorted({0.0, NEVER, *(share / 8 for share, gold in looks if gold is not None)})
    }
    assert chosen is not None
    reached = grounded_score(posts, [boxes_of(*pair, chosen) for pair in zip(posts, predicted, strict=True)]).f1
    assert reached == max(scores.values())
    assert all(score < reached for threshold, score in scores.items() if threshold < chosen)
