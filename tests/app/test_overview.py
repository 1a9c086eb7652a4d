"""The screen overview: what it counts, measures, compares and offers."""

from pathlib import Path

import pytest

from db.engine import Store
from db.imports import import_examples
from db.jobs import enqueue, jobs
from db.runs import add_run
from db.workers import beat
from pages.overview.calibration_and_slices import inside
from pages.overview.data_statistics import RunComparison, comparison, contents, count, measured
from tests.app.filled import SET, examples, now, open_app, shown
from tests.db.test_runs import write_run


def test_posts_pictures_and_entities_are_counted_by_split(home: Path) -> None:
    home.mkdir()
    posts = examples(home)
    found = count([*posts, posts[0].with_spans(None)])
    assert found.posts == {"train": 2, "valid": 6}
    assert found.labelled == {"train": 1, "valid": 6}
    assert found.pictures == {"valid": 2}, "the one that does not open is none"
    (home / "sky.png").unlink()
    assert count(posts).pictures == {}, "a file that is gone is no picture either"
    assert found.entities == {"train": {"ORG": 1}, "valid": {"PER": 5, "ORG": 2, "LOC": 2}}


def test_a_comparison_is_on_one_gold_and_adds_up(store: Store) -> None:
    found = comparison(
        store,
        now(store),
        ("first", "second"),
        SET,
        "valid",
        "current",
    )
    assert isinstance(found, RunComparison)
    assert found.before.score.gold_sha256 == found.after.score.gold_sha256
    assert found.changes == {"fixed": 2, "broken": 1, "wrong in both": 4}
    for change, number in found.changes.items():
        assert sum(of[change] for of in found.by_type.values()) == number
    assert found.by_type["PER"] == {"fixed": 1, "broken": 0, "wrong in both": 2}


def test_a_run_that_has_not_read_the_posts_says_so(store: Store) -> None:
    assert "has not predicted 1 labelled post of" in str(measured(store, now(store), "first", SET, "train", "current"))
    assert "has not predicted" in str(
        comparison(
            store,
            now(store),
            ("first", "second"),
            SET,
            None,
            "current",
        )
    )


def test_a_new_stamp_is_a_new_count(store: Store, tmp_path: Path) -> None:
    before = now(store)
    assert sum(contents(store, before, SET, "current").posts.values()) == 7
    more = examples(tmp_path)[-1]
    import_examples(store, SET, [type(more)(id="more", text="", tokens=(), spans=(), split="test", source="t")])
    assert now(store) != before
    assert contents(store, now(store), SET, "current").posts["test"] == 1


def test_empty_it_says_what_to_do(home: Path) -> None:
    app = open_app("overview")
    assert "There are no posts yet" in shown(app)
    assert [link.label for link in app.main if link.type == "page_link"] == ["Import posts"]


def test_at_first_start_it_says_what_is_going_on(home: Path) -> None:
    from db.engine import open_store
    from mner_core.home import Home

    store = open_store(Home(home))
    beat(store, "w", "cpu")
    enqueue(store, "import", {"demo": "scenes", "name": "Scenes"}, author="first start")
    text = shown(open_app("overview"))
    assert "on their way" in text
    assert "Importing Scenes: waiting" in text
    assert "correct the labels that it learns from, and train again" in text


def test_once_there_is_a_run_it_leads_to_what_a_run_learns_from(store: Store) -> None:
    """The way of the README: mistakes are looked at, labels of train are corrected, the next run learns from them."""
    app = open_app("overview", dataset=SET, split="valid", run="second")
    assert "A run learns from the labels of train alone" in shown(app)
    links = [link.label for link in app.main if link.type == "page_link"]
    first = links.index("Label errors of train")
    assert links[first : first + 3] == ["Label errors of train", "Mistakes in train (cross-validated)", "Train again"]
    found = {link.label: link.proto.query_string for link in app.main if link.type == "page_link"}
    for title, name in (("Label errors of train", "doubts"), ("Mistakes in train (cross-validated)", "held-out")):
        assert f"list={name}" in found[title]
        assert "split=train" in found[title]


