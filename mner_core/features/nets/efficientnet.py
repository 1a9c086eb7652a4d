"""EfficientNet-Lite0 on ImageNet: a 7 x 7 grid of region vectors and the likeliest of 1,000 classes."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from mner_core.features.image import REGIONS
from mner_core.features.nets.tflite_file import TfliteFile, labels
from mner_core.features.nets.tflite_graph import TfliteGraph
from mner_core.features.pixels import squares
from mner_core.weights.packages import weight_file

WIDTH = 1280
_SIZE = 224
_BATCH = 16


class EfficientNet:
    """The net of MediaPipe's image classifier; pictures are stretched to 224 x 224.

    Raises:
        InputError: the weights are not here or not the official ones.
    """

    version = "efficientnet-lite0/6c7ab0a6/1"

    def __init__(self) -> None:
        path = weight_file("efficientnet-lite0")
        file = TfliteFile(path)
        pooling = next(operator for operator in file.operators if operator.name == "AVERAGE_POOL_2D")
        self._net = TfliteGraph(path, outputs=[pooling.inputs[0], *file.outputs])
        self._labels = labels(path, "labels_without_background.txt")

    def look(
        self, pictures: Sequence[Image.Image]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], tuple[tuple[str, float], ...]]:
        """Grids after the last activation, pooled vectors, and the five likeliest classes of the first picture.

        Shapes: [pictures, 49, 1280] and [pictures, 1280].
        """
        batches = [pictures[start : start + _BATCH] for start in range(0, len(pictures), _BATCH)]
        seen = [self._net(normalised(batch, _SIZE)) for batch in batches]
        grids = np.concatenate([grid.permute(0, 2, 3, 1).reshape(-1, REGIONS, WIDTH).numpy() for grid, _ in seen])
        likeliest = seen[0][1][0].topk(5)
        named = zip(likeliest.indices.tolist(), likeliest.values.tolist(), strict=True)
        return grids, grids.mean(axis=1), tuple((self._labels[index], share) for index, share in named)


def normalised(pictures: Sequence[Image.Image], size: int) -> torch.Tensor:
    """Pictures as Google's Lite nets take them: `(rgb - 127) / 128`. Shape: [pictures, 3, size, size]."""
    return torch.from_numpy(squares(pictures, size)).permute(0, 3, 1, 2).float().sub_(127).div_(128)
