"""Parts of published equations written out in NumPy with loops, one vector at a time, for the tests of several systems.

`w` maps a module's parameter names to arrays; `name` is the part's prefix in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mner_core.models.base import Model

Array = NDArray[np.float64]
Weights = Mapping[str, Array]


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def linear(w: Weights, name: str, x: Array) -> Array:
    """W x, + b where there is one."""
    product = w[f"{name}.weight"] @ x
    return product + w[f"{name}.bias"] if f"{name}.bias" in w else product


def norm(w: Weights, name: str, x: Array) -> Array:
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]


def multi_head(w: Weights, name: str, query: Array, memory: Sequence[Array], heads: int) -> tuple[Array, Array]:
    """MultiHead(query, memory, memory) for one query [d], and its attention [heads, m]; zero for an empty memory."""
    if not len(memory):
        return np.zeros_like(query), np.zeros((heads, 0))
    size = len(query) // heads
    seen, attention = [], []
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        q = linear(w, f"{name}.of_query", query)[part]
        scores = np.array([q @ linear(w, f"{name}.of_key", m)[part] / np.sqrt(size) for m in memory])
        weight = np.exp(scores - scores.max())
        weight /= weight.sum()
        values = [linear(w, f"{name}.of_value", m)[part] for m in memory]
        seen.append(sum(a * v for a, v in zip(weight, values, strict=True)))
        attention.append(weight)
    return linear(w, f"{name}.of_output", np.concatenate(seen)), np.stack(attention)


def attention(w: Weights, name: str, query: Array, memory: Sequence[Array], heads: int) -> Array:
    """norm(query + MultiHead(query, memory, memory)) for one query [d]."""
    return norm(w, f"{name}.norm", query + multi_head(w, f"{name}.attention", query, memory, heads)[0])


def feed_forward(w: Weights, name: str, x: Array) -> Array:
    """norm(x + W2 relu(W1 x)) for one vector [d]."""
    return norm(w, f"{name}.norm", x + linear(w, f"{name}.outer", relu(linear(w, f"{name}.inner", x))))


def transformer(w: Weights, name: str, queries: Sequence[Array], memory: Sequence[Array], heads: int) -> list[Array]:
    """A post-norm Transformer layer, query by query."""
    return [
        feed_forward(w, f"{name}.feed_forward", attention(w, f"{name}.attention", q, memory, heads)) for q in queries
    ]


def weights_of(model: Model) -> dict[str, Array]:
    return {name: value.numpy() for name, value in model.state_dict().items()}


def shaken(model: Model, seed: int = 0, std: float = 0.3) -> Model:
    """The model in double precision and evaluation mode, every parameter random, biases and norms too."""
    torch.manual_seed(seed)
    for parameter in model.double().eval().parameters():
        torch.nn.init.normal_(parameter, std=std)
    return model


def in_double(part: Any) -> Any:
    """Every float tensor of a batch in double precision, so that only the mathematics can differ."""
    if isinstance(part, torch.Tensor):
        return part.double() if part.is_floating_point() else part
    if is_dataclass(part) and type(part).__module__ == "mner_core.batches.tensors":
        return replace(part, **{item.name: in_double(getattr(part, item.name)) for item in fields(part)})
    return part
