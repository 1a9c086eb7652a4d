"""The interactive lane: what is asked, what is answered, and when."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.deletion import bring_back, delete
from db.engine import Store, open_store
from db.exchange import import_folder
from db.jobs import enqueue, job
from db.posts import dataset, posts
from db.renaming import rename
from db.requests import Answer, result, submit, take
from db.run_labels import map_run
from db.runs import add_run
from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import system
from mner_core.data.dataset import read_dataset
from mner_core.evidence import mean_over_depth, neighbour_key
from mner_core.explain.attributions import explain
from mner_core.home import Home
from mner_core.training.plan import Plan
from mner_core.training.run import load, without_images
from mner_core.training.train import TrainingRequest, prediction_record, train
from mner_core.types import Evidence, InputError, Span
from tests.worker.conftest import environment_of, train_payload
from tests.worker.processes import ROOT, below, is_gone, kill, one, wait_for
from worker.changed_posts import with_word
from worker.evidence_cache import EvidenceCache
from worker.model_cache import ModelCache, size
from worker.request_handlers import RequestHandlers
from worker.serving import Serving
from worker.settings import WorkerSettings


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, scenes: Path) -> Iterator[Store]:
    """A store with the scenes and two runs, tiny."""
    home = Home(tmp_path_factory.mktemp("serving") / "home")
    data = read_dataset(scenes)
    for name, model, changes in (("graph", "rgcn", {"epochs": 2, "heads": 4}), ("text", "bert-crf", {"epochs": 1})):
        entry = system(model)
        settings = entry.resolve("tiny", "", changes)
        plan = Plan(system=entry, variant="", settings=settings, labels=data.labels, profile=profile("tiny"))
        splits = {"train": data.split("train"), "dev": data.split("valid"), "others": data.split("test")}
        train(TrainingRequest(plan=plan, **splits, data="scenes", seed=0), home.runs / name, home)
    store = open_store(home)
    import_folder(store, scenes, "scenes")
    for name in ("text", "graph"):
        add_run(store, home.runs / name)
    yield store
    store.close()


@pytest.fixture
def answers(trained: Store, tmp_path: Path) -> RequestHandlers:
    return RequestHandlers(trained, ModelCache(trained, 1 << 30), EvidenceCache(tmp_path / "evidence", 1 << 20))


def pictured(store: Store, split: str = "valid") -> list[Any]:
    return [each for each in posts(store, "scenes", split) if each.image_sha256]


def test_a_run_speaks_the_types_of_the_posts_data_set(trained: Store, answers: RequestHandlers) -> None:
    """Also where its labels are others: those that stand for nothing there are left out."""
    known = dataset(trained, "scenes").labels
    asked = [{"run": "text", "post": each.id} for each in posts(trained, "scenes")]
    before = [answers.predict(question)["spans"] for question in asked]
    said = sorted({span["label"] for spans in before for span in spans})
    assert said, "the run has to find something"
    mapping = {label: known[known.index(label) - 1] for label in said} | {said[0]: ""}
    map_run(trained, "scenes", "text", mapping)
    try:
        for question, spans in zip(asked, before, strict=True):
            named = [{**span, "label": mapping[span["label"]]} for span in spans if mapping[span["label"]]]
            assert answers.predict(question)["spans"] == named
            assert answers.counterfactual({**question, "change": "no image"})["original"] == named
    finally:
        map_run(trained, "scenes", "text", {})


def test_a_post_is_answered_as_the_run_would(trained: Store, answers: RequestHandlers) -> None:
    run = load(trained.home.runs / "graph", trained.home)
    for each in pictured(trained)[:3]:
        said = answers.predict({"run": "graph", "post": each.id})
        [expected] = run.predict_posts([each.example], evidence=True)
        assert said["spans"] == prediction_record(each.example, expected)["spans"]
        assert [Evidence.from_json(it).name for it in said["evidence"]] == [it.name for it in expected.evidence]
        assert said["text"] == each.example.text
        assert [each.example.text[start:end] for start, end in said["tokens"]] == list(each.example.words)
        [attention] = [Evidence.from_json(it) for it in said["evidence"] if it["kind"] == "attention"]
        assert mean_over_depth(attention).axes == ("word", "region")
        assert said["picture"]["ok"]
        assert said["picture"]["objects"]


@pytest.mark.parametrize("method", ["integrated-gradients", "ablation"])
def test_an_entity_is_explained_as_the_command_would(
    method: str, trained: Store, answers: RequestHandlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Predicted or not; asked again, it is not computed again; attention stands beside it."""
    run, one = load(trained.home.runs / "graph", trained.home), pictured(trained)[0]
    word = one.example.tokens[-1]
    asked = {"run": "graph", "post": one.id, "start": word.start, "end": word.end, "label": "LOC", "method": method}
    said = answers.explain(asked)
    last = len(one.example.tokens) - 1
    expected = explain(run, one.example, Span(last, last + 1, "LOC"), method).to_json()
    assert {name: said[name] for name in expected} == expected
    [shown] = run.predict_posts([one.example], evidence=True)
    [attention] = [mean_over_depth(each) for each in shown.evidence if each.kind == "attention"]
    assert said["attention"]["regions"] == pytest.approx(attention.values[last].tolist(), abs=1e-5)
    assert said["attention"]["objects"] is None, "this run's attention speaks of regions alone"
    assert -1 <= said["attention"]["rank_correlation"] <= 1
    monkeypatch.setattr("worker.request_handlers.explained", None)  # what is kept is not computed again
    assert answers.explain(asked) == said


