"""IAIK's numbered equations written out in NumPy with loops, against the module."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mner_core.batches.tensors import Batch
from mner_core.catalog.iaik import IAIKSettings
from mner_core.catalog.systems import system
from mner_core.models import iaik
from mner_core.models.base import Progress
from mner_core.models.iaik import IAIK
from tests.fakes import make_batcher, make_model, post, random_posts, settings_of
from tests.models.equations import Array, Weights, in_double, linear, shaken, sigmoid, weights_of


def softmax(rows: list[Array]) -> list[Array]:
    """For each feature over the rows (Eq. 4, 8)."""
    most = np.max(rows, axis=0)
    whole = sum(np.exp(row - most) for row in rows)
    return [np.exp(row - most) / whole for row in rows]


def gated(w: Weights, name: str, news: Array, state: Array) -> Array:
    """Eq. 10, 11 and 13, 14."""
    gate = sigmoid(linear(w, f"{name}.of_news", news) + linear(w, f"{name}.of_state", state))
    return gate * news + (1 - gate) * state


def phrase(w: Weights, vector: Array) -> Array:
    return linear(w, "of_phrase", vector * np.sqrt(len(vector)))


def attribute_mean(w: Weights, vectors: list[Array]) -> Array:
    """A, one element: two layers give each attribute a weight."""
    embedded = [phrase(w, vector) for vector in vectors]
    scores = [
        linear(w, "attribute_mean.outer", np.tanh(linear(w, "attribute_mean.inner", each)))[0] for each in embedded
    ]
    weights = np.exp(scores) / np.exp(scores).sum()
    return np.sum([weight * each for weight, each in zip(weights, embedded, strict=True)], axis=0)


def fused(w: Weights, query: Array, element: Array, grid: Array | None) -> Array:
    """F_r of one pair, Eq. 3 and 6 to 11."""
    aligned = linear(
        w, "alignment.out", np.tanh(linear(w, "alignment.of_element", element) + linear(w, "alignment.of_query", query))
    )
    if grid is None:
        return aligned
    regions = [linear(w, "picture.project", region) for region in grid]
    scores = [
        linear(
            w,
            "picture.out",
            np.tanh(linear(w, "picture.of_pair", aligned) + linear(w, "picture.of_region", region)),  # Eq. 7
        )
        for region in regions
    ]
    shares = softmax(scores)  # Eq. 8
    seen = np.sum([share * region for share, region in zip(shares, regions, strict=True)], axis=0)  # Eq. 9
    return gated(w, "picture.gate", seen, aligned)  # Eq. 10, 11


def reference(w: Weights, words: Array, extra: list[Array], grid: Array | None, masks: str, window: int = 99) -> Array:
    """O of every word of one post, Eq. 2-14."""
    narrow = [linear(w, "narrow", x) if "narrow.weight" in w else x for x in words]
    out = []
    for place, query in enumerate(narrow):
        first = place // window * window
        text = list(enumerate(narrow))[first : first + window]
        contexts = []
        for seen in (
            [text]
            if masks == "none"
            else [[each for each in text if each[0] <= place], [each for each in text if each[0] >= place]]
        ):
            elements = [element for _, element in seen] + extra
            shares = softmax([fused(w, query, element, grid) for element in elements])  # Eq. 4
            contexts.append(np.sum([p * e for p, e in zip(shares, elements, strict=True)], axis=0))  # Eq. 5, 12
        context = np.concatenate(contexts)
        context = linear(w, "widen", context) if "widen.weight" in w else context
        out.append(gated(w, "gate", context, words[place]))  # Eq. 13, 14
    return np.stack(out)


def expected(model: IAIK, batch: Batch, settings: IAIKSettings, window: int = 99) -> list[Array]:
    """The reference for every post of a batch in double precision."""
    assert (batch.grid is None, batch.attributes is None, batch.knowledge is None) == (
        not settings.image,
        not settings.attributes,
        not settings.knowledge,
    )
    weights = weights_of(model)
    with torch.no_grad():
        words = model.words(batch).numpy()
    wanted = []
    for row, example in enumerate(batch.examples):
        extra = []
        if batch.attributes and batch.attributes.real[row].any():
            real = batch.attributes.real[row].numpy()
            extra.append(attribute_mean(weights, list(batch.attributes.vectors[row].numpy()[real])))
        if batch.knowledge and batch.knowledge.real[row]:
            extra.append(phrase(weights, batch.knowledge.vectors[row].numpy()))
        grid = batch.grid.regions[row].numpy() if batch.grid and batch.grid.ok[row] else None
        wanted.append(reference(weights, words[row, : len(example.tokens)], extra, grid, settings.masks, window))
    return wanted


POSTS = [*random_posts(7, seed=5, longest=4), post(77, ["Rio", "wins"], image=None)]
VARIANTS = [
    *((variant, 24) for variant in ("", *system("iaik").variants)),
    ("", 0),
    ("forward and backward masks", 16),
]


@pytest.mark.parametrize(("variant", "width"), VARIANTS)
def test_states_equal_the_equations_written_out(variant: str, width: int) -> None:
    settings = settings_of("iaik", variant, width=width)
    assert isinstance(settings, IAIKSettings)
    model = shaken(make_model("iaik", settings))
    assert isinstance(model, IAIK)
    batch = in_double(make_batcher("iaik", settings).labelled(POSTS))
    if batch.knowledge is not None:
        assert {bool(each) for each in batch.knowledge.real} == {True, False}, "posts with and without knowledge"
    with torch.no_grad():
        states = model.states(batch, None).numpy()
    for row, wanted in enumerate(expected(model, batch, settings)):
        assert states[row, : len(wanted)] == pytest.approx(wanted, abs=1e-5)


def test_chunks_and_windows_are_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """One query at a time gives the same numbers and gradients; longer texts are read window by window."""
    settings = settings_of("iaik", width=16)
    assert isinstance(settings, IAIKSettings)
    model = shaken(make_model("iaik", settings), std=0.1)
    assert isinstance(model, IAIK)
    batch = in_double(make_batcher("iaik", settings).labelled(POSTS))

    def gradients() -> list[torch.Tensor]:
        model.zero_grad()
        model.loss(batch, Progress()).backward()  # type: ignore[no-untyped-call]
        return [value.grad.clone() for value in model.parameters() if value.grad is not None]

    whole = gradients()
    monkeypatch.setattr(iaik, "CHUNK", 1)
    monkeypatch.setattr(iaik, "KEPT", 1)
    for one, other in zip(whole, gradients(), strict=True):
        assert torch.allclose(one, other, atol=1e-10)
    monkeypatch.setattr(iaik, "WINDOW", 2)
    with torch.no_grad():
        states = model.states(batch, None).numpy()
    for row, wanted in enumerate(expected(model, batch, settings, window=2)):
        assert states[row, : len(wanted)] == pytest.approx(wanted, abs=1e-5)
    shown = model.predict(batch, evidence=True)
    assert all({"attributes", "word x region attention"} <= {e.name for e in each.evidence} for each in shown[:-1])


def test_the_evidence_says_what_was_known_and_where_words_looked() -> None:
    settings = settings_of("iaik")
    model = make_model("iaik", settings).eval()
    batch = make_batcher("iaik", settings).labelled(POSTS)
    assert batch.knowledge is not None
    row = int(batch.knowledge.real.nonzero()[0])
    evidence = {each.name: each for each in model.predict(batch, evidence=True)[row].evidence}
    (item,) = evidence["knowledge"].items[0]
    assert {"head", "relation", "tail", "path", "score", "image", "text"} <= set(item)
    assert evidence["knowledge"].values == pytest.approx([item["score"]])
    assert evidence["attributes"].axes == ("attribute",)
    assert [each["label"] for each in evidence["attributes"].items[0]] == [n for n, _ in batch.pictures[row].attributes]
    assert evidence["word x region attention"].axes == ("word", "region")
    assert evidence["share of knowledge"].axes == ("word", "knowledge")
    unknown = model.predict(batch, evidence=True)[-1]
    assert unknown.evidence == (), "no picture, no attributes, no knowledge"


def test_knowledge_changes_exactly_its_own_post() -> None:
    settings = settings_of("iaik")
    model = make_model("iaik", settings).eval()
    batch = make_batcher("iaik", settings).labelled(POSTS)
    assert batch.knowledge is not None
    other = replace(batch, knowledge=replace(batch.knowledge, vectors=batch.knowledge.vectors + 1.0))
    with torch.no_grad():
        differs = (model.states(batch, None) - model.states(other, None)).abs().amax(dim=(1, 2)) > 1e-6
    assert differs.tolist() == batch.knowledge.real.tolist()
