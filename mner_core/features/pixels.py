"""From pictures to what a net takes: parts cut out, everything stretched to a square."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mner_core.types import Box


def crop(image: Image.Image, box: Box) -> Image.Image:
    """The part of the picture under the box, at least one pixel wide and high, whatever the box says."""
    left, right = _inside(box[0], box[2], image.width)
    top, bottom = _inside(box[1], box[3], image.height)
    return image.crop((left, top, right, bottom))


def squares(images: Sequence[Image.Image], size: int) -> NDArray[np.uint8]:
    """The pictures stretched to squares, as their nets were trained to see them. Shape: [images, size, size, 3]."""
    return np.stack([np.asarray(image.resize((size, size), Image.Resampling.BILINEAR)) for image in images])


def _inside(low: float, high: float, pixels: int) -> tuple[int, int]:
    first = min(max(math.floor(low * pixels), 0), pixels - 1)
    return first, min(max(math.ceil(high * pixels), first + 1), pixels)
