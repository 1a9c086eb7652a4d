"""The screen annotate: lists, tracks, refused saves, undo; the marking itself is tested in the browser."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from streamlit.testing.v1 import AppTest

from db.annotations import history, newest, save, save_first
from db.character_spans import Mark
from db.engine import Store
from db.imports import import_examples
from db.post_lists import KeptList
from db.posts import post_ids
from db.predictions import PostPrediction, PredictedMark, record
from pages.mistakes.worklist import WorkList
from pages.shared.selection import resolve
from tests.app.filled import SET, TEXTS, fill, open_app, place, shown
from tests.db.samples import sample_post


def number(store: Store, name: str) -> int:
    return post_ids(store, SET)["valid", name]


def press(app: AppTest, label: str) -> AppTest:
    next(each for each in app.button if each.label == label).click().run()
    assert not app.exception, app.exception
    return app


def correct(store: Store, name: str, part: str, label: str, base: int = 1, author: str = "bob", track: str = "gold"):
    start, end = place(TEXTS[name][0], part)
    mark = Mark(start=start, end=end, label=label)
    return save(store, number(store, name), track, base=base, marks=[mark], author=author)


def a_list(store: Store, *names: str) -> WorkList:
    chosen = resolve(store, {"dataset": SET, "split": "valid"})
    return WorkList(store, "all", chosen, KeptList(store, [number(store, name) for name in names]), 0)


def test_a_work_list_knows_what_is_beside(store: Store) -> None:
    works = a_list(store, "paris", "match", "bare")
    paris, match, bare = ((number(store, name), name) for name in ("paris", "match", "bare"))
    assert (works.beside(match[0], 1), works.beside(match[0], -1)) == (bare, paris)
    assert (works.beside(bare[0], 1), works.beside(paris[0], -1)) == (None, None)
    assert (works.beside(None, 1), works.beside(99, 1), works.beside(99, -1)) == (paris, paris, None)
    assert (works.place(bare[0]), works.place(99), works.place(None)) == (3, None, None)
    for name in ("paris", "match"):
        correct(store, name, "i", "LOC")
    assert (works.first("gold"), works.first(), works.first("ann")) == (bare, paris, paris)
    correct(store, "bare", "Ann", "LOC")
    assert works.first("gold") == paris
    assert a_list(store).beside(1, 1) is None


@pytest.mark.parametrize("name", ["all", "uncorrected", "mistakes", "unsure"])
def test_a_long_list_is_walked_through_to_both_ends_and_does_not_lie_in_the_session(store: Store, name: str) -> None:
    long_list(store, 90)
    app = open_app("post", dataset="long", split="valid", list=name, run="second")
    kept: WorkList = app.session_state["work list"][1]
    assert kept.total == 90
    order = [number for number, _ in walked(kept, 1)]
    assert len(set(order)) == 90
    assert [number for number, _ in walked(kept, -1)] == order[::-1]
    assert [kept.place(each) for each in order] == list(range(1, 91))
    assert [kept.place(each) for each in (order[70], order[3], order[45])] == [71, 4, 46]
    assert len(pickle.dumps(kept._around)) < 4000
    assert not [each for each in vars(kept).values() if isinstance(each, (list, tuple, set)) and len(each) > 40]


def long_list(store: Store, number: int) -> None:
    """A set of its own of so many posts in valid, in each of which the second run makes a mistake."""
    import_examples(store, "long", [sample_post(f"p{each}", "Ann in Rome", (), "valid") for each in range(number)])
    said = (
        PostPrediction(post=post, marks=(PredictedMark(start=0, end=3, label="PER", confidence=post % 7 / 10),))
        for post in post_ids(store, "long").values()
    )
    record(store, "second", [*said])


def walked(works: WorkList, step: Literal[-1, 1]) -> Iterator[tuple[int, str]]:
    there = works.first()
    while step < 0 and there and (behind := works.beside(there[0], 1)):
        there = behind
    while there:
        yield there
        there = works.beside(there[0], step)


def test_the_list_of_mistakes_comes_first_and_goes_in_its_order(store: Store) -> None:
    app = open_app("annotate")
    assert app.query_params["post"] == "match"
    assert "0 of 4 posts done, 4 left" in app.get("progress")[0].proto.text
    assert "as imported" in shown(app)
    press(app, "Next")
    assert app.query_params["post"] == "bare"
    press(app, "Previous")
    assert app.query_params["post"] == "match"


@pytest.mark.parametrize(
    ("name", "first", "total"),
    [("all", "match", 6), ("unsure", "broken", 6), ("uncorrected", "match", 6), ("mistakes", "match", 4)],
)
def test_each_list_begins_where_it_should(store: Store, name: str, first: str, total: int) -> None:
    app = open_app("annotate", list=name)
    assert app.query_params["post"] == first
    assert f"0 of {total} posts done, {total} left" in app.get("progress")[0].proto.text


def test_a_filter_of_the_errors_is_the_list(store: Store) -> None:
    app = open_app("annotate", list="mistakes", kind="missed")
    assert app.query_params["post"] == "hostile"
    assert "0 of 1 post done, 1 left" in app.get("progress")[0].proto.text


def test_a_corrected_post_stays_on_the_list_until_it_is_made_anew(store: Store) -> None:
    app = open_app("annotate", list="uncorrected")
    correct(store, "paris", "Paris Hilton", "PER")
    app.run()
    assert "1 of 6 posts done, 5 left" in app.get("progress")[0].proto.text
    press(app, "New list")
    assert "0 of 5 posts done, 5 left" in app.get("progress")[0].proto.text


def test_progress_ends_when_every_post_is_corrected_or_left_out(store: Store) -> None:
    app = open_app("annotate", list="uncorrected", track="mine")
    for done in range(6):
        assert f"{done} of 6 posts done, {6 - done} left" in app.get("progress")[0].proto.text
        press(app, "Leave this post out")
    assert "6 of 6 posts done, none left" in app.get("progress")[0].proto.text
    assert app.get("progress")[0].proto.value == 100
    app = open_app("annotate", list="mistakes")
    press(app, "Leave this post out")
    correct(store, "bare", "Ann", "PER")
    assert "2 of 4 posts done, 2 left" in app.run().get("progress")[0].proto.text


def test_a_post_that_is_left_out_is_a_revision_and_can_be_undone(store: Store) -> None:
    app = press(open_app("annotate"), "Leave this post out")
    assert app.query_params["post"] == "bare"
    assert newest(store, number(store, "match")).status == "discarded"
    assert "Left out: match (revision 2)." in shown(app)
    press(app, "Undo")
    assert app.query_params["post"] == "match"
    now = newest(store, number(store, "match"))
    assert (now.number, now.status, now.author) == (3, "submitted", "ann")
    assert now.marks == history(store, number(store, "match"))[0].marks


def test_a_save_on_a_stale_base_shows_both_and_asks(store: Store) -> None:
    app = open_app("annotate")
    theirs = correct(store, "match", "San Francisco", "LOC")
    app.run()  # any rerun must not wipe out what is being marked: the base stays
    press(app, "Leave this post out")
    assert app.query_params["post"] == "match"
    assert "Not saved. You started from revision 1, and there is revision 2 by bob now" in shown(app)
    assert {"What you marked", "What bob saved"} <= {each.value for each in app.caption}
    assert newest(store, number(store, "match")) == theirs
    press(app, "Save mine on top")
    now = newest(store, number(store, "match"))
    assert (now.number, now.status, now.author) == (3, "discarded", "ann")
    assert app.query_params["post"] == "bare"


def test_after_a_stale_save_theirs_can_be_gone_on_with(store: Store) -> None:
    app = open_app("annotate")
    correct(store, "match", "San Francisco", "LOC")
    press(press(app, "Leave this post out"), "Go on with theirs")
    assert "Not saved" not in shown(app)
    assert len(history(store, number(store, "match"))) == 2
    press(app, "Leave this post out")
    assert newest(store, number(store, "match")).number == 3


def test_ones_own_track_begins_with_the_gold_and_leaves_it_alone(store: Store) -> None:
    app = open_app("annotate", track="mine")
    assert "begins with the labels of gold" in shown(app)
    press(app, "Leave this post out")
    assert newest(store, number(store, "match"), "ann").number == 1
    assert newest(store, number(store, "match"), "gold").number == 1


def test_ones_own_track_can_begin_empty_and_then_shows_nothing_of_others(store: Store) -> None:
    correct(store, "match", "San Francisco", "LOC", base=0, track="bob")
    app = open_app("annotate", track="mine", list="all", post="match")
    assert any(each.label.startswith("Labels by others") for each in app.expander)
    next(box for box in app.selectbox if box.label == "A post begins").set_value("empty").run()
    assert app.query_params["begin"] == "empty"
    assert "begins empty" in shown(app)
    assert "Labels by others are shown once you have saved your own." in shown(app)
    assert not any(each.label.startswith("Labels by others") for each in app.expander)
    press(app, "Leave this post out")
    mine = newest(store, number(store, "match"), "ann")
    assert (mine.marks, mine.began, mine.number) == ((), "", 1)
    app.query_params["post"] = "match"
    app.run()
    assert any(each.label.startswith("Labels by others") for each in app.expander), "now they are"
    assert open_app("annotate", track="mine", list="all", post="bare").query_params["post"] == "bare"


@pytest.mark.parametrize(("name", "word"), [("match", "San Francisco"), ("bare", "Maria in")])
def test_a_second_opinion_that_begins_empty_sees_no_suggestion_before_it_is_saved(
    store: Store, name: str, word: str
) -> None:
    def suggested(**more: str) -> tuple[bool, bool]:
        app = open_app("annotate", track="mine", list="all", post=name, run="second", **more)
        [editor] = [each for each in app.get("bidi_component") if "save_label" in str(each.proto)]
        said = "What second suggests is shown once you have saved your own." in shown(app)
        start, end = place(TEXTS[name][0], word)
        return f'"start": {start}, "end": {end}, "label": "LOC", "confidence"' in str(editor.proto).replace(
            "\\", ""
        ), said

    assert suggested() == (True, False), "it begins with the gold"
    assert suggested(begin="empty") == (False, True)
    save_first(store, number(store, name), "ann", "", marks=[], author="ann")
    assert suggested(begin="empty") == (True, False)


def test_what_a_track_began_with_is_the_usual_choice_next_time(store: Store) -> None:
    save_first(store, number(store, "match"), "ann", "", marks=[], author="ann")
    app = open_app("annotate", track="mine", list="all", post="bare")
    assert next(box for box in app.selectbox if box.label == "A post begins").value == "empty"
    assert "begins empty" in shown(app)
    assert not [box for box in open_app("annotate", track="gold").selectbox if box.label == "A post begins"]


def test_a_track_that_begins_with_the_gold_or_with_anothers_labels_says_so(store: Store) -> None:
    press(open_app("annotate", track="mine", list="all", post="match"), "Leave this post out")
    assert newest(store, number(store, "match"), "ann").began == "gold"
    correct(store, "bare", "Rome", "LOC", base=0, track="bob")
    app = open_app("annotate", track="mine", list="all", post="bare")
    app.button(key="take bob").click().run()
    press(app, "Leave this post out")
    assert newest(store, number(store, "bare"), "ann").began == "bob"


def test_labels_of_others_are_shown_and_taken_over(store: Store) -> None:
    correct(store, "match", "San Francisco", "LOC", base=0, track="bob")
    app = open_app("annotate")
    assert any(each.label == "Labels by others (1)" for each in app.expander)
    app.button(key="take bob").click().run()
    assert "begins with the labels of bob 1" in shown(app)
    press(app, "Leave this post out")
    (mark,) = newest(store, number(store, "match")).marks
    assert (mark.label, TEXTS["match"][0][mark.start : mark.end]) == ("LOC", "San Francisco")


def test_an_older_version_can_be_brought_back(store: Store) -> None:
    correct(store, "match", "San Francisco", "LOC")
    app = open_app("annotate", post="match")
    assert any("2, by bob" in each.value and "added “San Francisco” LOC" in each.value for each in app.text)
    app.button(key="bring back 1").click().run()
    assert len(newest(store, number(store, "match")).marks) == 2


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("bare", "This post has no picture."),
        ("broken", "The picture of this post does not open."),
        ("wordless", "This post has no text, so nothing can be marked in it."),
        ("hostile", "This post has no picture."),
    ],
)
def test_hard_posts_are_shown_with_a_sentence(store: Store, name: str, sentence: str) -> None:
    assert sentence in shown(open_app("annotate", post=name, list="all"))


def test_without_posts_or_runs_the_screen_says_what_to_do(home: Path) -> None:
    assert "There are no posts yet" in shown(open_app("annotate"))
    filled = fill(home)
    with filled.write() as session:
        from db.tables import Runs

        for run in session.query(Runs):
            session.delete(run)
    app = open_app("annotate")
    assert app.query_params["post"] == "match"
    app = open_app("annotate", list="mistakes")
    assert "No run has been trained yet, so there is no list of mistakes" in shown(app)
    filled.close()
