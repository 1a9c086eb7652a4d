"""Similar posts on the screens Post and Annotate: what is asked, what is shown of the like, and what is missing."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from db import workers
from db.annotations import save, save_first
from db.engine import Store
from db.job_leases import claim, fail, finish
from db.jobs import Job, enqueue, jobs
from db.posts import post_ids
from pages.shared.similar_posts import cosine
from tests.app.filled import SET, open_app, shown
from tests.app.test_corrections_reach import press
from tests.app.test_post import FakeWorker, response


def number(store: Store, name: str) -> int:
    return next(number for (_, known), number in post_ids(store, SET).items() if known == name)


def nearest(store: Store, payload: Mapping[str, Any]) -> dict[str, Any]:
    """As the worker answers: three of the others, in this order."""
    names = ["trained", "paris", "bare"]
    neighbours = [
        {"post": number(store, name), "score": score} for name, score in zip(names, (0.987, 0.5, -0.25), strict=True)
    ]
    return {"by": payload["by"], "compared": 6, "neighbours": neighbours}


@pytest.fixture
def worker(store: Store) -> Iterator[FakeWorker]:
    thread = FakeWorker(
        store,
        lambda kind, payload: nearest(store, payload) if kind == "similar" else response(store, payload, "PER"),
    )
    thread.start()
    while not workers.alive(store):
        pass
    yield thread
    thread.stopped = True
    thread.join(5)


def asked(worker: FakeWorker) -> list[dict[str, Any]]:
    return [payload for kind, payload in worker.asked if kind == "similar"]


def texts(app: AppTest) -> str:
    """What the components draw."""
    return "\n".join(str(each.proto) for each in app.get("bidi_component"))


def kinds(app: AppTest) -> list[str]:
    return list(app.button_group(key="similar by").options)


@pytest.mark.parametrize("screen", ["post", "annotate"])
def test_nothing_is_asked_before_somebody_chooses(screen: str, store: Store, worker: FakeWorker) -> None:
    app = open_app(screen, dataset=SET, run="second", post="match")
    assert kinds(app) == ["Text", "Caption", "Picture", "Objects"]
    assert not asked(worker)
    assert not app.slider
    app.button_group(key="similar by").set_value("grid").run()
    assert not app.exception
    assert app.query_params["similar"] == "grid"
    [payload] = asked(worker)
    assert {name: payload[name] for name in ("dataset", "by", "profile", "split", "post", "k")} == {
        "dataset": SET, "by": "grid", "profile": "tiny", "split": None, "post": number(store, "match"), "k": 20,
    }  # fmt: skip
    assert "The likest of 6 other posts, by the cosine of their vectors (1: the same)" in shown(app)


@pytest.mark.parametrize("screen", ["post", "annotate"])
def test_a_link_shows_the_like_with_their_labels_and_the_way_there(
    screen: str, store: Store, worker: FakeWorker
) -> None:
    save(store, number(store, "paris"), "gold", base=1, marks=[], author="ann", status="discarded")
    app = open_app(screen, dataset=SET, run="second", post="match", similar="text", k="3", among="train")
    assert asked(worker)[0]["split"] == "train"
    drawn = texts(app)
    for part in ("cosine 0.987, train/trained", "Warriors win", "cosine 0.500, valid/paris, left out", "cosine -0.25"):
        assert part in drawn
    labelled = next(str(each.proto) for each in app.get("bidi_component") if "Warriors win" in str(each.proto))
    assert "ORG" in labelled
    links = [parse_qs(link.proto.query_string) for link in app.get("page_link") if link.proto.label == "Look closer"]
    assert ["trained"] in [link["post"] for link in links]
    led = next(link for link in links if link["post"] == ["trained"])
    assert {name: led[name] for name in ("split", "similar", "k")} == {
        "split": ["train"], "similar": ["text"], "k": ["3"],
    }  # fmt: skip


def test_the_like_that_nobody_has_labelled_say_so(store: Store, worker: FakeWorker) -> None:
    """Under a person's own labels, of one post alone."""
    save(store, number(store, "trained"), "mia", base=0, marks=[], author="mia")
    drawn = texts(open_app("post", dataset=SET, run="second", post="match", similar="text", gold="mia"))
    assert "train/trained, not labelled yet" not in drawn
    assert "valid/paris, not labelled yet" in drawn


def test_the_slider_cuts_without_asking_again(store: Store, worker: FakeWorker) -> None:
    app = open_app("post", dataset=SET, run="second", post="match", similar="text")
    assert app.slider[0].value == 4
    app.slider[0].set_value(1).run()
    assert app.query_params["k"] == "1"
    assert "trained" in texts(app)
    assert "valid/bare" not in texts(app)
    assert len(asked(worker)) == 1
    next(each for each in app.selectbox if each.label == "Among").set_value("valid").run()
    assert app.query_params["among"] == "valid"
    assert [each["split"] for each in asked(worker)] == [None, "valid"]


