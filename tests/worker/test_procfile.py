"""Under the runner that `make run` uses: whatever dies of the worker, the web goes on; at the end nobody is left."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.engine import Store
from db.jobs import enqueue, job
from mner_core.home import Home
from tests.worker.conftest import environment_of, train_payload
from tests.worker.processes import ROOT, command_line, ends, is_gone, kill, named, of_home, one, wait_for

PROCFILE = (ROOT / "Procfile").read_text(encoding="utf-8")
WEB = "import sys, time\nwhile True:\n    print('web is here', flush=True)\n    time.sleep(1)\n"
pytestmark = pytest.mark.slow


class Runner:
    """honcho with the real worker's line and a web that only says that it is there."""

    def __init__(self, folder: Path, home: Home) -> None:
        (folder / "web.py").write_text(WEB)
        (folder / "worker").mkdir()
        script = (ROOT / "worker" / "restart.sh").read_text(encoding="utf-8")
        script = script.replace(".venv/bin/python", sys.executable).replace('"$(dirname "$0")/.."', str(ROOT))
        (folder / "worker" / "restart.sh").write_text(script)
        worker = next(line for line in PROCFILE.splitlines() if line.startswith("worker:"))
        (folder / "Procfile").write_text(f"web: exec {sys.executable} {folder / 'web.py'}\n{worker}\n")
        environment = environment_of(home) | {"MNER_SERVING": "1"}
        command = [sys.executable, "-m", "honcho", "start", "-f", str(folder / "Procfile")]
        self.process = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True)
        self.home = home
        self.web = one("web.py", self.everybody)
        self.supervisor()  # honcho 2.0.0 breaks when it is interrupted before it knows of all its processes

    @property
    def pid(self) -> int:
        return self.process.pid

    def everybody(self) -> list[int]:
        return of_home(self.home.root)

    def find(self, text: str) -> int:
        return one(text, self.everybody)

    def loop(self) -> int:
        return self.find("sh restart.sh")

    def supervisor(self) -> int:
        return self.find("-m worker ")


@pytest.fixture
def runner(tmp_path: Path, home: Home) -> Iterator[Runner]:
    started = Runner(tmp_path, home)
    yield started
    if started.process.poll() is None:
        os.killpg(started.pid, signal.SIGINT)
        started.process.wait(20)
    wait_for(lambda: not started.everybody(), 10)


def test_the_restart_loop_is_not_called_worker(runner: Runner) -> None:
    """Who kills all that has the worker's name must leave what brings it back."""
    assert command_line(runner.loop()).split() == ["sh", "restart.sh"]


def test_kill_9_of_each_and_of_all_leaves_the_web_alone(runner: Runner, filled: Store) -> None:
    training = enqueue(
        filled, "train", train_payload(name="first", settings={"epochs": 400}), author="anna", max_tries=9
    )
    attempt = 1
    for victim in ("child", "serving", "supervisor", "named", "supervisor"):
        wait_for(lambda: has_begun(filled, training.id, attempt))  # noqa: B023 - asked at once
        runner.find("worker.serving")
        victims = {
            "child": lambda: [runner.find("worker.child")],
            "serving": lambda: [runner.find("worker.serving")],
            "supervisor": lambda: [runner.supervisor()],
            "named": lambda: [pid for pid in runner.everybody() if "worker" in own_words(pid)],
        }[victim]()
        kill(*victims)
        ends(victims)
        wait_for(lambda: named("-m worker ", runner.everybody()), 10)
        assert not is_gone(runner.web), f"the web went with the {victim}"
        attempt += victim != "serving"
    wait_for(lambda: has_begun(filled, training.id, attempt))
    assert not is_gone(runner.web)
    assert runner.process.poll() is None


def own_words(pid: int) -> str:
    """A command line without the path of Python, which may have any word in it."""
    return command_line(pid).replace(sys.executable, "")


def has_begun(store: Store, job_id: int, attempt: int) -> bool:
    """Whether the training's epochs go on in that attempt."""
    now = job(store, job_id)
    return (now.status, now.attempt) == ("running", attempt) and now.message.startswith("epoch")


def test_a_supervisor_that_is_told_to_stop_comes_back_as_well(runner: Runner) -> None:
    """Only the runner ends the worker's line: the end of a line is the end of the web."""
    before = runner.supervisor()
    os.kill(before, signal.SIGTERM)
    ends([before])
    wait_for(lambda: named("-m worker ", runner.everybody()), 10)
    assert not is_gone(runner.web)


def test_without_its_restart_loop_the_worker_goes_on_and_still_stops_with_the_runner(runner: Runner) -> None:
    before = runner.supervisor()
    kill(runner.loop())
    time.sleep(1.0)
    assert not is_gone(before)
    assert not is_gone(runner.web)
    everybody = runner.everybody()
    os.killpg(runner.pid, signal.SIGINT)
    runner.process.wait(20)
    ends(everybody, 5)


def test_a_restart_loop_that_is_told_to_stop_stops_the_worker(home: Home, tmp_path: Path) -> None:
    """As a service manager does: one signal to one process, and jobs are given back."""
    with subprocess.Popen(["sh", "worker/restart.sh"], cwd=ROOT, env=environment_of(home)) as loop:
        try:
            supervisor = one("-m worker ", lambda: of_home(home.root))
            wait_for(lambda: (home.root / "store.sqlite").exists() or list(home.root.glob("*.lock")))
        finally:
            loop.terminate()
        loop.wait(10)
        ends([supervisor], 5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_at_the_end_nobody_is_left(runner: Runner, filled: Store, number: signal.Signals) -> None:
    training = enqueue(filled, "train", train_payload(settings={"epochs": 400}), author="anna")
    runner.find("worker.child")
    runner.find("worker.serving")
    everybody = runner.everybody()
    os.kill(runner.pid, number)
    runner.process.wait(20)
    ends(everybody, 5)
    assert job(filled, training.id).status == "queued", "the job was given back at once"


def test_a_killed_runner_leaves_no_worker(runner: Runner) -> None:
    runner.supervisor()
    everybody = [pid for pid in runner.everybody() if pid != runner.web]
    kill(runner.pid)
    kill(*[pid for pid in everybody if "honcho" in command_line(pid)])
    ends(everybody, 15)
    with contextlib.suppress(ProcessLookupError):  # nobody reads what it prints either
        kill(runner.web)


def test_the_real_lines() -> None:
    lines = dict(line.split(": ", 1) for line in PROCFILE.splitlines())
    assert set(lines) == {"web", "worker"}
    assert all("exec " in line for line in lines.values()), "no second shell stands between runner and program"
    assert "$PORT" in lines["web"]
    assert lines["worker"] == "cd worker && exec sh restart.sh"
