"""Labels that look wrong: having them looked for on the screen data, the list, and the work list in the annotator."""

from typing import Any

import pytest

from db.engine import Store
from db.job_leases import claim, fail, finish
from db.jobs import enqueue, jobs
from db.label_error_results import LabelError, keep_ranking, newest_ranking, read_ranking
from db.posts import post_ids
from tests.app.filled import SET, TEXTS, open_app, place, shown


def label_error(store: Store, name: str, text: str, **more: Any) -> LabelError:
    start, end = place(TEXTS[name][0], text)
    said = {"label": "PER", "score": 0.5, "reason": "type", "detail": "The models see it as LOC.", "suggested": ""}
    number = post_ids(store, SET)["valid", name]
    return LabelError(post=number, name=name, split="valid", start=start, end=end, text=text, **{**said, **more})


@pytest.fixture
def looked(store: Store) -> Store:
    """A store in which somebody has looked for wrong labels."""
    payload = {"dataset": SET, "gold": "current", "split": "valid", "model": "bert-crf", "profile": "tiny"}
    enqueue(store, "suspicious", payload, author="ann")
    job = claim(store, "w", "cpu")
    assert job is not None
    found = [
        label_error(store, "bare", "Rome", score=0.91, suggested="Rome, ORG"),
        label_error(
            store, "match", "San Francisco", label="LOC", score=0.7, reason="missing", detail="Gold has *nothing*."
        ),
        label_error(store, "bare", "Ann", score=0.2),
    ]
    keep_ranking(store, job, found)
    finish(store, job, {"dataset": SET, "labels": 3, "kept": 3, "model": "bert-crf"})
    return store


@pytest.mark.parametrize("split", ["train", "valid"])
def test_where_corrections_lead_the_search_begins(store: Store, split: str) -> None:
    """The list that is offered where corrections are not learned from is empty at first: there has to be a way on."""
    app = open_app("annotate", dataset=SET, split=split, list="doubts", run="first")
    assert "No search yet" in shown(app)
    assert "has not read" not in shown(app)
    assert app.selectbox(key="label errors split").value == split
    next(each for each in app.button if each.label == "Search").click().run()
    assert not app.exception
    [queued] = jobs(store)
    assert (queued.kind, queued.payload["split"]) == ("suspicious", split)
    assert f"Searching label errors in {SET}: waiting" in shown(app)


@pytest.mark.parametrize(("split", "is_open"), [("valid", False), ("train", True), ("all", False)])
def test_the_list_says_where_was_searched(looked: Store, split: str, is_open: bool) -> None:
    app = open_app("annotate", dataset=SET, split=split, list="doubts")
    assert " in valid." in shown(app)
    [form] = [each for each in app.expander if "Search" in each.label]
    assert form.proto.expanded is is_open
    assert ("choose the split that was searched" in shown(app)) is is_open


def test_before_anybody_has_looked_it_says_how_and_asks(store: Store) -> None:
    app = open_app("data", dataset=SET)
    app.toggle(key="label errors").set_value(True).run()
    assert "No search yet" in shown(app)
    app.selectbox(key="label errors profile").set_value("tiny").run()
    next(each for each in app.button if each.label == "Search").click().run()
    assert not app.exception
    [queued] = jobs(store)
    asked = {"dataset": SET, "gold": "current", "split": "train", "model": "bert-crf", "profile": "tiny"}
    assert (queued.kind, queued.payload) == ("suspicious", asked)
    assert f"Searching label errors in {SET}: waiting" in shown(app)
    assert "Searching ..." in [each.label for each in app.button]
    running = claim(store, "w", "cpu")
    assert running is not None
    fail(store, running, "There are only 3 different labelled posts; 5 folds need more.")
    app = open_app("data", dataset=SET)
    app.toggle(key="label errors").set_value(True).run()
    assert "5 folds need more" in shown(app)


def test_the_list_has_a_reason_for_each_label(looked: Store) -> None:
    app = open_app("data", dataset=SET)
    app.toggle(key="label errors").set_value(True).run()
    table = app.dataframe[-1].value
    assert list(table["Words"]) == ["Rome", "San Francisco", "Ann"]
    assert list(table["Label"]) == ["PER", "", "PER"]
    assert list(table["What"]) == ["other type", "may be missing", "other type"]
    assert list(table["Score"]) == pytest.approx([91, 70, 20])
    assert "it is no probability" in shown(app)
    assert "how likely" not in shown(app)
    assert (table["Perhaps"][0], table["Why"][1]) == ("Rome, ORG", "Gold has *nothing*.")
    assert not any(table["Seen"])


def test_the_work_list_goes_by_the_worst_label_and_says_why(looked: Store) -> None:
    app = open_app("annotate", dataset=SET, split="valid", list="doubts")
    assert app.query_params["post"] == "bare"
    text = shown(app)
    assert "score 91 **Rome**: The models see it as LOC." in text
    assert "score 20 **Ann**" in text
    assert "0 of 2 posts done, 2 left" in app.get("progress")[0].proto.text
    next(each for each in app.button if each.label == "Next").click().run()
    assert app.query_params["post"] == "match"
    assert "score 70 **San Francisco**: Gold has *nothing*." in shown(app)


def test_without_a_search_the_work_list_says_where_to_start_one(store: Store) -> None:
    app = open_app("annotate", dataset=SET, list="doubts")
    assert "No label error is listed here: search for label errors" in shown(app)
    assert "Search" in [each.label for each in app.button]


def test_a_ranking_whose_file_is_gone_is_none(looked: Store) -> None:
    ranking = newest_ranking(looked, SET)
    assert ranking is not None
    assert newest_ranking(looked, "another") is None
    for file in (looked.home.root / "suspicious").iterdir():
        file.unlink()
    assert newest_ranking(looked, SET) is None
    assert read_ranking(looked.home, ranking.id) == []