def test_an_explanation_is_asked_for_in_the_sets_types(trained: Store, answers: RequestHandlers) -> None:
    one = pictured(trained)[0]
    word = one.example.tokens[0]
    asked = {"run": "text", "post": one.id, "start": word.start, "end": word.end, "method": "ablation"}
    as_person = answers.explain({**asked, "label": "PER"})
    map_run(trained, "scenes", "text", {"PER": "ORG", "ORG": ""})
    try:
        assert answers.explain({**asked, "label": "ORG"}) == as_person
        with pytest.raises(InputError, match="knows no type PER"):
            answers.explain({**asked, "label": "PER"})
    finally:
        map_run(trained, "scenes", "text", {})
    assert as_person["attention"] == {"regions": None, "objects": None, "rank_correlation": None}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"start": 3, "end": 3}, "lies outside the text"),
        ({"end": 10_000}, "lies outside the text"),
        ({"label": "ANIMAL"}, "knows no type ANIMAL"),
        ({"method": "guessing"}, "no method 'guessing'"),
        ({"method": None}, "names no method"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    change: dict[str, Any], sentence: str, trained: Store, answers: RequestHandlers
) -> None:
    asked = {"run": "text", "text": "Ann in Rome", "start": 0, "end": 3, "label": "PER", "method": "ablation"}
    with pytest.raises(InputError, match=sentence):
        answers.explain({**asked, **change})


def test_neighbours_come_with_their_posts_and_pictures(trained: Store, answers: RequestHandlers) -> None:
    pictured_id = pictured(trained)[0].id
    said = answers.predict({"run": "graph", "post": pictured_id})
    items = [item for it in said["evidence"] if it["axes"] == ["neighbour"] for item in it["items"][0]]
    assert items
    assert set(said["pictures"]) == {neighbour_key(item) for item in items}
    by_number = {each.id: each for each in posts(trained, "scenes")}
    for item in items:
        found = said["pictures"][neighbour_key(item)]
        assert by_number[found["post"]].example.key == (item["split"], item["post"])
        assert by_number[found["post"]].image_sha256 == found["image"]
    rename(trained, "dataset", "scenes", "other scenes")  # the run that is held ready was loaded before
    try:
        assert answers.predict({"run": "graph", "post": pictured_id})["pictures"] == said["pictures"]
    finally:
        rename(trained, "dataset", "other scenes", "scenes")


