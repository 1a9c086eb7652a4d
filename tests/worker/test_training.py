"""Real jobs in a real worker: what a person starts is done, whatever is killed meanwhile."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from db.annotations import newest, save
from db.engine import Store
from db.evaluations import evaluate
from db.exchange import import_folder
from db.gold import examples
from db.job_leases import claim, fail, finish, lost
from db.jobs import Job, cancel, enqueue, events, job, log_path, retry
from db.posts import dataset, posts
from db.predictions import predictions
from db.runs import run, runs
from db.workers import alive
from mner_core.run_record import read_record
from mner_core.scenes.knobs import Knobs
from mner_core.scenes.write import write_scenes
from mner_core.training.run import load
from tests.worker.conftest import ended, train_payload
from tests.worker.processes import below, ends, kill, one, wait_for
from worker.child import main
from worker.child_protocol import Inbox, Reporter
from worker.jobs import imports, predict_posts
from worker.leftovers import remove_leftovers

Start = Callable[..., "subprocess.Popen[bytes]"]


def put(store: Store, kind: str = "train", **payload: object) -> Job:
    return enqueue(store, kind, payload, author="anna")  # type: ignore[arg-type]


def weights(store: Store, name: str) -> str:
    return hashlib.sha256((store.home.runs / name / "weights.safetensors").read_bytes()).hexdigest()


def in_this_process(store: Store, monkeypatch: pytest.MonkeyPatch, queued: Job) -> Inbox:
    """Does a job as its child would, and returns what the child has said."""
    monkeypatch.setenv("MNER_HOME", str(store.home.root))
    monkeypatch.setattr("worker.parent_death.die_with", lambda parent: None)
    monkeypatch.setattr(os, "nice", lambda by: by)
    taken = claim(store, "test", "here")
    assert taken is not None
    assert taken.id == queued.id
    reading, writing = os.pipe()
    main([str(taken.id), str(taken.attempt), "0", str(writing)])
    inbox = Inbox(reading)
    inbox.read()
    inbox.close()
    return inbox


@pytest.mark.slow
def test_import_features_train_predict(store: Store, scenes: Path, worker: Start) -> None:
    uploaded = store.home.root / "uploads" / "one"
    uploaded.parent.mkdir()
    shutil.copytree(scenes, uploaded)
    worker()
    first = put(store, "import", folder=str(uploaded), name="scenes", remove=True)
    sweep = put(store, "features", dataset="scenes", profile="tiny")
    settings = {"epochs": 2, "heads": 4}
    training = put(store, **train_payload(model="rgcn", settings=settings, name="mine"))
    again = put(store, "predict", run="mine", dataset="scenes")
    imported = ended(store, first.id).result
    assert imported is not None
    assert (imported["added"], dataset(store, "scenes").posts) == (60, 60)
    wait_for(lambda: not uploaded.exists(), 10)
    assert ended(store, sweep.id).result == {
        "images": imported_pictures(store),
        "computed": imported_pictures(store),
        "broken": [],
        "broken_images": 0,
    }
    trained = ended(store, training.id)
    assert trained.status == "done", trained.error
    assert trained.result is not None
    assert trained.result["run"] == "mine"
    assert [each.name for each in runs(store)] == ["mine"]
    [told] = [[event.data["number"] for event in events(store, training.id) if event.kind == "epoch"]]
    assert told == [1, 2]
    assert {each["split"] for each in trained.result["evaluations"]} == {"valid", "test"}
    [measured] = evaluate(store, ["mine"], "scenes", "valid", "original")
    assert measured.score.f1 == pytest.approx(trained.result["dev_f1"]), "the store's score is the training's own"
    assert ended(store, again.id).status == "done"
    said = predictions(store, "mine", "scenes")
    assert len(said) == 60
    with_picture = [each.id for each in posts(store, "scenes") if each.image_sha256]
    summaries = [said[number].summary for number in with_picture if said[number].marks]
    assert summaries
    assert all(summary["neighbours"]["images like the text"] for summary in summaries)
    assert all(summary["looked"] for summary in summaries)
    assert "attempt 1" in log_path(store.home, training.id).read_text(encoding="utf-8")


def imported_pictures(store: Store) -> int:
    return len({each.image_sha256 for each in posts(store, "scenes") if each.image_sha256})


@pytest.mark.slow
@pytest.mark.parametrize("victims", ["child", "supervisor", "everything"])
def test_killed_in_mid_training_it_goes_on_once(filled: Store, worker: Start, victims: str) -> None:
    undisturbed = put(filled, **train_payload(name="undisturbed", settings={"epochs": 6}))
    training = put(filled, **train_payload(name="killed", settings={"epochs": 6}))
    supervisor = worker(MNER_LEASE="60")
    assert ended(filled, undisturbed.id).status == "done"
    wait_for(lambda: (filled.home.runs / ".killed.unfinished" / "checkpoint" / "place.json").exists())
    all_of_them = [supervisor.pid, *below(supervisor.pid)]
    assert job(filled, training.id).status == "running", "it must not have ended before the kill"
    child = one("worker.child", lambda: below(supervisor.pid))
    kill(*{"child": [child], "supervisor": [supervisor.pid]}.get(victims, all_of_them))
    if victims != "child":
        supervisor.wait()
        ends(all_of_them)
        worker(MNER_LEASE="60")
    done = ended(filled, training.id)
    assert (done.status, done.attempt) == ("done", 2), done.error
    assert weights(filled, "killed") == weights(filled, "undisturbed")
    assert sorted(each.name for each in runs(filled)) == ["killed", "undisturbed"]
    told = [event.data["number"] for event in events(filled, training.id) if event.kind == "epoch"]
    assert told == [1, 2, 3, 4, 5, 6], "each epoch was told of once"
    states = [event.kind for event in events(filled, training.id) if event.kind != "epoch"]
    assert states == ["queued", "claimed", "died" if victims == "child" else "lost", "claimed", "ended"]
    assert done.tries == (victims == "child"), "only the child's own death is a try of the job"
    assert not list(filled.home.runs.glob(".*"))


@pytest.mark.slow
def test_a_stopped_worker_gives_its_job_back_at_once_and_leaves_nobody(filled: Store, worker: Start) -> None:
    training = put(filled, **train_payload(settings={"epochs": 50}))
    supervisor = worker(MNER_SERVING="1")
    one("worker.serving", lambda: below(supervisor.pid))
    wait_for(lambda: job(filled, training.id).message.startswith("epoch"))
    assert alive(filled)
    all_of_them = below(supervisor.pid)
    assert len(all_of_them) == 2
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(10) == 0
    ends(all_of_them)
    assert (job(filled, training.id).status, job(filled, training.id).owner) == ("queued", None)
    assert not alive(filled)


@pytest.mark.slow
def test_a_killed_supervisor_takes_all_along(filled: Store, worker: Start) -> None:
    put(filled, **train_payload(settings={"epochs": 50}))
    supervisor = worker()
    one("worker.child", lambda: below(supervisor.pid))
    all_of_them = below(supervisor.pid)
    kill(supervisor.pid)
    supervisor.wait()
    ends(all_of_them)


@pytest.mark.slow
def test_a_cancelled_training_leaves_nothing_and_the_next_job_runs(filled: Store, worker: Start) -> None:
    training = put(filled, **train_payload(settings={"epochs": 100}))
    following = put(filled, "features", dataset="scenes", profile="tiny")
    worker()
    wait_for(lambda: job(filled, training.id).message.startswith("epoch"))
    cancel(filled, training.id)
    begin = time.monotonic()
    assert ended(filled, training.id).status == "cancelled"
    assert time.monotonic() - begin < 5
    assert ended(filled, following.id).status == "done"
    assert not runs(filled)
    assert not list(filled.home.runs.iterdir())


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"dataset": "nowhere"}, "no data set 'nowhere'"),
        ({"model": "oracle"}, "no model 'oracle'"),
        ({"variant": "blue"}, "no variant 'blue'"),
        ({"settings": {"epochs": 0}}, "epochs must be at least 1"),
        ({"gold": "nobody"}, "No post of the split train in scenes is labelled"),
        ({"start": "no such run"}, "no run 'no such run'"),
        ({"name": "../x"}, "cannot be called"),
        ({"profile": "huge"}, "no profile 'huge'"),
    ],
)
def test_what_cannot_be_trained_is_a_sentence(
    filled: Store, monkeypatch: pytest.MonkeyPatch, payload: dict[str, object], sentence: str
) -> None:
    said = in_this_process(filled, monkeypatch, put(filled, **train_payload(**payload)))
    assert said.result is None
    assert sentence in (said.error or "")


def test_an_error_nobody_foresaw_is_a_sentence_and_a_traceback_in_the_log(
    store: Store, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("secret detail")

    monkeypatch.setattr(imports, "run", broken)
    said = in_this_process(store, monkeypatch, put(store, "import", folder="x"))
    assert said.error == "The program made a mistake (KeyError): its log says where."
    assert "secret detail" in capfd.readouterr().err


def test_a_job_that_is_somebody_elses_by_now_is_left_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNER_HOME", str(store.home.root))
    monkeypatch.setattr("worker.parent_death.die_with", lambda parent: None)
    monkeypatch.setattr(os, "nice", lambda by: by)
    queued = put(store, "import", folder="x")
    claim(store, "test", "here")
    reading, writing = os.pipe()
    assert main([str(queued.id), "7", "0", str(writing)]) == 1
    assert os.read(reading, 100) == b""
    os.close(reading)


def test_a_run_of_that_name_is_not_overwritten(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    payload = train_payload(name="taken", settings={"epochs": 1})
    said = in_this_process(filled, monkeypatch, put(filled, **payload))
    assert said.result is not None
    before = weights(filled, "taken")
    finish(filled, job(filled, 1), said.result)
    said = in_this_process(filled, monkeypatch, put(filled, **payload))
    assert said.error == "There is a run 'taken' already: choose another name."
    assert weights(filled, "taken") == before


def test_killed_between_training_and_predictions_it_does_not_train_again(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = put(filled, **train_payload(name="nearly", settings={"epochs": 1}))

    def killed(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("worker.jobs.train.look", killed)
        with pytest.raises(KeyboardInterrupt):
            in_this_process(filled, patched, queued)
    before = weights(filled, "nearly")
    lost(filled, job(filled, queued.id))
    monkeypatch.setattr("worker.jobs.train.train", killed)
    said = in_this_process(filled, monkeypatch, queued)
    assert said.result is not None
    assert weights(filled, "nearly") == before
    assert predictions(filled, "nearly", "scenes", "valid")


def test_labels_corrected_while_a_training_was_interrupted_begin_it_anew(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = put(filled, **train_payload(name="anew", gold="current", settings={"epochs": 1}))
    unfinished = filled.home.runs / ".anew.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "request.json").write_text(json.dumps({"train": "other labels"}))
    said = in_this_process(filled, monkeypatch, queued)
    assert said.result is not None, said.error
    assert "begins anew" in said.events[0][1]["message"]


def test_the_corrected_gold_is_what_a_run_learns_and_is_measured_on(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = next(each.id for each in posts(filled, "scenes", "valid"))
    there = newest(filled, post)
    assert there is not None
    save(filled, post, "gold", base=1, marks=there.marks[1:], author="anna")
    queued = put(filled, **train_payload(gold="current", settings={"epochs": 1}))
    said = in_this_process(filled, monkeypatch, queued)
    assert said.result is not None, said.error
    by_gold = {(each["split"], each["gold"]): each for each in said.result["evaluations"]}
    assert set(by_gold) == {(split, gold) for split in ("valid", "test") for gold in ("original", "current")}
    assert by_gold["valid", "current"]["support"] == by_gold["valid", "original"]["support"] - len(there.marks[:1])
    assert by_gold["valid", "current"]["f1"] == pytest.approx(said.result["dev_f1"])


def test_every_phase_of_every_system_has_its_place_in_the_bar(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"epochs": 1, "heads": 4}
    payload = train_payload(model="umgf", settings=settings)
    said = in_this_process(filled, monkeypatch, put(filled, **payload))
    assert said.result is not None, said.error


def test_progress_never_goes_back(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    inbox, seen = Inbox(reading), []
    with Reporter(writing) as report:
        for share in (0.1, 0.5, 0.2, 0.7, 9.0):
            report.progress(share, "on")
            inbox.read()
            assert inbox.progress is not None
            seen.append(inbox.progress[0])
    assert seen == [0.1, 0.5, 0.5, 0.7, 1.0]
    inbox.close()


def test_an_upload_stays_until_its_posts_are_in(
    store: Store, scenes: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A disk that was full for an hour costs a second try and no second upload."""
    uploaded = store.home.root / "uploads" / "one"
    shutil.copytree(scenes, uploaded)
    queued = put(store, "import", folder=str(uploaded), name="scenes", remove=True)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(imports, "import_folder", full)
        said = in_this_process(store, patched, queued)
    assert said.error == "The disk is full: make room and start the job again."
    fail(store, job(store, queued.id), said.error)
    retry(store, queued.id)
    said = in_this_process(store, monkeypatch, queued)
    assert said.result is not None
    lost(store, job(store, queued.id))
    assert in_this_process(store, monkeypatch, queued).result is not None, "killed before the store knew of its end"
    remove_leftovers(store, finish(store, job(store, queued.id), said.result))
    assert not uploaded.exists()


