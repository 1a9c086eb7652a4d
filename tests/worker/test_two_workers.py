"""Several supervisors on one store."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from db.engine import Store
from db.jobs import cancel, enqueue, events, job, jobs
from tests.worker.processes import ROOT, wait_for

SUPERVISOR = """
import signal, sys
from pathlib import Path
from db.engine import open_store
from mner_core.home import Home
from worker import supervisor
from worker.settings import WorkerSettings

home, device, code = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
supervisor.TICK = 0.01
settings = WorkerSettings(devices=(device,), demo=False, serving=False)
one = supervisor.Supervisor(open_store(Home(home)), settings, [sys.executable, "-I", "-S", "-c", code])
signal.signal(signal.SIGTERM, one.stop)
one.run()
"""
JOB = """
import os, sys
done = os.open({out!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(done, sys.argv[1].encode() + b"\\n")
os.write(int(sys.argv[4]), b'{{"result": {{}}}}\\n')
"""


def supervisor(store: Store, device: str, out: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", SUPERVISOR, str(store.home.root), device, JOB.format(out=str(out))]
    return subprocess.Popen(command, cwd=ROOT)


@pytest.mark.slow
def test_three_hundred_jobs_run_once_each(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "done.txt"
    wanted = [enqueue(store, "train", {}, author="anna").id for _ in range(300)]
    both = [supervisor(store, device, out) for device in ("cpu-a", "cpu-b")]
    try:
        wait_for(lambda: len(jobs(store, ("done",), limit=1000)) == 300, 300)
    finally:
        for each in both:
            each.terminate()
        assert [each.wait(20) for each in both] == [0, 0]
    assert Counter(map(int, out.read_text().split())) == Counter(wanted)
    assert {each.attempt for each in jobs(store, limit=1000)} == {1}
    shares = Counter(
        event.data["device"] for each in wanted for event in events(store, each) if event.kind == "claimed"
    )
    assert len(shares) == 2, "both of them worked"


def test_the_second_on_one_device_waits_until_the_first_is_gone(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "done.txt"
    first = supervisor(store, "cpu", out)
    enqueue(store, "train", {}, author="anna")
    wait_for(lambda: jobs(store, ("done",)))
    second = supervisor(store, "cpu", out)
    try:
        enqueue(store, "train", {}, author="anna")
        wait_for(lambda: len(jobs(store, ("done",))) == 2)
        first.kill()
        first.wait()
        last = enqueue(store, "train", {}, author="anna")
        wait_for(lambda: len(jobs(store, ("done",))) == 3, 20)
        [claimed] = [event for event in events(store, last.id) if event.kind == "claimed"]
        assert f"-{second.pid}-" in claimed.data["owner"]
    finally:
        second.terminate()
        second.wait(20)


SLOW = """
import os, sys, time
if sys.argv[1] == {stuck!r}: time.sleep(600)
os.write(int(sys.argv[4]), b'{{"progress": 0.1, "message": "on"}}\\n')
time.sleep({seconds})
os.write(int(sys.argv[4]), b'{{"result": {{}}}}\\n')
"""


def slow_supervisor(store: Store, stuck: int = 0, seconds: float = 0.0) -> "subprocess.Popen[bytes]":
    """One whose jobs take so many seconds, but for one that never ends."""
    code = SLOW.format(stuck=str(stuck), seconds=seconds)
    return subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(store.home.root), "cpu", code], cwd=ROOT)


def test_an_import_waits_for_no_training(store: Store) -> None:
    training = enqueue(store, "train", {"dataset": "other"}, author="anna")
    behind = [enqueue(store, kind, {"dataset": "other"}, author="anna") for kind in ("train", "features", "predict")]
    worker = slow_supervisor(store, stuck=training.id)
    try:
        wait_for(lambda: job(store, training.id).status == "running")
        imports = [enqueue(store, "import", {"name": str(n), "folder": "x"}, author="ben") for n in range(2)]
        wait_for(lambda: [job(store, each.id).status for each in imports] == ["done", "done"])
        assert job(store, training.id).status == "running"
        assert {job(store, each.id).status for each in behind} == {"queued"}
        cancel(store, training.id)
        wait_for(lambda: all(job(store, each.id).status == "done" for each in behind))
    finally:
        worker.terminate()
        worker.wait(20)


@pytest.mark.slow
def test_six_imports_end_however_often_their_supervisor_is_killed(store: Store) -> None:
    wanted = [enqueue(store, "import", {"name": str(n), "folder": "x"}, author="ben", max_tries=1) for n in range(6)]
    for number, each in enumerate(wanted):
        for attempt in range(1, 3 if number % 2 else 5):
            worker = slow_supervisor(store, stuck=each.id)
            wait_for(lambda: (job(store, each.id).status, job(store, each.id).attempt) == ("running", attempt))  # noqa: B023 - asked at once
            worker.kill()
            worker.wait()
    worker = slow_supervisor(store)
    try:
        wait_for(lambda: all(job(store, each.id).status == "done" for each in wanted))
    finally:
        worker.terminate()
        worker.wait(20)
    assert [job(store, each.id).tries for each in wanted] == [0] * 6
    assert [job(store, each.id).attempt for each in wanted] == [5, 3, 5, 3, 5, 3]
