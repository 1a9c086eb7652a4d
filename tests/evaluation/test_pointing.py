"""Pointing, by hand: what counts as right, how axes are reduced, and what chance is."""

import numpy as np

from mner_core.data.boxes import EntityBoxes
from mner_core.evaluation.pointing import Pointing, pointing, right_items
from mner_core.types import Axis, Box, Evidence, Item, Span
from tests.evaluation.posts import post

JORDAN, PARIS = Span(0, 2, "PER"), Span(3, 4, "LOC")
POST = post("Jordan Bell in Paris", [JORDAN, PARIS])
LEFT: Box = (0.0, 0.0, 0.4, 1.0)
RIGHT: Box = (0.6, 0.0, 1.0, 1.0)
GOLD = EntityBoxes({(POST.key, JORDAN): (LEFT,), (POST.key, PARIS): (RIGHT,)}, 0)
OBJECTS: tuple[Item, ...] = ({"box": list(LEFT)}, {"box": list(RIGHT)}, {"box": [0.4, 0.4, 0.6, 0.6]}, {"label": "all"})
WORDS: tuple[Item, ...] = tuple({"text": word} for word in POST.words)


def seen(values: object, axes: tuple[Axis, ...], *items: tuple[Item, ...], name: str = "look") -> Evidence:
    return Evidence(name=name, kind="attention", axes=axes, items=items, values=np.asarray(values, np.float32))


def words_to_objects(jordan: list[float], bell: list[float], paris: list[float]) -> Evidence:
    return seen([jordan, bell, [0, 0, 1, 0], paris], ("word", "object"), WORDS, OBJECTS)


def result(*evidence: Evidence, gold: EntityBoxes = GOLD) -> Pointing:
    (only,) = pointing([POST], gold, [evidence])
    return only


def test_the_strongest_object_after_a_mean_over_the_words() -> None:
    right = result(words_to_objects([0.9, 0.1, 0, 0], [0.4, 0.6, 0, 0], [0.1, 0.8, 0.1, 0]))
    assert (right.evidence, right.axis, right.entities, right.share) == ("look", "object", 2, 1.0)
    assert (right.chance, right.reachable, right.untrained) == (0.25, 1.0, None)
    half = result(words_to_objects([0.6, 0.4, 0, 0], [0.1, 0.9, 0, 0], [0.1, 0.8, 0.1, 0]))
    assert half.share == 0.5


def test_layers_heads_and_iterations_are_averaged_wherever_they_stand() -> None:
    jordan, paris = [[0.9, 0.1], [0.3, 0.7]], [[0.2, 0.8], [0.1, 0.9]]  # [depth, object]
    by_depth = np.array([jordan, jordan, [[0.5, 0.5]] * 2, paris])  # [word, depth, object]
    depth: tuple[Item, ...] = ({"index": 0}, {"index": 1})
    for order, axes in (((0, 1, 2), ("word", "layer", "object")), ((2, 1, 0), ("object", "head", "word"))):
        items = [(WORDS, depth, OBJECTS[:2])[place] for place in order]
        assert result(seen(by_depth.transpose(order), axes, *items)).share == 1.0  # type: ignore[arg-type]


def test_entities_that_were_not_proposed_are_not_spoken_of() -> None:
    proposed: tuple[Item, ...] = ({"start": 0, "end": 1}, {"start": 3, "end": 4})
    found = result(seen([[0.1, 0.9], [0.9, 0.1]], ("entity", "object"), proposed, OBJECTS[:2]))
    assert (found.entities, found.share, found.chance) == (1, 0.0, 0.5)


def test_equal_values_share_the_point() -> None:
    even = result(words_to_objects([0.25] * 4, [0.25] * 4, [0.25] * 4))
    assert even.share == even.chance == 0.25
    tie = result(words_to_objects([0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0], [0, 1, 0, 0]))
    assert tie.share == 0.75


def test_regions_count_by_their_centre() -> None:
    cells: tuple[Item, ...] = tuple({"box": [x / 4, 0, (x + 1) / 4, 1]} for x in range(4))
    found = result(seen([[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]], ("word", "region"), WORDS, cells))
    assert (found.axis, found.share) == ("region", 1.0)
    assert found.chance == (0.5 + 0.5) / 2  # Jordan's box holds the centres at 1/8 and 3/8, Paris' those at 5/8 and 7/8
    assert list(right_items(cells, "region", [(0.3, 0.4, 0.5, 0.45)])) == [False] * 4, "no centre is so high"


def test_several_gold_boxes_and_none() -> None:
    both = EntityBoxes({(POST.key, JORDAN): (RIGHT, LEFT)}, 0)
    assert result(words_to_objects([0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]), gold=both).share == 1.0
    assert result(words_to_objects([0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]), gold=both).chance == 0.5
    away = EntityBoxes({(POST.key, PARIS): ((0.0, 0.9, 0.1, 1.0),)}, 0)
    lost = result(words_to_objects([0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]), gold=away)
    assert (lost.share, lost.chance, lost.reachable) == (0.0, 0.0, 0.0)


def test_what_points_at_nothing_is_left_out() -> None:
    gate = seen([0.1, 0.2, 0.3, 0.4], ("word",), WORDS, name="gate")
    neighbours = seen([0.1], ("neighbour",), ({"post": "x"},), name="neighbours")
    assert pointing([POST], GOLD, [[gate, neighbours]]) == []
    assert pointing([POST], EntityBoxes({}, 0), [[words_to_objects([1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0])]]) == []


def test_the_same_model_untrained_stands_beside_it() -> None:
    trained = [words_to_objects([1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0])]
    before = [words_to_objects([1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0])]
    (found,) = pointing([POST], GOLD, [trained], [before])
    assert (found.share, found.untrained) == (1.0, 0.5)
    assert found.to_json()["untrained"] == 0.5
