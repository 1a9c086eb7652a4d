"""Brought predictions on the screens: what needs predictions works, what needs a model says that there is none."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from db.brought import import_predictions
from db.engine import Store
from db.figure_kinds import compute
from db.figures import Question
from db.imports import About, import_examples
from db.posts import post_ids
from db.predictions import PostPrediction, PredictedMark, coverage, predictions, record
from db.runs import add_run, runs
from mner_core.types import InputError
from pages.runs.submit import TrainingChoice, submit_training
from tests.app.filled import SAID, SET, TEXTS, examples, open_app, place, settled, shown
from tests.app.test_post import FakeWorker, response
from tests.db.test_runs import write_run


def bring(store: Store, folder: Path, name: str, said: dict[str, list[dict[str, Any]]]) -> None:
    file = folder / f"{name}.jsonl"
    file.write_text("\n".join(json.dumps({"id": post, "spans": spans}) for post, spans in said.items()))
    import_predictions(store, file, SET, name)


def span(post: str, part: str, label: str, **more: Any) -> dict[str, Any]:
    start, end = place(TEXTS[post][0], part)
    return {"start": start, "end": end, "label": label, **more}


@pytest.fixture
def brought(store: Store, tmp_path: Path) -> Store:
    """What the run `second` says, as somebody else's; and something about three posts, with labels of its own."""
    same = {
        post: [span(post, part, label, confidence=sure) for part, label, sure in SAID["second"].get(post, [])]
        for post in TEXTS
    }
    bring(store, tmp_path, "theirs", same)
    few = {
        "match": [span("match", "Kevin Durant", "ATHLETE"), span("match", "Kevin", "PER"), span("match", "San", "LOC")],
        "bare": [span("bare", "Rome", "LOC"), span("bare", "Mari", "PER")],
        "broken": [span("broken", "Google in Berlin", "ORG")],
    }
    bring(store, tmp_path, "few", few)
    return store


def said_of(app: AppTest, run: str) -> dict[str, Any]:
    table = app.dataframe[0].value
    return dict(table[table["Run"] == run].iloc[0])


def test_the_overview_measures_it_like_any_run(brought: Store) -> None:
    app = open_app("overview", dataset=SET, split="valid", run="theirs")
    theirs, second, few = (said_of(app, name) for name in ("theirs", "second", "few"))
    assert (theirs["F1"], theirs["Precision"], theirs["Recall"]) == (
        second["F1"],
        second["Precision"],
        second["Recall"],
    )
    assert (theirs["Model"], theirs["Learned from"]) == ("brought predictions", "–")
    assert few["F1"] == pytest.approx(100 * 2 / (6 + 7)), "7 entities in the three posts; Rome alone is right"
    text = shown(app)
    assert "few was brought; it is measured on the 3 labelled posts that it is about." in text
    assert "theirs learned from" not in text
    assert "few learned from" not in text
    app.toggle(key="inside").set_value(True).run()
    assert "9 predicted entities" in shown(settled(app, brought))
    few_inside = open_app("overview", dataset=SET, split="valid", run="few")
    few_inside.toggle(key="inside").set_value(True).run()
    assert "brought without confidences" in shown(settled(few_inside, brought))


@pytest.mark.parametrize(
    ("run", "other"), [("theirs", "second"), ("few", "second"), ("second", "few"), ("few", "theirs")]
)
def test_it_is_compared_on_the_posts_that_both_are_about(brought: Store, run: str, other: str) -> None:
    app = settled(open_app("overview", dataset=SET, split="valid", run=run, compare=other), brought)
    text = shown(app)
    assert "F1 (95 % interval over posts" in text
    assert ("in 3 posts" in text.split("Both on the same posts")[1]) is ("few" in (run, other))
    errors = settled(open_app("errors", dataset=SET, split="valid", run=run, compare=other), brought)
    asked = Question(kind="comparison", dataset=SET, split="valid", runs=(other, run))
    after = compute(brought, asked)["after"]
    head = f"F1 **{after['f1']:.1f}**, protocol entity, one seed, gold {after['gold_sha256'][:8]}."
    assert head in shown(errors), "the same on both screens"


