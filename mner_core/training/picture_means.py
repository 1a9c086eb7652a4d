"""The mean region and the mean object of a run's training pictures: what an explanation puts in a picture's place.

They lie in the run's folder, so that every explanation of the run starts from the same picture that shows nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from mner_core.caches import read_kept
from mner_core.features.image import Features
from mner_core.files import write_whole
from mner_core.types import Example

_FILE = "picture_means.safetensors"


@dataclass(frozen=True)
class PictureMeans:
    """`region` [grid_width] and `thing` [object_width]; zeros where no training picture opens, or shows anything."""

    region: NDArray[np.float32]
    thing: NDArray[np.float32]


def picture_means(examples: Sequence[Example], features: Features) -> PictureMeans:
    """Means over the pictures that open, each region and each object counting once; one picture is held at a time."""
    regions = things = 0
    region, thing = np.zeros(1), np.zeros(1)
    for example in examples:
        picture = features.features(example)
        regions += len(picture.grid) * picture.image_ok
        things += len(picture.object_vectors)
        region = region + picture.grid.sum(axis=0, dtype=np.float64)  # zeros where there is no picture
        thing = thing + picture.object_vectors.sum(axis=0, dtype=np.float64)
    return PictureMeans((region / max(regions, 1)).astype(np.float32), (thing / max(things, 1)).astype(np.float32))


def write_means(run: Path, means: PictureMeans) -> None:
    """Puts them into a run's folder."""
    write_whole(run / _FILE, save({"region": means.region, "thing": means.thing}))


def read_means(run: Path) -> PictureMeans | None:
    """Those of a run; None where it was trained before they were kept."""
    return read_kept(run / _FILE, _read)


def _read(file: Path) -> PictureMeans:
    stored = load(file.read_bytes())
    return PictureMeans(stored["region"], stored["thing"])
