"""The weights and the list of labels in a TFLite file, read by the schema that comes with LiteRT."""

import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from ai_edge_litert import schema_py_generated as schema
from torch import Tensor

_NUMBERS = {schema.TensorType.FLOAT32: np.float32, schema.TensorType.INT32: np.int32, schema.TensorType.INT8: np.int8}
_AXES = {
    schema.BuiltinOperator.CONV_2D: (0, 3, 1, 2),  # the file: [out, rows, columns, in]
    schema.BuiltinOperator.DEPTHWISE_CONV_2D: (3, 0, 1, 2),  # the file: [1, rows, columns, out]
    schema.BuiltinOperator.FULLY_CONNECTED: (0, 1),
}


class Layer(NamedTuple):
    """A layer's weight, [out, in / groups, rows, columns] or [out, in], and its bias [out]."""

    weight: Tensor
    bias: Tensor


def layers(path: Path) -> list[Layer]:
    """Every convolution and fully connected layer of the file as float32, in the order in which its graph runs them."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    (graph,) = model.subgraphs
    found = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        axes = _AXES.get(max(code.builtinCode, code.deprecatedBuiltinCode))
        if axes:
            weight, bias = (_numbers(model, graph.tensors[index]) for index in operator.inputs[1:])
            found.append(Layer(weight.permute(axes), bias))
    return found


def labels(path: Path, name: str) -> tuple[str, ...]:
    """The lines of the list `name` that TensorFlow's metadata tool packed behind the graph, as a zip archive."""
    with zipfile.ZipFile(path) as archive:
        return tuple(archive.read(name).decode("utf-8").splitlines())


def _numbers(model: Any, tensor: Any) -> Tensor:
    """A constant as the numbers it stands for: `scale * (stored - zero point)` where it is quantised."""
    stored = model.buffers[tensor.buffer].data.view(_NUMBERS[tensor.type]).reshape(tensor.shape)
    numbers = np.array(stored, np.float32)
    quantization = tensor.quantization
    if quantization is not None and quantization.scale is not None:
        along = [1] * numbers.ndim
        along[quantization.quantizedDimension] = -1
        zero = np.asarray(quantization.zeroPoint, np.float32).reshape(along)
        numbers = (numbers - zero) * np.asarray(quantization.scale, np.float32).reshape(along)
    return torch.from_numpy(numbers)
