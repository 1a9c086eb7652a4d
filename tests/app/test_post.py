"""The screen post: what it says with and without a worker, and how it walks through a list."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from db import requests, workers
from db.annotations import save
from db.character_spans import Mark
from db.engine import Store
from db.imports import import_examples
from db.posts import post, post_ids
from db.predictions import PredictedMark
from mner_core.types import Evidence, Example
from pages.post.changes import Asked, another_picture
from pages.post.counterfactuals import MOST, differences, moved
from pages.shared.versions import changes, version_sentence
from tests.app.filled import SET, TEXTS, fill, open_app, place, shown


def number(store: Store, name: str) -> int:
    return post_ids(store, SET)["valid", name]


def marked(start: int, end: int, label: str, confidence: float = 0.5) -> PredictedMark:
    return PredictedMark(start=start, end=end, label=label, confidence=confidence)


class FakeWorker(threading.Thread):
    """Answers questions of the interactive lane in the real one's form."""

    def __init__(self, store: Store, answer: Callable[[str, Mapping[str, Any]], dict[str, Any]]) -> None:
        super().__init__(daemon=True)
        self.store, self.answer, self.asked, self.stopped = store, answer, [], False

    def run(self) -> None:
        while not self.stopped:
            workers.beat(self.store, "fake", "cpu")
            found = requests.take(self.store, "fake")
            if found is None:
                time.sleep(0.02)
                continue
            self.asked.append((found.kind, dict(found.payload)))
            try:
                requests.answer(self.store, found.id, "fake", self.answer(found.kind, found.payload))
            except ValueError as error:
                requests.refuse(self.store, found.id, "fake", str(error))


def response(store: Store, payload: Mapping[str, Any], label: str = "ORG") -> dict[str, Any]:
    example, paris = post(store, payload["post"]).example, post(store, number(store, "paris"))
    words = tuple({"text": token.text, "start": token.start, "end": token.end} for token in example.tokens)
    regions = tuple({"box": [0, 0, 1, 1]} for _ in range(49))
    near = ({"post": "paris", "score": 0.9}, {"post": "elsewhere", "score": 0.4})
    evidence = [
        Evidence(name="word x region attention", kind="attention", axes=("word", "region"), items=(words, regions),
            values=np.full((len(words), 49), 1 / 49, np.float32)),
        Evidence(name="images like the text", kind="score", axes=("neighbour",), items=(near,),
            values=np.asarray([0.9, 0.4], np.float32)),
    ]  # fmt: skip
    spans = [{"start": 0, "end": 12, "words": [0, 2], "text": "Kevin Durant", "label": label, "confidence": 0.83}]
    return {
        "run": payload["run"], "text": example.text, "tokens": [[t.start, t.end] for t in example.tokens],
        "spans": spans, "confidence_source": "crf", "evidence": [each.to_json() for each in evidence],
        "picture": {"ok": True, "objects": [{"label": "bench", "box": [0, 0, 0.5, 0.5], "score": 0.7}],
            "attributes": [], "caption": "a bench"},
        "pictures": {"paris": {"post": paris.id, "image": paris.image_sha256},
            "elsewhere": {"post": None, "image": "0" * 64}},
        "original": [{**spans[0], "label": "PER", "confidence": 0.97}],
    }  # fmt: skip


@pytest.fixture
def worker(store: Store) -> Iterator[FakeWorker]:
    thread = FakeWorker(
        store, lambda kind, payload: response(store, payload, "ORG" if kind == "counterfactual" else "PER")
    )
    thread.start()
    while not workers.alive(store):
        time.sleep(0.01)
    yield thread
    thread.stopped = True
    thread.join(5)


def test_without_a_worker_stored_predictions_are_shown_and_it_says_so(store: Store) -> None:
    app = open_app("post")
    text = shown(app)
    assert app.title[0].value == "match"
    assert "1 of 4, mistakes of the run" in text
    assert "No worker is running, so there is no evidence" in text
    assert "“Warriors” is ORG, predicted LOC (81%)" in text
    assert "“San Francisco” predicted LOC (66%), no entity there" in text
    assert "“Kevin Durant” is PER, predicted PER (97%)" in text
    with store.read() as session:
        from db.tables import Requests

        assert session.query(Requests).count() == 0, "nobody is asked where nobody could answer"


@pytest.mark.parametrize(("split", "name", "is_read"), [("train", "trained", False), ("valid", "match", True)])
def test_without_a_worker_no_prediction_is_promised_that_is_not_there(
    store: Store, split: str, name: str, is_read: bool
) -> None:
    text = shown(open_app("post", run="second", split=split, post=name))
    assert ("the stored predictions are shown" in text) == is_read
    assert ("there is no evidence: start one with `make run`" in text) != is_read