@pytest.mark.parametrize(
    ("run", "found"),
    [
        ("theirs", ("makes **5 mistakes** on 6 posts with 9 entities", "5 mistakes in 4 posts")),
        ("few", ("makes **8 mistakes** on 3 posts with 7 entities", "8 mistakes in 3 posts")),
    ],
)
def test_errors_lists_its_mistakes(brought: Store, run: str, found: tuple[str, str]) -> None:
    app = open_app("errors", dataset=SET, split="valid", run=run)
    assert not app.exception
    text = shown(app)
    assert [each in text for each in found] == [True, True]


@pytest.mark.parametrize("has_worker", [False, True])
def test_post_shows_what_was_brought_and_that_there_is_no_evidence(brought: Store, has_worker: bool) -> None:
    worker = FakeWorker(brought, lambda kind, payload: response(brought, payload)) if has_worker else None
    if worker:
        worker.start()
    try:
        app = open_app("post", dataset=SET, split="valid", run="few", post="match")
        text = shown(app)
    finally:
        if worker:
            worker.stopped = True
            worker.join()
    assert "few consists of predictions that were brought: there is no model that could show evidence" in text
    assert "not every entity was brought with" in text
    assert "Counterfactuals" not in text
    assert worker is None or worker.asked == []
    unread = shown(open_app("post", dataset=SET, split="valid", run="few", post="paris"))
    assert "few was brought without a prediction of this post." in unread
    assert "as it was brought" in shown(open_app("post", dataset=SET, split="valid", run="theirs", post="bare"))


def test_annotate_suggests_what_was_brought_and_offers_no_prediction(brought: Store) -> None:
    app = open_app("annotate", dataset=SET, split="valid", run="few", post="match")
    text = shown(app)
    assert "1 suggestion not shown: this set has no type ATHLETE" in text
    assert "Its predictions were brought; it cannot predict more." in text
    assert not [button for button in app.button if button.label.startswith("Predict")]
    whole = shown(open_app("annotate", dataset=SET, split="valid", run="theirs", post="match"))
    assert "cannot predict more" not in whole


def test_runs_says_what_it_is_and_offers_no_training(brought: Store) -> None:
    app = open_app("runs", run="few")
    text = shown(app)
    assert "Predictions that were brought: 6 entities in 3 posts of Little set, 0 with a confidence" in text
    assert "Labels that the data set did not have count as wrong: 1 ATHLETE." in text
    assert not [button for button in app.button if button.label == "Train a run from it"]
    assert app.selectbox(key="train start").options == ["scratch", "second", "first"]
    wish = TrainingChoice(
        dataset=SET, gold="current", model="bert-crf", variant="", profile="tiny", seed=0, settings={}, start="few",
        name="",
    )  # fmt: skip
    with pytest.raises(InputError, match="few was brought and has no weights"):
        submit_training(brought, wish, "ann")


def test_another_data_set_is_not_measured_with_it(brought: Store, home: Path) -> None:
    import_examples(brought, "Other", examples(home), About(labels=("MISC",)))
    app = open_app("overview", dataset="Other", split="valid", run="")
    assert not app.exception
    assert "run" not in app.query_params, "they know its types, but nobody can ask them"
    asked = open_app("overview", dataset="Other", split="valid", run="few")
    text = shown(asked)
    assert "few was brought without predictions of these labelled posts of Other, valid" in text
    offered = [button.label for button in asked.button if button.label.startswith("Predict")]
    assert len(offered) == 2, "the two trained runs alone"


def test_what_is_read_is_what_was_brought(brought: Store) -> None:
    assert {each.name for each in runs(brought) if each.is_brought} == {"theirs", "few"}
    assert coverage(brought, "few", SET, "valid", "current").read == 3
    numbers = post_ids(brought, SET)
    assert predictions(brought, "few").keys() == {numbers["valid", name] for name in ("match", "bare", "broken")}


@pytest.mark.parametrize(("run", "learned"), [("second", True), ("theirs", False), ("other", False)])
def test_only_a_run_that_learned_train_is_said_to_repeat_it(brought: Store, run: str, learned: bool) -> None:
    """A trained one, a brought one, and one that was trained on another set."""
    add_run(brought, write_run(brought.home, "other", data={"name": "another", "fingerprint": "d", "gold": "g"}))
    mark = PredictedMark(start=0, end=8, label="PER", confidence=0.8)
    record(brought, run, [PostPrediction(post=post_ids(brought, SET)["train", "trained"], marks=(mark,))])
    text = shown(open_app("errors", dataset=SET, split="train", run=run))
    assert f"**{run}** makes" in text
    assert ("A run repeats the labels of train that it learned" in text) is learned
