"""Several runs on one post: chosen by the address, each with its text, and a table of what they do not agree about."""

from db.engine import Store
from db.posts import post_ids
from db.predictions import PredictedMark, prediction_of
from db.runs import add_run
from pages.post.other_runs import disagreements
from tests.app.filled import SET, open_app, shown
from tests.db.test_runs import write_run


def test_a_second_run_stands_beside_the_first(store: Store) -> None:
    app = open_app("post", run="second", post="match", beside="first")
    assert app.multiselect[0].value == ["first"]
    [table] = app.table
    rows = {row["Entity"]: dict(row) for row in table.value.to_dict("records")}
    assert rows == {
        "Warriors": {"Entity": "Warriors", "Label": "ORG", "second": "LOC 81%", "first": "–"},
        "San Francisco": {"Entity": "San Francisco", "Label": "–", "second": "LOC 66%", "first": "–"},
    }
    said = prediction_of(store, "first", post_ids(store, SET)["valid", "match"])
    assert said
    assert [mark.label for mark in said.marks] == ["PER"], "Kevin Durant: both say so"


def test_runs_are_chosen_and_exchanged(store: Store) -> None:
    app = open_app("post", run="second", post="match")
    assert app.multiselect[0].value == []
    assert not app.table
    app.multiselect[0].set_value(["first"]).run()
    assert not app.exception
    assert app.query_params["beside"] == "first"
    next(each for each in app.button if each.label == "Look with first").click().run()
    assert not app.exception
    assert app.query_params["run"] == "first"
    assert app.query_params["beside"] == "second"


def test_a_run_that_has_not_read_the_post_says_so_and_one_that_is_gone_is_left_out(store: Store) -> None:
    add_run(store, write_run(store.home, "new, *one*"))
    app = open_app("post", run="second", post="match", beside="first,nobody,new%2C%20%2Aone%2A,second")
    assert app.multiselect[0].value == ["first", "new, *one*"]
    assert "second" in shown(app)
    [table] = app.table
    assert list(table.value.columns) == ["Entity", "Label", "second", "first"]


def test_where_all_agree_there_is_no_table(store: Store) -> None:
    app = open_app("post", run="second", post="hostile", beside="first")
    assert not app.table
    assert "These runs predict the same entities here." in shown(app)


def test_one_of_three_that_differs_makes_a_row() -> None:
    def mark(label: str) -> PredictedMark:
        return PredictedMark(start=0, end=3, label=label, confidence=0.5)

    said = {"a": [mark("PER")], "b": [mark("PER")], "c": [mark("LOC")]}
    assert disagreements("Ann", said, None) == [
        {"Entity": "Ann", "Label": "–", "a": "PER 50%", "b": "PER 50%", "c": "LOC 50%"}
    ]
    assert disagreements("Ann", {**said, "c": said["a"]}, None) == []
    assert disagreements("Ann", {"a": [], "b": []}, None) == []
