"""Posts as tensors: what a model reads in one step.

Letters in shapes: B posts, L words, W windows of the text encoder, S pieces, H characters, R = 49 regions, N objects,
K neighbours, A attributes. Masks are boolean, True = real. Batches are padded to their own longest member.
"""

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import torch
from torch import Tensor

from mner_core.features.image import ImageFeatures
from mner_core.knowledge.search import Knowledge
from mner_core.retrieval.pool import Neighbour
from mner_core.types import Example

NUM_SHAPES = 8
"""Word-shape features; see `word_shape`."""
MAX_CHARACTERS = 24
"""Longer words keep their first characters: what a name looks like stands at its front."""
NUM_CHARACTERS = 1024
"""Rows of the character table: 0 is padding, 1..591 the first Unicode blocks, the others hashed."""
NUM_CLASSES = 16_384
"""Rows of the table of object classes; see `class_row`."""


@dataclass(frozen=True)
class Pieces:
    """The text encoder's input: the windows of all posts, each beginning with [CLS].

    `word` is the flat index B * L of the word that a piece stands for, -1 for none.
    """

    ids: Tensor  # [W, S]
    real: Tensor  # [W, S]
    segment: Tensor  # [W, S] 0 the post, 1 its context
    word: Tensor  # [W, S]
    post: Tensor  # [W] whose window it is


@dataclass(frozen=True)
class Grid:
    """The posts' own pictures."""

    ok: Tensor  # [B] whether there is a picture that opens
    regions: Tensor  # [B, R, grid width]


@dataclass(frozen=True)
class Objects:
    """What was detected in the posts' own pictures."""

    real: Tensor  # [B, N]
    vectors: Tensor  # [B, N, object width]
    boxes: Tensor  # [B, N, 4]
    classes: Tensor  # [B, N] rows of the class table
    aspect: Tensor  # [B] width over height of the picture


@dataclass(frozen=True)
class Links:
    """Which words speak of which objects of the posts' own pictures, and how alike they are called (0 where padded)."""

    joined: Tensor  # [B, L, N]
    likeness: Tensor  # [B, L, N]


@dataclass(frozen=True)
class Neighbours:
    """Images of other posts, best first, with the cosine that chose them (0 where padded)."""

    real: Tensor  # [B, K]
    cosine: Tensor  # [B, K]
    regions: Tensor  # [B, K, R, grid width]
    posts: tuple[tuple[Neighbour, ...], ...]


@dataclass(frozen=True)
class Attributes:
    """The likeliest classes of the posts' own pictures, likeliest first, as the vectors of their names."""

    real: Tensor  # [B, A]
    vectors: Tensor  # [B, A, phrase width]


@dataclass(frozen=True)
class Known:
    """What is known about the posts' pictures, as the vector of what the entity is (0 where nothing is known)."""

    real: Tensor  # [B]
    vectors: Tensor  # [B, phrase width]
    found: tuple[Knowledge | None, ...]


@dataclass(frozen=True)
class Batch:
    """What a model reads; the parts its catalog entry does not need are None."""

    examples: tuple[Example, ...]
    pictures: tuple[ImageFeatures, ...]
    words: Tensor  # [B, L] mask
    pieces: Pieces
    characters: Tensor  # [B, L, H]
    shapes: Tensor  # [B, L, NUM_SHAPES]
    tags: Tensor | None  # [B, L]; None where a post has no gold
    grid: Grid | None = None
    objects: Objects | None = None
    links: Links | None = None
    text_neighbours: Neighbours | None = None
    image_neighbours: Neighbours | None = None
    attributes: Attributes | None = None
    knowledge: Known | None = None

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch on a device."""
        moved: Batch = _to(self, device)
        return moved


def _to(part: Any, device: torch.device | str) -> Any:
    """Every tensor of a dataclass, however deep, on the device."""
    if isinstance(part, Tensor):
        return part.to(device, non_blocking=True)
    if is_dataclass(part) and not isinstance(part, type) and type(part).__module__ == __name__:
        return type(part)(**{item.name: _to(getattr(part, item.name), device) for item in fields(part)})
    return part
