"""Suggestions on Annotate: a run that has not read the posts, a run with other labels, no run at all; and the words."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from db.annotations import save
from db.engine import Store
from db.entity_types import set_types
from db.imports import import_examples
from db.job_leases import claim, finish
from db.jobs import jobs
from db.posts import dataset, post_ids
from db.predictions import PostPrediction, PredictedMark, record
from db.run_labels import map_run
from db.runs import add_run
from mner_core.data.entity_types import EntityType
from tests.app import filled
from tests.app.filled import SET, fill, shown
from tests.app.test_types_form import press, raw
from tests.db.samples import sample_post
from tests.db.test_runs import write_run

__all__ = ["raw"]


@pytest.fixture
def foreign(raw: Store, home: Path) -> Store:
    """A raw set with types of its own, and runs of another set."""
    fill(home).close()
    set_types(raw, "raw", [EntityType(name="PERSON"), EntityType(name="PLACE")])
    return raw


def open_app(screen: str, **parameters: str) -> AppTest:
    """The app at an address that names a run only where it is given: the way there may have left one in it."""
    return filled.open_app(screen, **{"run": "", **parameters})


def select(app: AppTest, label: str):
    return next(box for box in app.selectbox if box.label == label)


def test_a_foreign_run_is_not_chosen_by_itself(foreign: Store) -> None:
    app = open_app("annotate", dataset="raw")
    assert not app.query_params.get("run")
    assert select(app, "Run").value == ""
    assert "none was trained on raw or knows all of its types. Choose one to have its suggestions." in shown(app)
    for screen in ("post", "errors"):
        app = open_app(screen, dataset="raw")
        assert "No run is chosen: none was trained on raw or knows all of its types." in shown(app)
        assert "missed" not in shown(app)
        assert "No run has been trained yet" not in shown(app)
        assert select(app, "Run").value == ""


@pytest.mark.parametrize("has_types", [True, False])
@pytest.mark.parametrize("screen", ["overview", "errors", "post", "annotate", "runs", "experiments", "data"])
def test_every_screen_opens_on_raw_posts_beside_the_runs_of_another_set(
    foreign: Store, screen: str, has_types: bool
) -> None:
    if not has_types:
        set_types(foreign, "raw", [])
    app = open_app(screen, dataset="raw")
    assert "encountered an error" not in shown(app)
    assert "where labels are likeliest wrong" not in shown(app), "nobody has labelled a post of it"


@pytest.mark.parametrize("labelled", [0, 1])
def test_without_a_run_errors_leads_to_what_comes_first(foreign: Store, labelled: int) -> None:
    for number in list(post_ids(foreign, "raw").values())[:labelled]:
        save(foreign, number, "gold", base=0, marks=[], author="ann")
    app = open_app("errors", dataset="raw")
    assert ("nobody has labelled a post of raw: label some" in shown(app)) == (not labelled)
    links = [each.proto.label for each in app.get("page_link")]
    assert links == [("Train a run" if labelled else "Label posts")]


def test_a_foreign_run_is_mapped_and_asked_to_read(foreign: Store) -> None:
    app = open_app("annotate", dataset="raw", run="first")
    assert "first has not read 6 of these posts." in shown(app)
    assert (select(app, "PER").value, select(app, "LOC").value) == ("PERSON", ""), "what the names give away"
    select(app, "LOC").set_value("PLACE").run()
    press(app, "Predict this split")
    assert dataset(foreign, "raw").run_labels == {"first": {"PER": "PERSON", "LOC": "PLACE"}}
    assert jobs(foreign)[0].payload == {"run": "first", "dataset": "raw", "split": "train"}
    assert "Predicting raw with first: waiting" in shown(app)
    assert not [each for each in app.button if each.label == "Predict this split"]


def test_what_a_mapped_run_says_is_suggested(foreign: Store) -> None:
    map_run(foreign, "raw", "first", {"PER": "PERSON", "LOC": "PLACE"})
    for number in post_ids(foreign, "raw").values():
        marks = [PredictedMark(start=0, end=3, label="PERSON", confidence=0.9)]
        marks += [PredictedMark(start=4, end=7, label="MISC", confidence=0.5)]
        record(foreign, "first", [PostPrediction(post=number, marks=tuple(marks))])
    app = open_app("annotate", dataset="raw")
    assert app.query_params["run"] == "first", "a run that is mapped to all types is one of this set's"
    assert "1 suggestion not shown: this set has no type MISC." in shown(app)
    assert "has not read" not in shown(app)
    assert any(
        each.label.replace("\\", "") == "Labels of first in this set: PER is PERSON, LOC is PLACE"
        for each in app.expander
    )
    press(app, "Predict this split")
    assert jobs(foreign)[0].kind == "predict", "it can be asked again, with another mapping"


def test_a_run_of_the_set_reads_the_posts_that_it_has_not_read(store: Store) -> None:
    app = open_app("annotate", split="train")
    assert "second has not read 1 of these posts." in shown(app)
    press(app, "Predict this split")
    assert jobs(store)[0].payload == {"run": "second", "dataset": SET, "split": "train"}
    job = claim(store, "w", "cpu")
    assert job is not None
    record(store, "second", [PostPrediction(post=post_ids(store, SET)["train", "trained"], marks=())])
    finish(store, job, {})
    app = open_app("annotate", split="train")
    assert "has not read" not in shown(app)
    assert "has not read" not in shown(open_app("annotate", split="valid"))


@pytest.mark.parametrize(
    ("labelled", "read", "sentence"),
    [
        (0, 0, "Nobody has labelled these posts, so nobody knows whether mine is right on them."),
        (0, 3, "Nobody has labelled these posts, so nobody knows whether mine is right on them."),
        (4, 0, "mine has not read these posts yet, so its mistakes are not known."),
        (4, 3, "mine makes no mistake on the 3 labelled posts that it has read; it has not read 1 more."),
        (4, 4, "mine makes no mistake on 4 labelled posts."),
    ],
)
def test_no_mistakes_are_only_claimed_of_posts_that_were_read(
    foreign: Store, labelled: int, read: int, sentence: str
) -> None:
    numbers = list(post_ids(foreign, "raw").values())
    add_run(foreign, write_run(foreign.home, "mine", data={"name": "raw"}, labels=("PERSON", "PLACE"), created=9e9))
    for number in numbers[:labelled]:
        save(foreign, number, "gold", base=0, marks=[], author="ann")
    record(foreign, "mine", [PostPrediction(post=number, marks=()) for number in numbers[:read]])
    app = open_app("annotate", dataset="raw", list="mistakes")
    assert sentence in shown(app)
    assert sentence in shown(open_app("errors", dataset="raw"))
    usual = open_app("annotate", dataset="raw")
    assert select(usual, "Work list").value == ("mistakes" if min(labelled, read) else "uncorrected")


def test_types_that_a_run_has_never_learned_are_said(store: Store) -> None:
    add_run(store, write_run(store.home, "narrow", data={"name": "elsewhere"}, labels=("PER",), created=9e9))
    record(store, "narrow", [PostPrediction(post=number, marks=()) for number in post_ids(store, SET).values()])
    assert open_app("errors").query_params["run"] == "second", "the newest run of the set, not the newest run"
    begins = "narrow learned from elsewhere and does not know the types of"
    sentence = f"{begins} 4 entities here (2 LOC, 2 ORG): they count as missed."
    assert sentence in shown(open_app("errors", run="narrow"))
    assert sentence in shown(open_app("overview", run="narrow"))
    assert f"{begins} 1 entity here (1 ORG): it counts as missed." in shown(
        open_app("post", run="narrow", post="match")
    )
    assert "does not know the types" not in shown(open_app("post", run="narrow", post="paris")), "all of it is PER"
    add_run(store, write_run(store.home, "wide", labels=dataset(store, SET).labels, created=9e9))
    assert "does not know" not in shown(open_app("errors", run="wide"))


def test_a_run_that_knows_all_types_is_chosen_for_another_set(store: Store) -> None:
    add_run(store, write_run(store.home, "wide", data={"name": "elsewhere"}, labels=("A", "LOC", "PER"), created=9e9))
    import_examples(store, "other", [sample_post("p", "Ann in Rome", (), "valid")])
    set_types(store, "other", [EntityType(name="PER"), EntityType(name="LOC")])
    assert open_app("errors", dataset="other").query_params["run"] == "wide"
    set_types(store, "other", [EntityType(name="EVENT")])
    assert not open_app("errors", dataset="other").query_params.get("run")


def place_of(app: AppTest, label: str) -> list[int]:
    """Where on the screen a button stands, as places in blocks; a part of a screen is asked for by its place."""

    def found(node, way: list[int]) -> list[int]:
        for place, child in getattr(node, "children", {}).items():
            if getattr(child, "label", None) == label:
                return [*way, place]
            if below := found(child, [*way, place]):
                return below
        return []

    return found(app.main, [])


def test_the_editor_keeps_its_place_whatever_is_said_above_it(foreign: Store) -> None:
    """A save that is sent while the screen changes would else find no editor: it was made, and not shown."""
    queue = {"screen": "annotate", "dataset": "raw", "split": "train"}
    alone = place_of(open_app(**queue), "New list")
    unread = open_app(**queue, run="first")
    assert place_of(unread, "New list") == alone
    select(unread, "LOC").set_value("PLACE").run()
    press(unread, "Predict this split")
    assert "Predicting raw with first: waiting" in shown(unread)
    assert place_of(unread, "New list") == alone
    held = claim(foreign, "w", "cpu")
    assert held
    for number in post_ids(foreign, "raw").values():
        record(foreign, "first", [PostPrediction(post=number, marks=())])
    finish(foreign, held, {})
    read = unread.run()
    assert "has not read" not in shown(read)
    assert place_of(read, "New list") == alone
