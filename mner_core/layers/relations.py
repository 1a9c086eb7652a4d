"""Where one object lies as seen from another: HamLearning's spatial relations, a function of boxes alone."""

import math

import torch
from torch import Tensor

RELATIONS = (
    "inside", "cover", "overlap",
    "right-down", "down-right", "down-left", "left-down", "left-up", "up-left", "up-right", "right-up",
)  # fmt: skip
"""Labels of an edge i -> j: j lies inside i, j covers i, they overlap, or where j lies as seen from i, in eighths of a
turn clockwise from the right (the paper's class 1 to 8). Seen from j the label is the reverse one, so that label and
direction are one thing: a weight for each label is a weight for each relation and direction."""
INSIDE, COVER, OVERLAP = range(3)
FIRST_SECTOR = 3
NOTHING = -1


def spatial_relations(boxes: Tensor, aspect: Tensor) -> Tensor:
    """The label of every edge i -> j [..., n, n] as a place in RELATIONS, NOTHING where there is no edge.

    The first that holds counts: i contains j (edges may touch) or j contains i; an intersection of more than half the
    union; centres less than half the picture's diagonal apart. Nothing is related to itself.

    Args:
        boxes: [..., n, 4] left, top, right, bottom as shares of the picture's sides, y downwards.
        aspect: [...] the picture's width over its height, since angles and distances are those of the pixels.
    """
    exact = boxes.double()  # in single precision a border of a sector could fall on either side
    left, top, right, bottom = (side.unsqueeze(-1) for side in exact.unbind(-1))  # as i; transposed as j
    contains = (left <= left.mT) & (top <= top.mT) & (right >= right.mT) & (bottom >= bottom.mT)
    width = torch.minimum(right, right.mT) - torch.maximum(left, left.mT)
    height = torch.minimum(bottom, bottom.mT) - torch.maximum(top, top.mT)
    shared = width.clamp(min=0) * height.clamp(min=0)
    area = (right - left) * (bottom - top)
    overlap = shared > 0.5 * (area + area.mT - shared)
    across, down = _offsets(exact, aspect)
    turn = torch.atan2(down, across) / (2 * math.pi) % 1.0
    sector = FIRST_SECTOR + (turn * 8).floor().long().clamp(max=7)
    relation = torch.where(distances(boxes, aspect) < 0.5, sector, NOTHING)
    relation = torch.where(overlap, OVERLAP, relation)
    relation = torch.where(contains.mT, COVER, relation)
    relation = torch.where(contains, INSIDE, relation)
    itself = torch.eye(boxes.shape[-2], dtype=torch.bool, device=boxes.device)
    return relation.masked_fill(itself, NOTHING)


def distances(boxes: Tensor, aspect: Tensor) -> Tensor:
    """How far apart the centres are, over the picture's diagonal [..., n, n], in double precision."""
    across, down = _offsets(boxes.double(), aspect)
    diagonal = torch.hypot(aspect.double(), torch.ones_like(aspect, dtype=torch.double))
    return torch.hypot(across, down) / diagonal[..., None, None]


def _offsets(boxes: Tensor, aspect: Tensor) -> tuple[Tensor, Tensor]:
    """From centre i to centre j, in heights of the picture: to the right and down, both [..., n, n]."""
    left, top, right, bottom = boxes.unbind(-1)
    x, y = (left + right) / 2 * aspect.double().unsqueeze(-1), (top + bottom) / 2
    return x.unsqueeze(-2) - x.unsqueeze(-1), y.unsqueeze(-2) - y.unsqueeze(-1)
