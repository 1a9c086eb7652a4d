"""EfficientDet-Lite0 on COCO: up to 15 objects of 80 classes, each with its box and score.

The net is Google's (Tan, Pang and Le 2020, on EfficientNet-Lite0), the weights are those of MediaPipe's object
detector, stored as int8 and used as the numbers that these stand for. LiteRT, which computes in int8, differs by up to
.09 on the scores above .3.
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

from mner_core.data.boxes import iou
from mner_core.device import device
from mner_core.features.nets.efficientnet import Backbone, Convolution, normalised, padded
from mner_core.types import ImageObject
from mner_core.weights.packages import weight_file
from mner_core.weights.tflite import Layer, labels, layers

THRESHOLD = 0.35
MAX_OBJECTS = 15
MAX_OVERLAP = 0.5
"""Of two boxes of one class that overlap by more (intersection over union), only the likelier is kept."""

_SIZE = 320
_CELLS = (40, 20, 10, 5, 3)
"""Rows, and columns, of the five feature maps (levels 3 to 7) of a picture of 320 x 320."""
_CLASSES = 90


class Separable(nn.Module):
    """A depthwise convolution 3 x 3, then one 1 x 1."""

    def __init__(self, of_file: Iterator[Layer], relu6: bool = False) -> None:
        super().__init__()
        self.depthwise = Convolution(next(of_file))
        self.pointwise = Convolution(next(of_file), relu6=relu6)

    def forward(self, x: Tensor) -> Tensor:
        """[n, in, rows, columns] -> [n, out, rows, columns]."""
        mixed: Tensor = self.pointwise(self.depthwise(x))
        return mixed


class Head(nn.Module):
    """What one level's boxes or classes are read from: three separable convolutions, and a fourth that predicts."""

    def __init__(self, of_file: Iterator[Layer]) -> None:
        super().__init__()
        self.body = nn.Sequential(*(Separable(of_file, relu6=True) for _ in range(3)))
        self.predict = Separable(of_file)

    def forward(self, x: Tensor, numbers: int) -> Tensor:
        """[n, 64, cells, cells] -> [n, cells * cells * 9, numbers], the anchors of a cell one after another."""
        predicted: Tensor = self.predict(self.body(x))
        return predicted.permute(0, 2, 3, 1).reshape(len(x), -1, numbers)


