"""The list of mistakes in train: asked for, made by the worker, gone through in the annotator."""

import pytest

from db.engine import Store
from db.held_out_results import keep_predictions
from db.job_leases import claim, finish
from db.jobs import enqueue, jobs
from db.posts import post_ids
from db.predictions import PostPrediction, PredictedMark
from tests.app.filled import SET, open_app, shown
from tests.app.test_corrections_reach import correct, links, press

PAYLOAD = {"dataset": SET, "gold": "current", "split": "train", "model": "bert-crf", "profile": "compact"}


@pytest.fixture
def judged(store: Store) -> Store:
    """A store in which a model that has not seen the one post of train calls Warriors a PER."""
    enqueue(store, "cross-validate", PAYLOAD, author="ann")
    job = claim(store, "w", "cpu")
    assert job is not None
    mark = PredictedMark(start=0, end=8, label="PER", confidence=0.8)
    keep_predictions(store, job, [PostPrediction(post=post_ids(store, SET)["train", "trained"], marks=(mark,))])
    finish(store, job, {"dataset": SET, "posts": 1, "mistakes": 1, "model": "bert-crf", "gold_sha256": "g"})
    return store


def test_it_is_asked_for_where_the_list_is_empty(store: Store) -> None:
    app = open_app("annotate", dataset=SET, split="train", list="held-out")
    assert "five models are trained" in shown(app)
    assert "have every post judged" in shown(app)
    press(app, "Judge every post of train")
    [queued] = jobs(store)
    assert (queued.kind, queued.payload, queued.author) == ("cross-validate", PAYLOAD, "ann")
    assert f"Judging the posts of {SET} by models that have not seen them: waiting" in shown(app)


def test_the_list_goes_through_mistakes_with_what_was_predicted(judged: Store) -> None:
    app = open_app("annotate", dataset=SET, split="train", list="held-out")
    assert app.query_params["post"] == "trained"
    text = shown(app)
    assert "1 post of 1 held a mistake" in text
    assert "0 of 1 post done" in app.get("progress")[0].proto.text
    app = open_app("annotate", dataset=SET, split="valid", list="held-out")
    assert "choose the split train" in shown(app)


def test_it_is_one_click_away_where_corrections_are_not_learned(judged: Store) -> None:
    correct(judged, "valid", "paris")
    assert "Mistakes in train (cross-validated)" in links(open_app("annotate", dataset=SET))
