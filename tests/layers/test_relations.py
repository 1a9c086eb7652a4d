"""Every spatial relation, its borders, and its reverse."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mner_core.layers.relations import FIRST_SECTOR, NOTHING, RELATIONS, distances, spatial_relations

Box = tuple[float, float, float, float]
WHOLE: Box = (0, 0, 1, 1)
SECTORS = RELATIONS[FIRST_SECTOR:]


def label(first: Box, second: Box, aspect: float = 1.0) -> str:
    """The label of the edge from the first box to the second."""
    place = int(spatial_relations(torch.tensor([first, second]), torch.tensor(aspect))[0, 1])
    return "none" if place == NOTHING else RELATIONS[place]


def around(x: float, y: float, half: float = 1 / 64) -> Box:
    return (x - half, y - half, x + half, y + half)


def by_hand(first: Box, second: Box, aspect: float) -> str:
    """The rules once more, in words of one pair and plain floats."""
    (l1, t1, r1, b1), (l2, t2, r2, b2) = first, second
    if l1 <= l2 and t1 <= t2 and r1 >= r2 and b1 >= b2:
        return "inside"
    if l2 <= l1 and t2 <= t1 and r2 >= r1 and b2 >= b1:
        return "cover"
    shared = max(0.0, min(r1, r2) - max(l1, l2)) * max(0.0, min(b1, b2) - max(t1, t2))
    union = (r1 - l1) * (b1 - t1) + (r2 - l2) * (b2 - t2) - shared
    if shared / union > 0.5:
        return "overlap"
    dx, dy = ((l2 + r2) - (l1 + r1)) / 2 * aspect, ((t2 + b2) - (t1 + b1)) / 2
    if math.hypot(dx, dy) / math.hypot(aspect, 1) >= 0.5:
        return "none"
    return SECTORS[int(math.degrees(math.atan2(dy, dx)) % 360 // 45)]


@pytest.mark.parametrize(
    ("second", "wanted"),
    [
        ((0.25, 0.25, 0.75, 0.75), "inside"),  # identical boxes: the first rule counts, both ways
        ((0.25, 0.25, 0.5, 0.5), "inside"),  # edges may touch
        ((0.125, 0.25, 0.75, 0.75), "cover"),
        ((0.25, 0.125, 0.75, 0.625), "overlap"),  # 3/8 of 5/8
        ((0.25, 0.5, 0.75, 1.0), "down-left"),  # 1/3 is too little; straight down begins a sector
        ((0.25, 0.0, 0.75, 0.5), "up-right"),
    ],
)
def test_the_first_rule_that_holds_counts(second: Box, wanted: str) -> None:
    assert label((0.25, 0.25, 0.75, 0.75), second) == wanted


def test_overlap_begins_above_one_half() -> None:
    """Two boxes of three units that share two of four: exactly one half is no overlap, a hair more is."""
    first, half, more = (0.0, 0.0, 0.75, 0.5), (0.25, 0.0, 1.0, 0.5), (0.1875, 0.0, 0.9375, 0.5)
    assert label(first, half) == "right-down"
    assert label(first, more) == "overlap"


@pytest.mark.parametrize("sector", range(8))
def test_sectors_begin_at_multiples_of_45_degrees(sector: int) -> None:
    """Clockwise from the right, since y runs downwards; the border belongs to the sector that begins there."""
    dx, dy = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)][sector]
    border = around(0.5 + dx / 8, 0.5 + dy / 8)
    assert label(around(0.5, 0.5), border) == SECTORS[sector]
    turned = (
        around(0.5 + dx / 8 + dy / 256, 0.5 + dy / 8 - dx / 256),
        around(0.5 + dx / 8 - dy / 256, 0.5 + dy / 8 + dx / 256),
    )
    assert label(around(0.5, 0.5), turned[0]) == SECTORS[sector - 1], "a little before"
    assert label(around(0.5, 0.5), turned[1]) == SECTORS[sector], "a little behind"


def test_there_is_no_edge_from_half_the_diagonal_on() -> None:
    corner = (0.0, 0.0, 0.25, 0.25)
    assert label(corner, (0.5, 0.5, 0.75, 0.75)) == "none", "exactly one half"
    assert label(corner, (0.5, 0.484375, 0.75, 0.734375)) == "right-down"
    assert label(corner, (0.75, 0.75, 1.0, 1.0)) == "none"


def test_the_pictures_sides_matter() -> None:
    """The same shares of the sides are another angle, and another distance, in a wide picture."""
    first, second = around(0.25, 0.25), around(0.375, 0.4375)
    assert label(first, second, 1.0) == "down-right"
    assert label(first, second, 2.0) == "right-down"
    far = around(0.8125, 0.25)
    assert label(first, far, 1.0) == "right-down"
    assert label(first, far, 4.0) == "none"


sides = st.lists(st.integers(0, 16), min_size=2, max_size=2, unique=True).map(lambda pair: sorted(n / 16 for n in pair))
boxes = st.tuples(sides, sides).map(lambda both: (both[0][0], both[1][0], both[0][1], both[1][1]))


@given(st.lists(boxes, min_size=2, max_size=5), st.sampled_from([0.5, 1.0, 4 / 3, 2.0]))
def test_many_boxes_at_once_are_pairs_by_hand(many: list[Box], aspect: float) -> None:
    tensor, aspects = torch.tensor([many, many[::-1]]), torch.tensor([aspect, aspect], dtype=torch.double)
    found = spatial_relations(tensor, aspects)
    near = distances(tensor, aspects)
    for i, first in enumerate(many):
        for j, second in enumerate(many):
            wanted = "none" if i == j else by_hand(first, second, aspect)
            if abs(float(near[0, i, j]) - 0.5) < 1e-9 and wanted in ("none", *SECTORS):
                continue  # rounding may fall on either side of the border
            place = int(found[0, i, j])
            assert ("none" if place == NOTHING else RELATIONS[place]) == wanted
            assert place == int(found[1, len(many) - 1 - i, len(many) - 1 - j])


@given(boxes, boxes)
def test_seen_from_the_other_side_the_label_is_the_reverse(first: Box, second: Box) -> None:
    there, back = label(first, second), label(second, first)
    middle = (first[0] + first[2] == second[0] + second[2]) and (first[1] + first[3] == second[1] + second[3])
    if first == second or (middle and there in SECTORS):
        assert there == back, "neither is on any side of the other"
    elif there in SECTORS:
        assert back == SECTORS[(SECTORS.index(there) + 4) % 8]
    else:
        assert {there: back} in ({"inside": "cover"}, {"cover": "inside"}, {"overlap": "overlap"}, {"none": "none"})


def test_boxes_without_area_and_a_single_box() -> None:
    assert label((0.5, 0.5, 0.5, 0.5), (0.5, 0.5, 0.5, 0.5)) == "inside"
    assert label(WHOLE, (0.5, 0.5, 0.5, 0.5)) == "inside"
    assert spatial_relations(torch.tensor([WHOLE]), torch.tensor(1.0)).tolist() == [[NOTHING]]