def test_a_folder_outside_the_home_is_never_removed(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "precious"
    outside.mkdir()
    for folder in (outside, store.home.root / ".." / "precious"):
        put(store, "import", folder=str(folder), name="x", remove=True)
        taken = claim(store, "test", "here")
        assert taken is not None
        remove_leftovers(store, finish(store, taken, {}))
        assert outside.is_dir()
    assert predict_posts.CHUNK > 1


def test_the_knowledge_that_came_with_the_posts_is_looked_up(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_scenes(tmp_path / "posters", 40, 1, Knobs(ambiguous=0.0, posters=0.5))
    import_folder(store, tmp_path / "posters", "scenes")
    shutil.rmtree(tmp_path / "posters")
    said = in_this_process(store, monkeypatch, put(store, **train_payload(model="iaik", settings={"epochs": 1})))
    assert said.result is not None, said.error
    record = read_record(store.home.runs / said.result["run"])
    assert record.knowledge
    trained = load(store.home.runs / said.result["run"], store.home)
    posters = [each for each in examples(store, "scenes") if each.subsets.get("posters")]
    found = [{each.name for each in said.evidence} for said in trained.predict_posts(posters, evidence=True)]
    assert any("knowledge" in names for names in found)


def test_few_labelled_posts_train_without_being_measured(
    store: Store, scenes: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of forty posts without splits twelve are labelled: the others are left out, and no figure is made up."""
    lines = [json.loads(line) for line in (scenes / "train.jsonl").read_text().splitlines()[:40]]
    raw = [record | ({"spans": None} if place >= 12 else {}) for place, record in enumerate(lines)]
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "train.jsonl").write_text("".join(json.dumps(record) + "\n" for record in raw))
    import_folder(store, tmp_path / "raw", "raw")
    queued = put(store, **train_payload(dataset="raw", name="few"))
    said = in_this_process(store, monkeypatch, queued)
    assert said.error is None
    assert said.result is not None
    told = {name: said.result[name] for name in ("run", "dev_f1", "best_epoch", "left_out", "evaluations")}
    assert told == {"run": "few", "dev_f1": None, "best_epoch": 2, "left_out": 28, "evaluations": []}
    epochs = [data for kind, data in said.events if kind == "epoch"]
    assert [(each["number"], each["f1"], each["support"]) for each in epochs] == [(1, None, 0), (2, None, 0)]
    assert [data["message"] for kind, data in said.events if kind == "note"] == [
        "28 posts of train have no labels and are left out.",
        "No post of valid is labelled: the run trains for 2 epochs, and nothing is measured.",
    ]
    assert run(store, "few").metrics["dev"]["f1"] is None
