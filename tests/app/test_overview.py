"""The screen overview: what it counts, measures, compares and offers."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from db.annotations import save
from db.engine import Store
from db.figure_kinds import compute
from db.figures import Question
from db.gold_totals import corrected_posts, gold_sums, pictures
from db.imports import import_examples
from db.job_leases import cancelled, claim, fail
from db.jobs import cancel, enqueue, jobs
from db.posts import post_ids
from db.runs import add_run
from db.uncounted import count_in_background
from db.workers import beat
from mner_core.types import Example
from pages.shared.number_format import short
from tests.app.filled import SET, compute_figures, examples, open_app, settled, shown
from tests.db.test_outcomes import make_old
from tests.db.test_runs import write_run


def comparison(store: Store, split: str | None = "valid", gold: str = "current") -> dict[str, Any]:
    asked = Question(kind="comparison", dataset=SET, split=split, golds=(gold,), runs=("first", "second"))
    return compute(store, asked)


def correct(store: Store, name: str, **more: Any) -> None:
    """Takes all labels of a post of valid away."""
    save(store, post_ids(store, SET)["valid", name], "gold", base=1, marks=[], author="ann", **more)


def test_posts_pictures_and_entities_are_counted_by_split(store: Store) -> None:
    entities = {split: sums.entities for split, sums in gold_sums(store, SET).items()}
    assert entities == {"train": {"ORG": 1}, "valid": {"PER": 5, "ORG": 2, "LOC": 2}}
    assert pictures(store, SET) == 2, "the one that does not open is none"
    facts = ("Posts", "With a picture", "Entities", "Corrected posts")
    app = open_app("overview", dataset=SET)
    assert [(metric.label, metric.value) for metric in app.metric[:4]] == [
        *zip(facts, ["7", "2", "10", "0"], strict=True)
    ]
    assert "Posts: 1 in train, 6 in valid." in shown(app)
    correct(store, "bare")
    correct(store, "match", status="discarded")
    assert [metric.value for metric in app.run().metric[:4]] == ["6", "1", "5", "1"]
    assert "Posts: 1 in train, 5 in valid." in shown(app)
    app.selectbox(key="pick gold").set_value("original").run()
    assert [metric.value for metric in app.metric[:4]] == ["7", "2", "10", "1"]
    assert corrected_posts(store, SET) == 1


def test_posts_without_labels_are_counted(store: Store, tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), "red").save(tmp_path / "more.png")
    more = Example(
        id="more", text="", tokens=(), spans=None, split="test", source="t", image=tmp_path / "more.png",
        image_name="more.png",
    )  # fmt: skip
    app = open_app("overview", dataset=SET)
    assert "without labels" not in shown(app)
    import_examples(store, SET, [more])
    assert [metric.value for metric in app.run().metric[:3]] == ["8", "3", "10"]
    assert "1 post without labels: correcting begins there." in shown(app)
    assert "1 in test, 1 in train, 6 in valid" in shown(app)


def test_a_comparison_is_on_one_gold_and_adds_up(store: Store) -> None:
    found = comparison(store)
    assert found["before"]["gold_sha256"] == found["after"]["gold_sha256"]
    assert found["changes"] == {"fixed": 2, "broken": 1, "wrong in both": 4}
    for change, number in found["changes"].items():
        assert sum(of[change] for of in found["by_type"].values()) == number
    assert found["by_type"]["PER"] == {"fixed": 1, "broken": 0, "wrong in both": 2}


def test_runs_that_have_not_read_the_posts_say_so(store: Store) -> None:
    app = settled(open_app("overview", dataset=SET, split="train", run="second", compare="first"), store)
    text = shown(app)
    assert "The run second has not predicted 1 labelled post of Little set, train yet." in text
    assert "The run first has not predicted 1 labelled post of Little set, train yet." in text
    assert app.dataframe[0].value["F1"].isna().all()
    assert "has not predicted" in comparison(store, None)["problem"]


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
    app = settled(open_app("overview", dataset=SET, run="second"), store)
    table = app.dataframe[0].value
    assert list(table["Run"]) == ["second", "first"]
    assert [round(value, 1) for value in table["F1"]] == [55.6, 50.0]
    assert list(table["Entities"]) == [9, 9]
    assert list(table["Posts"]) == [6, 6]
    by_type = app.dataframe[1].value.set_index("Run")
    assert list(by_type.columns) == ["LOC", "ORG", "PER"]
    # it finds both LOC and makes three up, its one ORG has a word too many, and it finds three of five PER
    assert [round(value, 1) for value in by_type.loc["second"]] == [57.1, 0.0, 75.0]
    text = shown(app)
    assert "Protocol `entity`" in text
    assert "corrected labels, fingerprint `" in text
    assert "9 entities in 6 posts" in text
    app.selectbox(key="pick gold").set_value("original").run()
    assert "original labels, fingerprint being computed" in shown(app)
    assert "original labels, fingerprint `" in shown(settled(app, store))


def test_the_fingerprint_waits_and_never_is_that_of_other_labels(store: Store) -> None:
    app = open_app("overview", dataset=SET, run="second")
    text = shown(app)
    assert "9 entities in 6 posts · corrected labels, fingerprint being computed" in text
    assert "The fingerprint waits for a worker, and none is running." in text
    assert [round(value, 1) for value in app.dataframe[0].value["F1"]] == [55.6, 50.0], "that is known at once"
    beat(store, "w", "cpu")
    assert "The fingerprint waits" not in shown(app.run())
    assert [job.payload["question"]["kind"] for job in jobs(store)] == ["fingerprint"]
    before = compute(store, Question(kind="fingerprint", dataset=SET, split="valid"))["sha256"]
    assert f"fingerprint `{short(before)}`" in shown(settled(app, store))
    correct(store, "bare")
    assert "6 entities in 6 posts · corrected labels, fingerprint being computed" in shown(app.run())
    after = compute(store, Question(kind="fingerprint", dataset=SET, split="valid"))["sha256"]
    assert after != before
    assert f"fingerprint `{short(after)}`" in shown(settled(app, store))


def test_two_runs_side_by_side(store: Store) -> None:
    app = open_app("overview", dataset=SET, run="second")
    next(button for button in app.button if button.label == "Compare with first").click().run()
    assert app.query_params["compare"] == "first"
    assert len(app.metric) == 4, "nothing is shown before it is computed"
    assert "This is computed by the worker. No worker is running" in shown(app)
    beat(store, "w", "cpu")
    assert "Comparing second with first on Little set: waiting" in shown(app.run())
    assert [(metric.label, metric.value) for metric in settled(app, store).metric[4:]] == [
        ("F1", "55.6"), ("Fixed", "2"), ("Broken", "1"), ("Wrong in both", "4"),
    ]  # fmt: skip
    assert list(app.dataframe[2].value["Type"]) == ["LOC", "ORG", "PER"]
    assert "+5.56 F1 (95 % interval over posts" in shown(app)
    assert "not supported: no difference to speak of" in shown(app)  # two mistakes fewer in six posts


def test_an_old_comparison_says_of_which_labels_it_is(store: Store) -> None:
    app = settled(open_app("overview", dataset=SET, run="second", compare="first"), store)
    sha256 = short(comparison(store)["after"]["gold_sha256"])
    assert "Old figures" not in shown(app)
    correct(store, "bare")
    text = shown(app.run())
    assert f"on labels with the fingerprint `{sha256}`: labels or predictions have changed since." in text
    assert "Old figures, of " in text
    assert [metric.value for metric in app.metric[4:]] == ["55.6", "2", "1", "4"]
    assert "Old figures" not in shown(settled(app, store))
    assert [metric.value for metric in app.metric[4:]] != ["55.6", "2", "1", "4"]


@pytest.mark.parametrize("how", ["failed", "cancelled"])
def test_a_comparison_that_was_not_computed_is_not_asked_for_again_and_again(store: Store, how: str) -> None:
    beat(store, "w", "cpu")
    app = settled(open_app("overview", dataset=SET, run="second"), store)
    next(button for button in app.button if button.label == "Compare with first").click().run()
    job = claim(store, "w", "light")
    assert job is not None
    if how == "failed":
        fail(store, job, "The program made a mistake.")
    else:
        cancel(store, job.id)
        cancelled(store, job)
    app.run()
    assert {"failed": "failed: The program made a mistake", "cancelled": "was stopped"}[how] in shown(app)
    assert jobs(store)[0].status == how
    label = {"failed": "Retry", "cancelled": "Compute it"}[how]
    next(button for button in app.button if button.label == label).click().run()
    assert len(settled(app, store).metric) == 8


def test_a_run_is_told_to_read_what_it_has_not(store: Store) -> None:
    app = open_app("overview", dataset=SET, split="train")
    assert "has not predicted 1 labelled post of" in shown(app)
    next(button for button in app.button if button.label == "Predict this split").click().run()
    assert [(job.kind, job.payload, job.author) for job in jobs(store) if job.kind != "figure"] == [
        ("predict", {"run": "second", "dataset": SET, "split": "train"}, "ann")
    ]
    assert "Predicting ..." in shown(app)


def test_names_that_look_like_markup_are_shown_as_they_are(store: Store) -> None:
    add_run(store, write_run(store.home, "![x](y) *z*", created=3000.0))
    app = open_app("overview", dataset=SET)
    assert any(r"\!\[x\]\(y\) \*z\*" in caption.value for caption in app.caption)


def test_a_run_is_looked_into_on_the_chosen_gold(store: Store) -> None:
    asked = Question(kind="inside", dataset=SET, split="valid", runs=("second",))
    found = compute(store, asked)
    # 9 predicted entities: right are Kevin Durant .97, Paris Hilton .55, Berlin .9, Ann .8 and Rome .7
    assert found["spans"] == 9
    assert sum(number * right for number, _, right in found["bins"]) == pytest.approx(5)
    slices = {name: (f1, support) for name, f1, _, _, support in found["slices"]}
    assert slices["length-1"][1] + slices["length-2"][1] == 9
    assert slices["seen"] == (0, 1), "Warriors, which the training post names, found as LOC"
    assert found["temperature"] is not None
    assert found["mended"] is not None
    assert compute(store, Question(kind="inside", dataset=SET, split="train", runs=("second",)))["slices"] == []


def test_the_slices_of_a_run_are_shown_on_request(store: Store) -> None:
    app = open_app("overview", run="second", split="valid")
    assert not app.get("plotly_chart")[1:], "nothing is measured before it is asked for"
    assert [asked.kind for asked in compute_figures(store)] == ["fingerprint"]
    app.toggle(key="inside").set_value(True).run()
    settled(app, store)
    assert list(app.dataframe[2].value.columns) == ["Slice", "F1", "P", "R", "Entities"]
    assert "names not seen in training" in list(app.dataframe[2].value["Slice"])
    text = shown(app)
    assert "9 predicted entities" in text
    assert "fitted on these very posts" in text
    open_it = open_app("overview", run="second", split="train")
    open_it.toggle(key="inside").set_value(True).run()
    assert "The run has read none of the labelled posts." in shown(settled(open_it, store))


def test_no_look_at_it_reads_a_post(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_app("overview", dataset=SET, run="second", compare="first", split="valid")
    app.toggle(key="inside").set_value(True).run()
    settled(app, store)
    correct(store, "bare")

    def read(*_: object, **__: object) -> None:
        raise AssertionError("a screen must not cost what grows with the data")

    for name in ("db.evaluations.gold_posts_in", "db.gold.gold_posts_in", "db.evaluations.predictions_in"):
        monkeypatch.setattr(name, read)
    assert not app.run().exception
    text = shown(app)
    assert "6 entities in 6 posts" in text
    assert text.count("Old figures, of ") == 2, "slices and comparison are waited for"
    with pytest.raises(AssertionError, match="must not cost"):
        comparison(store)


def test_while_runs_are_counted_no_figure_is_shown(store: Store) -> None:
    make_old(store)
    beat(store, "w", "cpu")
    count_in_background(store)
    text = shown(open_app("overview", dataset=SET, run="second"))
    assert "The mistakes of runs are being counted." in text
    assert "Counting the mistakes of runs: waiting" in text
    assert "Protocol" not in text
