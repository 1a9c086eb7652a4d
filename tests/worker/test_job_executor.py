"""A slot and its child, with children that are a line of Python."""

import os
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from db import job_leases
from db.engine import Store, open_store
from db.jobs import Job, Kind, cancel, enqueue, events, job, log_path
from mner_core.home import Home
from tests.worker.processes import is_gone, wait_for
from worker import job_executor as job_executor
from worker.job_executor import LIGHT_LANE, JobExecutor

FAST = (sys.executable, "-I", "-S", "-c")
PREAMBLE = """
import os, sys, time, json, signal
def say(**message): os.write(int(sys.argv[4]), json.dumps(message).encode() + b"\\n")
"""


def slot(store: Store, code: str, device: str = "cpu", lease: float = 30.0) -> JobExecutor:
    return JobExecutor(store, f"owner of {device}", device, f"here:{device}", lease, [*FAST, PREAMBLE + code])


def put(store: Store, **more: object) -> Job:
    return enqueue(store, "train", {"name": "first"}, author="anna", **more)  # type: ignore[arg-type]


def run(one: JobExecutor, until: float = 10) -> Job:
    """Steps until a job has ended."""
    found: list[Job | None] = []

    def step() -> bool:
        found.append(one.step())
        return found[-1] is not None

    wait_for(step, until)
    assert found[-1] is not None
    return found[-1]


def start(one: JobExecutor) -> int:
    """Steps until a child runs and has said something; returns its process."""
    wait_for(lambda: one.step() is None and one.running is not None and one.running.inbox.progress is not None)
    assert one.running is not None
    return one.running.child.pid


def test_a_child_that_is_done(store: Store) -> None:
    code = """
say(progress=0.5, message="half")
say(event="epoch", data={"f1": 71.0})
print("hello from", os.environ["CUDA_VISIBLE_DEVICES"] or "the CPU", flush=True)
say(result={"run": "first"})
"""
    put(store)
    done = run(slot(store, code))
    assert (done.status, done.result, done.error, done.attempt) == ("done", {"run": "first"}, "", 1)
    assert [each.kind for each in events(store, done.id)] == ["queued", "claimed", "epoch", "ended"]
    log = log_path(store.home, done.id).read_text()
    assert "attempt 1 on cpu" in log
    assert "hello from the CPU" in log


@pytest.mark.parametrize("there", ["no home", "no folder", "the folder", "an older log"])
def test_its_log_is_written_whatever_there_is(tmp_path: Path, there: str) -> None:
    """The store may lie elsewhere, and somebody may have cleared the home's folders away while the worker waited."""
    home = Home(tmp_path / "deep" / "home")
    store = open_store(home, f"sqlite:///{tmp_path}/store.db")
    assert not home.root.exists()
    file = log_path(home, put(store).id)
    if there != "no home":
        home.root.mkdir(parents=True)
    if there in ("the folder", "an older log"):
        file.parent.mkdir()
    if there == "an older log":
        file.write_text("what an earlier attempt said\n")
    done = run(slot(store, "say(result={})"))
    store.close()
    assert (done.status, done.error) == ("done", "")
    said = file.read_text()
    assert "attempt 1 on cpu" in said
    assert said.startswith("what an earlier attempt said") == (there == "an older log")


def test_a_gpu_is_the_only_one_its_child_sees(store: Store) -> None:
    put(store)
    done = run(slot(store, "say(result={'seen': os.environ['CUDA_VISIBLE_DEVICES']})", "cuda:3"))
    assert done.result == {"seen": "3"}


def test_a_failure_is_a_sentence(store: Store) -> None:
    put(store)
    failed = run(slot(store, "say(error='There is no data set x.'); sys.exit(2)"))
    assert (failed.status, failed.error, failed.result) == ("failed", "There is no data set x.", None)


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "sys.exit(3)", "sys.exit(0)"])
def test_a_child_that_dies_without_a_word_is_tried_again_and_then_given_up(store: Store, end: str) -> None:
    queued = put(store, max_tries=2)
    one = slot(store, "say(progress=0.1, message='x')\n" + end)
    assert run(one).status == "queued"
    last = run(one)
    assert (last.status, last.attempt) == ("failed", 2)
    assert "ended without a result 2 times, the last time " in last.error
    assert "Retry" in last.error
    assert [each.kind for each in events(store, queued.id)].count("died") == 2
    assert "ended without a result" in log_path(store.home, queued.id).read_text()


def test_cancelling_ends_the_child_and_what_it_left(store: Store) -> None:
    queued = put(store)
    one = slot(store, "say(progress=0.1, message='x')\ntime.sleep(60)")
    child = start(one)
    unfinished = store.home.runs / ".first.unfinished"
    unfinished.mkdir(parents=True)
    cancel(store, queued.id)
    begin = time.monotonic()
    assert run(one).status == "cancelled"
    assert time.monotonic() - begin < job_executor.GRACE, "it was gentle: no kill was needed"
    assert is_gone(child)
    assert not unfinished.exists()


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("import", {"name": "first", "folder": "x"}),
        ("predict", {"name": "first", "run": "first", "dataset": "scenes"}),
        ("features", {"name": "first", "dataset": "first"}),
        ("train", {"name": "first", "dataset": "other"}),
    ],
)
def test_cancelling_a_job_leaves_the_unfinished_training_of_another(
    store: Store, kind: Kind, payload: dict[str, str]
) -> None:
    """A training that was interrupted waits with its checkpoint while a job of the same name is stopped."""
    stopped = enqueue(store, kind, payload, author="ben", priority=1)
    waiting = put(store)
    checkpoint = store.home.runs / ".first.unfinished" / "checkpoint" / "place.json"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_text("{}")
    device = LIGHT_LANE if kind == "import" else "cpu"
    one = slot(store, "say(progress=0.1, message='x')\ntime.sleep(60)", device)
    start(one)
    cancel(store, stopped.id)
    assert run(one).id == stopped.id
    assert checkpoint.exists()
    assert job(store, waiting.id).status == "queued"


