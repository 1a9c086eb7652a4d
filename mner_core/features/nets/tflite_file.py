"""What a .tflite file says: its operators in order, its constants as float32, the label lists packed behind it."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

_OPERATORS = {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}
_DTYPES = {0: np.float32, 2: np.int32, 9: np.int8}


@dataclass(frozen=True, slots=True)
class Operator:
    """One step of the graph: tensors, by their numbers, in; one tensor out. `table` holds its options."""

    name: str
    inputs: tuple[int, ...]
    output: int
    table: Any

    def options(self, kind: Any) -> Any:
        """The operator's options, read as tflite's class `kind`."""
        options = kind()
        options.Init(self.table.Bytes, self.table.Pos)
        return options


class TfliteFile:
    """The first graph of a .tflite file; tensors go by their numbers."""

    def __init__(self, path: Path) -> None:
        self._model = tflite.Model.GetRootAsModel(path.read_bytes(), 0)
        self._graph = self._model.Subgraphs(0)
        self.inputs: list[int] = self._graph.InputsAsNumpy().tolist()
        self.outputs: list[int] = self._graph.OutputsAsNumpy().tolist()

    @property
    def operators(self) -> list[Operator]:
        """All operators in the order in which they run."""
        return [self._operator(self._graph.Operators(i)) for i in range(self._graph.OperatorsLength())]

    def operators_for(self, outputs: Sequence[int]) -> list[Operator]:
        """The operators on which the tensors `outputs` depend, in the file's order."""
        wanted, needed = set(outputs), []
        for operator in reversed(self.operators):
            if operator.output in wanted:
                needed.append(operator)
                wanted.update(operator.inputs)
        return needed[::-1]

    def fed(self, operator: Operator) -> list[int]:
        """The inputs that the operator is given while running, the file's constants left out."""
        return [index for index in operator.inputs if self._buffer(index).DataLength() == 0]

    def shape(self, index: int) -> list[int]:
        """The tensor's sizes, those of a picture as [batch, rows, columns, channels]."""
        sizes: list[int] = self._graph.Tensors(index).ShapeAsNumpy().tolist()
        return sizes

    def numbers(self, index: int) -> NDArray[np.float32]:
        """A constant as the numbers it stands for: `scale * (stored - zero point)` where it is quantised."""
        tensor = self._graph.Tensors(index)
        stored = self._buffer(index).DataAsNumpy().view(_DTYPES[tensor.Type()]).reshape(self.shape(index))
        numbers = np.array(stored, np.float32)
        quantization = tensor.Quantization()
        if quantization is None or not quantization.ScaleLength():
            return numbers
        along = [1] * numbers.ndim
        along[quantization.QuantizedDimension()] = -1
        zero = quantization.ZeroPointAsNumpy().astype(np.float32).reshape(along)
        meant: NDArray[np.float32] = (numbers - zero) * quantization.ScaleAsNumpy().reshape(along)
        return meant

    def _operator(self, operator: Any) -> Operator:
        code = self._model.OperatorCodes(operator.OpcodeIndex())
        name = _OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        inputs = tuple(operator.InputsAsNumpy().tolist())
        return Operator(name, inputs, int(operator.Outputs(0)), operator.BuiltinOptions())

    def _buffer(self, index: int) -> Any:
        return self._model.Buffers(self._graph.Tensors(index).Buffer())


def labels(path: Path, name: str) -> tuple[str, ...]:
    """The lines of the list `name` that TensorFlow's metadata tool packed behind the graph, as a zip archive."""
    with zipfile.ZipFile(path) as archive:
        return tuple(archive.read(name).decode("utf-8").splitlines())
