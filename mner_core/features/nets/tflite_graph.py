"""Runs a convolutional TFLite graph in torch, its weights made float32 once, its padding exact.

Only the operators of the compact profile's two nets are known; any other is refused when the file is read.
Tensors of four axes are [batch, channels, rows, columns] in channels-last memory, which is how TFLite lays them out, so
reshaping costs nothing. Against LiteRT on 34 pictures: EfficientNet-Lite0 (a float graph) agrees within 7e-5,
EfficientDet-Lite0 (an int8 graph, here run in float) within .09 on the scores above .3.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import tflite
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mner_core.features.nets.tflite_file import Operator, TfliteFile

_SAME = 0
_NO_ACTIVATION, _RELU6 = 0, 3

_Pad: TypeAlias = tuple[int, int, int, int]
"""Columns before and after, rows before and after, as `F.pad` takes them."""


class TfliteGraph(nn.Module):
    """A TFLite file as a frozen module, run without gradients.

    Args:
        path: the file, with one input picture.
        outputs: numbers of the tensors to return; the file's own outputs where None.

    Shapes: input [batch, channels, rows, columns], the numbers that the file's input stands for; each output as in the
    file, the batch in front, those of four axes as [batch, channels, rows, columns].
    """

    def __init__(self, path: Path, outputs: Sequence[int] | None = None) -> None:
        super().__init__()
        file = TfliteFile(path)
        self._input = file.inputs[0]
        self._outputs = file.outputs if outputs is None else list(outputs)
        needed = file.operators_for(self._outputs)
        self._wiring = [(file.fed(operator), operator.output) for operator in needed]
        self._last_use = {source: step for step, (sources, _) in enumerate(self._wiring) for source in sources}
        self.operations = nn.ModuleList(_module(file, operator) for operator in needed)
        self.requires_grad_(False).eval()

    @torch.inference_mode()
    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Runs the operators in the file's order and lets go of each tensor after its last use."""
        values = {self._input: pictures.contiguous(memory_format=torch.channels_last)}
        for step, (operation, (sources, target)) in enumerate(zip(self.operations, self._wiring, strict=True)):
            values[target] = operation(*(values[source] for source in sources))
            for source in set(sources) - set(self._outputs):
                if self._last_use[source] == step:
                    del values[source]
        return tuple(values[output] for output in self._outputs)


class _Conv(nn.Module):
    """A convolution, depthwise or not, followed by its activation."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, stride: int, groups: int, pad: _Pad, relu6: bool) -> None:
        super().__init__()
        self.register_buffer("weight", weight.contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", bias)
        self.stride, self.groups, self.pad, self.relu6 = stride, groups, pad, relu6

    def forward(self, x: Tensor) -> Tensor:
        left, right, top, bottom = self.pad
        if (left, top) == (right, bottom):
            x = F.conv2d(x, self.weight, self.bias, self.stride, (top, left), 1, self.groups)
        else:
            x = F.conv2d(F.pad(x, self.pad), self.weight, self.bias, self.stride, 0, 1, self.groups)
        return x.clamp_(0, 6) if self.relu6 else x


class _Linear(nn.Module):
    """A fully connected layer."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class _Plain(nn.Module):
    """An operator without weights."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*inputs)


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """What goes before and after `size` numbers so that `ceil(size / stride)` come out; an odd one goes after."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _pad(file: TfliteFile, operator: Operator, kernel: Sequence[int], options: Any) -> _Pad:
    if options.Padding() != _SAME:
        return 0, 0, 0, 0
    _, rows, columns, _ = file.shape(operator.inputs[0])
    horizontal = same_padding(columns, kernel[1], options.StrideW())
    return (*horizontal, *same_padding(rows, kernel[0], options.StrideH()))


def _relu6(options: Any) -> bool:
    activation = options.FusedActivationFunction()
    assert activation in {_NO_ACTIVATION, _RELU6}
    return bool(activation == _RELU6)


def _convolution(file: TfliteFile, operator: Operator, options: Any, weight: Tensor, groups: int) -> nn.Module:
    assert options.DilationHFactor() == options.DilationWFactor() == 1
    assert options.StrideH() == options.StrideW()
    bias = torch.from_numpy(file.numbers(operator.inputs[2]))
    pad = _pad(file, operator, weight.shape[2:], options)
    return _Conv(weight, bias, options.StrideH(), groups, pad, _relu6(options))