def test_a_set_without_train_is_not_sent_there(home: Path) -> None:
    from db.engine import open_store
    from mner_core.home import Home

    store = open_store(Home(home))
    import_examples(store, SET, [each for each in examples(home) if each.split == "valid"])
    add_run(store, write_run(store.home, "first", data={"name": SET, "fingerprint": "d", "gold": "g"}))
    assert "Mistakes in train (cross-validated)" not in [
        link.label for link in open_app("overview", dataset=SET).main if link.type == "page_link"
    ]


def test_every_run_is_measured_on_the_chosen_gold(store: Store) -> None:
    app = open_app("overview", dataset=SET, run="second")
    table = app.dataframe[0].value
    assert list(table["Run"]) == ["second", "first"]
    assert [round(value, 1) for value in table["F1"]] == [55.6, 50.0]
    text = shown(app)
    assert "Protocol `entity`" in text
    assert "corrected labels, fingerprint `" in text
    assert "9 entities in 6 posts" in text
    app.selectbox(key="pick gold").set_value("original").run()
    assert "original labels, fingerprint `" in shown(app)


def test_two_runs_side_by_side(store: Store) -> None:
    app = open_app("overview", dataset=SET, run="second")
    next(button for button in app.button if button.label == "Compare with first").click().run()
    assert app.query_params["compare"] == "first"
    assert [(metric.label, metric.value) for metric in app.metric[4:]] == [
        ("F1", "55.6"), ("Fixed", "2"), ("Broken", "1"), ("Wrong in both", "4"),
    ]  # fmt: skip
    assert list(app.dataframe[1].value["Type"]) == ["LOC", "ORG", "PER"]
    assert "+5.56 F1 (95 % interval over posts" in shown(app)
    assert "not supported: no difference to speak of" in shown(app)  # two mistakes fewer in six posts


def test_a_run_is_told_to_read_what_it_has_not(store: Store) -> None:
    app = open_app("overview", dataset=SET, split="train")
    assert "has not predicted 1 labelled post of" in shown(app)
    next(button for button in app.button if button.label == "Predict this split").click().run()
    assert [(job.kind, job.payload, job.author) for job in jobs(store)] == [
        ("predict", {"run": "second", "dataset": SET, "split": "train"}, "ann")
    ]
    assert "Predicting ..." in shown(app)


def test_names_that_look_like_markup_are_shown_as_they_are(store: Store) -> None:
    add_run(store, write_run(store.home, "![x](y) *z*", created=3000.0))
    app = open_app("overview", dataset=SET)
    assert any(r"\!\[x\]\(y\) \*z\*" in caption.value for caption in app.caption)


def test_a_run_is_looked_into_on_the_chosen_gold(store: Store) -> None:
    found = inside(store, now(store), "second", SET, "valid", "current")
    # 9 predicted entities: right are Kevin Durant .97, Paris Hilton .55, Berlin .9, Ann .8 and Rome .7
    assert found.believed.spans == 9
    assert sum(point.number * point.right for point in found.believed.bins) == pytest.approx(5)
    assert found.slices["length-1"].support + found.slices["length-2"].support == 9
    assert found.slices["seen"].support == 1, "Warriors, which the training post names"
    assert found.slices["seen"].f1 == 0, "found as LOC"
    assert found.temperature is not None
    assert found.mended is not None
    assert inside(store, now(store), "second", SET, "train", "current").slices == {}


def test_the_slices_of_a_run_are_shown_on_request(store: Store) -> None:
    app = open_app("overview", run="second", split="valid")
    assert not app.get("plotly_chart")[1:], "nothing is measured before it is asked for"
    app.toggle(key="inside").set_value(True).run()
    assert not app.exception
    assert list(app.dataframe[1].value.columns) == ["Slice", "F1", "P", "R", "Entities"]
    assert "names not seen in training" in list(app.dataframe[1].value["Slice"])
    text = shown(app)
    assert "9 predicted entities" in text
    assert "fitted on these very posts" in text
    open_it = open_app("overview", run="second", split="train")
    open_it.toggle(key="inside").set_value(True).run()
    assert "The run has read none of the labelled posts." in shown(open_it)
