"""EfficientNet-Lite0 on ImageNet: a 7 x 7 grid of region vectors and the likeliest of 1,000 classes.

The net is Google's (Tan and Le 2019, without squeeze-and-excitation, with ReLU6), the weights are those of MediaPipe's
image classifier. LiteRT, which runs the same file, agrees within 7e-5; torch keeps the numbers of all runs made so far.
"""

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from mner_core.device import device
from mner_core.features.image import REGIONS
from mner_core.features.pixels import squares
from mner_core.weights.packages import weight_file
from mner_core.weights.tflite import Layer, labels, layers

WIDTH = 1280
STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))
"""Of each stage of EfficientNet-Lite0: its blocks, and the stride of the first; the other blocks keep the size."""
_SIZE = 224
_BATCH = 16


class Convolution(nn.Module):
    """A convolution, depthwise where its weight says so, padded as TensorFlow's SAME; a bias; perhaps ReLU6."""

    weight: Tensor
    bias: Tensor

    def __init__(self, layer: Layer, stride: int = 1, relu6: bool = False) -> None:
        super().__init__()
        self.register_buffer("weight", layer.weight.contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", layer.bias)
        self.stride, self.relu6 = stride, relu6

    def forward(self, x: Tensor) -> Tensor:
        """[n, in, rows, columns] -> [n, out, ceil(rows / stride), ceil(columns / stride)]."""
        x, pad = padded(x, self.weight.shape[-1], self.stride)
        x = functional.conv2d(x, self.weight, self.bias, self.stride, pad, groups=x.shape[1] // self.weight.shape[1])
        return x.clamp_(0, 6) if self.relu6 else x


class Block(nn.Module):
    """An inverted residual (Sandler et al. 2018): widen, filter each channel by itself, narrow."""

    def __init__(self, of_file: Iterator[Layer], stride: int, widens: bool, adds: bool) -> None:
        super().__init__()
        self.widened = Convolution(next(of_file), relu6=True) if widens else nn.Identity()
        self.filtered = Convolution(next(of_file), stride, relu6=True)
        self.narrowed = Convolution(next(of_file))
        self.adds = adds

    def forward(self, x: Tensor) -> Tensor:
        """[n, in, rows, columns] -> [n, out, ...], smaller by the stride; with its input added where it `adds`."""
        narrowed: Tensor = self.narrowed(self.filtered(self.widened(x)))
        return narrowed + x if self.adds else narrowed


def _stage(of_file: Iterator[Layer], blocks: int, stride: int, widens: bool) -> nn.Sequential:
    first = Block(of_file, stride, widens, adds=False)
    return nn.Sequential(first, *(Block(of_file, 1, widens, adds=True) for _ in range(blocks - 1)))


class Backbone(nn.Module):
    """The stem and the sixteen blocks that classifier and detector share; takes its layers from `of_file` in order."""

    def __init__(self, of_file: Iterator[Layer]) -> None:
        super().__init__()
        self.stem = Convolution(next(of_file), stride=2, relu6=True)
        stages = enumerate(STAGES)
        self.stages = nn.ModuleList(_stage(of_file, *sizes, widens=number > 0) for number, sizes in stages)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """[n, 3, size, size] -> the maps after each stage, the last [n, 320, size / 32, size / 32]."""
        x = self.stem(pictures.contiguous(memory_format=torch.channels_last))
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps


class EfficientNetLite0(nn.Module):
    """The classifier, frozen, with the weights of `of_file`."""

    def __init__(self, of_file: Sequence[Layer]) -> None:
        super().__init__()
        *convolutions, head = of_file
        rest = iter(convolutions)
        self.backbone = Backbone(rest)
        self.top = Convolution(next(rest), relu6=True)
        self.head = nn.Linear(WIDTH, len(head.bias))
        self.head.weight, self.head.bias = nn.Parameter(head.weight), nn.Parameter(head.bias)
        assert next(rest, None) is None
        self.requires_grad_(False).eval()

    @torch.inference_mode()
    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """[n, 3, 224, 224] -> the maps after the last activation [n, 1280, 7, 7] and the classes' probabilities."""
        maps = self.top(self.backbone(pictures)[-1])
        pooled = functional.avg_pool2d(maps, maps.shape[-1]).flatten(1)
        return maps, self.head(pooled).softmax(-1)


class EfficientNet:
    """The net of MediaPipe's image classifier; pictures are stretched to 224 x 224.

    Raises:
        InputError: the weights are not here or not the official ones.
    """

    version: ClassVar[str] = "efficientnet-lite0/6c7ab0a6/1"

    def __init__(self) -> None:
        path = weight_file("efficientnet-lite0")
        self._net = EfficientNetLite0(layers(path)).to(device())
        self._labels = labels(path, "labels_without_background.txt")

    def look(
        self, pictures: Sequence[Image.Image]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], tuple[tuple[str, float], ...]]:
        """Grids after the last activation, pooled vectors, and the five likeliest classes of the first picture.

        Shapes: [pictures, 49, 1280] and [pictures, 1280].
        """
        batches = [pictures[start : start + _BATCH] for start in range(0, len(pictures), _BATCH)]
        seen = [self._net(normalised(batch, _SIZE)) for batch in batches]
        grids = np.concatenate([maps.permute(0, 2, 3, 1).reshape(-1, REGIONS, WIDTH).cpu().numpy() for maps, _ in seen])
        likeliest = seen[0][1][0].topk(5)
        named = zip(likeliest.indices.tolist(), likeliest.values.tolist(), strict=True)
        return grids, grids.mean(axis=1), tuple((self._labels[index], share) for index, share in named)


def normalised(pictures: Sequence[Image.Image], size: int) -> Tensor:
    """Pictures as Google's Lite nets take them: `(rgb - 127) / 128`.

    Shape: [pictures, 3, size, size], on the device.
    """
    return torch.from_numpy(squares(pictures, size)).to(device()).permute(0, 3, 1, 2).float().sub_(127).div_(128)


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """What goes before and after `size` numbers so that `ceil(size / stride)` come out; an odd one goes after."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def padded(x: Tensor, kernel: int, stride: int, value: float = 0.0) -> tuple[Tensor, int]:
    """The square maps [n, channels, size, size] with an odd padding added, and the even one that is still to add."""
    before, after = same_padding(x.shape[-1], kernel, stride)
    if before == after:
        return x, before
    return functional.pad(x, (before, after, before, after), value=value), 0
