"""UMGF's numbered equations written out in NumPy with loops, against the module; and what each variant leaves out."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from mner_core.batches.tensors import Batch
from mner_core.catalog.system import Settings
from mner_core.catalog.systems import system
from mner_core.catalog.umgf import UMGFSettings
from mner_core.layers.positions import sinusoidal
from mner_core.layers.transformer import TransformerLayer
from mner_core.models.umgf import UMGF, CrossGate
from mner_core.training.fit import schedule
from mner_core.types import Example, InputError
from tests.fakes import make_batcher, make_model, random_posts, settings_of

Array = NDArray[np.float64]
Weights = Mapping[str, Array]
VARIANTS = ["", *system("umgf").variants]


def layer_norm(w: Weights, name: str, x: Array) -> Array:
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]


def linear(w: Weights, name: str, x: Array) -> Array:
    """With or without a bias; what has no parameters hands x on."""
    if f"{name}.weight" not in w:
        return x
    return w[f"{name}.weight"] @ x + w.get(f"{name}.bias", np.zeros(1))


def self_attention(w: Weights, name: str, nodes: list[Array], heads: int) -> list[Array]:
    """Eq. 1, 2: one node and one head at a time, residual, norm."""
    rows = []
    for node in nodes:
        parts = []
        for head in range(heads):
            part = slice(head * len(node) // heads, (head + 1) * len(node) // heads)
            query = linear(w, f"{name}.attention.of_query", node)[part]
            keys = [linear(w, f"{name}.attention.of_key", other)[part] for other in nodes]
            scores = np.array([query @ key / np.sqrt(len(query)) for key in keys])
            share = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
            values = [linear(w, f"{name}.attention.of_value", other)[part] for other in nodes]
            parts.append(sum(a * value for a, value in zip(share, values, strict=True)))
        seen = linear(w, f"{name}.attention.of_output", np.concatenate(parts))
        rows.append(layer_norm(w, f"{name}.norm", node + seen))
    return rows


def exchange(w: Weights, name: str, own: list[Array], other: list[Array], edges: Array) -> list[Array]:
    """Eq. 3-6, W on the concatenation as one matrix."""
    rows = []
    for i, state in enumerate(own):
        total = state.copy()
        for j, neighbour in enumerate(other):
            if edges[i, j]:
                both = np.concatenate([w[f"{name}.of_own.weight"], w[f"{name}.of_other.weight"]], axis=1)
                total += 1 / (1 + np.exp(-both @ np.concatenate([state, neighbour]))) * neighbour
        rows.append(total)
    return rows


def feed_forward(w: Weights, name: str, nodes: list[Array]) -> list[Array]:
    """Eq. 7, 8."""
    inner = [np.maximum(linear(w, f"{name}.inner", node), 0) for node in nodes]
    fed = [linear(w, f"{name}.outer", each) for each in inner]
    return [layer_norm(w, f"{name}.norm", node + news) for node, news in zip(nodes, fed, strict=True)]


def reference(w: Weights, settings: UMGFSettings, text: Array, seen: Array, edges: Array) -> Array:
    """The whole graph of one post: words [L, d_t], objects or regions [N, d_o], edges [L, N]."""
    words, objects = [], []
    for place, word in enumerate(text):
        node = word.copy()
        for column in range(len(word) if settings.positions else 0):
            angle = place / 10_000 ** ((column - column % 2) / len(word))
            node[column] += np.cos(angle) if column % 2 else np.sin(angle)
        words.append(np.maximum(linear(w, "of_words.0", node), 0))
    objects = [np.maximum(linear(w, "of_objects.0", each), 0) for each in seen]
    for number in range(settings.layers):
        mine, theirs = f"layers.{number}.words", f"layers.{number}.{'objects' if settings.own_parameters else 'words'}"
        words = self_attention(w, f"{mine}.attention", words, settings.heads)
        if settings.object_edges:
            objects = self_attention(w, f"{theirs}.attention", objects, settings.heads)
        next_words = feed_forward(w, f"{mine}.feed_forward", exchange(w, f"{mine}.gate", words, objects, edges))
        if number < settings.layers - 1:
            objects = exchange(w, f"{theirs}.gate", objects, words, edges.T)
            objects = feed_forward(w, f"{theirs}.feed_forward", objects)
        words = next_words
    graph = np.stack(words)
    return np.concatenate([text, graph], axis=1) if settings.tagger_reads == "text and graph" else graph


def in_double(part: Any) -> Any:
    """Every float tensor of a batch in double precision, so that only the mathematics can differ."""
    if isinstance(part, torch.Tensor):
        return part.double() if part.is_floating_point() else part
    if is_dataclass(part) and type(part).__module__ == "mner_core.batches.tensors":
        return replace(part, **{item.name: in_double(getattr(part, item.name)) for item in fields(part)})  # type: ignore[type-var]
    return part


def made(variant: str = "", **changes: Any) -> tuple[UMGF, UMGFSettings]:
    settings = settings_of("umgf", variant, **changes)
    model = make_model("umgf", settings).eval()
    assert isinstance(model, UMGF)
    assert isinstance(settings, UMGFSettings)
    return model, settings


def batch_of(settings: Settings, posts: list[Example]) -> Batch:
    return make_batcher("umgf", settings).labelled(posts)


def picture_of(settings: UMGFSettings, batch: Batch, row: int, length: int) -> tuple[Array, Array]:
    """Vectors [N, d_o] and edges [L, N] of one post, from the batch's parts and its sources."""
    picture = batch.pictures[row]
    if settings.vision == "regions":
        seen = picture.grid.astype(np.float64) if picture.image_ok else np.zeros((0, picture.grid.shape[1]))
        return seen, np.ones((length, len(seen)))
    seen = picture.object_vectors.astype(np.float64)
    if settings.edges == "all":
        return seen, np.ones((length, len(seen)))
    grounding = make_batcher("umgf", settings).providers.grounding
    assert grounding is not None
    return seen, grounding.links(batch.examples[row], picture).joined.astype(float)


