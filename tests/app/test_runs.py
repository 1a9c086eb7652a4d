"""The screen runs: what a training is asked for, how jobs are shown, what is known of finished runs."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.engine import Store, open_store
from db.imports import import_examples
from db.job_leases import claim, fail, heartbeat, note
from db.jobs import enqueue, job, jobs, log_path, retry
from db.posts import post, post_ids
from db.runs import add_run
from db.splits import move_posts
from db.workers import beat
from mner_core.catalog.system import System
from mner_core.catalog.systems import SYSTEMS
from mner_core.home import Home
from mner_core.types import InputError, Span
from pages.runs.submit import TrainingChoice, fields_of, submit_training
from pages.shared.logs import log_tail
from tests.app.filled import SET, fill, open_app, shown
from tests.db.samples import sample_post
from tests.db.test_runs import write_run

FIGURES = {"f1": 57.5, "precision": 67.7, "recall": 50.0, "support": 42}
DEV = {
    **FIGURES, "protocol": "entity", "gold_sha256": "abcdef0123", "per_type": {"PER": FIGURES, "LOC": FIGURES},
    "slices": {"ambiguous": {**FIGURES, "f1": 12.3}},
}  # fmt: skip
EPOCHS = tuple({"number": number, "loss": 2.0 / number, "dev": FIGURES, "seconds": 1.0} for number in (1, 2, 3))


@pytest.fixture
def trained(store: Store) -> Store:
    """One more run, as a real training leaves it."""
    data = {"name": SET, "gold": {"train": "feedbeef99", "dev": "abcdef0123"}, "train": 5, "dev": 6}
    more: dict[str, Any] = {"created": 3000.0, "versions": {"torch": "2.15.0"}, "best_epoch": 2}
    settings = {"epochs": 3, "dropout": 0.2}
    add_run(
        store,
        write_run(
            store.home, "real", dev=DEV, epochs=EPOCHS, data=data, settings=settings, started_from="sha-first", **more
        ),
    )
    return store


def wish(**changes: Any) -> TrainingChoice:
    said: dict[str, Any] = {
        "dataset": SET, "gold": "current", "model": "bert-crf", "variant": "", "profile": "tiny", "seed": 3,
        "settings": {"epochs": 2}, "start": None, "name": "mine",
    }  # fmt: skip
    return TrainingChoice(**{**said, **changes})


def test_a_wish_becomes_one_job(store: Store) -> None:
    first, again = submit_training(store, wish(), "ann"), submit_training(store, wish(name=""), "ann")
    assert first.payload == {
        "dataset": SET, "gold": "current", "model": "bert-crf", "variant": "", "profile": "tiny", "seed": 3,
        "settings": {"epochs": 2}, "name": "mine",
    }  # fmt: skip
    assert "name" not in again.payload
    assert submit_training(store, wish(name=""), "bob").id == again.id, "a second click is no second training"
    assert submit_training(store, wish(start="first", name="on"), "ann").payload["start"] == "first"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "first"}, "There is a run 'first' already"),
        ({"name": "../x"}, "cannot be called"),
        ({"name": " x"}, "cannot be called"),
        ({"name": "x" * 81}, "cannot be called"),
        ({"settings": {"dropout": 1.5}}, "dropout must lie in"),
        ({"settings": {"wings": 2}}, "no setting 'wings'"),
        ({"variant": "K=5"}, "no variant"),
        ({"gold": "nobody"}, r"No post of the split train in Little set \(labels by nobody\) is labelled"),
        ({"start": "lost"}, "no run 'lost' any more"),
        ({"start": "first", "profile": "compact"}, "has the profile tiny"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(store: Store, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        submit_training(store, wish(**changes), "ann")
    assert jobs(store) == []


def test_two_trainings_under_one_name_are_refused(store: Store) -> None:
    submit_training(store, wish(), "ann")
    with pytest.raises(InputError, match="is being trained"):
        submit_training(store, wish(seed=4), "ann")


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_the_form_knows_every_setting_of_every_model(system: System) -> None:
    for variant in ("", *system.variants):
        found = {each.name: each for each in fields_of(system.name, variant, "compact")}
        resolved = system.resolve("compact", variant)
        assert {name: each.default for name, each in found.items()} == {name: getattr(resolved, name) for name in found}
        assert all(each.about for each in found.values())


def test_a_log_shows_neither_paths_nor_traces(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    log = tmp_path / "job.log"
    log.write_bytes(
        b"step 1\rstep 2\nreading " + str(home.root).encode() + b"/runs/x/run.json\n"
        b'Traceback (most recent call last):\n  File "/usr/lib/secret.py", line 3, in f\n    x()\nValueError: no\n'
        b"warning in /opt/venv/lib/torch/x.py:12 says \xff\n"
    )
    assert log_tail(log, home) == "step 2\nreading run.json\nValueError: no\nwarning in x.py:12 says \ufffd"
    assert log_tail(log, home, lines=1).startswith("warning")
    assert log_tail(tmp_path / "none", home) == ""


def test_empty_it_says_what_to_do(home: Path) -> None:
    text = shown(open_app("runs"))
    assert "nothing to train on yet" in text


def test_the_form_starts_a_training(store: Store) -> None:
    app = open_app("runs", new="yes")
    app.selectbox(key="train model").set_value("bert-crf").run()
    app.selectbox(key="train profile").set_value("tiny").run()
    app.text_input(key="train name").set_value("mine").run()
    app.number_input(key="setting bert-crf  tiny epochs").set_value(2).run()
    next(button for button in app.button if button.label == "Train").click().run()
    assert not app.exception
    assert jobs(store)[0].payload == wish(seed=0).payload()
    text = shown(app)
    assert f"Training mine on {SET}: waiting" in text
    assert "No worker is running" in text
    next(button for button in app.button if button.label == "Train").click().run()
    assert len(jobs(store)) == 2, "without the name it is another run"


def test_the_form_says_what_cannot_be(store: Store) -> None:
    app = open_app("runs", new="yes")
    app.text_input(key="train name").set_value("first").run()
    next(button for button in app.button if button.label == "Train").click().run()
    assert "There is a run 'first' already" in shown(app)
    assert jobs(store) == []


def test_the_form_goes_on_from_a_run(trained: Store) -> None:
    app = open_app("runs", run="real")
    next(button for button in app.button if button.label == "Train a run from it").click().run()
    assert not app.exception
    assert (app.query_params["new"], app.query_params["start"]) == ("yes", "real")
    assert app.selectbox(key="train start").value == "real"
    assert (app.selectbox(key="train model").value, app.selectbox(key="train profile").value) == ("bert-crf", "tiny")
    app.selectbox(key="train start").set_value("").run()
    assert app.selectbox(key="train start").value == "", "the address does not overrule a later choice"


def test_a_training_is_watched_and_stopped(store: Store) -> None:
    beat(store, "w", "cpu")
    submit_training(store, wish(), "ann")
    running = claim(store, "w", "cpu")
    assert running is not None
    heartbeat(store, running, 0.43, "epoch 1 of 2, dev F1 31.0")
    note(store, running, "note", {"message": "The labels have changed."})
    note(store, running, "epoch", {"number": 1, "epochs": 2, "loss": 1.0, **FIGURES})
    store.home.logs.mkdir(parents=True, exist_ok=True)
    log_path(store.home, running.id).write_text("epoch 1: loss 1.0\n")
    app = open_app("runs")
    assert "The labels have changed." in shown(app)
    assert app.code[0].value == "epoch 1: loss 1.0"
    next(button for button in app.button if button.label == "Stop").click().run()
    assert not app.exception
    assert job(store, running.id).cancel_requested


def test_a_waiting_job_is_stopped_at_once(store: Store) -> None:
    submit_training(store, wish(), "ann")
    app = open_app("runs")
    next(button for button in app.button if button.label == "Stop").click().run()
    assert jobs(store)[0].status == "cancelled"
    assert "Training mine" not in shown(app)


def test_why_the_last_job_failed_is_said(store: Store) -> None:
    enqueue(store, "train", {"dataset": SET, "name": "mine"}, author="ann")
    running = claim(store, "w", "cpu")
    assert running is not None
    fail(store, running, "The disk is full: make room and start the job again.")
    app = open_app("runs")
    assert "Training mine on Little set failed: The disk is full" in shown(app)
    table = app.dataframe[0].value
    assert (table["Ended"][0], table["By"][0]) == ("failed", "ann")
    next(button for button in app.button if button.label == "Retry").click().run()
    assert not app.exception
    assert [(each.id, each.status) for each in jobs(store)] == [(running.id, "queued")]
    assert "Training mine on Little set: waiting" in shown(app)


def failed(store: Store, sentence: str) -> int:
    """Queues a prediction, takes the oldest waiting job and lets it fail; returns that one's number."""
    enqueue(store, "predict", {"dataset": SET, "run": "first"}, author="ann")
    running = claim(store, "w", "cpu")
    assert running is not None
    fail(store, running, sentence)
    return running.id


