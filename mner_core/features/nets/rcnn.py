"""Faster R-CNN and Mask R-CNN with a ResNet-50 and a feature pyramid, trained on COCO: torchvision's first versions.

As detectors they find objects of 80 classes; as image nets they show a picture's regions as their ResNet does, which is
how R-GCN's Table 5 takes them (ours: the paper does not say which maps).
"""

from typing import ClassVar

import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN, FasterRCNN_ResNet50_FPN_Weights, MaskRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops import FrozenBatchNorm2d
from torchvision.transforms.functional import to_tensor

from mner_core.device import device
from mner_core.features.nets.efficientdet import MAX_OBJECTS
from mner_core.features.nets.imagenet import RegionNet
from mner_core.features.nets.state import filled
from mner_core.types import ImageObject

THRESHOLD = 0.5
"""Objects from this score on (ours; the papers name none)."""

NAMES: list[str] = FasterRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"]


def faster_rcnn() -> FasterRCNN:
    """Faster R-CNN without its weights."""
    return _as_published(FasterRCNN(_backbone(), num_classes=len(NAMES)))


def mask_rcnn() -> MaskRCNN:
    """Mask R-CNN without its weights."""
    return _as_published(MaskRCNN(_backbone(), num_classes=len(NAMES)))


def _backbone() -> nn.Module:
    return resnet_fpn_backbone(backbone_name="resnet50", weights=None, trainable_layers=0)


def _as_published(net: FasterRCNN) -> FasterRCNN:
    """The weights were trained when a frozen batch norm added nothing to the variance (pytorch/vision#2933)."""
    for module in net.modules():
        if isinstance(module, FrozenBatchNorm2d):
            module.eps = 0.0
    return net


class FasterRCNNDetector:
    """Up to 15 objects of 80 classes, each with its box and score.

    Raises:
        InputError: the weights are not here or not the published ones.
    """

    name: ClassVar[str] = "faster-rcnn"
    version: ClassVar[str] = "faster-rcnn/1"
    build = staticmethod(faster_rcnn)

    def __init__(self) -> None:
        self._net = filled(self.name, type(self).build)

    @torch.inference_mode()
    def detect(self, picture: Image.Image) -> tuple[ImageObject, ...]:
        """What the net sees, likeliest first; Mask R-CNN's masks are not asked for."""
        found = self._net([to_tensor(picture).to(device())])[0]
        sure = found["scores"] >= THRESHOLD  # likeliest first already
        scale = torch.tensor([picture.width, picture.height] * 2, device=found["boxes"].device)
        boxes = (found["boxes"][sure] / scale).double().clamp(0, 1)
        rows = zip(found["labels"][sure].tolist(), boxes.tolist(), found["scores"][sure].tolist(), strict=True)
        solid = (row for row in rows if row[1][2] > row[1][0] and row[1][3] > row[1][1])
        return tuple(ImageObject(NAMES[label], tuple(box), score) for label, box, score in solid)[:MAX_OBJECTS]


class MaskRCNNDetector(FasterRCNNDetector):
    """The same by Mask R-CNN's boxes."""

    name = "mask-rcnn"
    version = "mask-rcnn/1"
    build = staticmethod(mask_rcnn)

    def __init__(self) -> None:
        super().__init__()
        self._net.roi_heads.mask_roi_pool = None  # no masks are computed: nobody reads them


class FasterRCNNRegions(RegionNet):
    """49 regions of 2048 numbers from the detector's ResNet-50, before its pyramid; it knows no ImageNet classes."""

    name, version = "faster-rcnn", "faster-rcnn-regions/1"
    build = staticmethod(faster_rcnn)

    def maps(self, pixels: Tensor) -> Tensor:
        """As `RegionNet` [n, 2048, 7, 7]."""
        maps: Tensor = self._net.backbone.body(pixels)["3"]
        return maps

    def scores(self, maps: Tensor) -> Tensor | None:  # noqa: ARG002 (it has no such head)
        """None."""
        return None


class MaskRCNNRegions(FasterRCNNRegions):
    """The same from Mask R-CNN."""

    name, version = "mask-rcnn", "mask-rcnn-regions/1"
    build = staticmethod(mask_rcnn)
