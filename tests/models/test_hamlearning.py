"""HamLearning's numbered equations written out in NumPy with loops, and what it shows."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch

from mner_core.batches.feature_providers import FeatureProviders
from mner_core.batches.picture_parts import class_row
from mner_core.batches.tensors import Batch
from mner_core.catalog.hamlearning import HamLearningSettings
from mner_core.catalog.systems import system
from mner_core.features.image import ImageFeatures
from mner_core.layers.relations import RELATIONS
from mner_core.models.base import Progress
from mner_core.models.hamlearning import HamLearning, labelled_edges
from mner_core.types import Example, ImageObject, InputError
from tests.fakes import OBJECT, FakeFeatures, make_batcher, make_model, post, random_posts, settings_of
from tests.layers.test_relations import by_hand
from tests.models.equations import Array, Weights, in_double, linear, relu, shaken, sigmoid, transformer, weights_of

VARIANTS = ["", *system("hamlearning").variants]


def hamlearning(variant: str = "", **changes: Any) -> tuple[HamLearning, HamLearningSettings]:
    settings = settings_of("hamlearning", variant, **changes)
    model = make_model("hamlearning", settings)
    assert isinstance(model, HamLearning)
    assert isinstance(settings, HamLearningSettings)
    return model, settings


class SomeObjects(FakeFeatures):
    """Pictures with exactly these objects."""

    def __init__(self, *objects: ImageObject) -> None:
        self.objects = objects

    def features(self, example: Example) -> ImageFeatures:
        if example.image_name is None:
            return super().features(example)
        generator = np.random.default_rng(len(example.id))
        vectors = generator.normal(size=(len(self.objects), OBJECT)).astype(np.float16)
        return replace(super().features(example), objects=self.objects, object_vectors=vectors, aspect=1.0)


def scattered(count: int) -> list[ImageObject]:
    generator = np.random.default_rng(count)
    corners = generator.uniform(0, 0.6, (count, 2))
    return [ImageObject(f"kind {i % 3}", (x, y, x + 0.3, y + 0.4), 0.5) for i, (x, y) in enumerate(corners)]


@dataclass(frozen=True)
class Seen:
    """One post and its picture as arrays."""

    words: Array
    sentence: Array
    grid: Array
    labels: list[str]
    vectors: Array
    boxes: Array
    aspect: float


def spatial_view(
    w: Weights, settings: HamLearningSettings, nodes: list[Array], boxes: Array, aspect: float
) -> list[Array]:
    """Eq. 5-7, node by node and neighbour by neighbour; node 0 is the picture, which contains all others."""
    places = [np.array([0.5, 0.5, 1, 1])]
    for left, top, right, bottom in boxes:
        places.append(np.array([(left + right) / 2, (top + bottom) / 2, bottom - top, right - left]))
    state = [linear(w, "views.spatial.placed", np.concatenate([p, v])) for p, v in zip(places, nodes, strict=True)]

    def relation(i: int, j: int) -> str:
        if i == 0 or j == 0:
            return "inside" if i == 0 else "cover"
        return by_hand(tuple(boxes[i - 1]), tuple(boxes[j - 1]), aspect)

    for layer in range(settings.spatial_layers):
        name = f"views.spatial.layers.{layer}"
        fresh = []
        for i, v in enumerate(state):
            total = w[f"{name}.bias"].copy()
            for j, other in enumerate(state):
                if i != j and relation(i, j) != "none":
                    total = total + w[f"{name}.weight"][RELATIONS.index(relation(i, j))].T @ other
            news = relu(total)  # Eq. 5
            both = np.concatenate([w[f"{name}.gate.of_state.weight"], w[f"{name}.gate.of_news.weight"]], axis=1)
            fresh.append(v + sigmoid(both @ np.concatenate([v, news])) * news)  # Eq. 6, 7
        state = fresh
    return state


def aligned(
    w: Weights, settings: HamLearningSettings, name: str, sentence: Array, view: list[Array]
) -> tuple[list[Array], float]:
    """Eq. 8-11: what the objects of a view become, and C."""
    picture, score, m = view[0], 0.0, np.ones_like(view[0])
    if settings.relevance:
        score = float(np.tanh(sentence @ w[f"relevance.{name}.of_both.weight"] @ picture))  # Eq. 8
        text, seen = w[f"relevance.{name}.of_text.weight"], w[f"relevance.{name}.of_picture.weight"]
        m = np.tanh(text @ sentence + seen @ picture * score)  # Eq. 9
    objects = view[1:] or [picture]  # zero objects: one row made of v_IMG
    return [linear(w, "joined", np.concatenate([m * picture, v])) for v in objects], score  # Eq. 10, 11


def reference(w: Weights, settings: HamLearningSettings, seen: Seen) -> tuple[list[Array], dict[str, float]]:
    """Eq. 1-15 for one post."""
    heads = settings.heads
    read = [seen.sentence, *seen.words]
    sentence, *text = transformer(w, "sentence", read, read, heads)  # Eq. 1
    nodes = [linear(w, "objects.of_grid", sum(seen.grid) / len(seen.grid))]  # Eq. 2
    for label, vector in zip(seen.labels, seen.vectors, strict=True):
        e = w["objects.classes.weight"][class_row(label)]
        nodes.append(linear(w, "objects.of_object", vector) + w["objects.of_class.weight"] @ e)  # Eq. 3
    views = {}
    if settings.semantic:
        views["semantic"] = nodes
        for layer in range(settings.semantic_layers):
            views["semantic"] = transformer(
                w, f"views.semantic.layers.{layer}", views["semantic"], views["semantic"], heads
            )  # Eq. 4
    if settings.spatial:
        views["spatial"] = spatial_view(w, settings, nodes, seen.boxes, seen.aspect)
    v, scores = {}, {}
    for name, view in views.items():
        v[name], scores[name] = aligned(w, settings, name, sentence, view)
    h = [linear(w, "transformed.2", relu(linear(w, "transformed.0", x))) for x in text]  # Eq. 12
    for _ in range(settings.iterations):
        both_views = list(v.values())
        mixed = both_views[0]
        if len(both_views) == 2:
            mixed = []
            for one, two in zip(*both_views, strict=True):
                inner = sigmoid(w["view_gate.of_first.weight"] @ one + w["view_gate.of_second.weight"] @ two)
                a = w["view_gate.of_both.weight"] @ inner  # Eq. 13
                a = sigmoid(a) if settings.view_gate == "sigmoid" else a
                mixed.append(a * one + (1 - a) * two)  # Eq. 14
        refined = transformer(w, "words_refined", h, mixed, heads)  # Eq. 15
        if f"objects_refined.{next(iter(v))}.feed_forward.norm.bias" in w:
            v = {name: transformer(w, f"objects_refined.{name}", rows, h, heads) for name, rows in v.items()}
        h = refined
    return h, scores


@pytest.mark.parametrize("variant", VARIANTS)
def test_states_equal_the_equations_written_out(variant: str) -> None:
    model, settings = hamlearning(variant)
    shaken(model, std=0.2)
    posts = [*random_posts(4, seed=5, longest=5), post(9, ["Rio", "wins"], image=None), post(10, ["Kim"])]
    single = make_batcher("hamlearning", settings).labelled(posts)
    batch = in_double(single)
    assert batch.grid is not None
    assert batch.objects is not None
    assert {int(count) for count in batch.objects.real.sum(1)} >= {0, 1, 3}
    with torch.no_grad():
        states = model.states(batch, None).numpy()
        words, sentences = (part.numpy() for part in model.words.with_sentence(batch))
    predictions = model.predict(batch, evidence=True)
    w = weights_of(model)
    for row, example in enumerate(posts):
        count = int(batch.objects.real[row].sum())
        seen = Seen(
            words=words[row, : len(example.tokens)],
            sentence=sentences[row],
            grid=batch.grid.regions[row].numpy(),
            labels=[it.label for it in batch.pictures[row].objects],
            vectors=batch.objects.vectors[row, :count].numpy(),
            boxes=batch.objects.boxes[row, :count].numpy(),
            aspect=float(batch.objects.aspect[row]),
        )
        wanted, scores = reference(w, settings, seen)
        assert states[row, : len(wanted)] == pytest.approx(np.stack(wanted), abs=1e-5)
        shown = {each.name: each for each in predictions[row].evidence}
        for name, score in scores.items():
            if settings.relevance and batch.grid.ok[row]:
                assert float(shown[f"relevance, {name} view"].values) == pytest.approx(score, abs=1e-5)
            else:
                assert f"relevance, {name} view" not in shown
        assert ("word x object attention" in shown) == (count > 0)


def test_the_sentence_is_the_first_state_of_its_windows() -> None:
    model, settings = hamlearning()
    model.eval()
    long, short = post(0, [f"word{number}" for number in range(300)]), post(1, ["Rio", "wins"])
    batcher = make_batcher("hamlearning", settings)
    batch = batcher.labelled([long, short])
    pieces = batch.pieces
    assert pieces.post.tolist() == [0] * (len(pieces.ids) - 1) + [1]
    assert len(pieces.ids) > 3
    with torch.no_grad():
        states = model.words.encoder(input_ids=pieces.ids, attention_mask=pieces.real).last_hidden_state[:, 0]
        _, sentences = model.words.with_sentence(batch)
        _, alone = model.words.with_sentence(batcher.labelled([short]))
    assert torch.allclose(sentences[0], states[:-1].mean(0), atol=1e-5)
    assert torch.allclose(sentences[1], states[-1], atol=1e-5)
    assert torch.allclose(sentences[1], alone[0], atol=1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("count", [0, 1, 20])
def test_any_number_of_objects_and_one_word(variant: str, count: int) -> None:
    model, settings = hamlearning(variant)
    batcher = make_batcher("hamlearning", settings)
    given(batcher, SomeObjects(*scattered(count)))
    batch = batcher.labelled([post(1, ["Rio"]), post(2, ["Kim", "met", "Rio"], image=None)])
    assert batch.objects is not None
    assert batch.objects.real.sum(1).tolist() == [count, 0]
    model.loss(batch, Progress()).backward()  # type: ignore[no-untyped-call]
    assert all(torch.isfinite(value.grad).all() for value in model.parameters() if value.grad is not None)
    for prediction in model.eval().predict(batch, evidence=True):
        assert all(np.isfinite(each.values).all() for each in prediction.evidence)


def test_the_picture_contains_every_object_and_padding_has_no_edges() -> None:
    batcher = make_batcher("hamlearning", settings_of("hamlearning"))
    given(batcher, SomeObjects(ImageObject("sky", (0, 0, 1, 1)), ImageObject("sun", (0.5, 0.1, 0.6, 0.2))))
    batch = batcher.labelled([post(1, ["Rio"])])
    assert batch.objects is not None
    edges = labelled_edges(batch.objects)[0]
    found = {(i, j): RELATIONS[label] for label, i, j in edges.nonzero().tolist()}
    assert found == {
        (0, 1): "inside", (0, 2): "inside", (1, 0): "cover", (2, 0): "cover", (1, 2): "inside", (2, 1): "cover",
    }  # fmt: skip
    empty = labelled_edges(replace(batch.objects, real=torch.zeros_like(batch.objects.real)))
    assert not empty.any()


def test_relations_are_listed_by_the_objects_numbers() -> None:
    model, settings = hamlearning()
    batcher = make_batcher("hamlearning", settings)
    boxes = {
        "person": (0.1, 0.1, 0.4, 0.5),
        "ball": (0.2, 0.2, 0.3, 0.3),
        "tree": (0.45, 0.1, 0.6, 0.45),
        "car": (0.9, 0.9, 1, 1),
    }
    given(batcher, SomeObjects(*(ImageObject(name, box) for name, box in boxes.items())))
    (prediction,) = model.eval().predict(batcher.labelled([post(1, ["Rio"])]), evidence=True)
    (listed,) = [each for each in prediction.evidence if each.name == "spatial relations"]
    assert listed.axes == ("knowledge",)
    assert [item["text"] for item in listed.items[0]] == [
        "1 person → 2 ball: inside",
        "1 person → 3 tree: right-up",
        "2 ball → 3 tree: right-down",
    ]
    assert listed.values[0] == pytest.approx(1 - 0.05 / np.sqrt(2), abs=1e-5)
    assert listed.items[0][0]["relation"] == "inside"
    assert [(item["from"], item["to"]) for item in listed.items[0]] == [(0, 1), (0, 2), (1, 2)]
    (attention,) = [each for each in prediction.evidence if each.kind == "attention"]
    assert attention.axes == ("iteration", "head", "word", "object")
    assert attention.values.shape == (3, settings.heads, 1, 4)


def changed(one: HamLearning, batch: Batch, other: Batch) -> bool:
    with torch.no_grad():
        first, second = (one.eval().states(each, None) for each in (batch, other))
    return not torch.allclose(first, second, atol=1e-6)


@pytest.mark.parametrize("variant", ["", "w/o RGCN", "w/o ViT", "w/o RM"])
def test_only_the_spatial_view_reads_boxes(variant: str) -> None:
    """What a variant drops is gone, and nothing else is: boxes matter to the one view, relevance goes with RM."""
    model, settings = hamlearning(variant)
    batcher = make_batcher("hamlearning", settings)
    given(batcher, SomeObjects(*scattered(4)))
    batch = batcher.labelled([post(1, ["Kim", "met", "Rio"])])
    assert batch.objects is not None
    moved = replace(batch, objects=replace(batch.objects, boxes=batch.objects.boxes.flip(1)))
    assert changed(model, batch, moved) == (variant != "w/o RGCN")
    renamed = replace(batch, objects=replace(batch.objects, classes=batch.objects.classes + 1))
    assert changed(model, batch, renamed)
    parts = {name.split(".")[0] for name, _ in model.named_parameters()}
    assert ("relevance" in parts) == (variant != "w/o RM")
    assert ("view_gate" in parts) == (variant in ("", "w/o RM"))
    views = {name.split(".")[1] for name, _ in model.named_parameters() if name.startswith("views.")}
    assert views == {"semantic", "spatial"} - {{"w/o RGCN": "spatial", "w/o ViT": "semantic"}.get(variant)}


def test_a_class_is_one_row_whatever_its_case_and_process() -> None:
    assert class_row("Traffic light ") == class_row("traffic light") == 2350
    assert class_row("person") != class_row("dog")


def test_parts_that_cannot_reach_the_loss_are_not_built() -> None:
    once, thrice = (
        sum(name.startswith("objects_refined") for name, _ in hamlearning(variant)[0].named_parameters())
        for variant in ("L=1", "L=3")
    )
    assert once == 0
    assert thrice > 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"heads": 5}, "must divide the model's width"),
        ({"iterations": 0}, "iterations must be at least 1"),
        ({"semantic": False, "spatial": False}, "no view of the picture is left"),
    ],
)
def test_wrong_settings_get_a_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        hamlearning(**change)


def test_the_papers_settings() -> None:
    settings = settings_of("hamlearning", "paper", heads=12, dropout=0.1)
    assert isinstance(settings, HamLearningSettings)
    assert (settings.batch, settings.epochs, settings.iterations, settings.pooling) == (32, 60, 3, "sum")
    assert (settings.semantic_layers, settings.spatial_layers, settings.scheme) == (4, 2, "BIO2")
    assert {settings.encoder_rate, settings.fusion_rate, settings.head_rate} == {3e-5}


def given(batcher: Any, features: FakeFeatures) -> None:
    """Lets the batcher read these features."""
    batcher.providers = FeatureProviders(features=features)