def test_a_worker_is_asked_once_and_its_answer_drawn(store: Store, worker: FakeWorker) -> None:
    app = open_app("post", run="second", post="match")
    text = shown(app)
    assert "Confidence: the share of the CRF's probability" in text
    assert "Retrieved posts: images like the text" in text
    assert "0.90** Paris Hilton came to Paris" in text
    assert "0.40** elsewhere" in text
    assert "Counterfactuals" in text
    [view] = [each for each in app.get("bidi_component") if "word x region attention" in str(each.proto)]
    assert "See what changes without the picture." in str(view.proto), (
        "it says without what, below gates and scores too"
    )
    app.run()
    assert worker.asked == [("predict", {"run": "second", "post": number(store, "match")})]


def test_what_changes_without_the_picture(store: Store, worker: FakeWorker, tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "green").save(picture := tmp_path / "green.png")
    other = Example(id="green", text="Green", tokens=(), spans=(), split="valid", image=picture, image_name="green.png")
    import_examples(store, SET, [other])
    app = open_app("post", run="second", post="match")
    for label, change in (
        ("Without the picture", {"change": "no image"}),
        ("Without this object", {"change": "no object", "object": 0}),
        ("With another post's picture", {"change": "image of", "other": number(store, "green")}),
    ):
        next(each for each in app.button if each.label == label).click().run()
        assert not app.exception
        assert "“Kevin Durant”: PER (97%) becomes ORG (83%)" in shown(app)
        kind, payload = worker.asked[-1]
        assert (kind, {name: payload[name] for name in change}) == ("counterfactual", change)


def press(app: AppTest, label: str) -> None:
    next(each for each in app.button if each.label == label).click().run()
    assert not app.exception


def test_a_word_a_caption_and_a_neighbour_can_be_another(store: Store, worker: FakeWorker) -> None:
    """What was asked stays side by side, the newest first, until it is taken off."""
    worker.answer = lambda kind, payload: {**response(store, payload), "context": "a bench"}
    app = open_app("post", run="second", post="match")
    next(each for each in app.selectbox if each.label == "Word").set_value(1)
    next(each for each in app.text_input if each.label == "In its place").set_value("Curry")
    press(app, "Change the word")
    assert worker.asked[-1][1]["change"] == "word"
    assert (worker.asked[-1][1]["word"], worker.asked[-1][1]["said"]) == (1, "Curry")
    next(each for each in app.text_input if each.label == "Caption").set_value("")
    press(app, "With this caption")
    assert (worker.asked[-1][1]["change"], worker.asked[-1][1]["said"]) == ("context", "")
    press(app, "Without this post")
    assert (worker.asked[-1][1]["change"], worker.asked[-1][1]["neighbour"]) == ("no neighbour", "paris")
    assert len([each for each in app.button if each.label == "Take off"]) == 3
    press(app, "Take off")
    assert len([each for each in app.button if each.label == "Take off"]) == 2
    for label in ("Without the picture", "Without this object", "Without this post", "Without the picture"):
        press(app, label)
    assert len([each for each in app.button if each.label == "Take off"]) == MOST
    press(app, "Next")
    assert not [each for each in app.button if each.label == "Take off"], "they speak of another post"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("nobody", "No post “nobody” here."),
        ("valid/hostile", "No picture that opens in the post “valid/hostile”"),
    ],
)
def test_a_picture_is_chosen_by_the_post_that_has_it(
    store: Store, worker: FakeWorker, said: str, sentence: str
) -> None:
    app = open_app("post", run="second", post="match")

    def choose(name: str) -> None:
        next(each for each in app.text_input if each.label == "With the picture of").set_value(name).run()

    choose(said)
    assert sentence in shown(app)
    assert [kind for kind, _ in worker.asked] == ["predict"]
    for name in ("paris", "valid/paris"):
        choose(name)
        assert worker.asked[-1][1]["other"] == number(store, "paris")


def test_entities_behind_a_changed_word_move_along() -> None:
    """“Ann met Bob Lee”: met becomes greeted, then nothing; Bob goes, and takes an entity of his own along."""
    marks = [marked(0, 3, "PER"), marked(8, 15, "PER"), marked(8, 11, "LOC")]

    def places(place: tuple[int, int], said: str) -> list[tuple[int, int]]:
        asked = Asked(question={}, words="", change={"said": said}, place=place)
        return [(mark.start, mark.end) for mark in moved(marks, asked)]

    assert places((4, 7), "greeted") == [(0, 3), (12, 19), (12, 15)]
    assert places((4, 7), "") == [(0, 3), (5, 12), (5, 8)]
    assert places((8, 11), "") == [(0, 3), (8, 12)]
    assert places((0, 3), "Annabel") == [(0, 7), (12, 19), (12, 15)]
    assert moved(marks, Asked(question={}, words="", change={"change": "no image"})) == marks


def test_another_picture_is_one_that_opens(store: Store, worker: FakeWorker) -> None:
    """The only other picture of the split is broken: nothing is asked of it."""
    app = open_app("post", run="second", post="match")
    next(each for each in app.button if each.label == "With another post's picture").click().run()
    assert "No other post of this split has another picture that opens." in shown(app)
    assert [kind for kind, _ in worker.asked] == ["predict"]
    for seed in range(5):
        drawn = another_picture(store, post(store, number(store, "bare")), seed)
        assert drawn is not None
        assert drawn.example.id in ("match", "paris")


