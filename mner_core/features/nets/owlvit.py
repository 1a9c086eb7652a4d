"""OWL-ViT through transformers: where the picture shows what a post speaks of (UMGF's visual grounding).

The paper's grounding model answers each noun phrase and each general word with one box. So does this one, zero-shot.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
from PIL import Image
from torchvision.ops import box_convert
from transformers import AutoTokenizer, OwlViTForObjectDetection

from mner_core.device import device
from mner_core.features.nets.state import from_folder, image_processor
from mner_core.types import ImageObject

SOLID = 1e-3
"""Sides of a box, as shares of the picture's, are at least this long."""


class OwlViT:
    """One object for each phrase that is asked for, labelled with the phrase.

    Raises:
        InputError: the weights are not here or not those of OWL-ViT.
    """

    version: ClassVar[str] = "owlvit-base-patch32/1"

    def __init__(self) -> None:
        self._net, folder = from_folder("owlvit-base-patch32", OwlViTForObjectDetection)
        self._prepare = image_processor(folder)
        self._pieces = AutoTokenizer.from_pretrained(folder, local_files_only=True)

    @torch.inference_mode()
    def find(self, picture: Image.Image, asked: Sequence[str]) -> tuple[ImageObject, ...]:
        """The likeliest box for each phrase, in the order of the phrases, with its probability."""
        if not asked:
            return ()
        pixels = self._prepare(images=picture, return_tensors="pt").to(device())
        length = self._net.config.text_config.max_position_embeddings
        pieces = self._pieces(
            list(asked), padding="max_length", truncation=True, max_length=length, return_tensors="pt"
        ).to(device())
        seen = self._net(**pieces, **pixels)
        scores, places = seen.logits[0].sigmoid().max(dim=0)  # each [asked], over the picture's patches
        boxes = box_convert(seen.pred_boxes[0, places], "cxcywh", "xyxy").double().clamp(0, 1)
        boxes[:, 2:] = torch.maximum(boxes[:, 2:], (boxes[:, :2] + SOLID).clamp(max=1))
        boxes[:, :2] = torch.minimum(boxes[:, :2], boxes[:, 2:] - SOLID)
        rows = zip(asked, boxes.tolist(), scores.tolist(), strict=True)
        return tuple(ImageObject(phrase, tuple(box), score) for phrase, box, score in rows)
