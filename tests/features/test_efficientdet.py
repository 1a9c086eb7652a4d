"""Anchors, decoding, non-maximum suppression, pooling and the feature pyramid against plain loops."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from mner_core.features.nets.efficientdet import (
    MAX_OVERLAP,
    anchors,
    bifpn_cell,
    decode,
    halved,
    non_maximum_suppression,
)
from mner_core.features.nets.efficientnet import same_padding


def plain_anchors() -> list[tuple[float, float, float, float]]:
    """As automl's `Anchors` builds them: pixels of a picture of 320, then shares."""
    boxes = []
    for cells in (40, 20, 10, 5, 3):
        stride = 320 / cells
        for row in range(cells):
            for column in range(cells):
                for octave in range(3):
                    for aspect in (1.0, 2.0, 0.5):
                        base = 3 * stride * 2 ** (octave / 3)
                        y, x = stride / 2 + row * stride, stride / 2 + column * stride
                        high, wide = base / math.sqrt(aspect), base * math.sqrt(aspect)
                        boxes.append((y / 320, x / 320, high / 320, wide / 320))
    return boxes


def test_anchors_are_those_of_the_loops() -> None:
    assert anchors().shape == (19206, 4)
    np.testing.assert_allclose(anchors(), np.array(plain_anchors()), rtol=1e-5)


def test_decode_moves_and_scales_the_anchor_and_stays_inside() -> None:
    anchor = np.array([[0.5, 0.4, 0.2, 0.1]] * 2, np.float32)
    offsets = np.array([[0.5, -1.0, math.log(2), 0.0], [9.0, 9.0, 3.0, 3.0]], np.float32)
    moved, outside = decode(offsets, anchor)
    np.testing.assert_allclose(moved, [0.25, 0.4, 0.35, 0.8], atol=1e-6)
    assert outside.max() <= 1
    assert outside.min() >= 0


def plain_overlap(one: list[float], other: list[float]) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)


def plain_suppression(boxes: list[list[float]], scores: list[float], classes: list[int]) -> list[int]:
    kept: list[int] = []
    for box in sorted(range(len(boxes)), key=lambda place: -scores[place]):
        if all(classes[box] != classes[k] or plain_overlap(boxes[box], boxes[k]) <= MAX_OVERLAP for k in kept):
            kept.append(box)
    return kept


side = st.integers(0, 11)


@given(st.lists(st.tuples(side, side, st.integers(1, 5), st.integers(1, 5), st.integers(0, 9), st.integers(0, 1))))
def test_suppression_is_that_of_the_loops(found: list[tuple[int, ...]]) -> None:
    boxes = [[left / 16, top / 16, (left + wide) / 16, (top + high) / 16] for left, top, wide, high, _, _ in found]
    scores, classes = [row[4] / 10 for row in found], [row[5] for row in found]
    kept = non_maximum_suppression(
        np.array(boxes, np.float64).reshape(-1, 4), np.array(scores), np.array(classes, np.int64)
    )
    assert kept == plain_suppression(boxes, scores, classes)


CELLS = (40, 20, 10, 5, 3)


@pytest.mark.parametrize("size", CELLS[:4])
def test_pooling_is_that_of_the_loops(size: int) -> None:
    x = -torch.rand(1, 1, size, size, generator=torch.Generator().manual_seed(size)) - 1  # padding must not win
    result, places, before = halved(x)[0, 0], -(-size // 2), same_padding(size, 3, 2)[0]
    assert result.shape == (places, places)
    for row, column in np.ndindex(places, places):
        top, left = 2 * row - before, 2 * column - before
        assert result[row, column] == x[0, 0, max(top, 0) : top + 3, max(left, 0) : left + 3].max()


def test_a_cell_of_the_pyramid_goes_down_and_up_as_the_loops() -> None:
    generator = torch.Generator().manual_seed(1)
    down, up = ([4 * torch.rand(1, 1, size, size, generator=generator) for size in CELLS] for _ in range(2))
    nodes = [Times(factor) for factor in (0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 0.4, 8.0)]
    passed = {4: down[4]}
    for node, level in zip(nodes[:4], (3, 2, 1, 0), strict=True):
        size, above = CELLS[level], CELLS[level + 1]
        passed[level] = torch.zeros(1, 1, size, size)
        for row, column in np.ndindex(size, size):
            coarser = passed[level + 1][0, 0, row * above // size, column * above // size]
            merged = min(float(down[level][0, 0, row, column] + coarser), 6.0)
            passed[level][0, 0, row, column] = node.factor * merged
    wanted = [passed[0]]
    for node, level in zip(nodes[4:], (1, 2, 3, 4), strict=True):
        both = up[level] + passed[level] if level < 4 else up[level]
        wanted.append(node.factor * (both + halved(wanted[-1])).clamp(0, 6))
    for mine, theirs in zip(bifpn_cell(iter(nodes), down, up), wanted, strict=True):
        torch.testing.assert_close(mine, theirs)


class Times(nn.Module):
    """A node that multiplies, so that each one's place can be told."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.factor * x
