"""Every kind of cache file, cut off, emptied or filled with something else, is made again; the answer is the same."""

import gzip
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mner_core.caches import kept, read_kept
from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import system
from mner_core.data.dataset import read_dataset
from mner_core.experiment.experiment_data import ExperimentData
from mner_core.experiment.run_cache import RunCache, cell
from mner_core.experiment.suite import Row, Size
from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.knowledge.graph import Entity, Graph, Triple
from mner_core.label_errors.cross_validation import cross_validated
from mner_core.retrieval.entity_linking import GraphKnowledge
from mner_core.scenes.write import write_scenes
from mner_core.text.noun_phrases import NounPhrases
from mner_core.text.sentences import sentence_vectors
from mner_core.training.plan import Plan
from mner_core.training.run import export, load
from mner_core.training.train import TrainingRequest, train
from mner_core.types import Example
from worker.evidence_cache import EvidenceCache

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda whole: b"",
    "cut off": lambda whole: whole[: len(whole) // 2],
    "last byte lost": lambda whole: whole[:-1],
    "zeros": lambda whole: bytes(len(whole)),
    "something else": lambda whole: b'["not", "what", "was", "kept"]',
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    folder = tmp_path_factory.mktemp("data") / "scenes"
    write_scenes(folder, 24, 5)
    return list(read_dataset(folder).posts)


def request_for(posts: Sequence[Example], model: str = "bert-crf", epochs: int = 1) -> TrainingRequest:
    entry = system(model)
    labels = tuple(sorted({span.label for post in posts for span in post.spans or ()}))
    plan = Plan(
        system=entry,
        variant="",
        settings=entry.resolve("tiny", "", {"epochs": epochs}),
        labels=labels,
        profile=profile("tiny"),
    )
    return TrainingRequest(plan=plan, train=posts[:16], dev=posts[16:20], others=posts[20:], data="scenes", seed=0)


def numbers(value: Any) -> Any:
    """What can be compared, of arrays and what holds them."""
    return value.tolist() if isinstance(value, np.ndarray) else value


def features(home: Home, posts: Sequence[Example]) -> Any:
    store = FeatureStore(profile("tiny"), home)
    return [numbers(store.features(post).grid) for post in posts[:4]]


def sentences(home: Home, posts: Sequence[Example]) -> Any:
    return numbers(sentence_vectors([post.text for post in posts], "tiny-text", home))


def phrases(home: Home, posts: Sequence[Example]) -> Any:
    read = NounPhrases("tiny-phrases", home)
    read.sweep([post.words for post in posts])
    return [read.of(post.words) for post in posts]


def held_out(home: Home, posts: Sequence[Example]) -> Any:
    scores = cross_validated(request_for(posts), 2, home)
    return [{post: numbers(rows) for post, rows in each.emissions.items()} for each in scores]


def predictions(home: Home, posts: Sequence[Example]) -> Any:
    data = ExperimentData(name="scenes", splits={"train": posts[:16], "valid": posts[16:20], "test": posts[20:]})
    cache = RunCache(home.root / "experiments", home, lambda what, done, total: None)
    one = cell(Row(name="a", model="bert-crf"), data, Size(profile="tiny", epochs=1, seeds=1), 0)
    cache.must_run([one])
    return cache.predictions(one, posts[20:])


def evidence(home: Home, posts: Sequence[Example]) -> Any:
    cache = EvidenceCache(home.root / "evidence", 10**6)
    record = cache.get("key")
    if record is None:
        record = {"text": posts[0].text, "numbers": list(range(100))}
        cache.put("key", record)
    return record


def graph_vectors(home: Home, posts: Sequence[Example]) -> Any:
    pictured = next(post for post in posts if post.image is not None)
    assert pictured.image is not None
    entity = Entity(id="e", name="Somebody", images=(pictured.image.name,))
    triples = (Triple("e", "isA", "thing"),)
    graph = Graph(name="one", entities={"e": entity}, triples=triples, pictures=pictured.image.parent)
    store = FeatureStore(profile("tiny"), home)
    built = GraphKnowledge.build(graph, store, 0.9)
    folder = home.root / "knowledge" / "one"
    if not folder.exists():
        built.save(folder)
    loaded = GraphKnowledge.load(folder, built.fingerprint, 0.9, store)
    return loaded.fingerprint


def unpacked_run(home: Home, posts: Sequence[Example]) -> Any:
    packed = home.root / "run.mner"
    if not packed.exists():
        train(request_for(posts), home.root / "runs" / "one", home)
        export(home.root / "runs" / "one", packed, home)
    return [(each.spans, each.confidences) for each in load(packed, home).predict_posts(posts[20:])]


KINDS: dict[str, tuple[Callable[[Home, Sequence[Example]], Any], str]] = {
    "feature shard": (features, "features/tiny-*/*.safetensors"),
    "sentence vectors": (sentences, "features/sentences/*.npy"),
    "noun phrases": (phrases, "features/phrases-*/*.json"),
    "held-out scores": (held_out, "held-out/*.safetensors"),
    "predictions of an experiment": (predictions, "experiments/predictions/*.json"),
    "evidence": (evidence, "evidence/*.json.gz"),
    "vectors of a knowledge graph": (graph_vectors, "knowledge/one/vectors.safetensors"),
    "unpacked run: weights": (unpacked_run, "unpacked/*/weights.safetensors"),
    "unpacked run: record": (unpacked_run, "unpacked/*/run.json"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_cache_file_is_made_again(kind: str, home: Home, posts: list[Example]) -> None:
    ask, pattern = KINDS[kind]
    right = ask(home, posts)
    files = sorted(home.root.glob(pattern))
    assert files, f"no {kind} is kept at {pattern}"
    whole = {file: file.read_bytes() for file in files}
    for damage, damaged in DAMAGES.items():
        for file in sorted(home.root.glob(pattern)):
            file.write_bytes(damaged(whole.get(file, file.read_bytes())))
        assert ask(home, posts) == right, f"{kind}, {damage}"
        assert ask(home, posts) == right, f"{kind}, {damage}: asked again"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"feature shard", "noun phrases"}])
