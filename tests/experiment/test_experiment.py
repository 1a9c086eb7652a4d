"""Tables from beginning to end, on drawn posts with the tiny profile."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mner_core.catalog.systems import SYSTEMS
from mner_core.commands.cli import main
from mner_core.experiment import run_cache
from mner_core.experiment.result_table import Line, Number, ResultTable
from mner_core.experiment.runner import Order, experiment
from mner_core.experiment.saved_tables import earlier_tables, saved_table
from mner_core.experiment.suite import expected_numbers, read_suite, suite_names
from mner_core.home import Home
from mner_core.scenes.write import write_scenes
from mner_core.training.train import TrainingRequest, train
from mner_core.types import InputError

TINY = {"profile": "tiny", "epochs": 1, "seeds": 2, "posts": 60}


@pytest.fixture
def suite_file(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        file = tmp_path / "mine.toml"
        file.write_text(text)
        return str(file)

    return write


TWO_ROWS = """
title = "Two rows"
reference = "one"
notes = ["A note."]
[[rows]]
name = "one"
model = "bert-crf"
[rows.printed]
scenes = [1, 2, 3, 4, 5, 6, 7]
elsewhere = [1, 2, 3, 4, 5, 6, 7.5]
[[rows]]
name = "two"
model = "bert-crf"
set = { dropout = 0.2 }
[[rows]]
name = "three"
model = "nobody's"
[rows.printed]
scenes = [1, 2, 3, 4, nan, 6, 7]
"""


@pytest.mark.parametrize("name", suite_names())
def test_every_suite_fits_the_catalog(name: str) -> None:
    suite = read_suite(name)
    for row in suite.rows:
        if row.model in SYSTEMS:
            SYSTEMS[row.model].resolve("compact", row.variant, row.set)
        for numbers in [*row.printed.values(), *row.deviation.values()]:
            assert len(numbers) == (3 if suite.kind == "counts" else expected_numbers(suite)), row.name
    assert suite.quick != suite.full
    assert suite.paper


def test_a_table_has_ours_beside_what_is_printed(suite_file: Callable[[str], str], tmp_path: Path) -> None:
    result = experiment(Order(suite=suite_file(TWO_ROWS), out=tmp_path / "out", **TINY), Home(tmp_path / "home"))
    lines = {(line.name, line.source): line for line in result.grid.lines}
    assert list(lines) == [("one", "ours"), ("one", "printed"), ("two", "ours"), ("three", "printed")]
    assert lines["one", "printed"].blocks["elsewhere"][-1].value == 7.5
    records = {(row["row"], row["source"], row["data"]): row for row in result.grid.records()}
    ours = records["two", "ours", "scenes"]
    assert {"precision", "recall", "f1", "PER", "deviation", "support", "posts", "supported", "sentence"} <= set(ours)
    assert (ours["protocol"], ours["seeds"], ours["reference"]) == ("entity", 2, "one")
    assert records["three", "printed", "scenes"]["precision"] is None
    notes = " ".join(result.grid.notes)
    for part in ("Scorer `entity`", "tiny-text", "seeds: 2", "42 train", "A note.", "nobody's is not in the catalog"):
        assert part in notes
    markdown, table, latex = (file.read_text() for file in result.files)
    assert "| one | printed | 1.00 | 2.00 |" in markdown
    assert table.splitlines()[0].startswith("row,source,scenes: PER,scenes: PER deviation")
    assert latex.count(r" \\") == 2 + len(lines)
    json.dumps(result.grid.records(), allow_nan=False)
    kept = saved_table(tmp_path / "out", "mine", quick=False)
    assert kept is not None
    assert kept.picture is None
    for told, again in ((result.grid.markdown(), kept.grid.markdown()), (result.grid.latex(), kept.grid.latex())):
        assert told == again
    assert kept.grid.records() == result.grid.records()
    assert saved_table(tmp_path / "out", "mine", quick=True) is None


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ('model = "bert-crf"\nset = { encoder_rate = 1e30 }', "bad could not be trained: The loss became"),
        ('model = "umfg"', "The system umfg is not in the catalog"),
        ("", ""),
    ],
)
def test_a_row_that_cannot_be_trained_ends_with_status_1_and_the_rest_is_printed(
    row: str,
    why: str,
    suite_file: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = 'title = "x"\n[[rows]]\nname = "good"\nmodel = "bert-crf"\n'
    file = suite_file(good + (f'[[rows]]\nname = "bad"\n{row}\n' if row else ""))
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    sizes = ["--profile", "tiny", "--epochs", "2", "--seeds", "1", "--posts", "40", "--out", str(tmp_path / "out")]
    for form in ([], ["--json"]):
        assert main(["experiment", file, *sizes, *form]) == (1 if why else 0)
        told = capsys.readouterr()
        assert "good" in told.out
        assert why in told.err
    record = json.loads(told.out.splitlines()[-1])
    assert [each["row"] for each in record["rows"]] == ["good"]
    assert set(record["program"]) == {"version", "commit"}
    kept = saved_table(tmp_path / "out", "mine", quick=False)
    assert kept is not None
    assert [each.startswith(why) for each in kept.grid.broken] == ([True] if why else [])


def test_a_killed_experiment_goes_on_and_gives_the_same_table(
    suite_file: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = Order(suite=suite_file(TWO_ROWS), **TINY)
    home = Home(tmp_path / "home")
    whole = experiment(Order(**{**vars(order), "out": tmp_path / "whole"}), home)
    said: list[str] = []

    def stop(what: str, done: int, total: int) -> None:
        said.append(what)
        if "(3 of 4" in what and "training" in what and done:
            raise KeyboardInterrupt

    killed = Order(**{**vars(order), "out": tmp_path / "killed"})
    with pytest.raises(KeyboardInterrupt):
        experiment(killed, home, stop)
    assert any("left)" in what for what in said)
    trained: list[TrainingRequest] = []

    def watched(request: TrainingRequest, *rest: Any) -> None:
        trained.append(request)
        train(request, *rest)

    monkeypatch.setattr(run_cache, "train", watched)
    again = experiment(killed, home)
    assert len(trained) == 2, "two of four cells were done"
    assert [file.read_text() for file in again.files] == [file.read_text() for file in whole.files]
    experiment(killed, home)
    assert len(trained) == 2


def test_a_transfer_scores_each_set_with_what_the_other_taught(tmp_path: Path) -> None:
    order = Order(suite="cross-domain", quick=True, out=tmp_path / "out", **{**TINY, "seeds": 1, "posts": 40})
    grid = experiment(order, Home(tmp_path / "home")).grid
    assert {"scenes → scenes-b", "scenes-b → scenes", "twitter2017 → twitter2015"} <= set(grid.columns)
    ours = next(line for line in grid.lines if (line.name, line.source) == ("BERT-CRF", "ours"))
    assert set(ours.blocks) == {"scenes → scenes-b", "scenes-b → scenes"}
    assert "Quick form" in grid.notes[-1]
    with pytest.raises(InputError, match="give two"):
        experiment(Order(suite="cross-domain", data=[str(tmp_path)]), Home(tmp_path / "home"))


def test_given_data_are_mapped_cut_and_scored_on_valid_where_there_is_no_test(tmp_path: Path) -> None:
    write_scenes(tmp_path / "posts", 60, 1)
    (tmp_path / "posts" / "test.jsonl").unlink()
    train_file = tmp_path / "posts" / "train.jsonl"
    train_file.write_text(train_file.read_text().replace('"MISC"', '"OTHER"'))
    order = Order(
        suite="iaik-image",
        quick=True,
        data=[f"mine={tmp_path / 'posts'}"],
        out=tmp_path / "out",
        **{**TINY, "posts": 20},
    )
    grid = experiment(order, Home(tmp_path / "home")).grid
    notes = " ".join(grid.notes)
    assert "Posts of mine: 20 train, 9 valid." in notes
    assert "No labelled test split in mine" in notes
    assert "OTHER = MISC" in notes


def test_counts_need_no_training(tmp_path: Path) -> None:
    grid = experiment(Order(suite="data", out=tmp_path / "out", posts=60), Home(tmp_path / "home")).grid
    lines = {(line.name, line.source): line for line in grid.lines}
    assert [number.value for number in lines["posts", "ours"].blocks["scenes"]] == [42, 9, 9]
    total = lines["entities", "ours"].blocks["scenes"][0].value
    assert total == sum(lines[label, "ours"].blocks["scenes"][0].value for label in ("PER", "LOC", "ORG", "MISC"))
    assert not (tmp_path / "out" / "runs").exists()


@pytest.mark.parametrize(
    ("suite", "quick"), [("data", True), ("data", False), ("main-rgcn", False), ("learning-curve", False)]
)
def test_a_number_of_posts_that_changes_nothing_is_refused(suite: str, quick: bool, tmp_path: Path) -> None:
    order = Order(suite=suite, quick=quick, posts=5, data=[str(tmp_path)], out=tmp_path / "out")
    with pytest.raises(InputError, match=r"^All posts of --data are used, so --posts would change nothing; "):
        experiment(order, Home(tmp_path / "home"))


def test_a_table_that_counts_all_posts_is_not_called_a_smaller_one(tmp_path: Path) -> None:
    write_scenes(tmp_path / "posts", 60, 1)
    of_given = Order(suite="data", quick=True, out=tmp_path / "out", data=[str(tmp_path / "posts")])
    notes = experiment(of_given, Home(tmp_path / "home")).grid.notes
    assert not [note for note in notes if "Quick form" in note]
    drawn = experiment(Order(suite="data", quick=True, out=tmp_path / "out", posts=60), Home(tmp_path / "home")).grid
    assert [note for note in drawn.notes if note.startswith("Quick form: fewer posts")]


def test_a_table_says_from_which_posts_it_was_made(tmp_path: Path) -> None:
    write_scenes(tmp_path / "posts", 60, 1)
    for data in ((), (f"mine={tmp_path / 'posts'}", str(tmp_path / "posts"))):
        experiment(Order(suite="data", out=tmp_path / "out", data=data), Home(tmp_path / "home"))
    newest = saved_table(tmp_path / "out", "data", quick=False)
    assert newest is not None
    assert newest.made_from == "mine, posts"
    assert [each.made_from for each in earlier_tables(tmp_path / "out", "data", quick=False)] == ["drawn posts"]


def test_a_suite_of_pictured_posts_takes_those_whose_picture_opens(
    suite_file: Callable[[str], str], tmp_path: Path
) -> None:
    """A file that is missing, one that is cut off and a text named .jpg are no pictures."""
    write_scenes(folder := tmp_path / "posts", 60, 1)
    records = [json.loads(line) for line in (folder / "valid.jsonl").read_text().splitlines()]
    missing, cut, text, *whole = [record for record in records if record["image"] is not None]
    (folder / "images" / missing["image"]).unlink()
    picture = folder / "images" / cut["image"]
    picture.write_bytes(picture.read_bytes()[:200])
    (folder / "images" / "text.jpg").write_text("a text, not a picture")
    text["image"] = "text.jpg"
    (folder / "valid.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    suite = suite_file('title = "Counts"\npaper = "mine"\nkind = "counts"\npictured = true\n')
    order = Order(suite=suite, data=[f"mine={folder}"], out=tmp_path / "out")
    grid = experiment(order, Home(tmp_path / "home")).grid
    posts = next(line for line in grid.lines if (line.name, line.source) == ("posts", "ours"))
    assert posts.blocks["mine"][1].value == len(whole) > 0


def test_what_is_unknown_is_a_dash_and_no_number() -> None:
    line = Line(name="a_b", source="ours", blocks={"x": [Number(50.0, 1.25, marked=True), Number(math.nan)]})
    grid = ResultTable(title="T & U", columns={"x": ("P", "F1"), "y": ("F1",)}, lines=[line], notes=["p < 0.05"])
    assert "| a_b | ours | 50.00 ± 1.25† | – | – |" in grid.markdown()
    assert grid.csv().splitlines()[1] == "a_b,ours,50.0,1.25,,,,"
    assert r"a\_b & ours & 50.00 $\pm$ 1.25$^\dagger$ & -- & -- \\" in grid.latex()
    assert grid.records() == [
        {"row": "a_b", "source": "ours", "data": "x", "precision": 50.0, "f1": None, "deviation": {"precision": 1.25}}
    ]


BAD = {
    'title = "x"\nkind = "pie"': "kind is one of",
    'title = "x"\nreference = "no"': "none of the rows",
    "title = ": "is no suite",
    "rows = 1": "is no suite",
    'title = "x"\n[full]\nsheep = 3': "has no 'sheep'",
    'kind = "scores"': "lacks its name or title",
    'title = "x"\n[[rows]]\nname = "a"\n[[rows]]\nname = "a"': "two rows have the same name",
    'title = "x"\n[[rows]]\nname = "a"\nmodel = "bert-crf"\nvariant = "no"': "has no variant",
    'title = "x"\n[full]\nseeds = "5"': "mine.toml: seeds of the size must be a whole number, got '5'",
    'title = "x"\n[quick]\nseeds = 2.5': "seeds of the size must be a whole number, got 2.5",
    'title = "x"\n[full]\nseeds = true': "seeds of the size must be a whole number, got True",
    'title = "x"\n[full]\nposts = [60]': "posts of the size must be a whole number",
    'title = "x"\n[full]\nepochs = "many"': "epochs of the size must be a whole number",
    'title = "x"\n[full]\nset = 3': "set of the size must be a table",
    'title = "x"\n[full]\nseeds = 0': r"seeds of \[full\] must be at least 1, got 0",
    'title = "x"\n[quick]\nposts = -5': r"posts of \[quick\] must be at least 0, got -5",
    'title = "x"\n[quick]\nepochs = -1': r"epochs of \[quick\] must be at least 0",
    "title = 3": "title of the suite must be a text, got 3",
    'title = "x"\nsplits = "test"': "splits of the suite must be a list, each a text, got 'test'",
    'title = "x"\npictured = "no"': "pictured of the suite must be true or false",
    'title = "x"\nshare = "half"': "share of the suite must be a number",
    'title = "x"\n[labels]\nOTHER = 1': "labels of the suite must be a table",
    'title = "x"\nkind = 3': "kind of the suite must be a text, got 3",
    'title = "x"\n[[rows]]\nname = "a"\nprinted = { y = ["1"] }': "printed of the row 'a' must be a table",
    'title = "x"\n[[rows]]\nname = "a"\nmodel = 3': "model of the row 'a' must be a text",
    'title = "x"\n[[rows]]\nname = "a"\ntimes = 1.5': "times of the row 'a' must be a whole number",
    'title = "x"\n[[rows]]\nname = 7': "name of the row 7 must be a text",
    'title = "x"\ncolumns = "prf"\n[[rows]]\nname = "a"\nprinted = { y = [1, 2] }': "prints 2 numbers",
}


@pytest.mark.parametrize("text", BAD)
def test_a_suite_that_cannot_be_is_refused(text: str, suite_file: Callable[[str], str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=BAD[text]):
        experiment(Order(suite=suite_file(text), out=tmp_path / "out"), Home(tmp_path / "home"))
    assert not (tmp_path / "out").exists()


def test_an_unknown_suite_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are: ablation-hamlearning, ablation-rgcn"):
        experiment(Order(suite="pudding"), Home(tmp_path))
