"""EfficientDet-Lite0 on COCO: up to 15 objects of 80 classes, each with its box and score."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mner_core.features.nets.efficientnet import normalised
from mner_core.features.nets.tflite_file import labels
from mner_core.features.nets.tflite_graph import TfliteGraph
from mner_core.types import ImageObject
from mner_core.weights.packages import weight_file

THRESHOLD = 0.35
MAX_OBJECTS = 15
MAX_OVERLAP = 0.5
"""Of two boxes of one class that overlap by more (intersection over union), only the likelier is kept."""

_SIZE = 320
_CELLS = (40, 20, 10, 5, 3)
"""Rows, and columns, of the five feature maps (levels 3 to 7) of a picture of 320 x 320."""


class EfficientDet:
    """The net of MediaPipe's object detector; pictures are stretched to 320 x 320.

    Raises:
        InputError: the weights are not here or not the official ones.
    """

    version = "efficientdet-lite0/0720bf24/1"

    def __init__(self) -> None:
        path = weight_file("efficientdet-lite0")
        self._net = TfliteGraph(path)
        self._labels = labels(path, "labels.txt")
        self._anchors = anchors()

    def detect(self, picture: Image.Image) -> tuple[ImageObject, ...]:
        """What the net sees, likeliest first."""
        scores, offsets = (output[0].numpy() for output in self._net(normalised([picture], _SIZE)))
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
    """The boxes to keep, likeliest first: none overlaps a likelier one of its class by more than `MAX_OVERLAP`."""
    waiting = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while waiting.size:
        best, waiting = int(waiting[0]), waiting[1:]
        kept.append(best)
        rival = (classes[waiting] == classes[best]) & (overlap(boxes[best], boxes[waiting]) > MAX_OVERLAP)
        waiting = waiting[~rival]
    return kept


def overlap(box: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of one box [4] with others [boxes, 4], all of them with some area."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = sides.clip(0).prod(axis=1)
    area = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1)
    result: NDArray[np.float32] = shared / (area - shared)
    return result
