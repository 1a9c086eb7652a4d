"""Classifiers of ImageNet: ResNet-152 and VGG16 for a picture's 49 regions, InceptionV3 for what it is of.

All from torchvision, with the weights of its first versions, which are those of the papers' years. Pictures are
stretched to squares, so that regions are regions of the whole picture.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torchvision import models

from mner_core.features.image import REGIONS
from mner_core.features.nets.state import filled, normalised

BATCH = 16

Look = tuple[NDArray[np.float32], NDArray[np.float32], tuple[tuple[str, float], ...]]


class RegionNet:
    """A convolutional net whose last maps are a picture's regions; a subclass says which and how they are made.

    Raises:
        InputError: the weights are not here or not the published ones.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    size: ClassVar[int] = 224
    build: ClassVar[Callable[[], nn.Module]]

    def __init__(self) -> None:
        self._net = filled(self.name, type(self).build)

    def maps(self, pixels: Tensor) -> Tensor:
        """The last maps [n, width, rows, columns] of normalised pictures [n, 3, size, size]."""
        raise NotImplementedError

    def scores(self, maps: Tensor) -> Tensor | None:
        """Logits of ImageNet's 1,000 classes [n, 1000] from the last maps; None from a net that has no such head."""
        raise NotImplementedError

    @torch.inference_mode()
    def look(self, pictures: Sequence[Image.Image]) -> Look:
        """Grids, pooled vectors, and the five likeliest classes of the first picture (none without a head).

        Shapes: [pictures, 49, width] and [pictures, width].
        """
        grids, vectors = [], []
        classes: tuple[tuple[str, float], ...] = ()
        for start in range(0, len(pictures), BATCH):
            maps = self.maps(normalised(pictures[start : start + BATCH], self.size))
            if start == 0:
                classes = likeliest(self.scores(maps[:1]))
            vectors.append(maps.mean(dim=(2, 3)).cpu().numpy())
            regions = nn.functional.adaptive_avg_pool2d(maps, 7)  # the maps themselves where they are 7 x 7
            grids.append(regions.flatten(2).transpose(1, 2).cpu().numpy())
        found = np.concatenate(grids)
        assert found.shape[1] == REGIONS
        return found, np.concatenate(vectors), classes


def likeliest(scores: Tensor | None) -> tuple[tuple[str, float], ...]:
    """The five likeliest classes with their probabilities from one picture's logits [1, 1000] (IAIK, Eq. 1)."""
    if scores is None:
        return ()
    best = scores[0].softmax(dim=0).topk(5)
    names = models.ResNet152_Weights.IMAGENET1K_V1.meta["categories"]
    return tuple(
        (names[place], share) for place, share in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    )


class ResNet152(RegionNet):
    """49 regions of 2048 numbers from the last convolution (R-GCN, Eq. 2; HamLearning, Eq. 2), pooled for crops."""

    name, version = "resnet152", "resnet152/1"

    @staticmethod
    def build() -> models.ResNet:
        """The net without its weights."""
        return models.resnet152(weights=None)

    def maps(self, pixels: Tensor) -> Tensor:
        """As `RegionNet` [n, 2048, 7, 7]."""
        return resnet_maps(self._net, pixels)

    def scores(self, maps: Tensor) -> Tensor | None:
        """As `RegionNet`."""
        logits: Tensor = self._net.fc(maps.mean(dim=(2, 3)))
        return logits


class VGG16(RegionNet):
    """49 regions of 512 numbers from the last pooling (IAIK)."""

    name, version = "vgg16", "vgg16/1"

    @staticmethod
    def build() -> models.VGG:
        """The net without its weights."""
        return models.vgg16(weights=None, init_weights=False)

    def maps(self, pixels: Tensor) -> Tensor:
        """As `RegionNet` [n, 512, 7, 7]."""
        maps: Tensor = self._net.features(pixels)
        return maps

    def scores(self, maps: Tensor) -> Tensor | None:
        """As `RegionNet`."""
        logits: Tensor = self._net.classifier(self._net.avgpool(maps).flatten(1))
        return logits


class InceptionV3(RegionNet):
    """The five likeliest classes (IAIK, Eq. 1); its 8 x 8 maps of 2048 numbers are pooled to 7 x 7."""

    name, version = "inception-v3", "inception-v3/1"
    size = 299

    @staticmethod
    def build() -> models.Inception3:
        """The net without its weights; these were trained on pixels in -1..1, hence `transform_input`."""
        return models.inception_v3(weights=None, transform_input=True, init_weights=False)

    def maps(self, pixels: Tensor) -> Tensor:
        """As `RegionNet` [n, 2048, 8, 8]."""
        seen: list[Tensor] = []
        hook = self._net.Mixed_7c.register_forward_hook(lambda module, given, maps: seen.append(maps))
        self._net(pixels)
        hook.remove()
        return seen[0]

    def scores(self, maps: Tensor) -> Tensor | None:
        """As `RegionNet`."""
        logits: Tensor = self._net.fc(maps.mean(dim=(2, 3)))
        return logits


def resnet_maps(net: Any, pixels: Tensor) -> Tensor:
    """The maps behind a ResNet's fourth stage [n, width, size / 32, size / 32]."""
    maps = net.maxpool(net.relu(net.bn1(net.conv1(pixels))))
    found: Tensor = net.layer4(net.layer3(net.layer2(net.layer1(maps))))
    return found
