"""An ablation changes exactly the path it names: what it still reads, what it lacks, what it then equals."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from mner_core.batches.tensors import Batch
from mner_core.catalog.systems import SYSTEMS
from mner_core.models.base import Model
from mner_core.types import Span
from tests.fakes import make_batcher, make_model, post, random_posts, settings_of
from tests.models.equations import in_double, shaken

POSTS = [*random_posts(5, seed=5, longest=5), post(9, ["Rio", "wins"], image=None)]
CASES = [(name, variant) for name, entry in SYSTEMS.items() for variant in ("", *entry.variants)]

ALL_READ: Mapping[str, set[str]] = {
    "bert-crf": set(),
    "rgcn": {"grid", "text neighbours", "image neighbours"},
    "umgf": {"objects", "links"},
    "gei": {"grid", "objects"},
    "hamlearning": {"grid", "objects", "classes", "boxes"},
    "iaik": {"grid", "attributes", "knowledge"},
}
"""What the full system reads of the pictures and around them."""
READ: Mapping[tuple[str, str], set[str]] = {
    ("rgcn", "w/o InterRG"): {"grid", "image neighbours"},
    ("rgcn", "w/o IntraRG"): {"grid", "text neighbours"},
    ("rgcn", "w/o InterRG, IntraRG"): {"grid"},
    ("rgcn", "edges weighted by cosine"): ALL_READ["rgcn"] | {"text cosines", "image cosines"},
    ("umgf", "w/o Tar"): {"grid"},
    ("umgf", "all words to all objects"): {"objects"},
    ("umgf", "released"): {"objects"},
    ("gei", "+Image region"): {"grid"},
    ("hamlearning", "w/o RGCN"): {"grid", "objects", "classes"},
    ("iaik", "Without image"): {"attributes", "knowledge"},
    ("iaik", "w/o attributes"): {"grid", "knowledge"},
    ("iaik", "w/o knowledge"): {"grid", "attributes"},
    ("iaik", "w/o attributes, knowledge"): {"grid"},
}
"""Where a variant reads something else; every other one reads what the full system does."""
LACKS: Mapping[tuple[str, str], set[str]] = {
    ("rgcn", "w/o Gate"): {"text_gate", "image_gate"},
    ("rgcn", "w/o InterRG"): {"inter_graph", "text_gate"},
    ("rgcn", "w/o IntraRG"): {"intra_graph", "image_gate"},
    ("rgcn", "w/o InterRG, IntraRG"): {"inter_graph", "text_gate", "intra_graph", "image_gate"},
    ("gei", "-Entity-level interaction"): {f"layers.{number}.word_gate" for number in range(6)},
    ("gei", "-Span detection"): {"detector"} | {f"layers.{number}.word_gate" for number in range(6)},
    ("gei", "+Image region"): {"of_objects"},
    ("hamlearning", "w/o RGCN"): {"views.spatial", "relevance.spatial", "objects_refined.spatial", "view_gate"},
    ("hamlearning", "w/o ViT"): {"views.semantic", "relevance.semantic", "objects_refined.semantic", "view_gate"},
    ("hamlearning", "w/o RM"): {"relevance"},
    ("hamlearning", "L=1"): {"objects_refined"},
    ("umgf", "w/o VCorr"): {"layers.0.objects.attention", "layers.1.objects.attention"},
    ("umgf", "w/o Ind"): {"layers.0.objects", "layers.1.objects"},
    ("iaik", "Without image"): {"picture"},
    ("iaik", "w/o attributes"): {"attribute_mean"},
    ("iaik", "w/o attributes, knowledge"): {"attribute_mean", "of_phrase"},
}
"""Parts of the full system that a variant does not build; unlisted variants build all, those of RESHAPED aside."""
RESHAPED = {"paper", "released", "w/o Tar", "forward and backward masks"}
"""Variants of other widths: what they lack is no path."""


def made(name: str, variant: str) -> tuple[Model, Batch]:
    """A model with random parameters and a batch; where entities are proposed, they are the gold ones."""
    settings = settings_of(name, variant)
    model: Any = shaken(make_model(name, settings), std=0.2)
    if getattr(model, "detector", None) is not None:
        model.detector.spans = lambda emissions, real: [list(example.spans or ()) for example in POSTS]
    return model, in_double(make_batcher(name, settings).labelled(POSTS))


def states(model: Model, batch: Batch) -> Tensor:
    with torch.no_grad():
        return model.states(batch, None)[batch.words]


def disturbed(batch: Batch) -> Iterator[tuple[str, Batch]]:
    """The batch with one of its parts changed, part by part."""
    if batch.grid is not None:
        yield "grid", replace(batch, grid=replace(batch.grid, regions=batch.grid.regions.roll(1, dims=2)))
    if batch.objects is not None:
        seen = batch.objects
        yield "objects", replace(batch, objects=replace(seen, vectors=seen.vectors.roll(1, dims=2)))
        yield "classes", replace(batch, objects=replace(seen, classes=seen.classes + 1))
        yield "boxes", replace(batch, objects=replace(seen, boxes=1 - seen.boxes.roll(2, dims=2)))
    if batch.links is not None:
        yield "links", replace(batch, links=replace(batch.links, joined=~batch.links.joined))
    for name in ("text", "image"):
        found = getattr(batch, f"{name}_neighbours")
        if found is not None:
            other = replace(found, regions=found.regions.roll(1, dims=3))
            yield f"{name} neighbours", replace(batch, **{f"{name}_neighbours": other})
            other = replace(found, cosine=found.cosine / 2)
            yield f"{name} cosines", replace(batch, **{f"{name}_neighbours": other})
    for name in ("attributes", "knowledge"):
        part: Any = getattr(batch, name)
        if part is not None:
            yield name, replace(batch, **{name: replace(part, vectors=part.vectors.roll(1, dims=-1))})


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_it_reads_what_it_says_and_nothing_else(name: str, variant: str) -> None:
    model, batch = made(name, variant)
    plain = states(model, batch)
    read = {part for part, other in disturbed(batch) if not torch.allclose(states(model, other), plain, atol=1e-9)}
    assert read == READ.get((name, variant), ALL_READ[name])


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_nothing_is_loaded_that_is_not_read(name: str, variant: str) -> None:
    parts = ("grid", "objects", "links", "text_neighbours", "image_neighbours", "attributes", "knowledge")
    batch = make_batcher(name, settings_of(name, variant)).labelled(POSTS)
    loaded = {part.replace("_", " ") for part in parts if getattr(batch, part) is not None}
    part_of = {"classes": "objects", "boxes": "objects", "text cosines": "text neighbours"}
    part_of |= {"image cosines": "image neighbours"}
    assert loaded == {part_of.get(each, each) for each in READ.get((name, variant), ALL_READ[name])}
    assert bool(batch.pictures) == settings_of(name, variant).needs.pictures


@pytest.mark.parametrize(("name", "variant"), [case for case in CASES if case[1] not in RESHAPED])
def test_it_lacks_the_parameters_of_its_path_and_no_others(name: str, variant: str) -> None:
    full = {key: value.shape for key, value in make_model(name, settings_of(name)).named_parameters()}
    kept = {key: value.shape for key, value in make_model(name, settings_of(name, variant)).named_parameters()}
    assert all(full[key] == shape for key, shape in kept.items())
    lacking = LACKS.get((name, variant), set())
    gone = {key: next((part for part in lacking if key.startswith(part + ".")), "") for key in full.keys() - kept}
    assert set(gone.values()) == lacking, "each named part is gone, and nothing that is not named"


def without(part: str) -> Callable[[Model, Batch], Batch]:
    """Nothing of that part is real: no neighbours, no attributes, no knowledge."""

    def cut(_: Model, batch: Batch) -> Batch:
        found = getattr(batch, part)
        return replace(batch, **{part: replace(found, real=torch.zeros_like(found.real))})

    return cut


def no_picture(_: Model, batch: Batch) -> Batch:
    assert batch.grid is not None
    return replace(batch, grid=replace(batch.grid, ok=torch.zeros_like(batch.grid.ok)))


def open_gates(model: Any, batch: Batch) -> Batch:
    for gate in (model.text_gate, model.image_gate):
        gate.forward = lambda state, news: (state + news, torch.ones_like(state))
    return batch


def one_view(place: int) -> Callable[[Model, Batch], Batch]:
    def cut(model: Any, batch: Batch) -> Batch:
        model.view_gate.forward = lambda *views: views[place]
        return batch

    return cut


def relevant(model: Any, batch: Batch) -> Batch:
    """M = 1, whatever sentence and picture are."""
    for part in model.relevance.values():
        part.forward = lambda sentence, picture: (sentence[:, 0], torch.ones_like(picture))
    return batch


def objects_alone(model: Any, batch: Batch) -> Batch:
    for layer in model.layers:
        layer.objects.attention = None
    return batch


def words_parameters(model: Any, batch: Batch) -> Batch:
    for layer in model.layers:
        layer.objects = None
    return batch


def everything_joined(_: Model, batch: Batch) -> Batch:
    assert batch.links is not None
    return replace(batch, links=replace(batch.links, joined=torch.ones_like(batch.links.joined)))


def every_edge_weighs_one(_: Model, batch: Batch) -> Batch:
    found = {}
    for name in ("text_neighbours", "image_neighbours"):
        part: Any = getattr(batch, name)
        found[name] = replace(part, regions=part.regions * part.cosine[:, :, None, None])
    return replace(batch, **found)


EQUALS: list[tuple[str, str, Callable[[Model, Batch], Batch]]] = [
    ("rgcn", "w/o Gate", open_gates),
    ("rgcn", "w/o InterRG", without("text_neighbours")),
    ("rgcn", "w/o IntraRG", without("image_neighbours")),
    ("rgcn", "edges weighted by cosine", every_edge_weighs_one),
    ("umgf", "w/o VCorr", objects_alone),
    ("umgf", "w/o Ind", words_parameters),
    ("umgf", "all words to all objects", everything_joined),
    ("hamlearning", "w/o RGCN", one_view(0)),
    ("hamlearning", "w/o ViT", one_view(1)),
    ("hamlearning", "w/o RM", relevant),
    ("iaik", "Without image", no_picture),
    ("iaik", "w/o attributes", without("attributes")),
    ("iaik", "w/o knowledge", without("knowledge")),
]


@pytest.mark.parametrize(("name", "variant", "cut"), EQUALS, ids=lambda each: getattr(each, "__name__", each))
def test_it_equals_the_full_system_with_that_path_cut(
    name: str, variant: str, cut: Callable[[Model, Batch], Batch]
) -> None:
    """With equal parameters; the full system itself answers otherwise."""
    full, batch = made(name, "")
    ablated, fewer = made(name, variant)
    theirs = full.state_dict()
    ablated.load_state_dict({key: theirs[key] for key in ablated.state_dict()})
    wanted, plain = states(ablated, fewer), states(full, batch)
    assert not torch.allclose(plain, wanted, atol=1e-6)
    assert torch.allclose(states(full, cut(full, batch)), wanted, atol=1e-9)


def test_without_span_detection_every_word_is_an_entity_of_its_own() -> None:
    """GEI's second step down the ladder equals the first one when the whole post is proposed."""
    full: Any
    full, batch = made("gei", "-Entity-level interaction")
    ablated, _ = made("gei", "-Span detection")
    theirs = full.state_dict()
    ablated.load_state_dict({key: theirs[key] for key in ablated.state_dict()})
    full.detector.spans = lambda emissions, real: [[Span(0, len(each.tokens), "all")] for each in POSTS]
    assert torch.allclose(states(full, batch), states(ablated, batch), atol=1e-9)
