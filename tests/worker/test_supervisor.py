"""The supervisor's turns, one by one: what it does, how often, and in which order."""

import os
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from db import requests, workers
from db.connection import StoreError
from db.engine import Store
from db.job_leases import claim
from db.jobs import enqueue, job
from tests.worker.processes import wait_for
from worker import supervisor as module
from worker.first_start import AUTHOR
from worker.settings import WorkerSettings
from worker.supervisor import Supervisor, say

DOES = [sys.executable, "-I", "-S", "-c", "import os, sys; os.write(int(sys.argv[4]), b'{\"result\": {}}\\n')"]
Make = Callable[..., Supervisor]


class Clock:
    """Seconds, set by hand; sleeping is noted and takes the time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def time_ns(self) -> int:
        return 7_000_000_042

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(module, "time", found)
    return found


@pytest.fixture
def make(store: Store) -> Any:
    made: list[Supervisor] = []

    def one(*devices: str, **settings: Any) -> Supervisor:
        chosen: dict[str, Any] = {"demo": False, "serving": False, **settings}
        made.append(Supervisor(store, WorkerSettings(devices=devices or ("cpu",), **chosen), DOES))
        return made[-1]

    yield one
    for each in made:
        each._leave()


def test_it_takes_every_device_and_the_lane_of_light_jobs_and_says_so(
    make: Make, store: Store, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    one = make("cuda:0", "cuda:1")
    assert [each.device for each in one.waiting] == ["cuda:0", "cuda:1", "light"]
    assert one.name == f"{one.host}-{os.getpid()}-42"
    assert not workers.is_running(store)
    one.step()
    assert one.waiting == []
    assert [each.device for each in one.executors] == ["cuda:0", "cuda:1", "light"]
    assert [each.place for each in one.executors] == [
        f"{one.host}:{device}" for device in ("cuda:0", "cuda:1", "light")
    ]
    assert capsys.readouterr().out.splitlines()[2] == "The worker takes import, count, figure (light)."
    [beat] = workers.alive(store)
    assert (beat.name, beat.device) == (one.name, "cuda:0, cuda:1")
    assert beat.detail == {"host": one.host, "pid": os.getpid(), "serving": False}


def test_a_device_that_another_has_is_asked_for_once_a_second(make: Make, clock: Clock) -> None:
    first, second = make("cpu"), make("cpu", "cuda:0")
    first.step()
    second.step()
    assert [each.device for each in second.executors] == ["cuda:0"]
    first._leave()
    clock.now += 0.999
    second.step()
    assert [each.device for each in second.waiting] == ["cpu", "light"]
    clock.now += 0.001
    second.step()
    assert second.waiting == []


def held(store: Store, owner: str, place: str) -> int:
    """A job that runs there."""
    wanted = enqueue(store, "train", {"name": place}, author="anna")
    found = claim(store, owner, place, ("train",))
    assert found is not None
    assert found.id == wanted.id
    return found.id


@pytest.mark.parametrize(("dead", "status"), [(True, "queued"), (False, "running")])
def test_the_job_of_a_dead_worker_on_its_device_is_taken_up_and_no_other(
    make: Make, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch, dead: bool, status: str
) -> None:
    one = make("cpu")
    monkeypatch.setattr(module.JobExecutor, "step", lambda self: None)  # nothing is begun
    there = held(store, "dead" if dead else one.name, f"{one.host}:cpu")
    elsewhere = [held(store, "dead", place) for place in (f"{one.host}:cuda:0", "elsewhere:cpu")]
    one.step()
    assert job(store, there).status == status
    assert [job(store, each).status for each in elsewhere] == ["running", "running"]


def test_who_has_a_device_is_asked_once_when_it_is_taken(
    make: Make, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make("cpu")
    monkeypatch.setattr(module.JobExecutor, "step", lambda self: None)
    one.step()
    later = held(store, "dead", f"{one.host}:cpu")
    one.step()
    assert job(store, later).status == "running", "its lease decides"


def test_it_gives_a_sign_and_cleans_up_as_often_as_it_says(
    make: Make, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, float]] = []
    monkeypatch.setattr(workers, "beat", lambda *arguments: done.append(("beat", clock.now - 1000)))
    monkeypatch.setattr(requests, "clean_up", lambda store: done.append(("clean", clock.now - 1000)))
    one = make()
    for _ in range(131):
        one.step()
        clock.now += 0.5
    assert [at for what, at in done if what == "beat"] == [5.0 * number for number in range(14)]
    assert [at for what, at in done if what == "clean"] == [0.0, 60.0]


def test_jobs_are_done_and_the_chain_goes_on_where_it_is_wanted(
    make: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(module.first_start, "go_on", lambda store: asked.append(1))
    one = make(demo=True)
    one.step()
    assert asked == [1], "asked at the beginning"
    ended = []
    for author, wanted in (("anna", 1), (AUTHOR, 2)):
        ended.append(enqueue(store, "import", {"name": author, "folder": "x"}, author=author).id)

        def turn() -> bool:
            one.step()
            return job(store, ended[-1]).status == "done" and all(each.running is None for each in one.executors)

        wait_for(turn, 20)
        one.step()
        assert len(asked) == wanted, author


def test_without_demonstration_or_without_a_device_no_chain_begins(
    make: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(module.first_start, "go_on", lambda store: asked.append(1))
    first = make("cpu")
    first.step()
    second = make("cpu", demo=True)
    second.step()
    assert second.executors == []
    assert asked == []


class Serving:
    """A serving child that only counts."""

    def __init__(self, store: Store, owner: str, device: str) -> None:
        self.owner, self.device, self.steps, self.is_alive, self.is_stopped = owner, device, 0, True, False

    def step(self) -> None:
        self.steps += 1

    def stop(self) -> None:
        self.is_stopped = True


def test_the_serving_child_is_stepped_told_of_and_stopped(
    make: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ServingProcess", Serving)
    one = make("cuda:1", "cuda:0", serving=True)
    one.step()
    assert isinstance(one.serving, Serving)
    assert (one.serving.owner, one.serving.device, one.serving.steps) == (f"{one.name}-serving", "cuda:1", 1)
    [beat] = workers.alive(store)
    assert beat.detail["serving"] is True
    one._leave()
    assert one.serving.is_stopped
    assert workers.alive(store) == []
    assert not workers.is_running(store)


@pytest.mark.parametrize(
    ("kind", "status", "is_due"),
    [("count", "done", True), ("count", "failed", False), ("count", "cancelled", False), ("import", "done", False),
     ("train", "done", False), (None, None, False)],
)  # fmt: skip
def test_after_a_count_it_is_asked_whether_more_waits(
    make: Make, monkeypatch: pytest.MonkeyPatch, kind: str | None, status: str | None, is_due: bool
) -> None:
    """Posts may have been added while it counted. A count that failed is not begun again and again."""
    asked: list[int] = []
    monkeypatch.setattr(module, "count_in_background", lambda store: asked.append(1))
    monkeypatch.setattr(module.JobExecutor, "step", lambda self: None)
    one = make("cpu")
    one.step()
    asked.clear()  # the start itself asks
    ended = kind and SimpleNamespace(kind=kind, status=status, author="anna")
    monkeypatch.setattr(module.JobExecutor, "step", lambda self: ended if self.device == "light" else None)
    one.step()
    monkeypatch.setattr(module.JobExecutor, "step", lambda self: None)
    one.step()
    assert len(asked) == is_due


def test_it_runs_until_it_is_told_to_stop(
    make: Make, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make()
    turns: list[float] = []

    def step() -> None:
        turns.append(clock.now)
        if len(turns) == 3:
            one.stop(15, None)

    monkeypatch.setattr(one, "step", step)
    monkeypatch.setattr(module.parent_death, "is_output_unread", lambda: False)
    one.run()
    assert clock.slept == [module.TICK] * 3
    assert len(turns) == 3


def test_it_ends_when_nobody_reads_what_it_says(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one = make()
    monkeypatch.setattr(module.parent_death, "is_output_unread", lambda: True)
    monkeypatch.setattr(one, "step", lambda: pytest.fail("its runner is gone"))
    one.run()
    assert not one.is_stopping


def test_while_the_store_fails_it_says_so_once_a_second(
    make: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = make()
    turns: list[float] = []

    def step() -> None:
        turns.append(round(clock.now - 1000, 6))
        if len(turns) == 3:
            one.stop()
        raise StoreError("The store is full.")

    monkeypatch.setattr(one, "step", step)
    monkeypatch.setattr(module.parent_death, "is_output_unread", lambda: False)
    monkeypatch.setattr(module, "TICK", 0.25)
    one.run()
    assert turns == [0.0, 1.0, 2.0]
    assert capsys.readouterr().out == "The store is full.\n" * 3


def test_whatever_fails_at_the_end_the_rest_is_done(make: Make, store: Store, clock: Clock) -> None:
    def broken(*_: object) -> None:
        raise StoreError("The store is full.")

    one = make()
    one.step()
    one.executors[0] = SimpleNamespace(stop=broken)  # type: ignore[call-overload]
    stopped: list[int] = []
    one.executors[1] = SimpleNamespace(stop=lambda: stopped.append(1))  # type: ignore[call-overload]
    one._leave()
    assert stopped == [1]
    assert not workers.is_running(store)


def test_a_line_that_nobody_reads_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("builtins.print", broken)
    say("Hello.")
