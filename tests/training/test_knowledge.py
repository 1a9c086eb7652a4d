"""The knowledge graph of a run: looked up, kept by its fingerprint, taken along when the run is exported."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mner_core.catalog.profiles import profile
from mner_core.commands.cli import main
from mner_core.data.dataset import Dataset
from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.knowledge.graph import Entity, Graph, Triple
from mner_core.knowledge.graph_files import read_graph, write_graph
from mner_core.retrieval.entity_linking import GraphKnowledge, pooled
from mner_core.run_record import read_record
from mner_core.text.sentences import PhraseVectors
from mner_core.training.run import export, load
from mner_core.training.train import TrainingRequest, train
from mner_core.types import Example, InputError

Make = Callable[..., TrainingRequest]


def pictured(scenes: Dataset) -> list[Example]:
    return [each for each in scenes.split("train") if each.image is not None]


@pytest.fixture
def graph(scenes: Dataset) -> Graph:
    """Each of three posts' first name is an entity that owns the post's own picture."""
    entities, triples = {}, []
    for number, each in enumerate(pictured(scenes)[:3]):
        assert each.image is not None
        name = next(word for word in each.words if word[:1].isupper())
        entities[f"e{number}"] = Entity(id=f"e{number}", name=name, images=(each.image.name,))
        triples.append(Triple(f"e{number}", "isA", f"thing number {number}"))
    assert scenes.root is not None
    return Graph(name="of scenes", entities=entities, triples=tuple(triples), pictures=scenes.root / "images")


def test_the_post_with_the_picture_gets_the_triple(scenes: Dataset, graph: Graph, home: Home) -> None:
    features = FeatureStore(profile("tiny"), home)
    known = GraphKnowledge.build(graph, features, 0.9)
    for number, each in enumerate(pictured(scenes)[:3]):
        found = known.of(each, features.features(each))
        assert found is not None
        assert (found.entity, found.tail) == (f"e{number}", f"thing number {number}")
        assert found.score == pytest.approx(1, abs=1e-3)
        without = replace(each, image=None, image_name=None)
        assert known.of(without, features.features(without)) is None


def test_the_same_words_with_another_picture_are_looked_up_anew(scenes: Dataset, graph: Graph, home: Home) -> None:
    features = FeatureStore(profile("tiny"), home)
    known = GraphKnowledge.build(graph, features, 0.9999)
    first, second = pictured(scenes)[:2]
    assert known.of(first, features.features(first)) is not None
    assert not (pooled(features.features(first)) == pooled(features.features(second))).all()
    assert known.of(first, features.features(second)) is None


def test_phrases_have_vectors_of_the_encoders_width() -> None:
    phrases = PhraseVectors("tiny-text")
    found = phrases.vectors(["espresso", "", "espresso", "tiger cat"])
    assert found.shape == (4, phrases.width)
    assert (found[0] == found[2]).all()
    assert not found[1].any()
    assert (found[0] != found[3]).any()
    assert phrases.vectors([]).shape == (0, phrases.width)


def test_a_run_keeps_its_graph_and_an_exported_one_brings_it(
    request_for: Make, scenes: Dataset, graph: Graph, home: Home, tmp_path: Path
) -> None:
    write_graph(graph, tmp_path / "graph")
    copy, defects = read_graph(tmp_path / "graph")
    assert defects == []
    record = train(replace(request_for("iaik", epochs=1), graph=copy), tmp_path / "run", home)
    shutil.rmtree(tmp_path / "graph")  # the run does not need it any more
    assert record.knowledge
    assert read_record(tmp_path / "run") == record
    post = pictured(scenes)[0]
    assert post.image is not None
    export(tmp_path / "run", tmp_path / "run.zip", home)
    answers = []
    for run, its_home in (("run", home), ("run.zip", Home(tmp_path / "empty home"))):
        _, prediction = load(tmp_path / run, its_home).predict(post.text, post.image, evidence=True)
        (known,) = (each for each in prediction.evidence if each.name == "knowledge")
        assert known.items[0][0]["tail"] == "thing number 0"
        answers.append([each.to_json() for each in prediction.evidence])
    assert answers[0] == answers[1]
    shutil.rmtree(home.root / "knowledge")
    _, prediction = load(tmp_path / "run", home).predict(post.text, post.image, evidence=True)
    assert [each.to_json() for each in prediction.evidence] == answers[0], "the run has the graph of its own"
    export(tmp_path / "run", tmp_path / "again.zip", home)
    shutil.rmtree(tmp_path / "run" / "knowledge")  # a run that was trained before runs kept theirs
    for lost in (
        lambda: load(tmp_path / "run", home),
        lambda: export(tmp_path / "run", tmp_path / "lost.zip", home),
    ):
        with pytest.raises(InputError, match=r"knowledge graph .* of the run run was removed from knowledge/"):
            lost()


def test_another_graph_than_the_runs_is_refused(graph: Graph, home: Home, tmp_path: Path) -> None:
    features = FeatureStore(profile("tiny"), home)
    known = GraphKnowledge.build(graph, features, 0.9)
    known.save(tmp_path / "kept")
    known.save(tmp_path / "kept")  # once is enough
    assert GraphKnowledge.load(tmp_path / "kept", known.fingerprint, 0.9, features).fingerprint == known.fingerprint
    with pytest.raises(InputError, match="is not the one of the run"):
        GraphKnowledge.load(tmp_path / "kept", "0" * 64, 0.9, features)
    (tmp_path / "kept" / "entities.jsonl").write_bytes(b"")
    with pytest.raises(InputError, match="Not one entity"):
        GraphKnowledge.load(tmp_path / "kept", known.fingerprint, 0.9, features)
    known.save(tmp_path / "kept")  # as training again does
    assert GraphKnowledge.load(tmp_path / "kept", known.fingerprint, 0.9, features).fingerprint == known.fingerprint


def test_the_command_line_reads_the_graph_beside_the_posts(
    scenes: Dataset, graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    shutil.copytree(scenes.root, tmp_path / "data")
    write_graph(graph, tmp_path / "data" / "knowledge")
    with (tmp_path / "data" / "knowledge" / "triples.tsv").open("a") as file:
        file.write("nobody\tisA\tghost\n")
    asked = ["--data", str(tmp_path / "data"), "--profile", "tiny", "--epochs", "1"]
    assert main(["train", "--model", "iaik", *asked, "--out", str(tmp_path / "run")]) == 0
    assert "triples.tsv, line 4: There is no entity nobody" in capsys.readouterr().err
    post = pictured(scenes)[0]
    predict = ["predict", "--run", str(tmp_path / "run"), "--text", post.text, "--image", str(post.image), "--json"]
    assert main(predict) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    (known,) = (each for each in answer["evidence"] if each["name"] == "knowledge")
    assert known["items"][0][0]["path"][-1] == known["items"][0][0]["head"]
    (tmp_path / "data" / "knowledge" / "entities.jsonl").write_text("{}\n")
    assert main(["train", "--model", "iaik", *asked, "--out", str(tmp_path / "other")]) == 2
    assert "Not one entity" in capsys.readouterr().err
    assert main(["train", "--model", "bert-crf", *asked, "--out", str(tmp_path / "other")]) == 0
