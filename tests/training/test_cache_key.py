"""A training's key names all that its result follows from, and nothing else."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from mner_core.catalog.profiles import profile
from mner_core.features.extractor import extractor
from mner_core.home import Home
from mner_core.knowledge.graph import Entity, Graph, Triple
from mner_core.text.encoder import encoder_version
from mner_core.training import cache_key
from mner_core.training.cache_key import training_key
from mner_core.training.train import TrainingRequest, train
from mner_core.types import Example, Span

Make = Callable[..., TrainingRequest]


def repainted(posts: Any, folder: Path) -> tuple[Example, ...]:
    """The same posts; the first picture's file has another content, and the name it had."""
    first = next(post for post in posts if post.image is not None)
    folder.mkdir(exist_ok=True)
    Image.new("RGB", (60, 60), "teal").save(folder / first.image.name)
    other = replace(first, image=folder / first.image.name)
    return tuple(other if post is first else post for post in posts)


@pytest.mark.parametrize("part", ["train", "dev", "others"])
@pytest.mark.parametrize(("name", "reads"), [("bert-crf", False), ("rgcn", True), ("gei", True)])
def test_the_contents_of_pictures_count_where_a_system_reads_them(
    request_for: Make, tmp_path: Path, part: str, name: str, reads: bool
) -> None:
    request = request_for(name)
    changed: Any = {part: repainted(getattr(request, part), tmp_path / "painted")}
    other = replace(request, **changed)
    assert (training_key(request) != training_key(other)) == reads


def test_posts_that_are_not_learnt_from_count_too(request_for: Make) -> None:
    request = request_for("bert-crf")
    changed = request.others[0].with_spans([Span(0, 1, "LOC")])
    assert training_key(request) != training_key(replace(request, others=(changed, *request.others[1:])))
    assert training_key(request) != training_key(replace(request, others=request.others[1:]))


@pytest.mark.parametrize("change", [{"seed": 1}, {"epochs": 3}, {"batch": 7}])
def test_seed_and_settings_count(request_for: Make, change: dict[str, int]) -> None:
    assert training_key(request_for("bert-crf")) == training_key(request_for("bert-crf"))
    assert training_key(request_for("bert-crf")) != training_key(request_for("bert-crf", **change))


def test_the_code_the_libraries_and_what_is_not_trained_count(request_for: Make) -> None:
    text, seeing = (training_key(request_for(name)) for name in ("bert-crf", "rgcn"))
    tiny = profile("tiny")
    assert text["weights"] == {"text": encoder_version(tiny.text), "pictures": ""}
    assert seeing["weights"] == {"text": encoder_version(tiny.text), "pictures": extractor(tiny).version}
    assert text["code"] != seeing["code"]
    assert training_key(request_for("rgcn"), "mner_core.label_errors.ranking")["code"] != seeing["code"]
    assert "torch" in text["libraries"]


def test_pictures_of_the_graph_count_where_knowledge_is_read(request_for: Make, tmp_path: Path) -> None:
    def graph(colour: str) -> Graph:
        folder = tmp_path / colour
        folder.mkdir(exist_ok=True)
        Image.new("RGB", (60, 60), colour).save(folder / "x.png")
        entities = {"x": Entity(id="x", name="Rio", images=("x.png",))}
        return Graph(name="g", entities=entities, triples=(Triple("x", "isA", "city"),), pictures=folder)

    def keyed(name: str, colour: str) -> object:
        return training_key(replace(request_for(name), graph=graph(colour)))["pictures"]

    assert keyed("iaik", "red") == keyed("iaik", "red") != keyed("iaik", "blue")
    assert keyed("rgcn", "red") == keyed("rgcn", "blue")


def rio(folder: Path, name: str) -> Graph:
    entities = {"x": Entity(id="x", name=name)}
    return Graph(name="g", entities=entities, triples=(Triple("x", "isA", "city"),), pictures=folder)


def test_every_part_of_a_request_counts_and_makes_a_key_of_its_own(
    request_for: Make, home: Home, tmp_path: Path
) -> None:
    """A part that is left out of the key shows the numbers of another training."""
    plain = request_for("iaik")
    for run, seed in (("one", 0), ("two", 1)):
        train(request_for("bert-crf", seed, epochs=1), tmp_path / run, home)

    def other(**changes: Any) -> TrainingRequest:
        return replace(plain, plan=replace(plain.plan, **changes))

    asked = [
        plain,
        request_for("bert-crf"),
        request_for("iaik", 1),
        request_for("iaik", dropout=0.3),
        other(variant="w/o attributes"),
        other(labels=(*plain.plan.labels, "ZZZ")),
        other(labels=plain.plan.labels[::-1]),
        other(profile=profile("compact")),
        replace(plain, train=plain.train[1:]),
        replace(plain, train=plain.train[::-1]),
        replace(plain, dev=plain.dev[1:]),
        replace(plain, dev=[]),
        replace(plain, start=tmp_path / "one"),
        replace(plain, start=tmp_path / "two"),
        replace(plain, graph=rio(tmp_path, "Rio")),
        replace(plain, graph=rio(tmp_path, "Ria")),
    ]
    identities = [json.dumps(each.identity(), sort_keys=True) for each in asked]
    assert len(set(identities)) == len(asked)
    keys = [json.dumps(training_key(each), sort_keys=True) for each in asked]
    assert len(set(keys)) == len(asked)
    assert json.dumps(training_key(replace(plain, data="called otherwise", left_out=3)), sort_keys=True) == keys[0]


@pytest.mark.parametrize("part", ["system_digest", "library_versions", "encoder_version", "extractor"])
def test_other_code_libraries_or_weights_make_another_key(
    request_for: Make, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    before = training_key(request_for("rgcn"))
    others: dict[str, Any] = {
        "system_digest": lambda *_: "repaired",
        "library_versions": lambda: {"torch": "99"},
        "encoder_version": lambda slot: f"{slot} anew",
        "extractor": lambda _: SimpleNamespace(version="anew"),
    }
    monkeypatch.setattr(cache_key, part, others[part])
    assert training_key(request_for("rgcn")) != before
