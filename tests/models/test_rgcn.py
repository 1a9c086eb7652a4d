"""R-GCN's numbered equations written out in NumPy with loops, against the module."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mner_core.catalog.rgcn import RGCNSettings
from mner_core.catalog.systems import system
from mner_core.models.base import Progress
from mner_core.models.rgcn import RGCN
from tests.fakes import make_batcher, make_model, post, random_posts, settings_of

Array = NDArray[np.float64]
Weights = Mapping[str, Array]


def layer_norm(x: Array, gain: Array, bias: Array) -> Array:
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5) * gain + bias


def gelu(x: Array) -> Array:
    return np.array([v * 0.5 * (1 + torch.erf(torch.tensor(v / np.sqrt(2))).item()) for v in x])


def attention_layer(w: Weights, name: str, query: Array, memory: Array, heads: int) -> Array:
    """Multi-head attention, residual, norm, feed-forward, residual, norm: one query and one head at a time."""
    d = query.shape[1]
    size = d // heads
    in_weight, in_bias = w[f"{name}.attention.in_proj_weight"], w[f"{name}.attention.in_proj_bias"]
    (wq, wk, wv), (bq, bk, bv) = np.split(in_weight, 3), np.split(in_bias, 3)
    rows = []
    for q_in in query:
        parts = []
        for head in range(heads):
            part = slice(head * size, (head + 1) * size)
            q = (wq @ q_in + bq)[part]
            scores = np.array([q @ (wk @ m + bk)[part] / np.sqrt(size) for m in memory])
            weight = np.exp(scores - scores.max())
            weight /= weight.sum()
            parts.append(sum(a * (wv @ m + bv)[part] for a, m in zip(weight, memory, strict=True)))
        seen = w[f"{name}.attention.out_proj.weight"] @ np.concatenate(parts) + w[f"{name}.attention.out_proj.bias"]
        x = layer_norm(q_in + seen, w[f"{name}.attention_norm.weight"], w[f"{name}.attention_norm.bias"])
        inner = gelu(w[f"{name}.feed_forward.0.weight"] @ x + w[f"{name}.feed_forward.0.bias"])
        fed = w[f"{name}.feed_forward.2.weight"] @ inner + w[f"{name}.feed_forward.2.bias"]
        rows.append(layer_norm(x + fed, w[f"{name}.output_norm.weight"], w[f"{name}.output_norm.bias"]))
    return np.stack(rows)


def convolution(w: Weights, name: str, neighbours: list[Array], weights: list[float]) -> Array:
    """Eq. 6, 11: relu(sum over k of W H_k, + b), region by region."""
    rows = []
    for region in range(49):
        total = w[f"{name}.linear.bias"].copy()
        for weight, grid in zip(weights, neighbours, strict=True):
            total = total + weight * (w[f"{name}.linear.weight"] @ (w["project.weight"] @ grid[region]))
        rows.append(np.maximum(total, 0))
    return np.stack(rows)


def gated(w: Weights, name: str, state: Array, news: Array) -> Array:
    """Eq. 7, 8 (12, 13): h + sigmoid(W [h ; n]) * n with W on the concatenation."""
    both = np.concatenate([w[f"{name}.of_state.weight"], w[f"{name}.of_news.weight"]], axis=1)
    return state + 1 / (1 + np.exp(-both @ np.concatenate([state, news]))) * news


def reference(w: Weights, settings: RGCNSettings, words: Array, own: Array, text: tuple, image: tuple) -> Array:  # type: ignore[type-arg]
    """Eq. 2-16 for one post; `text` and `image` are (neighbour grids, cosines)."""
    regions = np.stack([w["project.weight"] @ region for region in own])  # Eq. 2, 3
    if settings.inter_graph:
        weights = text[1] if settings.edges == "cosine" else [1.0] * len(text[1])
        news = convolution(w, "inter_graph", text[0], weights).mean(axis=0)  # Eq. 6
        words = np.stack([gated(w, "text_gate", h, news) if settings.gate else h + news for h in words])  # Eq. 7, 8
    if settings.intra_graph:
        weights = image[1] if settings.edges == "cosine" else [1.0] * len(image[1])
        news = convolution(w, "intra_graph", image[0], weights)  # Eq. 11
        pairs = zip(regions, news, strict=True)
        regions = np.stack([gated(w, "image_gate", h, n) if settings.gate else h + n for h, n in pairs])  # Eq. 12, 13
    words = attention_layer(w, "word_attention", words, words, settings.heads)  # Eq. 14
    regions = attention_layer(w, "region_attention", regions, regions, settings.heads)  # Eq. 15
    return attention_layer(w, "cross_attention", words, regions, settings.heads)  # Eq. 16


@pytest.mark.parametrize("variant", ["", *system("rgcn").variants])
def test_states_equal_the_equations_written_out(variant: str) -> None:
    settings = settings_of("rgcn", variant)
    assert isinstance(settings, RGCNSettings)
    model = make_model("rgcn", settings).eval().double()
    assert isinstance(model, RGCN)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    posts = [*random_posts(3, seed=5, longest=4), post(9, ["Rio", "wins"], image=None)]
    batcher = make_batcher("rgcn", settings)
    batch = batcher.labelled(posts)
    neighbourhood = batcher.providers.neighbourhood
    assert neighbourhood is not None
    assert batch.grid is not None
    in_double = _double(batch)
    with torch.no_grad():
        states = model.states(in_double, None).numpy()
        words = model.words(in_double).numpy()
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    for row, example in enumerate(posts):
        both = [
            ([neighbourhood.grid(n).astype(np.float64) for n in found], [float(np.float32(n.score)) for n in found])
            for found in (neighbourhood.of_text([example])[0], neighbourhood.of_image([example], batch.pictures[:1])[0])
        ]
        length = len(example.tokens)
        own = batch.grid.regions[row].double().numpy()
        wanted = reference(weights, settings, words[row, :length], own, *both)
        assert states[row, :length] == pytest.approx(wanted, abs=1e-5)


def _double(part):  # type: ignore[no-untyped-def]
    """Every float tensor of a batch in double precision, so that only the mathematics can differ."""
    from dataclasses import fields, is_dataclass, replace

    if isinstance(part, torch.Tensor):
        return part.double() if part.is_floating_point() else part
    if is_dataclass(part) and type(part).__module__ == "mner_core.batches.tensors":
        return replace(part, **{item.name: _double(getattr(part, item.name)) for item in fields(part)})
    return part


def test_no_neighbours_change_nothing() -> None:
    """A post for which nothing was found is read as if the graphs were not there."""
    settings = settings_of("rgcn")
    model = make_model("rgcn", settings).eval()
    batcher = make_batcher("rgcn", settings)
    batch = batcher.labelled(random_posts(2))
    from dataclasses import replace

    assert batch.text_neighbours is not None
    assert batch.image_neighbours is not None
    empty = replace(
        batch,
        text_neighbours=replace(batch.text_neighbours, real=torch.zeros_like(batch.text_neighbours.real)),
        image_neighbours=replace(batch.image_neighbours, real=torch.zeros_like(batch.image_neighbours.real)),
    )
    with torch.no_grad():
        bare = model.loss(empty, Progress())
        model.inter_graph = model.intra_graph = None
        assert float(model.loss(batch, Progress())) == pytest.approx(float(bare), abs=1e-6)