@pytest.mark.parametrize("variant", VARIANTS)
def test_states_equal_the_equations_written_out(variant: str) -> None:
    model, settings = made(variant, width=24, layers=2)
    model.double()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    posts = random_posts(5, seed=5, longest=4)
    batch = batch_of(settings, posts)
    with torch.no_grad():
        states = model.states(in_double(batch), None).numpy()
        text = model.words(in_double(batch)).numpy()
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    assert any(picture.objects for picture in batch.pictures)
    for row, post in enumerate(posts):
        length = len(post.tokens)
        wanted = reference(weights, settings, text[row, :length], *picture_of(settings, batch, row, length))
        assert states[row, :length] == pytest.approx(wanted, abs=1e-5)


def test_the_gate_is_one_matrix_on_the_concatenation() -> None:
    """Eq. 4 with the node's own half and the other's added pair by pair."""
    gate = CrossGate(6)
    own, other = torch.randn(1, 3, 6), torch.randn(1, 2, 6)
    edges = torch.tensor([[[True, False], [True, True], [False, False]]])
    states, gates = gate(own, other, edges)
    both = torch.cat([gate.of_own.weight, gate.of_other.weight], dim=1)
    pairs = torch.cat([own[:, :, None].expand(1, 3, 2, 6), other[:, None].expand(1, 3, 2, 6)], dim=-1)
    assert torch.allclose(gates, torch.sigmoid(pairs @ both.T) * edges[..., None], atol=1e-6)
    assert torch.equal(states[0, 2], own[0, 2])


@pytest.mark.parametrize("variant", VARIANTS)
def test_without_objects_it_is_a_text_transformer(variant: str) -> None:
    model, settings = made(variant)
    posts = [replace(post, image_name=None) for post in random_posts(4)]
    batch = batch_of(settings, posts)
    with torch.no_grad():
        states = model.states(batch, None)[..., -model.of_words[0].out_features :]
        text = model.words(batch)
        if settings.positions:
            text = text + sinusoidal(text.shape[1], text.shape[2], text)
        wanted = model.of_words(text)
        for layer in model.layers:
            plain = TransformerLayer(wanted.shape[-1], settings.heads, layer.words.feed_forward.inner.out_features, 0.0)
            plain.attention, plain.feed_forward = layer.words.attention, layer.words.feed_forward
            wanted, _ = plain(wanted, wanted, batch.words)
    assert torch.allclose(states[batch.words], wanted[batch.words], atol=1e-6)


