"""Under the runner that `make run` uses: whatever dies of the worker, the web goes on; at the end nobody is left."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.engine import Store
from db.jobs import enqueue, job
from mner_core.home import Home
from tests.worker.conftest import environment_of, train_payload
from tests.worker.processes import ROOT, below, command_line, ends, is_gone, kill, named, one, wait_for

PROCFILE = (ROOT / "Procfile").read_text(encoding="utf-8")
WEB = "import sys, time\nwhile True:\n    print('web is here', flush=True)\n    time.sleep(1)\n"
pytestmark = pytest.mark.slow


class Runner:
    """honcho with the real worker's line and a web that only says that it is there."""

    def __init__(self, folder: Path, home: Home) -> None:
        (folder / "web.py").write_text(WEB)
        worker = next(line for line in PROCFILE.splitlines() if line.startswith("worker:"))
        worker = worker.replace(".venv/bin/python", sys.executable)
        (folder / "Procfile").write_text(f"web: exec {sys.executable} {folder / 'web.py'}\n{worker}\n")
        environment = environment_of(home) | {"MNER_SERVING": "1"}
        command = [sys.executable, "-m", "honcho", "start", "-f", str(folder / "Procfile"), "-d", str(ROOT)]
        self.process = subprocess.Popen(command, env=environment, start_new_session=True)
        self.web = one("web.py", self.process.pid)

    @property
    def pid(self) -> int:
        return self.process.pid

    def keeper(self) -> int:
        return one("- kept", self.pid)

    def supervisor(self) -> int:
        return one("worker.supervisor", self.pid)


@pytest.fixture
def runner(tmp_path: Path, home: Home) -> Iterator[Runner]:
    started = Runner(tmp_path, home)
    everybody = [started.pid, *below(started.pid)]
    yield started
    everybody += below(started.pid)
    if started.process.poll() is None:
        os.killpg(started.pid, signal.SIGINT)
        started.process.wait(20)
    ends(everybody)


def test_the_keeper_is_not_called_worker(runner: Runner) -> None:
    """Who kills all that has the worker's name must leave the one who brings it back."""
    assert "worker" not in command_line(runner.keeper()).replace(sys.executable, "")


def test_kill_9_of_each_and_of_all_leaves_the_web_alone(runner: Runner, filled: Store) -> None:
    training = enqueue(filled, "train", train_payload(name="first", settings={"epochs": 400}), author="anna")
    attempts = 0
    for victim in ("child", "serving", "supervisor", "keeper", "named", "group"):
        one("worker.serving", runner.pid)
        one("worker.child", runner.pid)
        wait_for(lambda: job(filled, training.id).message.startswith("epoch"))
        assert job(filled, training.id).attempt > attempts or victim == "supervisor"
        attempts = job(filled, training.id).attempt
        victims = {
            "child": lambda: [one("worker.child", runner.pid)],
            "serving": lambda: [one("worker.serving", runner.pid)],
            "supervisor": lambda: [runner.supervisor()],
            "keeper": lambda: [runner.keeper()],
            "named": lambda: named("worker", below(runner.pid)),
            "group": lambda: [-os.getpgid(runner.supervisor())],
        }[victim]()
        kill(*victims)
        ends([pid for pid in victims if pid > 0])
        runner.supervisor()
        assert not is_gone(runner.web), f"the web went with the {victim}"
    one("worker.child", runner.pid)
    assert runner.process.poll() is None
    assert job(filled, training.id).status in {"running", "queued"}


def test_a_killed_keeper_is_followed_by_the_supervisor_and_still_stops_with_the_runner(runner: Runner) -> None:
    for _ in range(2):
        keeper, supervisor = runner.keeper(), runner.supervisor()
        kill(keeper)
        wait_for(lambda: named("- kept", [supervisor]))  # noqa: B023 - asked at once
        assert runner.supervisor() != supervisor
        assert os.getpgid(supervisor) == os.getpgid(keeper)
    everybody = below(runner.pid)
    os.killpg(runner.pid, signal.SIGINT)
    runner.process.wait(20)
    ends(everybody, 5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_at_the_end_nobody_is_left(runner: Runner, filled: Store, number: signal.Signals) -> None:
    training = enqueue(filled, "train", train_payload(settings={"epochs": 400}), author="anna")
    one("worker.child", runner.pid)
    one("worker.serving", runner.pid)
    everybody = below(runner.pid)
    os.kill(runner.pid, number)
    runner.process.wait(20)
    ends(everybody, 5)
    assert job(filled, training.id).status == "queued", "the job was given back at once"


def test_a_killed_runner_leaves_no_worker(runner: Runner) -> None:
    runner.supervisor()
    everybody = [pid for pid in below(runner.pid) if pid != runner.web]
    kill(runner.pid)
    kill(*[pid for pid in everybody if "honcho" in command_line(pid)])
    ends(everybody, 15)
    kill(runner.web)


def test_the_real_lines() -> None:
    lines = dict(line.split(": ", 1) for line in PROCFILE.splitlines())
    assert set(lines) == {"web", "worker"}
    assert all(line.startswith("exec ") for line in lines.values()), "no shell stands between runner and program"
    assert "$PORT" in lines["web"]
    assert re.fullmatch(r"exec \.venv/bin/python - kept < worker/__main__\.py", lines["worker"])