class EfficientDetLite0(nn.Module):
    """The detector's net, frozen: the backbone, three BiFPN cells over levels 3 to 7, two heads a level."""

    def __init__(self, of_file: Sequence[Layer]) -> None:
        super().__init__()
        rest = iter(of_file)
        self.backbone = Backbone(rest)
        names = ("down5", "up5", "down4", "up4", "level3", "level6")
        self.narrowed = nn.ModuleDict({name: Convolution(next(rest)) for name in names})
        first, second = ([Separable(rest) for _ in range(8)] for _ in range(2))
        third = [Separable(rest) for _ in range(4)]
        boxes, classes = [], []
        for _ in _CELLS:  # the file runs a level's heads as soon as the last cell is through with the level
            boxes.append(Head(rest))
            classes.append(Head(rest))
            third.extend(Separable(rest) for _ in range(len(third) < 8))
        self.cells = nn.ModuleList(nn.ModuleList(nodes) for nodes in (first, second, third))
        self.boxes, self.classes = nn.ModuleList(boxes), nn.ModuleList(classes)
        assert next(rest, None) is None
        self.requires_grad_(False).eval()

    @torch.inference_mode()
    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """[n, 3, 320, 320] -> scores [n, 19206, 90] in 0..1, and boxes [n, 19206, 4], measured from the anchors."""
        down, up = self._levels(pictures)
        for nodes in self.cells:
            down = up = bifpn_cell(nodes.children(), down, up)
        classes = torch.cat([head(x, _CLASSES) for head, x in zip(self.classes, up, strict=True)], dim=1)
        boxes = torch.cat([head(x, 4) for head, x in zip(self.boxes, up, strict=True)], dim=1)
        return classes.sigmoid(), boxes

    def _levels(self, pictures: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Levels 3 to 7, [n, 64, cells, cells] each, as the first cell's way down and its way up take them."""
        stages = self.backbone(pictures)
        level3, level4, level5 = stages[2], stages[4], stages[6]
        narrowed = self.narrowed
        third, sixth = narrowed["level3"](level3), halved(narrowed["level6"](level5))
        seventh = halved(sixth)
        down = [third, narrowed["down4"](level4), narrowed["down5"](level5), sixth, seventh]
        return down, [third, narrowed["up4"](level4), narrowed["up5"](level5), sixth, seventh]


def bifpn_cell(nodes: Iterator[nn.Module], down: Sequence[Tensor], up: Sequence[Tensor]) -> list[Tensor]:
    """Levels 3 to 7 mixed, from level 7 down to 3 and then up again (Tan, Pang and Le 2020, Fig. 2d), unweighted sums.

    Args:
        nodes: four for the way down, four for the way up.
        down, up: levels 3 to 7 as each way takes them; they differ in the first cell only.
    """
    passed = [down[4]]
    for x in down[3::-1]:
        coarser = functional.interpolate(passed[0], x.shape[2:], mode="nearest")
        passed.insert(0, next(nodes)((x + coarser).clamp_(0, 6)))
    mixed = passed[:1]
    for level in (1, 2, 3, 4):
        both = up[level] + passed[level] if level < 4 else up[level]
        mixed.append(next(nodes)((both + halved(mixed[-1])).clamp_(0, 6)))
    return mixed


def halved(x: Tensor) -> Tensor:
    """The largest of 3 x 3 at every second place: [n, channels, cells, cells] -> [.., ceil(cells / 2), ..]."""
    x, pad = padded(x, 3, 2, -math.inf)
    return functional.max_pool2d(x, 3, 2, pad)


class EfficientDet:
    """The net of MediaPipe's object detector; pictures are stretched to 320 x 320.

    Raises:
        InputError: the weights are not here or not the official ones.
    """

    version: ClassVar[str] = "efficientdet-lite0/0720bf24/1"

    def __init__(self) -> None:
        path = weight_file("efficientdet-lite0")
        self._net = EfficientDetLite0(layers(path)).to(device())
        self._labels = labels(path, "labels.txt")
        self._anchors = anchors()

    def detect(self, picture: Image.Image) -> tuple[ImageObject, ...]:
        """What the net sees, likeliest first."""
        scores, offsets = (output[0].cpu().numpy() for output in self._net(normalised([picture], _SIZE)))
        rows, classes = np.nonzero(scores >= THRESHOLD)
        found = scores[rows, classes]
        boxes = decode(offsets[rows], self._anchors[rows])
        solid = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        found, classes, boxes = found[solid], classes[solid], boxes[solid]
        kept = non_maximum_suppression(boxes, found, classes)[:MAX_OBJECTS]
        return tuple(ImageObject(self._labels[classes[i]], tuple(boxes[i].tolist()), float(found[i])) for i in kept)


def anchors() -> NDArray[np.float32]:
    """The boxes from which the net measures: nine at each cell of each level, three sizes times three shapes.

    Shape: [19206, 4], centre row, centre column, height and width as shares of the picture's side.
    """
    levels = []
    for cells in _CELLS:
        centres = (np.arange(cells) + 0.5) / cells
        base = 3.0 / cells * 2.0 ** (np.arange(3) / 3)
        aspects = np.sqrt([1.0, 2.0, 0.5])
        shapes = np.stack([base[:, None] / aspects, base[:, None] * aspects], axis=-1).reshape(9, 2)
        rows, columns, _ = np.meshgrid(centres, centres, np.arange(9), indexing="ij")
        sizes = np.broadcast_to(shapes, (cells, cells, 9, 2))
        levels.append(np.concatenate([rows[..., None], columns[..., None], sizes], axis=-1).reshape(-1, 4))
    return np.concatenate(levels).astype(np.float32)


def decode(offsets: NDArray[np.float32], anchors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The net's numbers (row, column, log height, log width, measured in anchors) as boxes inside the picture.

    Shapes: both [boxes, 4], result [boxes, 4] as left, top, right, bottom in 0..1.
    """
    row, column = (offsets[:, :2] * anchors[:, 2:] + anchors[:, :2]).T
    height, width = (np.exp(offsets[:, 2:]) * anchors[:, 2:]).T
    corners = np.stack([column - width / 2, row - height / 2, column + width / 2, row + height / 2], axis=1)
    return corners.clip(0, 1)


def non_maximum_suppression(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], classes: NDArray[np.int64]
) -> list[int]:
    """The boxes to keep, likeliest first: none overlaps a likelier one of its class by more than `MAX_OVERLAP`.

    What torchvision's `batched_nms` does; importing that costs 5 CPU seconds, all others of these nets together .3.
    """
    waiting = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while waiting.size:
        best, waiting = int(waiting[0]), waiting[1:]
        kept.append(best)
        rival = (classes[waiting] == classes[best]) & (iou(boxes[best], boxes[waiting]) > MAX_OVERLAP)
        waiting = waiting[~rival]
    return kept