def test_what_each_variant_leaves_out() -> None:
    """The ablations of Table 5 change the path they name and no other parameter."""
    full = {name: value.shape for name, value in made()[0].named_parameters()}
    for variant, gone in (("w/o VCorr", ".objects.attention."), ("w/o Ind", ".objects.")):
        kept = {name: value.shape for name, value in made(variant)[0].named_parameters()}
        assert kept == {name: shape for name, shape in full.items() if gone not in name}
        assert len(kept) < len(full)
    segmented = {name: value.shape for name, value in made("w/o Tar")[0].named_parameters()}
    assert {name for name in full if full[name] != segmented.get(name)} == {"of_objects.0.weight"}
    assert segmented.keys() == full.keys()
    last = f"layers.{UMGFSettings().layers - 1}.objects."
    assert {name.removeprefix(last).split(".")[0] for name in full if name.startswith(last)} == {"attention"}


def test_batches_carry_only_what_the_variant_reads() -> None:
    posts = random_posts(3)
    for variant, wanted in (("", {"objects", "links"}), ("w/o Tar", {"grid"}), ("released", {"objects"})):
        batch = batch_of(settings_of("umgf", variant), posts)
        assert {part for part in ("grid", "objects", "links") if getattr(batch, part) is not None} == wanted


def test_gates_and_links_are_shown_by_layer_word_and_object() -> None:
    model, settings = made()
    posts = random_posts(8)
    batch = batch_of(settings, posts)
    shown = 0
    for row, (post, said) in enumerate(zip(posts, model.predict(batch, evidence=True), strict=True)):
        if not batch.pictures[row].objects:
            assert said.evidence == ()
            continue
        shown += 1
        gates, links = said.evidence
        found = picture_of(settings, batch, row, len(post.tokens))[1]
        assert (gates.axes, gates.kind, gates.reduced) == (("layer", "word", "object"), "gate", "mean over the vector")
        assert gates.values.shape == (settings.layers, *found.shape)
        assert ((gates.values > 0) == (found > 0)).all()
        assert (links.axes, links.kind) == (("word", "object"), "score")
        assert ((links.values > 0) <= (found > 0)).all()
    assert shown


def test_presets_are_the_papers_and_the_codes() -> None:
    paper, released = system("umgf").resolve("paper"), system("umgf").resolve("compact", "released")
    assert isinstance(paper, UMGFSettings)
    assert isinstance(released, UMGFSettings)
    assert (paper.layers, paper.heads, paper.width, paper.dropout, paper.scheme) == (2, 8, 512, 0.5, "BIO2")
    assert (paper.encoder_rate, paper.fusion_rate, paper.head_rate, paper.edges) == (1e-4, 1e-4, 1e-4, "phrase")
    assert (released.layers, released.dropout, released.inner, released.edges) == (6, 0.4, 256, "all")
    assert [schedule((epoch + 0.5) / 30, released) for epoch in range(5)] == pytest.approx([1, 1, 0.8, 0.8, 0.64])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"layers": "0"}, "layers and heads must be at least 1"),
        ({"width": "-1"}, "width and inner must be 0 or more"),
        ({"own_parameters": "false", "object_mixing": "false"}, "so object_mixing must be true"),
        ({"edges": "some"}, "edges is one of phrase, phrase alone, all; got 'some'"),
    ],
)
def test_wrong_settings_get_a_sentence(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        system("umgf").resolve("compact", "", change)


def test_heads_that_do_not_divide_the_width_get_a_sentence() -> None:
    with pytest.raises(InputError, match="heads must divide the model's width 30, got 4"):
        made(width=30)