def test_typed_text_with_and_without_a_picture(trained: Store, answers: RequestHandlers) -> None:
    sha256 = pictured(trained)[0].image_sha256
    text = "\U0001f468\u200d\U0001f469\u200d\U0001f467 Maria in Paris"
    with_picture = answers.predict({"run": "graph", "text": text, "image": sha256})
    without = answers.predict({"run": "graph", "text": text})
    assert with_picture["picture"]["ok"]
    assert not without["picture"]["ok"]
    assert all(text[span["start"] : span["end"]] == span["text"] for span in with_picture["spans"])
    assert len(with_picture["evidence"]) > len(without["evidence"]), "without a picture there is no attention to it"
    other = pictured(trained)[1].image_sha256
    with_other = answers.predict({"run": "graph", "text": text, "image": other})
    by_objects = [
        next(it for it in said["evidence"] if it["name"] == "images with like objects")
        for said in (with_picture, with_other)
    ]
    assert by_objects[0]["items"] != by_objects[1]["items"], "the same text with another picture has other neighbours"


def test_a_text_model_needs_no_picture(trained: Store, answers: RequestHandlers) -> None:
    said = answers.predict({"run": "text", "post": pictured(trained)[0].id})
    assert said["picture"] is None
    assert said["pictures"] == {}


@pytest.mark.parametrize(
    "change",
    [
        {"change": "no image"},
        {"change": "no object", "object": 0},
        {"change": "image of"},
        {"change": "word", "word": 0, "said": "Ann"},
        {"change": "word", "word": 0, "said": ""},
    ],
)
def test_counterfactuals_say_before_and_after(trained: Store, answers: RequestHandlers, change: dict[str, Any]) -> None:
    every = pictured(trained)
    differs = 0
    for each, other in zip(every, every[1:] + every[:1], strict=True):
        asked = {"run": "graph", "post": each.id, **change, "other": other.id}
        said = answers.counterfactual(asked)
        assert said["original"] == answers.predict({"run": "graph", "post": each.id})["spans"]
        again = answers.counterfactual(asked)
        assert again == said, "asked twice, answered the same"
        differs += [span["confidence"] for span in said["spans"]] != [span["confidence"] for span in said["original"]]
    assert differs, "the picture makes a difference somewhere"


def test_another_word_is_what_the_run_says_of_the_other_text(trained: Store, answers: RequestHandlers) -> None:
    run = load(trained.home.runs / "text", trained.home)
    for each in pictured(trained)[:3]:
        asked = {"run": "text", "post": each.id, "change": "word", "word": 1, "said": "Ann Lee"}
        said, other = answers.counterfactual(asked), with_word(each.example, 1, "Ann Lee")
        assert said["text"] == other.text
        assert [other.text[start:end] for start, end in said["tokens"]][1:3] == ["Ann", "Lee"]
        assert said["spans"] == prediction_record(other, run.predict_posts([other])[0])["spans"]
        assert said["original"] == prediction_record(each.example, run.predict_posts([each.example])[0])["spans"]


def test_a_neighbour_that_is_left_out_has_no_say(trained: Store, answers: RequestHandlers) -> None:
    """With every neighbour left out, one after the other, something changes; one that is none changes nothing."""
    differs = 0
    for each in pictured(trained)[:3]:
        said = answers.predict({"run": "graph", "post": each.id})
        asked = {"run": "graph", "post": each.id, "change": "no neighbour"}
        assert answers.counterfactual({**asked, "neighbour": "train/nobody"})["spans"] == said["spans"]
        for neighbour in said["pictures"]:
            without = answers.counterfactual({**asked, "neighbour": neighbour})
            differs += [it["confidence"] for it in without["spans"]] != [it["confidence"] for it in said["spans"]]
    assert differs