@pytest.mark.parametrize("kind", ["import", "count", "figure"])
def test_a_light_job_is_done_while_a_training_goes_on(store: Store, kind: Kind) -> None:
    """Fifteen posts once waited eighteen minutes for the trainings before them."""
    put(store)
    put(store, priority=9)
    training = slot(store, "say(progress=0.1, message='x'); time.sleep(60)")
    start(training)
    asked = enqueue(store, kind, {"name": "second", "folder": "x"}, author="anna")
    light = slot(store, "say(result={})", LIGHT_LANE)
    try:
        assert run(light).id == asked.id
        assert job(store, asked.id).status == "done"
        assert training.running is not None, "and the training has not been asked to make room"
    finally:
        training.stop()


@pytest.mark.parametrize("training", ["failed, to be retried", "begun at the command line"])
@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("import", {"name": "first", "folder": "x"}),
        ("suspicious", {"name": "first", "dataset": "scenes"}),
        ("features", {"name": "first", "dataset": "first"}),
    ],
)
def test_cancelling_a_job_of_another_kind_leaves_a_training_that_no_job_waits_for(
    store: Store, kind: Kind, payload: dict[str, str], training: str
) -> None:
    """Only the kind tells these two apart: the folder has the name, and no waiting job speaks for it."""
    if training.startswith("failed"):
        put(store)
        failed = job_leases.claim(store, "owner", "here:gpu")
        assert failed is not None
        job_leases.fail(store, failed, "The disk was full.")
    checkpoint = store.home.runs / ".first.unfinished" / "checkpoint" / "place.json"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_text("{}")
    enqueued = enqueue(store, kind, payload, author="ben")
    one = slot(store, "say(progress=0.1, message='x')\ntime.sleep(60)", LIGHT_LANE if kind == "import" else "cpu")
    start(one)
    cancel(store, enqueued.id)
    assert run(one).status == "cancelled"
    assert checkpoint.exists()


def test_a_child_that_will_not_stop_is_killed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_executor, "GRACE", 0.2)
    queued = put(store)
    one = slot(store, "signal.signal(15, signal.SIG_IGN)\nsay(progress=0.1, message='x')\ntime.sleep(60)")
    child = start(one)
    cancel(store, queued.id)
    assert run(one).status == "cancelled"
    assert is_gone(child)


def test_what_is_done_before_the_cancel_arrives_stays_done(store: Store) -> None:
    queued = put(store)
    one = slot(
        store,
        "signal.signal(15, lambda *_: (say(result={}), os._exit(0)))\nsay(progress=0.1, message='x')\ntime.sleep(60)",
    )
    start(one)
    cancel(store, queued.id)
    assert run(one).status == "done"


def test_progress_is_stored_once_a_second_at_most(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[float] = []
    heartbeat = job_leases.heartbeat

    def counted(*arguments: object, **more: object) -> bool:
        written.append(time.monotonic())
        return heartbeat(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(job_leases, "heartbeat", counted)
    queued = put(store)
    one = slot(
        store, "for n in range(220): say(progress=n / 220, message=f'{n} of 220'); time.sleep(0.01)\nsay(result={})"
    )
    run(one)
    assert len(written) >= 2, "a child of two seconds was heard"
    assert all(later - earlier >= 0.99 for earlier, later in pairwise(written))
    assert job(store, queued.id).message.endswith("of 220")


def test_an_idle_child_keeps_its_lease(store: Store) -> None:
    queued = put(store)
    one = slot(store, "say(progress=0.1, message='x')\ntime.sleep(2)\nsay(result={})", lease=0.6)
    start(one)
    other = JobExecutor(store, "another", "gpu", "there:gpu", 0.6, [*FAST, "raise SystemExit"])
    ends: list[Job] = []
    while not ends:
        other.step()
        assert other.running is None, "the job was taken from a worker that lives"
        ends += [each] if (each := one.step()) else []
        time.sleep(0.02)
    assert (ends[0].id, ends[0].status, ends[0].attempt) == (queued.id, "done", 1)


def test_who_lost_the_lease_kills_its_child_and_writes_nothing(store: Store) -> None:
    queued = put(store)
    one = slot(store, "say(progress=0.1, message='x')\ntime.sleep(60)")
    child = start(one)
    held = job(store, queued.id)
    job_leases.lost(store, held)
    taken = job_leases.claim(store, "another", "there:cpu")
    assert taken is not None
    wait_for(lambda: one.step() is None and one.running is None)
    assert is_gone(child)
    now = job(store, queued.id)
    assert (now.status, now.owner, now.attempt) == ("running", "another", 2)


def test_stopping_gives_the_job_back_and_counts_no_try(store: Store) -> None:
    queued = put(store, max_tries=1)
    one = slot(store, "say(progress=0.1, message='x')\ntime.sleep(60)")
    child = start(one)
    one.stop()
    assert is_gone(child)
    assert job(store, queued.id).status == "queued"
    assert run(slot(store, "say(result={})")).status == "done", "max_tries 1 was not used up"


def test_nothing_of_the_supervisor_is_left_open_in_the_child(store: Store, tmp_path: Path) -> None:
    put(store)
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        done = run(slot(store, "say(result={'open': len(os.listdir('/proc/self/fd'))})"))
    assert done.result == {"open": 5}, "0, 1, 2, the pipe, and the listing itself"
