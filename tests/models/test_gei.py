"""GEI's numbered equations written out in NumPy with loops, its training schedule, and what it shows."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from mner_core.batches.feature_providers import FeatureProviders
from mner_core.catalog.gei import GEISettings
from mner_core.catalog.systems import system
from mner_core.features.image import ImageFeatures
from mner_core.models.base import Progress
from mner_core.models.gei import GEI, SpanDetector
from mner_core.types import Example, ImageObject, InputError, Span
from tests.fakes import GRID, OBJECT, FakeFeatures, make_batcher, make_model, post, random_posts, settings_of
from tests.models.equations import (
    Array,
    Weights,
    attention,
    feed_forward,
    in_double,
    linear,
    multi_head,
    relu,
    shaken,
    sigmoid,
    transformer,
    weights_of,
)

VARIANTS = ["", *system("gei").variants]


class SomeObjects(FakeFeatures):
    """Pictures with as many objects as it is told."""

    def __init__(self, count: int) -> None:
        self.count = count

    def features(self, example: Example) -> ImageFeatures:
        generator = np.random.default_rng(len(example.id))
        vectors = generator.normal(size=(self.count, OBJECT)).astype(np.float16)
        objects = tuple(ImageObject(f"thing {i}", (0.1, 0.1, 0.5, 0.6), 0.5) for i in range(self.count))
        if example.image_name is None:
            return super().features(example)
        return replace(super().features(example), objects=objects, object_vectors=vectors)


def gei(variant: str = "", **changes: Any) -> tuple[GEI, GEISettings]:
    settings = settings_of("gei", variant, **{"layers": 2, **changes})
    model = make_model("gei", settings)
    assert isinstance(model, GEI)
    assert isinstance(settings, GEISettings)
    return model, settings


def gate(w: Weights, name: str, state: Array, news: Array) -> Array:
    """Eq. 9, 10 (11, 12) for one vector."""
    a = sigmoid(linear(w, f"{name}.of_news", news) + linear(w, f"{name}.of_state", state))
    return a * news + (1 - a) * state


def largest(vectors: Sequence[Array]) -> Array:
    """Max, number by number."""
    return np.array([max(vector[i] for vector in vectors) for i in range(len(vectors[0]))])


def nodes_of_the_picture(w: Weights, settings: GEISettings, grid: Array, ok: bool, things: Array) -> list[Array]:
    """Eq. 5, 6: the objects and the picture as a whole, or its regions."""
    if not ok:
        return []
    if settings.vision == "regions":
        return [relu(linear(w, "of_grid", region)) for region in grid]
    whole = sum(grid) / len(grid)
    return [*(relu(linear(w, "of_objects", thing)) for thing in things), relu(linear(w, "of_grid", whole))]


def reference(
    w: Weights, settings: GEISettings, words: Array, spans: list[Span], objects: list[Array]
) -> tuple[list[Array], list[list[Array]]]:
    """Eq. 1 and 7-12 for one post: its words' states, and by layer each query's attention [heads, V]."""
    heads = settings.heads
    state = [linear(w, "of_words", t) for t in transformer(w, "transformer", list(words), list(words), heads)]  # Eq. 1
    entity_of = {word: span for span in spans for word in range(span.start, span.end)}
    looked = []
    for layer in range(settings.layers):
        name = f"layers.{layer}"
        d_t = [attention(w, f"{name}.among_words", x, state, heads) for x in state]  # Eq. 7
        d_v = [attention(w, f"{name}.among_objects", x, objects, heads) for x in objects]
        if settings.interaction == "entities":
            asking = {span: largest(state[span.start : span.end]) for span in spans}  # E_n
        elif settings.interaction == "words of entities":
            asking = {word: d_t[word] for word in sorted(entity_of)}
        else:
            asking = dict(enumerate(d_t))
        aware, shares = {}, []
        for who, h in asking.items():
            seen, share = multi_head(w, f"{name}.look", h, d_v, heads)  # Eq. 8
            aware[who] = gate(w, f"{name}.look_gate", h, seen) if objects else h  # Eq. 9, 10
            shares.append(share)
        looked.append(shares)
        mixed = list(d_t)
        for word in range(len(words)):
            if settings.interaction == "entities" and word in entity_of:
                mixed[word] = gate(w, f"{name}.word_gate", d_t[word], aware[entity_of[word]])  # Eq. 11, 12
            elif word in aware:
                mixed[word] = aware[word]
        state = [feed_forward(w, f"{name}.word_feed", m) for m in mixed]
        if layer == settings.layers - 1:
            break
        told = [multi_head(w, f"{name}.answer", v, list(asking.values()), heads)[0] for v in d_v]
        changed = [gate(w, f"{name}.answer_gate", v, t) if asking else v for v, t in zip(d_v, told, strict=True)]
        objects = [feed_forward(w, f"{name}.object_feed", m) for m in changed]
    return state, looked


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("changes", [{}, {"width": 20, "layers": 1}])
def test_states_equal_the_equations_written_out(
    variant: str, changes: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proposed spans are the gold ones here; how they are found is the next test's."""
    model, settings = gei(variant, **changes)
    shaken(model)
    posts = [*random_posts(4, seed=5, longest=5), post(9, ["Rio", "wins"], image=None), post(10, ["Kim"])]
    spans = [[Span(it.start, it.end, SpanDetector.LABEL) for it in example.spans or ()] for example in posts]
    assert {len(of_post) for of_post in spans} >= {0, 1, 2}
    if model.detector is not None:
        monkeypatch.setattr(model.detector, "spans", lambda emissions, real: spans)
    batch = in_double(make_batcher("gei", settings).labelled(posts))
    assert batch.grid is not None
    assert (batch.objects is None) == (settings.vision == "regions"), "what is not read is not loaded"
    with torch.no_grad():
        states, words = model.states(batch, None).numpy(), model.words(batch).numpy()
    predictions = model.predict(batch, evidence=True)
    w = weights_of(model)
    for row, example in enumerate(posts):
        seen_things = batch.objects
        things = np.zeros((0, 0)) if seen_things is None else seen_things.vectors[row][seen_things.real[row]].numpy()
        grid, ok = batch.grid.regions[row].numpy(), bool(batch.grid.ok[row])
        objects = nodes_of_the_picture(w, settings, grid, ok, things)
        wanted, looked = reference(w, settings, words[row, : len(example.tokens)], spans[row], objects)
        assert states[row, : len(wanted)] == pytest.approx(np.stack(wanted), abs=1e-5)
        shown = [each for each in predictions[row].evidence if each.kind == "attention"]
        if not ok or not looked[0]:
            assert shown == []
            continue
        (seen,) = shown
        assert seen.axes[:2] == ("layer", "head")
        assert seen.values == pytest.approx(np.array(looked).transpose(0, 2, 1, 3), abs=1e-5)