def test_without_the_image_is_what_the_engine_says_without_images(trained: Store, answers: RequestHandlers) -> None:
    for each in pictured(trained)[:3]:
        fresh = load(trained.home.runs / "graph", trained.home)
        [expected] = fresh.predict_posts(without_images([each.example]))
        said = answers.counterfactual({"run": "graph", "post": each.id, "change": "no image"})
        assert said["spans"] == prediction_record(each.example, expected)["spans"]


@pytest.mark.parametrize(
    ("kind", "payload", "sentence"),
    [
        ("predict", {"run": "nobody", "text": "x"}, "no run 'nobody'"),
        ("predict", {"text": "x"}, "names no run"),
        ("predict", {"run": "text"}, "names no text"),
        ("predict", {"run": "text", "text": "  "}, "no words"),
        ("predict", {"run": "text", "post": 99999}, "no post number 99999"),
        ("predict", {"run": "graph", "text": "x", "image": "../../mner.db"}, "picture is not here"),
        ("predict", {"run": "graph", "text": "x", "image": "0" * 64}, "picture is not here"),
        ("counterfactual", {"run": "graph", "text": "x", "change": "no object", "object": 0}, "no object number 1"),
        ("counterfactual", {"run": "graph", "text": "x", "change": "blue"}, "no change 'blue'"),
        ("counterfactual", {"run": "text", "text": "x", "change": "word", "word": 1, "said": "x"}, "no word number 2"),
        ("counterfactual", {"run": "text", "text": "x", "change": "no neighbour", "neighbour": "a"}, "no neighbour"),
        ("counterfactual", {"run": "text", "text": "x", "change": "context", "said": "x"}, "another caption changes"),
        ("counterfactual", {"run": "graph", "text": "x", "change": "image of", "other": 99999}, "no post number 99999"),
    ],
)
def test_a_question_that_cannot_be_answered_gets_a_sentence(
    trained: Store, kind: str, payload: dict[str, Any], sentence: str
) -> None:
    serving = Serving(trained, "test", WorkerSettings())
    number = submit(trained, kind, payload)
    assert serving.step()
    said = result(trained, number)
    assert said.state == "failed"
    assert sentence in said.error
    assert not serving.step(), "there is no other question"


