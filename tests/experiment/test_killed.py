"""kill -9 half-way through a suite of the command line: the next call goes on and makes the same table."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mner_core.experiment.runner import Order, experiment
from mner_core.home import Home

pytestmark = pytest.mark.slow

SMALL = ["--quick", "--profile", "tiny", "--epochs", "1", "--seeds", "1", "--posts", "30"]


@pytest.mark.parametrize("suite", ["ablation-rgcn", "cross-domain"])
def test_a_suite_killed_half_way_makes_the_table_of_one_left_alone(suite: str, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    small = Order(suite=suite, quick=True, profile="tiny", epochs=1, seeds=1, posts=30, out=tmp_path / "whole")
    whole = experiment(small, home)
    runs = _runs(tmp_path / "whole")
    killed = tmp_path / "killed"
    command = [sys.executable, "-m", "mner_core", "experiment", suite, *SMALL, "--out", str(killed)]
    with (tmp_path / "log").open("w") as log:
        victim = subprocess.Popen(command, env=os.environ | {"MNER_HOME": str(home.root)}, stdout=log, stderr=log)
        while len(_runs(killed)) < len(runs) // 2:
            assert victim.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.01)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    done = _runs(killed)
    assert not (killed / "tables").exists()
    said: list[str] = []
    again = experiment(replace(small, out=killed), home, lambda what, *_: said.append(what))
    assert f"(1 of {len(runs) - len(done)})" in said[0], "only what was missing is trained"
    assert _runs(killed) == runs
    assert [file.read_bytes() for file in again.files] == [file.read_bytes() for file in whole.files]


def _runs(out: Path) -> set[str]:
    """The names of the finished trainings."""
    folder = out / "runs"
    return {each.name for each in folder.iterdir() if not each.name.startswith(".")} if folder.is_dir() else set()
