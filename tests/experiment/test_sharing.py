"""One folder of trainings for several processes, and what makes a cell a new one: code, pictures, never their names."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mner_core.data.fingerprint import pictures_fingerprint
from mner_core.experiment import run_cache
from mner_core.experiment.experiment_data import data_sets
from mner_core.experiment.run_cache import SECONDS_BETWEEN_LOOKS, Cell, RunCache, cell
from mner_core.experiment.runner import Order, Result, experiment
from mner_core.experiment.suite import read_suite
from mner_core.home import Home
from mner_core.scenes.write import write_scenes
from mner_core.training.claim import BusyError
from mner_core.training.train import TrainingRequest
from mner_core.types import InputError

TWO_SYSTEMS = """
title = "Two systems"
reference = "text"
[full]
profile = "tiny"
epochs = 1
seeds = 1
posts = 40
[[rows]]
name = "text"
model = "bert-crf"
[[rows]]
name = "pictures"
model = "umgf"
"""


@pytest.fixture
def suite(tmp_path: Path) -> str:
    file = tmp_path / "mine.toml"
    file.write_text(TWO_SYSTEMS)
    return str(file)


def runs_in(out: Path) -> set[str]:
    """The names of the finished trainings."""
    return {each.name for each in (out / "runs").glob("[!.]*")}


def test_pictures_that_come_later_or_change_are_learnt_anew(suite: str, tmp_path: Path) -> None:
    """The names are the same throughout; text alone has nothing to learn anew."""
    data, out = tmp_path / "data", tmp_path / "out"
    write_scenes(data, 40, 1)
    (data / "images").rename(tmp_path / "aside")

    def made() -> Result:
        return experiment(Order(suite=suite, data=[f"d={data}"], out=out), Home(tmp_path / "home"))

    assert "Pictures found: d 0 of" in " ".join(made().grid.notes)
    without = runs_in(out)
    assert len(without) == 2
    (tmp_path / "aside").rename(data / "images")
    notes = " ".join(made().grid.notes)
    assert re.search(r"Pictures found: d [1-9]\d* of \d+ posts", notes)
    assert re.search(r"Made by the program's (commit|version|of unknown)", notes)
    pictured = runs_in(out)
    assert len(pictured - without) == 1
    first, second = sorted((data / "images").iterdir())[:2]
    first.write_bytes(second.read_bytes())
    made()
    again = runs_in(out)
    assert len(again - pictured) == 1
    made()
    assert runs_in(out) == again
    records = [json.loads((out / "runs" / name / "run.json").read_text()) for name in sorted(again)]
    assert {(each["model"], each["data"]["pictures_found"] > 0) for each in records} == {
        ("bert-crf", False),
        ("umgf", False),
        ("umgf", True),
    }
    assert all({"version", "commit", "code"} == set(each["program"]) for each in records)


def test_what_a_run_says_of_other_pictures_is_asked_anew(tmp_path: Path) -> None:
    one = cells_of(tmp_path)[1]
    posts = one.data_set.splits["test"]
    before, pictures = one.reading(posts), pictures_fingerprint(posts)
    target, other = (post.image for post in posts[:2])
    assert target is not None
    assert other is not None
    target.write_bytes(other.read_bytes())
    assert pictures_fingerprint(posts) != pictures
    assert one.reading(posts) != before
    text = cells_of(tmp_path)[0]
    named = text.reading(posts)
    target.unlink()
    assert text.reading(posts) == named


def cells_of(folder: Path) -> list[Cell]:
    """A cell of text and one of pictures, on drawn posts in the folder."""
    (folder / "mine.toml").write_text(TWO_SYSTEMS)
    suite = read_suite(str(folder / "mine.toml"))
    (data,) = data_sets(suite, suite.full, [], folder, quick=False)
    return [cell(row, data, suite.full, 0) for row in suite.rows]


def test_a_cells_key_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[TrainingRequest] = []

    def key(request: TrainingRequest) -> dict[str, str]:
        asked.append(request)
        return {}

    monkeypatch.setattr(run_cache, "training_key", key)
    one = cells_of(tmp_path)[0]
    assert one.key == one.key
    assert len(asked) == 1


class Others:
    """Stands in for `train` beside another process: `does` says what becomes of the n-th try."""

    def __init__(self, does: Callable[[int, Path], None]) -> None:
        self.tries, self.does = 0, does

    def __call__(self, request: TrainingRequest, out: Path, *rest: Any) -> None:
        self.tries += 1
        self.does(self.tries, out)


@pytest.mark.parametrize("ends", ["by itself", "dies", "between two looks"])
def test_a_cell_at_which_another_process_is_is_waited_for_or_taken_over(
    ends: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    def does(number: int, out: Path) -> None:
        if number == 1:
            raise BusyError("Another process is training it.")
        if ends == "by itself":
            pytest.fail("the other process has made it")
        out.mkdir(parents=True)
        if ends == "between two looks":
            raise InputError("it exists already")

    def sleep(seconds: float) -> None:
        assert seconds == SECONDS_BETWEEN_LOOKS
        slept.append(seconds)
        if ends == "by itself":
            (tmp_path / "out" / "runs" / one.key).mkdir(parents=True)

    one = cells_of(tmp_path)[0]
    others = Others(does)
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(run_cache, "train", others)
    monkeypatch.setattr("time.sleep", sleep)
    cache = RunCache(tmp_path / "out", Home(tmp_path), lambda *_: None, lambda *now: told.append(now))
    assert cache.run([one]) == {}
    assert len(slept) == 1
    assert others.tries == (1 if ends == "by itself" else 2)
    assert told == [(0, 1), (1, 1)]


def test_while_one_cell_is_busy_the_others_are_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = cells_of(tmp_path)
    order: list[str] = []

    def does(number: int, out: Path) -> None:
        order.append(out.name)
        if number == 1:
            raise BusyError("Another process is training it.")
        out.mkdir(parents=True)

    monkeypatch.setattr(run_cache, "train", Others(does))
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("there is something to do"))
    assert RunCache(tmp_path / "out", Home(tmp_path), lambda *_: None).run([one, other]) == {}
    assert order == [one.key, other.key, one.key]


def test_a_cell_that_cannot_be_trained_is_told_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = cells_of(tmp_path)

    def does(number: int, out: Path) -> None:
        if number == 1:
            raise InputError("The loss became nan.")
        out.mkdir(parents=True)

    monkeypatch.setattr(run_cache, "train", Others(does))
    failed = RunCache(tmp_path / "out", Home(tmp_path), lambda *_: None).run([one, other])
    assert failed == {one.key: "The loss became nan."}


def started(arguments: list[str], folder: Path, name: str, cwd: Path | None = None) -> "subprocess.Popen[bytes]":
    """The command line in a process of its own, its output in a file."""
    command = [sys.executable, "-m", "mner_core", "experiment", *arguments]
    environment = os.environ | {"MNER_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1"}
    with (folder / name).open("w") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=cwd)


@pytest.mark.slow
def test_two_processes_share_one_folder_and_end_with_the_same_table(suite: str, tmp_path: Path) -> None:
    asked = [suite, "--seeds", "3", "--out", str(tmp_path / "out")]
    both = [started(asked, tmp_path, name) for name in ("one", "two")]
    assert [each.wait(timeout=400) for each in both] == [0, 0], (tmp_path / "one").read_text()
    assert len(runs_in(tmp_path / "out")) == 6
    assert not list((tmp_path / "out" / "runs").glob(".*")), "nothing is left half-done"
    tables = [(tmp_path / name).read_text().partition("## ")[2] for name in ("one", "two")]
    assert tables[0] == tables[1]
    assert "could not be trained" not in tables[0]
    kept = (tmp_path / "out" / "tables" / "mine.md").read_text()
    assert kept.strip() == ("## " + tables[0]).strip()
    assert [line.count(" – ") for line in kept.splitlines() if "| ours |" in line] == [0, 0]


@pytest.mark.slow
def test_what_a_killed_process_was_at_is_taken_over_by_the_other(suite: str, tmp_path: Path) -> None:
    asked = [suite, "--seeds", "3", "--out", str(tmp_path / "out")]
    victim = started(asked, tmp_path, "victim")
    while not list((tmp_path / "out" / "runs").glob(".*.unfinished/request.json")):
        assert victim.poll() is None, (tmp_path / "victim").read_text()
        time.sleep(0.01)
    heir = started(asked, tmp_path, "heir")
    while not runs_in(tmp_path / "out"):
        assert victim.poll() is None, (tmp_path / "victim").read_text()
        time.sleep(0.01)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    assert heir.wait(timeout=400) == 0, (tmp_path / "heir").read_text()
    assert len(runs_in(tmp_path / "out")) == 6
    assert "could not be trained" not in (tmp_path / "heir").read_text()


@pytest.mark.slow
def test_a_repaired_model_never_repeats_an_old_number(tmp_path: Path) -> None:
    """The program is copied, and its HamLearning loses its fusion there; a docstring alone changes nothing."""
    program = tmp_path / "program"
    own = Path(run_cache.__file__).parents[1]
    shutil.copytree(own, program / "mner_core", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "mine.toml").write_text(TWO_SYSTEMS.replace('"umgf"', '"hamlearning"'))
    asked, out = [str(tmp_path / "mine.toml"), "--out", str(tmp_path / "out")], tmp_path / "out"

    def run() -> set[str]:
        process = started(asked, tmp_path, "log", cwd=program)
        assert process.wait(timeout=300) == 0, (tmp_path / "log").read_text()
        return runs_in(out)

    first = run()
    model = program / "mner_core" / "models" / "hamlearning.py"
    source = model.read_text()
    model.write_text(source.replace('"""HamLearning: hierarchical', '"""HamLearning, said otherwise: hierarchical', 1))
    assert model.read_text() != source
    assert run() == first
    fused = "View(states, real | alone)"
    assert source.count(fused) == 1
    model.write_text(source.replace(fused, "View(0 * states, real | alone)"))
    assert len(run() - first) == 1
