"""What is known of one picture: the form in which every extractor, cache and model speaks of it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mner_core.types import Box, Example, ImageObject

VERSION = "features/2"
"""Of `ImageFeatures` itself: a new field is a new version, so that no old cache is read that lacks it."""
REGIONS = 49
"""A picture is seen as a 7 x 7 grid of regions, row by row from the top left."""


def region_boxes() -> tuple[Box, ...]:
    """The box of each of the 49 regions, in the order of `ImageFeatures.grid`."""
    return tuple((col / 7, row / 7, (col + 1) / 7, (row + 1) / 7) for row in range(7) for col in range(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFeatures:
    """All features of one picture; zeros and empty tuples where there is no picture that opens.

    Shapes: `grid` [49, grid_width], `object_vectors` [objects, object_width], both float16; `object_vectors[i]` belongs
    to `objects[i]`. `attributes` are the five likeliest ImageNet classes with their probabilities, likeliest first.
    `caption` is empty where nothing could be said. `aspect` is the picture's width over its height: with it, distances
    and angles between boxes (which are shares of either side) are those of the pixels.
    """

    image_ok: bool
    grid: NDArray[np.float16]
    objects: tuple[ImageObject, ...]
    object_vectors: NDArray[np.float16]
    attributes: tuple[tuple[str, float], ...]
    caption: str
    aspect: float = 1.0


class Features(Protocol):
    """Where the features of a post's picture come from."""

    def features(self, example: Example) -> ImageFeatures:
        """Those of the post's picture; zeros where it has none that opens."""
        ...
