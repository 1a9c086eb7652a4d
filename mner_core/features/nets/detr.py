"""DETR with a ResNet-50, trained on COCO, through transformers: the boxes of GEI's objects."""

from typing import ClassVar

import torch
from PIL import Image
from torchvision.ops import box_convert
from transformers import DetrForObjectDetection

from mner_core.device import device
from mner_core.features.nets.efficientdet import MAX_OBJECTS
from mner_core.features.nets.state import from_folder, image_processor
from mner_core.types import ImageObject

THRESHOLD = 0.7
"""Objects above this score (GEI, ours)."""


class Detr:
    """Up to 15 objects of 80 classes, each with its box and score.

    Raises:
        InputError: the weights are not here or not those of DETR without timm.
    """

    version: ClassVar[str] = "detr-resnet-50/1"

    def __init__(self) -> None:
        self._net, folder = from_folder("detr-resnet-50", DetrForObjectDetection)
        self._prepare = image_processor(folder)

    @torch.inference_mode()
    def detect(self, picture: Image.Image) -> tuple[ImageObject, ...]:
        """What the net sees, likeliest first."""
        seen = self._net(**self._prepare(images=picture, return_tensors="pt").to(device()))
        scores, labels = seen.logits[0].softmax(dim=-1)[:, :-1].max(dim=-1)  # the last class is "nothing"
        boxes = box_convert(seen.pred_boxes[0], "cxcywh", "xyxy").double().clamp(0, 1).tolist()
        solid = [row for row, box in enumerate(boxes) if box[2] > box[0] and box[3] > box[1]]
        rows = sorted((row for row in solid if scores[row] > THRESHOLD), key=lambda row: -float(scores[row]))
        names = self._net.config.id2label
        return tuple(
            ImageObject(names[int(labels[row])], tuple(boxes[row]), float(scores[row])) for row in rows[:MAX_OBJECTS]
        )
