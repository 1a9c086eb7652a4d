"""What an entity rests on, on the screen post: what is asked, what is said of it, and what is said where it lacks."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from db import workers
from db.annotations import save
from db.engine import Store
from db.posts import post
from pages.components.attribution_view import region_box
from pages.post.attributions import beside_attention, probabilities, trust
from tests.app.filled import open_app, shown
from tests.app.test_post import FakeWorker, number, response


def explained(store: Store, payload: Mapping[str, Any]) -> dict[str, Any]:
    """As the worker answers: the first word counts, and the second object."""
    example = post(store, payload["post"]).example
    scores = [2.0, -0.5] + [0.0] * (len(example.tokens) - 2)
    return {
        "run": payload["run"], "method": payload["method"], "baseline": "nothing of a word", "steps": 32,
        "entity": {"start": payload["start"], "end": payload["end"],
            "text": example.text[payload["start"] : payload["end"]], "label": payload["label"],
            "log_probability": math.log(0.8)},
        "words": [{"start": token.start, "end": token.end, "text": token.text, "score": score}
            for token, score in zip(example.tokens, scores, strict=True)],
        "regions": [0.25] + [0.0] * 48,
        "objects": [{"label": "bench", "box": [0, 0, 0.5, 0.5], "score": -0.1},
            {"label": "dog", "box": [0.5, 0, 1, 1], "score": 0.6}],
        "baseline_log_probability": math.log(0.1), "completeness_error": 0.02,
        "attention": {"regions": [0.5] + [0.5 / 48] * 48, "objects": [0.9, 0.1], "rank_correlation": -0.25},
    }  # fmt: skip


@pytest.fixture
def worker(store: Store) -> Iterator[FakeWorker]:
    thread = FakeWorker(
        store,
        lambda kind, payload: explained(store, payload) if kind == "explain" else response(store, payload, "PER"),
    )
    thread.start()
    while not workers.alive(store):
        pass
    yield thread
    thread.stopped = True
    thread.join(5)


def explain(app: AppTest) -> AppTest:
    next(each for each in app.toggle if each.label == "Explain each post").set_value(True).run()
    assert not app.exception
    return app


def test_nothing_is_explained_unasked(store: Store, worker: FakeWorker) -> None:
    app = open_app("post", run="second", post="match")
    assert [kind for kind, _ in worker.asked] == ["predict"]
    assert "Attributions" in [each.value for each in app.header]


def test_the_surest_entity_is_explained_and_stays_so_from_post_to_post(store: Store, worker: FakeWorker) -> None:
    app = explain(open_app("post", run="second", post="match"))
    asked = {"start": 0, "end": 12, "label": "PER", "method": "integrated-gradients"}
    assert worker.asked[-1] == ("explain", {"run": "second", "post": number(store, "match"), **asked})
    text = shown(app)
    assert "“Kevin Durant” as PER: probability 80%, and 10% where nothing is left of the post." in text
    assert "words +1.50, regions +0.25, objects +0.50" in text
    assert "Attribution and attention name the same region first: row 1, column 1." in text
    assert "Attribution and attention disagree on the first object: 2 dog against 1 bench." in text
    assert "Rank correlation of both: -0.25" in text
    next(each for each in app.button if each.label == "Next").click().run()
    assert worker.asked[-1][0] == "explain"
    assert worker.asked[-1][1]["post"] != number(store, "match")


def test_gold_that_the_run_misses_can_be_explained(store: Store, worker: FakeWorker) -> None:
    app = explain(open_app("post", run="second", post="match"))
    entity = next(each for each in app.selectbox if each.label == "Entity")
    assert entity.options == ["“Kevin Durant” PER, predicted 83%", "“Warriors” ORG, labelled, not predicted"]
    entity.set_value(1).run()
    kind, payload = worker.asked[-1]
    assert (kind, payload["label"]) == ("explain", "ORG")
    next(each for each in app.selectbox if each.label == "Method").set_value("ablation").run()
    assert worker.asked[-1][1] == {**payload, "method": "ablation"}
    assert "the scores need not add up" in shown(app)


def test_where_there_is_no_entity_it_says_so(store: Store, worker: FakeWorker) -> None:
    worker.answer = lambda kind, payload: {**response(store, payload), "spans": []}
    save(store, number(store, "paris"), "gold", base=1, marks=[], author="reader")
    app = open_app("post", run="second", post="paris", list="all")
    assert "there is nothing to explain" in shown(app)
    assert not app.toggle


def test_a_refusal_is_said_in_its_place(store: Store, worker: FakeWorker) -> None:
    def refuse(kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        if kind == "explain":
            raise ValueError("The run knows no type ORG.")
        return response(store, payload)

    worker.answer = refuse
    assert "The run knows no type ORG." in shown(explain(open_app("post", run="second", post="match")))


def said(**changes: Any) -> dict[str, Any]:
    entity = {"text": "Rio", "log_probability": 0.0, "start": 0, "end": 3, "label": "LOC"}
    whole = {
        "method": "integrated-gradients", "steps": 512, "baseline": "b", "entity": entity, "regions": None,
        "objects": [], "words": [{"text": "Rio", "score": 3.0}], "baseline_log_probability": -7.0,
        "completeness_error": 0.02, "attention": {"regions": None, "objects": None, "rank_correlation": None},
    }  # fmt: skip
    return {**whole, **changes}


def test_a_run_of_text_alone_has_words_alone() -> None:
    assert probabilities(said(), "LOC").endswith("Added to the log-probability: words +3.00.")
    assert beside_attention(said()).startswith("The run's attention says nothing of single regions or objects")


@pytest.mark.parametrize(("error", "warns"), [(0.02, False), (0.05, False), (0.051, True), (0.8, True)])
def test_scores_that_do_not_add_up_are_not_to_be_read(error: float, warns: bool) -> None:
    assert ("That is much" in trust(said(completeness_error=error))) == warns


def test_one_kind_alone_is_compared_where_attention_speaks_of_it() -> None:
    attention = {"regions": [0.0] * 48 + [1.0], "objects": None, "rank_correlation": None}
    regions = [-1.0] * 47 + [0.5, 0.0]
    objects = [{"label": "dog", "box": [0, 0, 1, 1], "score": 9.0}]
    compared = beside_attention(said(regions=regions, objects=objects, attention=attention))
    assert (
        compared == "Attribution and attention disagree on the first region: row 7, column 6 against row 7, column 7."
    )


def test_regions_lie_row_by_row() -> None:
    assert region_box(8) == pytest.approx((1 / 7, 1 / 7, 2 / 7, 2 / 7))
    assert region_box(48)[2:] == (1.0, 1.0)
