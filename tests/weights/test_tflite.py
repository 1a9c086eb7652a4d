"""Weights out of a TFLite file that the schema itself wrote: order, axes, quantised numbers."""

from pathlib import Path

import flatbuffers
import numpy as np
import torch
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from mner_core.weights.tflite import layers

Constant = tuple[NDArray[np.generic], list[float], list[int], int]
"""Stored numbers, scales, zero points, and the axis along which these run; no scales where it is not quantised."""
TYPES = {"float32": schema.TensorType.FLOAT32, "int32": schema.TensorType.INT32, "int8": schema.TensorType.INT8}


def file_of(path: Path, *steps: tuple[int, Constant, Constant]) -> Path:
    """A graph that runs these operators, each with its weight and bias, one after another."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.buffers, graph.tensors, graph.operators, model.operatorCodes = [schema.BufferT()], [schema.TensorT()], [], []
    for number, (code, *constants) in enumerate(steps):
        operator, named = schema.OperatorT(), schema.OperatorCodeT()
        named.builtinCode = named.deprecatedBuiltinCode = code
        operator.opcodeIndex, operator.inputs, operator.outputs = number, [0], [0]
        for stored, scales, zeros, axis in constants:
            tensor, buffer = schema.TensorT(), schema.BufferT()
            buffer.data = np.frombuffer(stored.tobytes(), np.uint8)
            tensor.buffer, tensor.shape, tensor.type = len(model.buffers), list(stored.shape), TYPES[stored.dtype.name]
            if scales:
                tensor.quantization = schema.QuantizationParametersT()
                tensor.quantization.scale, tensor.quantization.zeroPoint = scales, zeros
                tensor.quantization.quantizedDimension = axis
            operator.inputs.append(len(graph.tensors))
            graph.tensors.append(tensor)
            model.buffers.append(buffer)
        model.operatorCodes.append(named)
        graph.operators.append(operator)
    model.subgraphs = [graph]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def test_layers_come_in_the_order_of_the_graph_with_torchs_axes(tmp_path: Path) -> None:
    convolution = np.arange(24, dtype=np.float32).reshape(2, 2, 3, 2)  # [out, rows, columns, in]
    depthwise = np.arange(12, dtype=np.float32).reshape(1, 2, 3, 2)  # [1, rows, columns, out]
    linear, bias = np.arange(6, dtype=np.float32).reshape(2, 3), np.array([0.5, -1], np.float32)
    plain: list[Constant] = [(each, [], [], 0) for each in (convolution, depthwise, linear, bias)]
    code = schema.BuiltinOperator
    path = file_of(
        tmp_path / "net.tflite",
        (code.DEPTHWISE_CONV_2D, plain[1], plain[3]),
        (code.ADD, plain[2], plain[3]),
        (code.CONV_2D, plain[0], plain[3]),
        (code.FULLY_CONNECTED, plain[2], plain[3]),
    )
    filtered, mixed, head = layers(path)
    assert filtered.weight.shape == (2, 1, 2, 3)
    assert mixed.weight.shape == (2, 2, 2, 3)
    assert mixed.weight[1, 0, 1, 2] == convolution[1, 1, 2, 0]
    assert filtered.weight[1, 0, 1, 2] == depthwise[0, 1, 2, 1]
    assert torch.equal(head.weight, torch.from_numpy(linear))
    assert head.bias.tolist() == [0.5, -1]


def test_quantised_numbers_are_those_that_they_stand_for(tmp_path: Path) -> None:
    weight = np.array([[1, -2, 3], [127, -128, 0]], np.int8)
    bias = np.array([10, -20], np.int32)
    whole = (weight, [0.5], [3], 0)
    a_row = (weight, [0.5, 0.25], [0, 1], 0)
    code = schema.BuiltinOperator.FULLY_CONNECTED
    path = file_of(
        tmp_path / "net.tflite", (code, whole, (bias, [0.1], [0], 0)), (code, a_row, (bias, [0.1, 0.2], [0, 0], 0))
    )
    first, second = layers(path)
    assert first.weight.tolist() == [[-1, -2.5, 0], [62, -65.5, -1.5]]
    assert second.weight.tolist() == [[0.5, -1, 1.5], [31.5, -32.25, -0.25]]
    np.testing.assert_allclose(second.bias.numpy(), [1, -4], rtol=1e-6)
    assert second.weight.dtype == torch.float32
