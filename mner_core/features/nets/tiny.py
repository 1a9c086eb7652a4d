"""The tiny profile's nets: fixed random projections of colours and edges, for tests and for suites about mechanisms.

They need no weights and give the same numbers on every machine: NumPy has frozen RandomState's stream, and the sums are
rounded to half precision afterwards.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mner_core.features.image import REGIONS
from mner_core.features.pixels import squares
from mner_core.types import ImageObject

WIDTH = 16
_CELL = 8
_STATISTICS = 8
_COLOURS = {
    "black": (20, 20, 20),
    "white": (240, 240, 240),
    "grey": (128, 128, 128),
    "red": (200, 40, 40),
    "green": (40, 160, 60),
    "blue": (50, 80, 200),
    "yellow": (230, 210, 50),
    "brown": (130, 80, 40),
}
_STANDS_OUT = 48
"""A pixel that differs by so much in some channel from the picture's edge belongs to a thing."""


class TinyGrid:
    """A picture as 7 x 7 cells of mean colour, contrast and edges, each projected to 16 numbers."""

    version: ClassVar[str] = "tiny-grid/1"

    def __init__(self) -> None:
        random = np.random.RandomState(20_260_101)
        self._of_cell = random.standard_normal((_STATISTICS, WIDTH)) / np.sqrt(_STATISTICS)
        self._of_picture = random.standard_normal((REGIONS * _STATISTICS, WIDTH)) / np.sqrt(REGIONS)

    def look(
        self, pictures: Sequence[Image.Image]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[tuple[str, float], ...]]:
        """Grids, one vector for each picture, and the five likeliest "classes" (colours) of the first picture.

        Shapes: [pictures, 49, 16] and [pictures, 16].
        """
        pixels = squares(pictures, 7 * _CELL) / 255.0
        statistics = _statistics(pixels)  # [pictures, 49, 8]
        vectors = statistics.reshape(len(pictures), -1) @ self._of_picture
        return statistics @ self._of_cell, vectors, _colours(pixels[0])


class TinyDetector:
    """Sees one "thing" where a picture stands out from its edge."""

    version: ClassVar[str] = "tiny-objects/1"

    def detect(self, picture: Image.Image) -> tuple[ImageObject, ...]:
        """One box around all pixels that differ from the edge's median colour; nothing where none does."""
        pixels = squares([picture], 64)[0].astype(int)
        edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        differs = (np.abs(pixels - np.median(edge, axis=0)) > _STANDS_OUT).any(axis=-1)
        if not differs.any():
            return ()
        rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
        left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
        return (ImageObject("thing", (float(left) / 64, float(top) / 64, float(right) / 64, float(bottom) / 64)),)


def _statistics(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean and spread of each colour, mean horizontal and vertical edge of each cell, all around zero."""
    grey = pixels.mean(axis=-1)
    across = np.abs(np.diff(grey, axis=2, prepend=grey[:, :, :1]))
    down = np.abs(np.diff(grey, axis=1, prepend=grey[:, :1]))
    channels = np.concatenate([pixels, across[..., None], down[..., None]], axis=-1)
    cells = channels.reshape(-1, 7, _CELL, 7, _CELL, 5).transpose(0, 1, 3, 2, 4, 5).reshape(-1, REGIONS, _CELL**2, 5)
    means, spreads = cells.mean(axis=2), cells[..., :3].std(axis=2)
    return np.concatenate([2 * means[..., :3] - 1, 2 * spreads, 4 * means[..., 3:]], axis=-1)


def _colours(pixels: NDArray[np.float64]) -> tuple[tuple[str, float], ...]:
    """The five commonest named colours with their shares, commonest first, standing in for ImageNet classes."""
    distances = np.stack([np.abs(pixels * 255 - colour).sum(axis=-1) for colour in _COLOURS.values()])
    shares = np.bincount(distances.argmin(axis=0).ravel(), minlength=len(_COLOURS)) / distances[0].size
    likeliest = np.argsort(-shares, kind="stable")[:5]
    names = list(_COLOURS)
    return tuple((f"{names[i]} picture", float(shares[i])) for i in likeliest)