def test_earlier_failures_are_retried_too(store: Store) -> None:
    numbers = [failed(store, sentence) for sentence in ("The disk is full.", "There is not enough memory.", "Lost.")]
    app = open_app("runs")
    for number in numbers:
        next(button for button in app.button if button.key == f"retry {number}").click().run()
        assert not app.exception
        assert job(store, number).status == "queued"


def test_a_retry_that_somebody_else_was_faster_with_is_said(store: Store) -> None:
    number = failed(store, "The disk is full.")
    app = open_app("runs")
    retry(store, number)
    running = claim(store, "w", "cpu")
    assert running is not None
    button = next(button for button in app.button if button.key == f"retry {number}")
    button.click().run()
    assert not app.exception
    assert job(store, number).status == "running", "nothing was begun twice"


def test_everything_about_a_run(trained: Store) -> None:
    app = open_app("runs", run="real")
    tables = [frame.value for frame in app.dataframe]
    assert list(tables[0]["Run"]) == ["real", "second", "first"]
    assert (tables[0]["Started from"][0], tables[0]["Gold"][0]) == ("first", "feedbeef")
    assert list(tables[1]["Type"]) == ["PER", "LOC", "all"]
    text = shown(app)
    assert "starting from first" in text
    assert "Protocol `entity` · 42 entities in 6 validation posts · fingerprint of their labels `abcdef01`" in text
    settings, slices, versions = tables[2:]
    assert dict(zip(settings["Setting"], settings["Value"], strict=True)) == {"epochs": "3", "dropout": "0.2"}
    assert "passes over the training posts" in list(settings["What it is"])
    assert (slices["Slice"][0], slices["F1"][0], versions["Version"][0]) == ("ambiguous", 12.3, "2.15.0")


