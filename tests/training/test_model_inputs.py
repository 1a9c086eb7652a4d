"""What a model is given besides text: just what its settings ask for, the same in training and in a stored run."""

from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mner_core.data.dataset import Dataset
from mner_core.home import Home
from mner_core.knowledge.graph import Entity, Graph, Triple
from mner_core.retrieval.neighbour_cache import PoolNeighbourhood
from mner_core.run_record import RunRecord
from mner_core.text.sentences import PhraseVectors
from mner_core.training.model_inputs import ModelInputs, load_providers, prepare_model_inputs
from mner_core.training.plan import Plan
from mner_core.training.run_parts import pool_folder
from mner_core.training.train import TrainingRequest
from mner_core.types import Example

Make = Callable[..., TrainingRequest]

NEEDED: dict[tuple[str, str], set[str]] = {
    ("bert-crf", ""): set(),
    ("gei", ""): {"features"},
    ("umgf", ""): {"features", "grounding"},
    ("umgf", "all words to all objects"): {"features"},
    ("rgcn", ""): {"features", "neighbourhood"},
    ("rgcn", "w/o InterRG, IntraRG"): {"features"},
    ("iaik", ""): {"features", "phrases", "knowledge"},
    ("iaik", "w/o attributes"): {"features", "phrases", "knowledge"},
    ("iaik", "w/o knowledge"): {"features", "phrases"},
    ("iaik", "w/o attributes, knowledge"): {"features"},
}
"""System and variant -> the providers that it has, where posts come with a knowledge graph."""


@pytest.fixture
def graph(scenes: Dataset) -> Graph:
    """An entity with the picture of one post."""
    picture = next(each.image for each in scenes.split("train") if each.image is not None)
    entities = {"e0": Entity(id="e0", name="Paris", images=(picture.name,))}
    return Graph(name="one", entities=entities, triples=(Triple("e0", "isA", "city"),), pictures=picture.parent)


def given(providers: Any) -> set[str]:
    return {each.name for each in fields(providers) if getattr(providers, each.name) is not None}


def prepared(
    plan: Plan, scenes: Dataset, home: Home, graph: Graph | None, told: list[tuple[str, int, int]] | None = None
) -> ModelInputs:
    say = (lambda *event: told.append(event)) if told is not None else (lambda *event: None)
    return prepare_model_inputs(plan, scenes.split("train")[:6], scenes.split("valid")[:4], home, say, graph)


@pytest.mark.parametrize(("name", "variant"), list(NEEDED))
def test_a_model_is_given_what_its_settings_ask_for_and_a_stored_run_the_same(
    name: str, variant: str, request_for: Make, scenes: Dataset, graph: Graph, home: Home, tmp_path: Path
) -> None:
    plan = request_for(name, variant=variant).plan
    inputs = prepared(plan, scenes, home, graph)
    assert given(inputs.providers) == NEEDED[name, variant]
    assert bool(inputs.pool) == ("neighbourhood" in NEEDED[name, variant])
    assert bool(inputs.knowledge) == ("knowledge" in NEEDED[name, variant])
    record = cast(RunRecord, SimpleNamespace(pool=inputs.pool, knowledge=inputs.knowledge))
    assert given(load_providers(tmp_path / "run", record, plan, home)) == NEEDED[name, variant]


@pytest.mark.parametrize("variant", ["", "w/o attributes"])
def test_without_a_graph_nothing_is_known(
    variant: str, request_for: Make, scenes: Dataset, home: Home, tmp_path: Path
) -> None:
    plan = request_for("iaik", variant=variant).plan
    inputs = prepared(plan, scenes, home, None)
    assert given(inputs.providers) == {"features", "phrases"}
    assert inputs.knowledge == ""
    record = cast(RunRecord, SimpleNamespace(pool="", knowledge=""))
    assert given(load_providers(tmp_path / "run", record, plan, home)) == {"features", "phrases"}


@pytest.mark.parametrize(
    ("name", "parts"),
    [("umgf", {"features", "phrases"}), ("rgcn", {"features", "neighbours"}), ("iaik", {"features", "knowledge"})],
)
def test_progress_counts_from_the_first_to_all_and_never_beyond(
    name: str, parts: set[str], request_for: Make, scenes: Dataset, graph: Graph, home: Home
) -> None:
    told: list[tuple[str, int, int]] = []
    prepared(request_for(name).plan, scenes, home, graph, told)
    assert {part for part, _, _ in told} == parts
    assert all(0 <= done <= total for _, done, total in told)
    for part in parts:
        done, total = [event[1:] for event in told if event[0] == part][-1]
        assert done == total > 0, part


def test_every_post_that_was_looked_up_in_the_graph_is_told_of(
    request_for: Make, scenes: Dataset, graph: Graph, home: Home
) -> None:
    told: list[tuple[str, int, int]] = []
    prepared(request_for("iaik").plan, scenes, home, graph, told)
    told = [event for event in told if event[0] == "knowledge" and event[2] == 10]
    assert told == [("knowledge", done, 10) for done in range(1, 11)]


@pytest.mark.parametrize("variant", ["", "pool of all splits"])
def test_neighbours_are_training_posts_or_posts_of_all_splits(
    variant: str, request_for: Make, scenes: Dataset, home: Home
) -> None:
    inputs = prepared(request_for("rgcn", variant=variant).plan, scenes, home, None)
    assert isinstance(inputs.providers.neighbourhood, PoolNeighbourhood)
    pool = inputs.providers.neighbourhood.pool
    posts = [*scenes.split("train")[:6], *(scenes.split("valid")[:4] if variant else [])]
    assert pool.keys == tuple(post.key for post in posts if post.image is not None)
    assert pool_folder(home, inputs.pool).is_dir()
    assert inputs.pool == pool.fingerprint


@pytest.mark.parametrize(("variant", "ready"), [("", True), ("w/o attributes", False)])
def test_names_of_classes_are_read_beforehand_where_they_are_asked_for(
    variant: str, ready: bool, request_for: Make, scenes: Dataset, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: Counter[str] = Counter()
    monkeypatch.setattr(PhraseVectors, "prepare", lambda self, phrases: names.update(phrases))
    inputs = prepared(request_for("iaik", variant=variant).plan, scenes, home, None)
    posts: list[Example] = [*scenes.split("train")[:6], *scenes.split("valid")[:4]]
    features = inputs.providers.features
    assert features is not None
    expected = Counter(name for post in posts for name, _ in features.features(post).attributes)
    assert expected
    assert names == (expected if ready else Counter())


def test_a_run_without_a_pool_has_no_neighbours(request_for: Make, home: Home, tmp_path: Path) -> None:
    """The settings alone do not make a pool: a run has one by its fingerprint."""
    plan = request_for("rgcn").plan
    record = cast(RunRecord, SimpleNamespace(pool="", knowledge=""))
    assert given(load_providers(tmp_path / "run", record, plan, home)) == {"features"}
    off = replace(plan, settings=request_for("rgcn", variant="w/o InterRG, IntraRG").plan.settings)
    record = cast(RunRecord, SimpleNamespace(pool="0" * 64, knowledge=""))
    assert given(load_providers(tmp_path / "run", record, off, home)) == {"features"}