def test_spans_are_found_as_the_equations_say() -> None:
    """Eq. 2-4: Transformer-2, then a CRF over untyped tags, enumerated."""
    model, settings = gei()
    shaken(model, seed=1)
    detector = model.detector
    assert isinstance(detector, SpanDetector)
    batch = in_double(make_batcher("gei", settings).labelled([post(0, ["Kim", "met", "Rio"], [Span(0, 2, "PER")])]))
    with torch.no_grad():
        words = model.words(batch)
        emissions = detector(words, batch.words)
        loss = float(detector.loss(emissions, batch))
    w = weights_of(model)
    hidden = transformer(w, "detector.transformer", list(words[0].numpy()), list(words[0].numpy()), settings.heads)
    phi = np.stack([linear(w, "detector.emissions", t) for t in hidden])
    assert emissions[0].numpy() == pytest.approx(phi, abs=1e-6)
    chain = detector.crf.chain
    start, step, end = (
        part.detach().numpy() for part in (chain.start_transitions, chain.transitions, chain.end_transitions)
    )
    scores = {
        (a, b, c): start[a] + phi[0, a] + step[a, b] + phi[1, b] + step[b, c] + phi[2, c] + end[c]
        for a in range(3)
        for b in range(3)
        for c in range(3)
    }
    total = np.log(sum(np.exp(score) for score in scores.values()))
    assert loss == pytest.approx(total - scores[1, 2, 0], abs=1e-4), "B, I, O, whatever the type"


