"""The list of posts like the mistakes: asked for on Errors, made by the worker, gone through on Annotate."""

from dataclasses import asdict
from typing import Any

from db import workers
from db.engine import Store
from db.job_leases import claim, fail, finish
from db.jobs import enqueue, jobs
from db.mistake_cases import CaseFilter
from db.posts import post_ids
from db.similar_results import LikeMistake, keep_like_mistakes
from tests.app.filled import SET, open_app, shown
from tests.app.test_corrections_reach import links, press

ASKED: dict[str, Any] = {
    "dataset": SET, "profile": "tiny", "in": "train", "run": "second", "gold": "current", "split": "valid",
    "compare": None, "fair_to": [], "filter": {"kind": "type"}, "by": "text",
}  # fmt: skip


def made(store: Store, *names: str, **more: Any) -> None:
    """The worker has made the list of these posts of train, each like another post of valid."""
    enqueue(store, "similar-mistakes", {**ASKED, **more}, author="ann")
    job = claim(store, "w", "cpu", ("similar-mistakes",))
    assert job is not None
    numbers = post_ids(store, SET)
    found = [LikeMistake(post=numbers["train", name], score=0.75, like=numbers["valid", "match"]) for name in names]
    keep_like_mistakes(store, job, found)
    about = {"dataset": SET, "by": "text", "in": "train"}
    finish(store, job, {**about, "mistaken": 2, "posts": len(names)})


def test_it_is_asked_for_from_the_filter_of_errors(store: Store) -> None:
    workers.beat(store, "w", "cpu")
    app = open_app("errors", dataset=SET, run="second", split="valid", kind="type", order="most")
    next(each for each in app.selectbox if each.label == "Compared by").set_value("text").run()
    press(app, "List posts of train like these")
    [queued] = jobs(store, kinds=["similar-mistakes"])
    assert (queued.payload, queued.author) == (ASKED, "ann")
    assert f"Looking for posts of {SET} like the mistakes of second: waiting" in shown(app)
    assert set(queued.payload["filter"]) <= asdict(CaseFilter()).keys(), "the worker makes a filter of it"


def test_beside_a_second_run_its_mistakes_are_named_as_well(store: Store) -> None:
    app = open_app("errors", dataset=SET, run="second", compare="first", split="valid", change="broken")
    press(app, "List posts of train like these")
    [queued] = jobs(store, kinds=["similar-mistakes"])
    assert (queued.payload["compare"], queued.payload["filter"]) == ("first", {"change": "broken"})


def test_the_list_is_gone_through_with_the_mistake_that_each_is_like(store: Store) -> None:
    made(store, "trained")
    assert "Go through this list" in links(open_app("errors", dataset=SET, run="second", split="valid"))
    app = open_app("annotate", dataset=SET, run="second", split="train", list="similar-mistakes")
    assert app.query_params["post"] == "trained"
    text = shown(app)
    assert (
        "1 post of train most like the 2 posts of valid in which second is wrong (kind type), compared by text" in text
    )
    assert "cosine 0.750 with a post that was read wrongly:" in text
    assert "valid/match" in [label.replace("\\", "") for label in links(app)]
    assert "0 of 1 post done" in app.get("progress")[0].proto.text
    app = open_app("annotate", dataset=SET, run="second", split="valid", list="similar-mistakes")
    assert "choose the split train" in shown(app)


def test_the_newest_list_is_shown_and_what_failed_is_said(store: Store) -> None:
    made(store, "trained")
    made(store)
    app = open_app("annotate", dataset=SET, run="second", split="train", list="similar-mistakes")
    assert "0 posts of train most like" in shown(app)
    assert "Nothing is here" in shown(app)
    enqueue(store, "similar-mistakes", ASKED, author="ann")
    job = claim(store, "w", "cpu", ("similar-mistakes",))
    assert job is not None
    fail(store, job, "No mistake matches the filter any more.")
    assert "No mistake matches the filter any more." in shown(open_app("errors", dataset=SET, run="second"))


def test_where_nobody_had_one_made_it_says_where(store: Store) -> None:
    app = open_app("annotate", dataset=SET, split="train", list="similar-mistakes")
    assert "Nobody has had such a list made: it is made on the screen Errors" in shown(app)


def test_where_no_mistake_is_left_there_is_no_form(store: Store) -> None:
    app = open_app("errors", dataset=SET, run="second", split="valid", type="MISC", kind="missed")
    assert "List posts of train like these" not in [each.label for each in app.button]