@pytest.mark.parametrize(("k", "value"), [("0", 1), ("21", 20), ("many", 4), ("²", 4), ("9" * 30, 4)])
def test_an_address_that_asks_for_another_number_is_read_as_one_that_there_is(
    k: str, value: int, store: Store, worker: FakeWorker
) -> None:
    assert open_app("post", run="second", post="match", similar="text", k=k).slider[0].value == value


@pytest.mark.parametrize("name", ["match", "bare"])
def test_a_blind_second_opinion_sees_no_labels_of_the_like_before_it_is_saved(
    name: str, store: Store, worker: FakeWorker
) -> None:
    def blind(**more: str) -> bool:
        before = len(asked(worker))
        app = open_app("annotate", track="mine", list="all", post=name, run="second", similar="text", **more)
        is_asked = len(asked(worker)) > before
        is_said = "Similar posts stand here with their labels once you have saved your own." in shown(app)
        assert is_asked != is_said
        return is_said

    assert [blind(), blind(begin="empty")] == [False, True]
    save_first(store, number(store, name), "ann", "", marks=[], author="ann")
    assert not blind(begin="empty")


@pytest.mark.parametrize(
    ("score", "said"), [(1.0, "1.000"), (0.999999, "0.999"), (0.9995, "0.999"), (0.5, "0.500"), (-0.25, "-0.250")]
)
def test_what_is_almost_the_same_is_not_called_the_same(score: float, said: str) -> None:
    assert cosine(score) == said


def index_job(store: Store, **more: Any) -> Job:
    enqueue(store, "similar", {"dataset": SET, "by": "text", "profile": "tiny", **more}, author="ann")
    taken = claim(store, "w", "cpu", ("similar",))
    assert taken is not None
    return taken


def test_posts_that_were_never_compared_are_compared_by_a_job(store: Store, worker: FakeWorker) -> None:
    worker.answer = lambda kind, payload: (
        {"by": "text", "is_built": False} if kind == "similar" else response(store, payload)
    )
    app = open_app("post", dataset=SET, run="second", post="match", similar="text")
    assert f"The posts of {SET} have not been compared by text yet" in shown(app)
    press(app, "Compare all posts by text")
    [queued] = jobs(store, kinds=["similar"])
    assert (queued.payload, queued.author) == ({"dataset": SET, "by": "text", "profile": "tiny"}, "ann")
    assert f"Comparing the posts of {SET} by text: waiting" in shown(app)
    assert len(asked(worker)) == 1
    taken = claim(store, "w", "cpu", ("similar",))
    assert taken is not None
    fail(store, taken, "The weights are missing.")
    app.run()
    assert "The weights are missing." in shown(app)
    worker.answer = lambda kind, payload: nearest(store, payload) if kind == "similar" else response(store, payload)
    finish(store, index_job(store), {"dataset": SET, "by": "text", "posts": 7, "compared": 6})
    app.run()
    assert "The likest of 6 other posts" in shown(app)


def test_another_kind_that_is_being_compared_stands_in_nobodys_way(store: Store, worker: FakeWorker) -> None:
    index_job(store, by="grid")
    app = open_app("post", dataset=SET, run="second", post="match", similar="text")
    assert "The likest of 6 other posts" in shown(app)


@pytest.mark.parametrize(
    ("post", "has", "sentence"),
    [
        ("bare", ["Text"], "This post has no picture."),
        ("broken", ["Text"], "The picture of this post does not open."),
        ("wordless", [], "This post has no picture."),
    ],
)
def test_what_a_post_lacks_is_said_in_place(
    post: str, has: list[str], sentence: str, store: Store, worker: FakeWorker
) -> None:
    assert kinds(open_app("post", dataset=SET, run="second", post=post, list="all")) == has
    app = open_app("post", dataset=SET, run="second", post=post, list="all", similar="objects")
    assert kinds(app) == [*has, "Objects"]
    assert sentence in shown(app)
    assert "There is nothing to compare by objects: it has no picture that opens" in shown(app)
    assert not asked(worker)


def test_what_the_worker_misses_is_said_in_place(store: Store, worker: FakeWorker) -> None:
    worker.answer = lambda kind, payload: (
        {"by": "objects", "problem": "There is nothing to compare by objects: no object is known in it."}
        if kind == "similar" else response(store, payload)
    )  # fmt: skip
    app = open_app("post", dataset=SET, run="second", post="match", similar="objects")
    assert "no object is known in it. Choose another kind." in shown(app)


def test_without_a_worker_nothing_is_asked(store: Store) -> None:
    app = open_app("post", dataset=SET, run="second", post="match", similar="text")
    assert "No worker is running, so similar posts cannot be looked for." in shown(app)