def test_a_mistake_of_ours_costs_one_answer(
    trained: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serving = Serving(trained, "test", WorkerSettings())
    monkeypatch.setitem(serving.answers.kinds, "predict", lambda payload: payload["secret"])
    number = submit(trained, "predict", {})
    serving.step()
    assert result(trained, number).error == "The program made a mistake (KeyError): the worker's log says where."
    assert "secret" in capsys.readouterr().err


def test_an_expired_question_is_not_taken_up_and_says_so(trained: Store) -> None:
    number = submit(trained, "predict", {"run": "text", "text": "x"}, seconds=-0.001)
    assert not Serving(trained, "test", WorkerSettings()).step()
    assert result(trained, number) == Answer(state="expired", error="No answer came in time: is a worker running?")


def test_an_answer_with_evidence_is_kept_until_the_run_or_the_post_is_another(
    trained: Store, answers: RequestHandlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (each.id for each in pictured(trained)[:2])
    said = answers.predict({"run": "graph", "post": first})
    asked: list[object] = []
    monkeypatch.setattr("worker.request_handlers.predict", lambda *arguments: asked.append(arguments) or 1 / 0)
    assert answers.predict({"run": "graph", "post": first}) == said
    for payload in ({"run": "graph", "post": second}, {"run": "text", "post": first}):
        with pytest.raises(ZeroDivisionError):
            answers.predict(payload)
    assert len(asked) == 2


@pytest.mark.parametrize("changed", ["code", "extractors", "picture", "context"])
def test_an_answer_is_given_anew_once_what_it_follows_from_is_another(
    trained: Store, answers: RequestHandlers, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    first = pictured(trained)[0]
    run = answers.model_cache.get("graph")
    assert run.features is not None
    digests: list[tuple[Any, ...]] = []
    monkeypatch.setattr("worker.request_handlers.system_digest", lambda *of: digests.append(of) or "code")
    before = answers._key(run, first.example)
    assert digests == [(run.plan.system, "worker.request_handlers")], "what turns an answer into JSON has a say, too"
    assert answers._key(run, first.example) == before
    example = first.example
    if changed == "code":
        monkeypatch.setattr("worker.request_handlers.system_digest", lambda *_: "repaired")
    elif changed == "extractors":
        monkeypatch.setattr(type(run.features.extractor), "version", "newer")
    elif changed == "picture":
        monkeypatch.setattr("worker.request_handlers.image_digest", lambda path: f"other content of {path.name}")
    else:
        example = replace(example, context="a sentence behind the text")
    assert answers._key(run, example) != before


def test_kept_answers_stay_within_the_limit(tmp_path: Path) -> None:
    cache = EvidenceCache(tmp_path, 20_000)
    noise = os.urandom(2000).hex()
    for number in range(30):
        cache.put(f"key{number}", {"number": number, "noise": noise})
        assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 20_000
        assert cache.get("key0") is not None, "what is used stays"
    assert cache.get("key29") is not None
    assert cache.get("key3") is None
    (tmp_path / "key29.json.gz").write_bytes(b"broken")
    assert cache.get("key29") is None
    assert EvidenceCache(tmp_path, 20_000)._size == sum(file.stat().st_size for file in tmp_path.iterdir())


def test_the_shelf_holds_what_fits_and_always_the_last(trained: Store) -> None:
    roomy = ModelCache(trained, 1 << 30)
    graph, text = roomy.get("graph"), roomy.get("text")
    assert roomy.get("graph") is graph
    assert roomy.names == ("text", "graph")
    narrow = ModelCache(trained, size(text) + size(graph) - 1)
    narrow.get("graph"), narrow.get("text")
    assert narrow.names == ("text",)
    nothing = ModelCache(trained, 0)
    assert nothing.get("graph").record.model == "rgcn"


def test_a_run_that_is_gone_is_not_held_any_more(trained: Store) -> None:
    held = ModelCache(trained, 1 << 30)
    held.get("graph"), held.get("text")
    delete(trained, "run", "text")
    try:
        with pytest.raises(InputError, match="There is no run 'text'"):
            held.get("text")
        assert held.names == ("graph",)
    finally:
        bring_back(trained, "run", "text")
    rename(trained, "run", "text", "words")
    try:
        assert held.get("words").record.model == "bert-crf"
    finally:
        rename(trained, "run", "words", "text")


@pytest.mark.slow
def test_questions_are_answered_while_a_training_runs_and_after_the_child_was_killed(
    trained: Store,
) -> None:
    training = enqueue(trained, "train", train_payload(name="long", settings={"epochs": 500}), author="anna")
    environment = environment_of(trained.home) | {"MNER_SERVING": "1"}
    supervisor = subprocess.Popen([sys.executable, "-m", "worker"], cwd=ROOT, env=environment)
    try:
        wait_for(lambda: job(trained, training.id).message.startswith("epoch"))
        number = submit(trained, "predict", {"run": "graph", "post": pictured(trained)[0].id}, seconds=120)
        wait_for(lambda: result(trained, number).is_final)
        assert result(trained, number).state == "answered", result(trained, number).error
        serving = one("worker.serving", lambda: below(supervisor.pid))
        kill(serving)
        number = submit(trained, "predict", {"run": "graph", "post": pictured(trained)[1].id}, seconds=120)
        wait_for(lambda: result(trained, number).is_final)
        assert result(trained, number).state == "answered"
        assert is_gone(serving)
        assert job(trained, training.id).status == "running", "the training went on all the time"
        assert take(trained, "nobody") is None
    finally:
        supervisor.terminate()
        supervisor.wait(20)
