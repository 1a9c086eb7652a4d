"""TensorFlow's padding and the convolution of the Lite nets against plain loops; the whole nets are in test_compact."""

import numpy as np
import pytest
import torch

from mner_core.features.nets.efficientnet import Convolution, padded, same_padding
from mner_core.weights.tflite import Layer


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10, 20, 320])
@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_same_padding_gives_every_stride_a_place(size: int, kernel: int, stride: int) -> None:
    before, after = same_padding(size, kernel, stride)
    assert (size + before + after - kernel) // stride + 1 == -(-size // stride)
    assert after - before in {0, 1}


@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("size", [6, 7])
def test_convolution_is_that_of_the_loops(groups: int, size: int) -> None:
    generator = torch.Generator().manual_seed(size)
    x = torch.randn(2, 4, size, size, generator=generator)
    weight, bias = 3 * torch.randn(8, 4 // groups, 3, 3, generator=generator), torch.randn(8, generator=generator)
    pad = (*same_padding(size, 3, 2), *same_padding(size, 3, 2))
    result = Convolution(Layer(weight, bias), 2, relu6=True)(x)
    places = -(-size // 2)
    assert result.shape == (2, 8, places, places)
    for picture, out, row, column in np.ndindex(2, 8, places, places):
        total = float(bias[out])
        for channel, down, across in np.ndindex(4 // groups, 3, 3):
            y, x_ = 2 * row + down - pad[2], 2 * column + across - pad[0]
            if 0 <= y < size and 0 <= x_ < size:
                first = out // (8 // groups) * (4 // groups)
                total += float(weight[out, channel, down, across] * x[picture, first + channel, y, x_])
        assert float(result[picture, out, row, column]) == pytest.approx(min(max(total, 0), 6), abs=1e-4)


def test_only_an_odd_padding_is_added_beforehand() -> None:
    x = torch.ones(1, 1, 6, 6)
    assert padded(x, 3, 1)[1] == 1
    assert padded(x, 3, 1)[0] is x
    wider, rest = padded(x, 3, 2, -7.0)
    assert (tuple(wider.shape), rest) == ((1, 1, 7, 7), 0)
    assert wider[0, 0, 6].tolist() == wider[0, 0, :, 6].tolist() == [-7.0] * 7