def _conv_2d(file: TfliteFile, operator: Operator) -> nn.Module:
    weight = torch.from_numpy(file.numbers(operator.inputs[1])).permute(
        0, 3, 1, 2
    )  # the file: [out, rows, columns, in]
    return _convolution(file, operator, operator.options(tflite.Conv2DOptions), weight, groups=1)


def _depthwise_conv_2d(file: TfliteFile, operator: Operator) -> nn.Module:
    weight = torch.from_numpy(file.numbers(operator.inputs[1])).permute(3, 0, 1, 2)  # the file: [1, rows, columns, out]
    options = operator.options(tflite.DepthwiseConv2DOptions)
    return _convolution(file, operator, options, weight, groups=file.shape(operator.inputs[0])[3])


def _fully_connected(file: TfliteFile, operator: Operator) -> nn.Module:
    assert not _relu6(operator.options(tflite.FullyConnectedOptions))
    weight, bias = (torch.from_numpy(file.numbers(index)) for index in operator.inputs[1:])
    return _Linear(weight, bias)


def _add(_file: TfliteFile, operator: Operator) -> nn.Module:
    relu6 = _relu6(operator.options(tflite.AddOptions))
    return _Plain(lambda x, y: (x + y).clamp_(0, 6)) if relu6 else _Plain(torch.add)


def _pool(file: TfliteFile, operator: Operator) -> nn.Module:
    options = operator.options(tflite.Pool2DOptions)
    kernel, stride = (options.FilterHeight(), options.FilterWidth()), (options.StrideH(), options.StrideW())
    pad = _pad(file, operator, kernel, options)
    if operator.name == "MAX_POOL_2D":
        return _Plain(lambda x: F.max_pool2d(F.pad(x, pad, value=-math.inf), kernel, stride))
    assert not any(pad)  # TFLite leaves padding out of an average, torch does not
    return _Plain(lambda x: F.avg_pool2d(x, kernel, stride))


def _resize_nearest_neighbor(file: TfliteFile, operator: Operator) -> nn.Module:
    options = operator.options(tflite.ResizeNearestNeighborOptions)
    assert not options.AlignCorners()
    size = file.shape(operator.output)[1:3]
    mode = "nearest-exact" if options.HalfPixelCenters() else "nearest"
    return _Plain(lambda x: F.interpolate(x, size, mode=mode))


def _reshape(file: TfliteFile, operator: Operator) -> nn.Module:
    shape = file.shape(operator.output)[1:]
    if len(file.shape(operator.inputs[0])) == 4:
        return _Plain(lambda x: x.permute(0, 2, 3, 1).reshape(-1, *shape))
    return _Plain(lambda x: x.reshape(-1, *shape))


def _concatenation(file: TfliteFile, operator: Operator) -> nn.Module:
    axis = operator.options(tflite.ConcatenationOptions).Axis()
    assert len(file.shape(operator.output)) != 4  # four axes stand in another order here
    return _Plain(lambda *parts: torch.cat(parts, axis))


_MODULES: Mapping[str, Callable[[TfliteFile, Operator], nn.Module]] = {
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "FULLY_CONNECTED": _fully_connected,
    "ADD": _add,
    "AVERAGE_POOL_2D": _pool,
    "MAX_POOL_2D": _pool,
    "RESIZE_NEAREST_NEIGHBOR": _resize_nearest_neighbor,
    "RESHAPE": _reshape,
    "CONCATENATION": _concatenation,
    "LOGISTIC": lambda _file, _operator: _Plain(torch.sigmoid),
    "SOFTMAX": lambda _file, _operator: _Plain(lambda x: x.softmax(-1)),
    "QUANTIZE": lambda _file, _operator: nn.Identity(),
    "DEQUANTIZE": lambda _file, _operator: nn.Identity(),
}


def _module(file: TfliteFile, operator: Operator) -> nn.Module:
    if operator.name not in _MODULES:
        raise ValueError(f"The TFLite operator {operator.name} is not known here.")
    return _MODULES[operator.name](file, operator)
