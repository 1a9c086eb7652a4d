"""The screen experiments: the list of tables, having one made, and what is shown of it before and after."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import Store
from db.job_leases import claim, fail, finish, heartbeat
from db.jobs import cancel, enqueue, job, jobs
from db.workers import beat
from mner_core.experiment.result_table import Line, Number, ResultTable
from mner_core.experiment.saved_tables import experiments_folder, save_table, table_file
from mner_core.experiment.suite import read_suite, suite_names
from mner_core.types import InputError
from pages.experiments.stating import epochs, posts, printed, trainings
from pages.experiments.submit import ExperimentChoice, submit_experiment
from pages.experiments.table_frames import short_form, whole
from tests.app.filled import SET, open_app, shown

FACTS = {
    "protocol": "entity", "support": 1234, "posts": 90, "seeds": 3, "gold_sha256": "abcdef0123", "reference": "R-GCN",
    "difference": -2.5, "supported": True, "sentence": "Every test supports it.",
}  # fmt: skip
GRID = ResultTable(
    title="R-GCN without one or both of its graphs",
    columns={"scenes": ("PER", "F1"), "twitter2017": ("PER", "F1")},
    lines=[
        Line(name="R-GCN", source="ours", blocks={"scenes": [Number(81.0, 0.5), Number(80.5, 0.25)]}),
        Line(name="R-GCN", source="printed", blocks={"twitter2017": [Number(92.86), Number(87.11, 0.36)]}),
        Line(
            name="w/o InterRG",
            source="ours",
            blocks={"scenes": [Number(79.0), Number(78.0, 0.1, marked=True)]},
            facts={"scenes": FACTS},
        ),
    ],
    notes=["Scorer `entity`: word level.", "† F1 differs from that of R-GCN."],
)


@pytest.fixture
def made(store: Store) -> Store:
    """A store beside which the quick form of one table was made."""
    folder = experiments_folder(store.home)
    (folder / "tables").mkdir(parents=True)
    save_table(folder, "ablation-rgcn", True, GRID)
    return store


def button(app: AppTest, label: str) -> "AppTest":
    found = [each for each in app.button if each.label == label]
    assert found, f"there is no button {label}"
    return found[0].click().run()


def wish(suite: str, *datasets: str, gold: str = "current") -> ExperimentChoice:
    return ExperimentChoice(suite=suite, quick=True, datasets=datasets, gold=gold)


def test_without_posts_and_tables_all_tables_are_there_by_title_and_paper(home: Path) -> None:
    app = open_app("experiments")
    table = app.dataframe[0].value
    assert len(table) == len(suite_names())
    assert "R-GCN without one or both of its graphs" in list(table["Table"])
    assert "Zhao et al. 2022 (R-GCN), Tables 3 and 6" in list(table["Paper"])
    assert not [name for name in suite_names() if "-" in name and name in shown(app) + table.to_string()]


def test_before_it_is_made_it_states_what_it_takes_and_what_papers_print(home: Path) -> None:
    app = open_app("experiments", table="ablation-rgcn")
    facts = {each.label: each.value for each in app.metric}
    assert facts == {"Posts": "240 drawn", "Epochs": "6", "Seeds": "3", "Trainings": "12"}
    text = shown(app)
    assert "Text encoder all-minilm-l6-v2, profile compact" in text
    assert "This form has not been computed yet. The papers report:" in text
    assert next(iter(app.dataframe[0].value["twitter2017", "printed"])) == "87.11 ± 0.36"
    full = {each.label: each.value for each in open_app("experiments", table="ablation-rgcn", form="full").metric}
    assert (full["Posts"], full["Seeds"], full["Trainings"]) == ("600 drawn", "5", "20")


@pytest.mark.parametrize("name", suite_names())
def test_every_table_opens_in_both_forms(home: Path, name: str) -> None:
    suite = read_suite(name)
    for quick, size in ((True, suite.quick), (False, suite.full)):
        assert posts(size, quick, 0)
        assert epochs(suite, size)
        trainings(suite, size, 0)
    assert (printed(suite) is not None) == (suite.kind in {"scores", "transfer"})
    assert suite.title in shown(open_app("experiments", table=name))


def test_a_table_shows_ours_beside_what_is_printed_and_marks_what_a_test_supports(made: Store) -> None:
    app = open_app("experiments", table="ablation-rgcn")
    table = app.dataframe[0].value
    assert list(table.columns) == [("", "System"), ("scenes", "ours"), ("twitter2017", "printed")]
    assert list(table["scenes", "ours"]) == ["80.50 ± 0.25", "78.00 ± 0.10†"]
    assert list(table["twitter2017", "printed"]) == ["87.11 ± 0.36", ""]
    text = shown(app)
    assert "scenes: scorer `entity` · 1,234 entities in 90 posts · 3 seeds · gold fingerprint `abcdef01`" in text
    assert "† F1 differs" in text
    assert "has not been computed" not in text
    tests = app.dataframe[1].value
    assert (tests["Row"][0], tests["Difference"][0], tests["Supported"][0]) == ("w/o InterRG", -2.5, True)
    app.toggle[0].set_value(True).run()
    assert [*app.dataframe[0].value.columns][1:4] == [("", "Source"), ("scenes", "PER"), ("scenes", "F1")]
    assert [each.proto.label for each in app.get("download_button")] == ["Markdown", "CSV", "LaTeX"]
    assert not app.exception


def test_a_table_from_other_posts_is_one_choice_away(made: Store) -> None:
    """The newest is shown, the one before it on asking, and the next new one again without asking."""
    folder = experiments_folder(made.home)

    def computed(f1: float, made_from: str) -> ResultTable:
        line = Line(name="R-GCN", source="ours", blocks={"scenes": [Number(1.0), Number(f1)]})
        grid = replace(GRID, lines=[line])
        save_table(folder, "ablation-rgcn", True, grid, made_from)
        return grid

    def cells(app: AppTest) -> list[str]:
        return list(app.dataframe[0].value["scenes", "ours"])

    assert not [
        each for each in open_app("experiments", table="ablation-rgcn").selectbox if each.label == "Computed from"
    ]
    computed(50.0, "Tweets (original labels)")
    app = open_app("experiments", table="ablation-rgcn")
    assert cells(app) == ["50.00"]
    assert ", from Tweets (original labels), quick form." in shown(app)
    [choice] = [each for each in app.selectbox if each.label == "Computed from"]
    assert [each.rpartition(" · ")[0] for each in choice.options] == [
        "Tweets (original labels)",
        "posts that nobody noted",
    ]
    choice.select_index(1).run()
    assert cells(app) == ["80.50 ± 0.25", "78.00 ± 0.10†"]
    computed(60.0, "drawn posts")
    app.run()
    assert cells(app) == ["60.00"]
    assert not app.exception


def test_a_curve_brings_its_picture(made: Store) -> None:
    picture = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><rect width="4" height="4"/></svg>'
    table_file(experiments_folder(made.home), "ablation-rgcn", True, ".svg").write_text(picture)
    app = open_app("experiments", table="ablation-rgcn")
    assert [each.proto.label for each in app.get("download_button")] == ["Markdown", "CSV", "LaTeX", "Picture"]
    assert app.get("image")


def test_what_nobody_has_a_number_for_is_left_out() -> None:
    assert ("twitter2017", "ours") not in short_form(GRID).columns
    blank = ResultTable(
        title="T", columns={"x": ("F1", "P")}, notes=(),
        lines=[Line(name="a", source="ours", blocks={"x": [Number(1.0), Number(math.nan)]})],
    )  # fmt: skip
    assert list(whole(blank).columns) == [("", "Row"), ("", "Source"), ("x", "F1")]


def test_a_table_is_asked_for_watched_and_stopped(store: Store) -> None:
    beat(store, "w", "cpu")
    app = open_app("experiments", table="ablation-rgcn")
    app.multiselect(key="experiment data ablation-rgcn True").set_value([SET]).run()
    app.selectbox(key="experiment gold").set_value("original").run()
    facts = {each.label: each.value for each in app.metric}
    assert facts["Posts"] == "at most 240"
    button(app, "Compute")
    assert not app.exception
    [queued] = jobs(store)
    data = [{"dataset": SET, "gold": "original"}]
    assert (queued.kind, queued.payload) == ("experiment", {"suite": "ablation-rgcn", "quick": True, "data": data})
    running = claim(store, "w", "cpu")
    assert running is not None
    heartbeat(store, running, 0.43, "R-GCN on scenes, seed 0 (5 of 12, about 3 min left): training")
    app = open_app("experiments", table="ablation-rgcn")
    assert "Computing ..." in [each.label for each in app.button]
    assert "about 3 min left" in str([each.proto for each in app.get("progress")])
    button(app, "Stop")
    assert job(store, running.id).cancel_requested


@pytest.mark.parametrize(("before", "here"), [([SET], [SET]), ([], []), ([SET, "deleted since"], [SET])])
def test_the_form_says_what_the_table_was_computed_from(made: Store, before: list[str], here: list[str]) -> None:
    data = [{"dataset": name, "gold": "original"} for name in before]
    enqueue(made, "experiment", {"suite": "ablation-rgcn", "quick": True, "data": data}, author="ann")
    running = claim(made, "w", "cpu")
    assert running is not None
    finish(made, running, {})
    app = open_app("experiments", table="ablation-rgcn")
    chosen = app.multiselect(key="experiment data ablation-rgcn True")
    assert chosen.value == here
    assert "Computing it again" not in shown(app)
    chosen.set_value([] if here else [SET]).run()
    assert f"was computed from {here[0] if here else 'drawn posts'}. Computing it again" in shown(app)


def test_how_the_last_attempt_ended_is_said(store: Store) -> None:
    asked = {"suite": "ablation-rgcn", "quick": True, "data": []}
    enqueue(store, "experiment", asked, author="ann")
    running = claim(store, "w", "cpu")
    assert running is not None
    fail(store, running, "The disk is full: make room and start the job again.")
    assert "could not be computed: The disk is full" in shown(open_app("experiments", table="ablation-rgcn"))
    assert "failed: The disk is full" in shown(open_app("experiments"))
    assert "Computing the table “R-GCN without one or both of its graphs”" in shown(open_app("experiments"))
    cancel(store, enqueue(store, "experiment", asked, author="ann").id)
    assert "goes on where it was" in shown(open_app("experiments", table="ablation-rgcn"))


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (wish("cross-domain", SET), "choose at least 2, or none"),
        (wish("main-iaik", SET, gold="nobody"), "No post of the split train in Little set has labels"),
        (wish("pudding"), "no suite 'pudding'"),
        (wish("data", "nowhere"), "no data set 'nowhere'"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(store: Store, asked: ExperimentChoice, why: str) -> None:
    with pytest.raises(InputError, match=why):
        submit_experiment(store, asked, "ann")
    assert jobs(store) == []


def test_asked_for_twice_it_is_one_job_after_all_others(store: Store) -> None:
    first, again = submit_experiment(store, wish("data"), "ann"), submit_experiment(store, wish("data"), "bob")
    assert first.id == again.id
    assert first.priority < enqueue(store, "train", {}, author="ann").priority


def test_a_table_that_does_not_exist_shows_the_list(home: Path) -> None:
    app = open_app("experiments", table="pudding")
    assert len(app.dataframe[0].value) == len(suite_names())
