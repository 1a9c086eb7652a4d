"""The serving child as its supervisor keeps it: started, found dead, started again later and later, ended."""

import os
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from db import requests
from db.engine import Store
from worker import serving_process
from worker.serving_process import LONGEST_PAUSE, ServingProcess


class Child:
    """A process that lives until it is said to have died."""

    def __init__(self, command: list[str], stdout: Any, **options: Any) -> None:
        self.command, self.options, self.mode = command, options, stdout.mode
        stdout.write(b"begun\n")
        self.status: int | None = None
        self.calls: list[str] = []
        self.stdin = SimpleNamespace(close=lambda: self.calls.append("input closed"))

    def poll(self) -> int | None:
        return self.status

    def kill(self) -> None:
        self.calls.append("killed")

    def wait(self) -> None:
        self.calls.append("waited for")


class Scene:
    """A clock that is set by hand, and the children that were started."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.children: list[Child] = []

    def start(self, *arguments: Any, **options: Any) -> Child:
        self.children.append(Child(*arguments, **options))
        return self.children[-1]


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    found = Scene()
    monkeypatch.setattr(serving_process, "time", SimpleNamespace(monotonic=lambda: found.now))
    fake = SimpleNamespace(Popen=found.start, PIPE=subprocess.PIPE, STDOUT=subprocess.STDOUT)
    monkeypatch.setattr(serving_process, "subprocess", fake)
    return found


def test_it_is_started_once_and_lives_until_it_dies(store: Store, scene: Scene) -> None:
    one = ServingProcess(store, "me-serving")
    assert not one.is_alive
    one.step()
    assert one.is_alive
    one.step()
    [child] = scene.children
    assert child.calls == []
    child.status = 0
    assert not one.is_alive


def test_what_it_is_told(store: Store, scene: Scene) -> None:
    ServingProcess(store, "me-serving").step()
    [child] = scene.children
    assert child.command == [sys.executable, "-m", "worker.serving", "me-serving", str(os.getpid())]
    assert child.options["stdin"] == subprocess.PIPE
    assert child.options["stderr"] == subprocess.STDOUT
    assert child.options["process_group"] == 0
    assert child.options["env"]["CUDA_VISIBLE_DEVICES"] == "", "it computes on the CPU"


def test_it_computes_on_the_device_of_its_worker(store: Store, scene: Scene) -> None:
    ServingProcess(store, "me-serving", "cuda:3").step()
    [child] = scene.children
    assert child.options["env"]["CUDA_VISIBLE_DEVICES"] == "3"


@pytest.mark.parametrize(("size", "kept"), [(0, True), ((1 << 20) - 1, True), (1 << 20, False), (2 << 20, False)])
def test_its_log_goes_on_until_it_has_a_megabyte(store: Store, scene: Scene, size: int, kept: bool) -> None:
    log = store.home.logs / "serving.log"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"x" * size)
    ServingProcess(store, "me-serving").step()
    assert log.read_bytes() == (b"x" * size if kept else b"") + b"begun\n"


def test_a_new_log_and_its_folder_are_made(store: Store, scene: Scene) -> None:
    ServingProcess(store, "me-serving").step()
    assert (store.home.logs / "serving.log").read_bytes() == b"begun\n"


def starts(one: ServingProcess, scene: Scene, seconds: float) -> bool:
    """Whether the next child starts after so many seconds, and not a moment before."""
    number = len(scene.children)
    scene.now += seconds - 0.001
    one.step()
    early = len(scene.children) > number
    scene.now += 0.001
    one.step()
    return not early and len(scene.children) == number + 1


def test_one_that_keeps_dying_at_once_comes_back_later_and_later(store: Store, scene: Scene) -> None:
    one = ServingProcess(store, "me-serving")
    one.step()
    for pause in (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_PAUSE, LONGEST_PAUSE):
        child = scene.children[-1]
        scene.now += 10.0  # as long as that is still at once
        child.status = 1
        one.step()
        assert child.calls == ["killed", "waited for", "input closed"]
        assert scene.children[-1] is child, "the pause begins"
        assert starts(one, scene, pause), pause


def test_one_that_has_worked_for_a_while_comes_back_at_once(store: Store, scene: Scene) -> None:
    one = ServingProcess(store, "me-serving")
    one.step()
    for lived in (1.0, 10.5, 11.0):
        scene.children[-1].status = 1
        scene.now += lived
        one.step()
        scene.now += 0.5
        one.step()
    assert len(scene.children) == 4
    scene.children[-1].status = 1
    scene.now += 3.0
    one.step()
    assert starts(one, scene, 0.5), "the pauses begin anew"


def test_its_questions_go_to_the_next_one(store: Store, scene: Scene) -> None:
    one = ServingProcess(store, "me-serving")
    one.step()
    requests.submit(store, "predict", {"run": "a"})
    asked = requests.take(store, "me-serving")
    assert asked is not None
    one.step()
    assert requests.take(store, "other") is None, "it may still answer"
    scene.children[-1].status = -9
    one.step()
    again = requests.take(store, "other")
    assert again is not None
    assert again.id == asked.id


def test_stopping_ends_it_and_gives_its_questions_back(store: Store, scene: Scene) -> None:
    one = ServingProcess(store, "me-serving")
    one.stop()  # nothing to end
    one.step()
    requests.submit(store, "predict", {"run": "a"})
    assert requests.take(store, "me-serving") is not None
    one.stop()
    assert scene.children[-1].calls == ["killed", "waited for", "input closed"]
    assert not one.is_alive
    assert requests.take(store, "other") is not None
