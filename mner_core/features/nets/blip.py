"""BLIP through transformers: a sentence about a picture, where R-GCN had CATR."""

from typing import ClassVar

import torch
from PIL import Image
from transformers import AutoTokenizer, BlipForConditionalGeneration

from mner_core.device import device
from mner_core.features.nets.state import from_folder, image_processor

LONGEST = 30
"""Pieces of a caption."""
BEAMS = 3


class Blip:
    """A captioner.

    Raises:
        InputError: the weights are not here or not those of BLIP.
    """

    version: ClassVar[str] = "blip-image-captioning-base/1"

    def __init__(self) -> None:
        self._net, folder = from_folder("blip-image-captioning-base", BlipForConditionalGeneration)
        self._prepare = image_processor(folder)
        self._pieces = AutoTokenizer.from_pretrained(folder, local_files_only=True)

    @torch.inference_mode()
    def caption(self, picture: Image.Image) -> str:
        """One sentence; the same picture always gets the same one."""
        pixels = self._prepare(images=picture, return_tensors="pt")["pixel_values"].to(device())
        written = self._net.generate(pixels, num_beams=BEAMS, max_new_tokens=LONGEST, do_sample=False)
        caption = str(self._pieces.decode(written[0], skip_special_tokens=True))
        return " ".join(caption.split())
