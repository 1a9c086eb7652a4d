"""What fills a picture's slots: the nets' common faces, and which net goes by which name in a profile.

A net's libraries are imported where its class is asked for, so that a profile costs the imports of its own nets only.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from numpy.typing import NDArray
from PIL import Image

from mner_core.types import ImageObject


class Net(Protocol):
    """Fills the slots `grid` and `attributes`, and gives each object its vector."""

    version: ClassVar[str]

    def look(self, pictures: Sequence[Image.Image]) -> tuple[NDArray[Any], NDArray[Any], tuple[tuple[str, float], ...]]:
        """Grids [pictures, 49, width], vectors [pictures, width], five likeliest classes of the first picture."""
        ...


class Detector(Protocol):
    """Fills the slot `objects`."""

    version: ClassVar[str]

    def detect(self, picture: Image.Image) -> tuple[ImageObject, ...]:
        """The objects in the picture, likeliest first."""
        ...


class Finder(Protocol):
    """Fills the slot `objects` by what a post says."""

    version: ClassVar[str]

    def find(self, picture: Image.Image, asked: Sequence[str]) -> tuple[ImageObject, ...]:
        """One object for each phrase, labelled with it."""
        ...


class Captioner(Protocol):
    """Fills the slot `captions` where they are not composed from the other slots."""

    version: ClassVar[str]

    def caption(self, picture: Image.Image) -> str:
        """One sentence about the picture."""
        ...


class Blind:
    """The detector that finds nothing, for systems that ask for no objects."""

    version: ClassVar[str] = "none/1"

    def detect(self, picture: Image.Image) -> tuple[ImageObject, ...]:  # noqa: ARG002 (it is not looked at)
        """Nothing."""
        return ()


def _efficientnet() -> type[Net]:
    from mner_core.features.nets.efficientnet import EfficientNet

    return EfficientNet


def _tiny_grid() -> type[Net]:
    from mner_core.features.nets.tiny import TinyGrid

    return TinyGrid


def _resnet152() -> type[Net]:
    from mner_core.features.nets.imagenet import ResNet152

    return ResNet152


def _vgg16() -> type[Net]:
    from mner_core.features.nets.imagenet import VGG16

    return VGG16


def _inception() -> type[Net]:
    from mner_core.features.nets.imagenet import InceptionV3

    return InceptionV3


def _faster_rcnn_regions() -> type[Net]:
    from mner_core.features.nets.rcnn import FasterRCNNRegions

    return FasterRCNNRegions


def _mask_rcnn_regions() -> type[Net]:
    from mner_core.features.nets.rcnn import MaskRCNNRegions

    return MaskRCNNRegions


def _efficientdet() -> type[Detector]:
    from mner_core.features.nets.efficientdet import EfficientDet

    return EfficientDet


def _tiny_detector() -> type[Detector]:
    from mner_core.features.nets.tiny import TinyDetector

    return TinyDetector


def _faster_rcnn_detector() -> type[Detector]:
    from mner_core.features.nets.rcnn import FasterRCNNDetector

    return FasterRCNNDetector


def _mask_rcnn_detector() -> type[Detector]:
    from mner_core.features.nets.rcnn import MaskRCNNDetector

    return MaskRCNNDetector


def _detr() -> type[Detector]:
    from mner_core.features.nets.detr import Detr

    return Detr


def _owlvit() -> type[Finder]:
    from mner_core.features.nets.owlvit import OwlViT

    return OwlViT


def _blip() -> type[Captioner]:
    from mner_core.features.nets.blip import Blip

    return Blip


NETS: Mapping[str, Callable[[], type[Net]]] = {
    "efficientnet-lite0": _efficientnet,
    "tiny-grid": _tiny_grid,
    "resnet152": _resnet152,
    "vgg16": _vgg16,
    "inception-v3": _inception,
    "faster-rcnn": _faster_rcnn_regions,
    "mask-rcnn": _mask_rcnn_regions,
}
"""The slots `grid` and `attributes`."""
DETECTORS: Mapping[str, Callable[[], type[Detector] | type[Finder]]] = {
    "efficientdet-lite0": _efficientdet,
    "tiny-objects": _tiny_detector,
    "faster-rcnn": _faster_rcnn_detector,
    "mask-rcnn": _mask_rcnn_detector,
    "detr-resnet-50": _detr,
    "owlvit-base-patch32": _owlvit,
    "none": lambda: Blind,
}
"""The slot `objects`."""
CAPTIONERS: Mapping[str, Callable[[], type[Captioner]]] = {"blip-image-captioning-base": _blip}
"""The slot `captions`, where they are not composed from the other slots."""