def test_a_choice_in_the_address_is_the_run_that_is_shown(trained: Store) -> None:
    for run in ("first", "real"):
        app = open_app("runs", run=run)
        assert app.header[1].value == run


def test_what_the_store_does_not_know_is_no_crash(home: Path) -> None:
    store = fill(home)
    add_run(store, write_run(store.home, "odd", model="unheard-of", variant="v", data={}, created=9000.0))
    app = open_app("runs", run="odd")
    assert "unheard-of, v" in shown(app)


def test_without_labelled_valid_the_form_says_that_nothing_is_measured(store: Store) -> None:
    valid = [number for (split, _), number in post_ids(store, SET).items() if split == "valid"]
    app = open_app("runs", new="yes")
    assert "Its best epoch is chosen on 6 labelled posts of valid." in shown(app)
    import_examples(store, SET, [replace(post(store, valid[0]).example, id="raw", split="train", text="new words")])
    move_posts(store, SET, dict.fromkeys(valid, "test"))
    app = open_app("runs", new="yes")
    text = shown(app)
    assert "It learns from 1 labelled post of train. 1 post without labels is left out." in text
    assert "**nothing is measured**" in text
    assert submit_training(store, wish(), "ann").kind == "train"


def test_with_enough_posts_a_training_needs_labelled_valid(home: Path) -> None:
    store = open_store(Home(home))
    posts = [sample_post(str(number), f"Ann {number}", (Span(0, 1, "PER"),)) for number in range(50)]
    import_examples(store, SET, posts[:49])
    assert submit_training(store, wish(), "ann").kind == "train"
    import_examples(store, SET, posts)
    with pytest.raises(InputError, match=r"No post of the split valid in Little set .* is labelled"):
        submit_training(store, wish(name="other"), "ann")


def test_a_run_that_was_not_measured_says_so(store: Store) -> None:
    nothing = {"f1": None, "precision": None, "recall": None, "support": 0, "per_type": {}, "measured": False}
    epochs = tuple({"number": number, "loss": 1.0 / number, "dev": nothing} for number in (1, 2))
    data = {"name": SET, "fingerprint": "d", "gold": {"train": "feedbeef"}, "train": 20, "dev": 0, "left_out": 3}
    add_run(store, write_run(store.home, "few", dev=nothing, epochs=epochs, data=data, created=5000.0))
    for screen in ("runs", "overview", "errors", "annotate"):
        app = open_app(screen, run="few", dataset=SET)
        assert not app.exception
    app = open_app("runs", run="few")
    text = shown(app)
    assert "Nothing was measured: no post of valid was labelled. The run trained for 2 epochs" in text
    assert "3 posts of train had no labels and were left out." in text
    assert math.isnan(app.dataframe[0].value["F1"][0])