@pytest.mark.parametrize("scheme", ["BIO2", "BIOES"])
def test_the_span_loss_reads_no_type(scheme: str) -> None:
    model, settings = gei(scheme=scheme, tag_weight=0.0)
    batcher = make_batcher("gei", settings)
    words = ["Kim", "Lee", "met", "Rio"]
    typed = [
        batcher.labelled([post(0, words, [Span(0, 2, a), Span(3, 4, b)])]) for a, b in (("PER", "LOC"), ("ORG", "ORG"))
    ]
    other = batcher.labelled([post(0, words, [Span(0, 1, "PER"), Span(3, 4, "LOC")])])
    with torch.no_grad():
        one, same, different = (float(model.eval().loss(batch, Progress())) for batch in (*typed, other))
    assert one == pytest.approx(same)
    assert one != pytest.approx(different)


def test_the_loss_is_the_weighted_sum_of_both() -> None:
    def loss(span: float, tag: float) -> float:
        model, settings = gei(span_weight=span, tag_weight=tag)
        with torch.no_grad():
            return float(model.eval().loss(make_batcher("gei", settings).labelled(random_posts(4)), Progress()))

    assert loss(0.5, 0.5) == pytest.approx(0.5 * loss(1.0, 0.0) + 0.5 * loss(0.0, 1.0), rel=1e-5)


def test_the_share_of_predicted_spans_rises_from_epoch_2_to_6() -> None:
    settings = GEISettings()
    shares = [settings.predicted_share(epoch) for epoch in range(1, 9)]
    assert shares == pytest.approx([0, 0, 0.225, 0.45, 0.675, 0.9, 0.9, 0.9])


def test_a_coin_a_post_chooses_between_gold_and_predicted_spans() -> None:
    model, settings = gei()
    model.train()
    gold = [Span(0, 1, "PER"), Span(2, 3, "PER")]
    batch = make_batcher("gei", settings).labelled(
        [post(number, ["Kim", "met", "Rio", "again"], gold) for number in range(64)]
    )
    with torch.no_grad():
        found = model.detector(model.words(batch), batch.words)  # type: ignore[misc]
    assert model.detector is not None
    guessed = model.detector.spans(found, batch.words)
    assert all(guess != gold for guess in guessed)

    def predicted(epoch: int, seed: int) -> list[bool]:
        torch.manual_seed(seed)
        chosen = model._sampled(found, batch, Progress(epoch=epoch - 1))
        assert all(spans in (gold, guess) for spans, guess in zip(chosen, guessed, strict=True))
        return [spans != gold for spans in chosen]

    assert not any(predicted(2, 0))
    half = predicted(4, 0)
    assert np.mean([np.mean(predicted(4, seed)) for seed in range(20)]) == pytest.approx(0.45, abs=0.05)
    assert half == predicted(4, 0), "the coin comes from torch's seeded generator"
    assert half != predicted(4, 1)
    assert 0.8 < np.mean(predicted(30, 0)) < 1
    model.eval()
    assert all(predicted(1, 0)), "in evaluation the spans are the model's own"


