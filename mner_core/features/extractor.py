"""One picture in, all that is known of it out: a profile's nets behind one face."""

import functools
import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mner_core.catalog.profiles import Profile
from mner_core.features import captions
from mner_core.features.image import REGIONS, VERSION, ImageFeatures
from mner_core.features.pixels import crop
from mner_core.types import ImageObject
from mner_core.weights.hub import PUBLISHED, digits


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


class Finder(Protocol):
    """Fills the slot `objects` by what a post says."""

    version: str

    def find(self, picture: Image.Image, asked: Sequence[str]) -> tuple[ImageObject, ...]:
        """One object for each phrase, labelled with it."""
        ...


class Captioner(Protocol):
    """Fills the slot `captions` where they are not composed from the other slots."""

    version: str

    def caption(self, picture: Image.Image) -> str:
        """One sentence about the picture."""
        ...


class Blind:
    """The detector that finds nothing, for systems that ask for no objects."""

    version = "none/1"

    def detect(self, picture: Image.Image) -> tuple[ImageObject, ...]:  # noqa: ARG002 (it is not looked at)
        """Nothing."""
        return ()


_NETS: Mapping[str, str] = {
    "efficientnet-lite0": "nets.efficientnet:EfficientNet",
    "tiny-grid": "nets.tiny:TinyGrid",
    "resnet152": "nets.imagenet:ResNet152",
    "vgg16": "nets.imagenet:VGG16",
    "inception-v3": "nets.imagenet:InceptionV3",
    "faster-rcnn": "nets.rcnn:FasterRCNNRegions",
    "mask-rcnn": "nets.rcnn:MaskRCNNRegions",
}
_DETECTORS: Mapping[str, str] = {
    "efficientdet-lite0": "nets.efficientdet:EfficientDet",
    "tiny-objects": "nets.tiny:TinyDetector",
    "faster-rcnn": "nets.rcnn:FasterRCNNDetector",
    "mask-rcnn": "nets.rcnn:MaskRCNNDetector",
    "detr-resnet-50": "nets.detr:Detr",
    "owlvit-base-patch32": "nets.owlvit:OwlViT",
    "none": "extractor:Blind",
}
_CAPTIONERS: Mapping[str, str] = {"blip-image-captioning-base": "nets.blip:Blip"}
"""What fills each slot, as "module:class": a profile's libraries are imported where that profile is asked for."""


def _class(code: str) -> Any:
    module, name = code.split(":")
    return getattr(importlib.import_module(f"mner_core.features.{module}"), name)


def _version(name: str, kind: type[Net | Detector | Finder | Captioner]) -> str:
    """What an extractor is called in the keys of what it made; published weights may be other ones."""
    return f"{kind.version}/{digits(name)}" if name in PUBLISHED else kind.version


class Extractor:
    """All image slots of one profile. Weights are read when the first picture comes, so cached features need none."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._net_type: type[Net] = _class(_NETS[profile.grid])
        self._classifier_type: type[Net] = _class(_NETS[profile.attributes])
        self._detector_type: type[Detector | Finder] = _class(_DETECTORS[profile.objects])
        named = _CAPTIONERS.get(profile.captions)
        self._captioner_type: type[Captioner] | None = _class(named) if named else None

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