def test_a_refusal_is_shown_and_can_be_asked_again(store: Store, worker: FakeWorker) -> None:
    def refuse(kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        raise ValueError("The run cannot be loaded: its weights are missing.")

    worker.answer = refuse
    app = open_app("post", run="second", post="match")
    assert "its weights are missing" in shown(app)
    worker.answer = lambda _, payload: response(store, payload)
    next(each for each in app.button if each.label == "Ask again").click().run()
    assert "Retrieved posts" in shown(app)


def test_several_changes_that_are_refused_say_so_each(store: Store, worker: FakeWorker) -> None:
    """Each has a button of its own to be asked again."""

    def refuse(kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        if kind == "counterfactual" and not again:
            raise ValueError(f"The change {payload['change']} is refused.")
        return response(store, payload)

    again: list[bool] = []
    worker.answer = refuse
    app = open_app("post", run="second", post="match")
    for label in ("Without the picture", "Without this object"):
        press(app, label)
    assert [each.value.replace("\\", "") for each in app.warning] == [
        "The change no object is refused.",
        "The change no image is refused.",
    ]
    again.append(True)
    press(app, "Ask again")
    assert [each.value.replace("\\", "") for each in app.warning] == ["The change no image is refused."]


def test_while_nobody_answers_a_sentence_waits(store: Store) -> None:
    workers.beat(store, "silent", "cpu")
    app = open_app("post", run="second", post="match")
    assert "second predicts this post" in shown(app)
    assert "predicted LOC (81%)" in shown(app)


def test_the_list_is_walked_through(store: Store) -> None:
    app = open_app("post", kind="missed")
    assert app.title[0].value == "hostile"
    assert "1 of 1, mistakes of the run" in shown(app)
    app = open_app("post", list="all", post="paris")
    assert "2 of 6, all posts" in shown(app)
    next(each for each in app.button if each.label == "Next").click().run()
    assert app.title[0].value == "hostile"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"objects": []}, "No object was detected in this picture."),
        ({"ok": False, "objects": []}, "This post has no picture. So only what is read beside it can be changed."),
        ({}, "No similar post was found."),
    ],
)
def test_what_an_answer_lacks_is_said_in_its_place(
    store: Store, worker: FakeWorker, change: Mapping[str, Any], sentence: str
) -> None:
    def poor(kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        found = response(store, payload)
        none = Evidence(name="images like the text", kind="score", axes=("neighbour",), items=((),), values=np.zeros(0))
        found["evidence"] = [none.to_json()]
        found["picture"] = found["picture"] | change
        return found

    worker.answer = poor
    assert sentence in shown(open_app("post", run="second", post="match" if change.get("ok", True) else "bare"))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("bare", "This post has no picture."),
        ("broken", "The picture of this post does not open."),
        ("gone", "The file of this post's picture is missing."),
        ("wordless", "This post has no text."),
        ("trained", "has not read this post yet"),
    ],
)
def test_hard_posts_are_shown_with_a_sentence(store: Store, name: str, sentence: str) -> None:
    import_examples(
        store, SET, [Example(id="gone", text="Gone", tokens=(), spans=(), split="valid", image_name="gone.png")]
    )
    assert sentence in shown(open_app("post", post=name))


def test_an_unknown_post_falls_back_to_one_that_is_there(store: Store) -> None:
    assert open_app("post", post="no such post").title[0].value == "match"


def test_without_posts_or_runs_the_screen_says_what_to_do(home: Path) -> None:
    assert "There are no posts yet" in shown(open_app("post"))
    filled = fill(home)
    with filled.write() as session:
        from db.tables import Runs

        for run in session.query(Runs):
            session.delete(run)
    filled.close()
    assert "No run has been trained yet" in shown(open_app("post"))


def test_differences_are_told_by_place() -> None:
    before = [marked(0, 3, "PER", 0.9), marked(8, 13, "PER", 0.8), marked(17, 21, "LOC", 0.7)]
    after = [marked(0, 3, "ORG", 0.6), marked(17, 21, "LOC", 0.5), marked(4, 7, "MISC", 0.3)]
    assert differences(TEXTS["bare"][0], before, after) == [
        "“Ann”: PER (90%) becomes ORG (60%)",
        "“met”: now found as MISC (30%)",
        "“Maria”: no longer found (was PER, 80%)",
        "“Rome”: still LOC, confidence 70% → 50%",
    ]
    assert differences("x", [], []) == ["Nothing is predicted, with or without the change."]


def test_a_version_says_what_changed(store: Store) -> None:
    from db.annotations import history

    start, end = place(TEXTS["match"][0], "San Francisco")
    (first,) = history(store, number(store, "match"))
    marks = [first.marks[0], Mark(start=start, end=end, label="LOC")]
    second = save(store, number(store, "match"), "gold", base=1, marks=marks, author="bob")
    text = TEXTS["match"][0]
    assert changes(text, None, first) == "2 entities"
    assert changes(text, first, second) == "added “San Francisco” LOC, removed “Warriors” ORG"
    assert version_sentence(text, second, first).startswith("2, by bob, ")
    assert changes(text, second, second) == "same labels"