def test_what_was_made_again_is_kept(kind: str, home: Home, posts: list[Example]) -> None:
    """The damaged file itself is mended. Shards and phrases lie in folders where a new file stands beside it."""
    ask, pattern = KINDS[kind]
    ask(home, posts)
    (file, *_) = sorted(home.root.glob(pattern))
    whole = file.read_bytes()
    file.write_bytes(b"")
    ask(home, posts)
    mended = file.read_bytes()
    assert (gzip.decompress(mended) == gzip.decompress(whole)) if file.suffix == ".gz" else (mended == whole)


def test_the_beginning_of_a_folds_run_is_trained_again(home: Home, posts: list[Example]) -> None:
    """A killed call leaves the fold's run; one that is damaged is not read."""
    right = held_out(home, posts)
    (file, *_) = sorted((home.root / "held-out").glob("*.safetensors"))
    file.unlink()
    train(replace(request_for(posts), seed=3), file.with_suffix(""), home)
    (file.with_suffix("") / "weights.safetensors").write_bytes(b"cut")
    assert held_out(home, posts) == right
    assert not file.with_suffix("").exists()


@pytest.mark.parametrize("content", [b"", b'{"model"'], ids=["empty", "cut off"])
def test_an_unfinished_run_of_unknown_settings_begins_anew(home: Home, posts: list[Example], content: bytes) -> None:
    request = request_for(posts)
    record = train(request, home.root / "right", home)
    unfinished = home.root / ".again.unfinished"
    shutil.copytree(home.root / "right", unfinished)
    (unfinished / "weights.safetensors").rename(unfinished / "best.safetensors")
    (unfinished / "run.json").unlink()
    (unfinished / "request.json").write_bytes(content)
    assert train(request, home.root / "again", home).weights == record.weights


def test_what_was_kept_is_read_once_and_made_once(tmp_path: Path) -> None:
    made: list[int] = []

    def ask() -> int:
        file = tmp_path / "deep" / "number.json"
        return kept(
            file,
            lambda file: int(json.loads(file.read_text())),
            lambda: made.append(1) or 7,  # type: ignore[func-returns-value]
            lambda number: file.write_text(json.dumps(number)),  # type: ignore[arg-type, return-value]
        )

    assert [ask(), ask()] == [7, 7]
    (tmp_path / "deep" / "number.json").write_text("seven")
    assert ask() == 7
    assert len(made) == 2


def test_a_damaged_file_is_logged_and_a_missing_one_is_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert read_kept(tmp_path / "none", lambda file: file.read_bytes()) is None
    assert not caplog.records
    (tmp_path / "bad").write_bytes(b"")
    assert read_kept(tmp_path / "bad", lambda file: json.loads(file.read_text())) is None
    assert "is damaged and is made again" in caplog.text


def test_a_fault_of_the_program_is_no_damage(tmp_path: Path) -> None:
    def wrong(_: Path) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        read_kept(tmp_path, wrong)