@pytest.mark.parametrize("variant", VARIANTS)
def test_words_outside_entities_never_see_the_picture(variant: str) -> None:
    """The claim of the paper: in one layer, a change of the picture reaches the words of entities and no others."""
    model, settings = gei(variant, layers=1)
    shaken(model, seed=2)
    batcher = make_batcher("gei", settings)
    batch = in_double(batcher.labelled([post(1, ["Kim", "met", "Rio", "tonight"])]))
    other = replace(batch, grid=replace(batch.grid, regions=batch.grid.regions + 1.0))
    with torch.no_grad():
        words = model.words(batch)
        spans = [[Span(0, 1, "PER"), Span(2, 3, "LOC")]] if model.detector else [[Span(0, 4, "all")]]
        states = [model._interacting(words, spans, each, None)[0] for each in (batch, other)]
    changed = [bool((one - two).abs().max() > 1e-6) for one, two in zip(*states, strict=True)]
    assert changed == ([True] * 4 if variant == "-Span detection" else [True, False, True, False])


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("count", [0, 1, 20])
def test_any_number_of_objects_and_one_word(variant: str, count: int) -> None:
    model, settings = gei(variant)
    batcher = make_batcher("gei", settings)
    batcher.providers = FeatureProviders(features=SomeObjects(count))
    posts = [post(1, ["Rio"], [Span(0, 1, "LOC")]), post(2, ["Rio"], [Span(0, 1, "LOC")], image=None)]
    batch = batcher.labelled(posts)
    if settings.vision == "objects":
        assert batch.objects is not None
        assert batch.objects.real.sum(1).tolist() == [count, 0]
    model.loss(batch, Progress(epoch=4)).backward()  # type: ignore[no-untyped-call]
    assert all(torch.isfinite(value.grad).all() for value in model.parameters() if value.grad is not None)
    with torch.no_grad():
        states = model.eval()._interacting(model.words(batch), [[Span(0, 1, "LOC")]] * 2, batch, None)
    assert torch.isfinite(states).all()


def test_the_picture_itself_stands_behind_its_objects() -> None:
    model, settings = gei()
    batch = make_batcher("gei", settings).labelled(random_posts(6, seed=2))
    shown = model.eval().predict(batch, evidence=True)
    seen = 0
    for picture, prediction in zip(batch.pictures, shown, strict=True):
        proposed = [each for each in prediction.evidence if each.axes == ("entity",)]
        for each in prediction.evidence:
            if each.kind != "attention":
                continue
            seen += 1
            assert each.axes == ("layer", "head", "entity", "object")
            assert [item["label"] for item in each.items[-1]] == [
                *(it.label for it in picture.objects),
                "whole picture",
            ]
            assert each.items[-1][-1]["box"] == [0, 0, 1, 1]
            assert each.items[2] == proposed[0].items[0]
            assert {"start", "end", "text"} == set(each.items[2][0])
            assert proposed[0].values.min() >= 0
            assert proposed[0].values.max() <= 1
    assert seen


def test_parts_that_cannot_reach_the_loss_are_not_built() -> None:
    names = [name for name, _ in gei()[0].named_parameters()]
    assert any(name.startswith("layers.0.answer") for name in names)
    assert not any(name.startswith(("layers.1.answer", "layers.1.object_feed")) for name in names)
    assert not any(
        "detector" in name or "word_gate" in name for name, _ in gei("-Span detection")[0].named_parameters()
    )
    assert not any("of_objects" in name for name, _ in gei("+Image region")[0].named_parameters())


def test_both_taggers_learn_at_the_head_rate() -> None:
    model, settings = gei()
    (_, encoder), (_, fusion), (_, head) = model.rate_groups(settings)
    named = {id(value): name for name, value in model.named_parameters()}
    assert {named[id(value)].split(".")[0] for value in head} == {"emissions", "crf", "detector"}
    assert not any("crf" in named[id(value)] or "emissions" in named[id(value)] for value in fusion)
    assert encoder


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"heads": 5}, "must divide the model's width"),
        ({"layers": 0}, "layers and heads must be at least 1"),
        ({"width": -1}, "width must be 0 or more"),
        ({"sampling_begin": 6}, "less than sampling_end"),
        ({"span_weight": 1.5}, r"span_weight must lie in 0..1"),
    ],
)
def test_wrong_settings_get_a_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        gei(**change)


def test_the_papers_settings() -> None:
    settings = settings_of("gei", "paper", dropout=0.4, heads=8)
    assert isinstance(settings, GEISettings)
    assert (settings.layers, settings.heads, settings.width, settings.batch, settings.epochs) == (6, 8, 512, 16, 30)
    assert {settings.encoder_rate, settings.fusion_rate, settings.head_rate} == {3e-5}
    assert GRID != OBJECT, "grid and objects of the tests differ in width, as nets of different make do"
