"""TFLite's padding and convolution against plain loops; the whole nets are in test_compact."""

import numpy as np
import pytest
import torch

from mner_core.features.nets.tflite_graph import _Conv, same_padding


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
    result = _Conv(weight, bias, 2, groups, pad, relu6=True)(x)
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
