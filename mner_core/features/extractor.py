"""One picture in, all that is known of it out: a profile's nets behind one face."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mner_core.features import captions
from mner_core.features.detector import EfficientDet
from mner_core.features.efficientnet import EfficientNet
from mner_core.features.image import REGIONS, VERSION, ImageFeatures
from mner_core.features.pixels import crop
from mner_core.features.profiles import Profile
from mner_core.features.tiny import TinyDetector, TinyGrid
from mner_core.types import ImageObject


class Net(Protocol):
    """Fills the slots `grid` and `attributes`, and gives each object its vector."""

    version: str

    def look(self, pictures: Sequence[Image.Image]) -> tuple[NDArray[Any], NDArray[Any], tuple[tuple[str, float], ...]]:
        """Grids [pictures, 49, width], vectors [pictures, width], five likeliest classes of the first picture."""
        ...


class Detector(Protocol):
    """Fills the slot `objects`."""

    version: str

    def detect(self, picture: Image.Image) -> tuple[ImageObject, ...]:
        """The objects in the picture, likeliest first."""
        ...


_NETS: Mapping[str, type[Net]] = {"efficientnet-lite0": EfficientNet, "tiny-grid": TinyGrid}
_DETECTORS: Mapping[str, type[Detector]] = {"efficientdet-lite0": EfficientDet, "tiny-objects": TinyDetector}


class Extractor:
    """All image slots of one profile. Weights are read when the first picture comes, so cached features need none."""

    def __init__(self, profile: Profile) -> None:
        assert profile.attributes == profile.grid, "one net fills both slots"
        self.profile = profile
        self._net_type, self._detector_type = _NETS[profile.grid], _DETECTORS[profile.objects]

    @property
    def version(self) -> str:
        """Names and versions of all that has a say in the numbers; features of another version are never read."""
        return " ".join((VERSION, self._net_type.version, self._detector_type.version, captions.VERSION))

    def describe(self, picture: Image.Image, objects: Sequence[ImageObject] | None = None) -> ImageFeatures:
        """Everything about one picture (RGB). Objects that came with the data, if only none, replace the detector's.

        A picture's numbers depend on nothing but the picture and its objects: never on what else is in a sweep.
        """
        found = tuple(self._detector.detect(picture) if objects is None else objects)
        grids, vectors, attributes = self._net.look([picture, *(crop(picture, thing.box) for thing in found)])
        return ImageFeatures(
            image_ok=True,
            grid=grids[0].astype(np.float16),
            objects=found,
            object_vectors=vectors[1:].astype(np.float16),
            attributes=attributes,
            caption=captions.compose(found, attributes),
            aspect=picture.width / picture.height,
        )

    def nothing(self) -> ImageFeatures:
        """The features of a post without a picture that opens."""
        return ImageFeatures(
            image_ok=False,
            grid=np.zeros((REGIONS, self.profile.grid_width), np.float16),
            objects=(),
            object_vectors=np.zeros((0, self.profile.object_width), np.float16),
            attributes=(),
            caption="",
        )

    @functools.cached_property
    def _net(self) -> Net:
        return self._net_type()

    @functools.cached_property
    def _detector(self) -> Detector:
        return self._detector_type()


@functools.cache
def extractor(profile: Profile) -> Extractor:
    """The process's one extractor of this profile."""
    return Extractor(profile)
