"""Runs a profile's nets on one picture: regions, objects, classes and caption."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from mner_core.catalog.profiles import Profile
from mner_core.features import captions
from mner_core.features.image import REGIONS, VERSION, ImageFeatures
from mner_core.features.pixels import crop
from mner_core.features.slots import CAPTIONERS, DETECTORS, NETS, Captioner, Detector, Finder, Net
from mner_core.types import ImageObject
from mner_core.weights.hub import PUBLISHED, digits


def _version(name: str, kind: type[Net | Detector | Finder | Captioner]) -> str:
    """What an extractor is called in the keys of what it made; published weights may be other ones."""
    return f"{kind.version}/{digits(name)}" if name in PUBLISHED else kind.version


class Extractor:
    """All image slots of one profile. Weights are read when the first picture comes, so cached features need none."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._net_type = NETS[profile.grid]()
        self._classifier_type = NETS[profile.attributes]()
        self._detector_type = DETECTORS[profile.objects]()
        captioner = CAPTIONERS.get(profile.captions)
        self._captioner_type = captioner() if captioner else None

    @property
    def version(self) -> str:
        """Names and versions of all that has a say in the numbers; features of another version are never read."""
        net = _version(self.profile.grid, self._net_type)
        classifier = _version(self.profile.attributes, self._classifier_type)
        nets = (net,) if classifier == net else (net, classifier)
        detector = _version(self.profile.objects, self._detector_type)
        captioner = self._captioner_type
        said = _version(self.profile.captions, captioner) if captioner else captions.VERSION
        return " ".join((VERSION, *nets, detector, said))

    def describe(
        self, picture: Image.Image, objects: Sequence[ImageObject] | None = None, asked: Sequence[str] = ()
    ) -> ImageFeatures:
        """Everything about one picture (RGB). Objects that came with the data, if only none, replace the detector's.

        A picture's numbers depend on nothing but the picture, its objects and, where the profile looks for objects by
        what a post says, the phrases that are asked for: never on what else is in a sweep.
        """
        found = tuple(self._found(picture, asked) if objects is None else objects)
        grids, vectors, attributes = self._net.look([picture, *(crop(picture, thing.box) for thing in found)])
        if self.profile.attributes != self.profile.grid:
            _, _, attributes = self._classifier.look([picture])
        return ImageFeatures(
            image_ok=True,
            grid=grids[0].astype(np.float16),
            objects=found,
            object_vectors=vectors[1:].astype(np.float16),
            attributes=attributes,
            caption=self._captioner.caption(picture) if self._captioner else captions.compose(found, attributes),
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

    def _found(self, picture: Image.Image, asked: Sequence[str]) -> tuple[ImageObject, ...]:
        detector: Any = self._detector
        found: tuple[ImageObject, ...] = (
            detector.find(picture, asked) if self.profile.asks else detector.detect(picture)
        )
        return found

    @functools.cached_property
    def _net(self) -> Net:
        return self._net_type()

    @functools.cached_property
    def _classifier(self) -> Net:
        return self._classifier_type()

    @functools.cached_property
    def _detector(self) -> Detector | Finder:
        return self._detector_type()

    @functools.cached_property
    def _captioner(self) -> Captioner | None:
        return self._captioner_type() if self._captioner_type else None


@functools.cache
def extractor(profile: Profile) -> Extractor:
    """The process's one extractor of this profile."""
    return Extractor(profile)
