"""What the worker's processes do with what they are started with, as `python -m` would start them."""

import errno
import os
import runpy
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db.connection import StoreError
from db.engine import Store
from db.job_leases import claim
from db.jobs import enqueue
from mner_core.types import InputError
from tests.worker.processes import ROOT
from worker import child, parent_death
from worker.child import MODULES, sentence
from worker.child_protocol import Inbox
from worker.job_executor import HEAVY, LIGHT
from worker.jobs import imports
from worker.supervisor import Supervisor


class ReachedError(BaseException):
    """The process would go on from here for ever."""


def started(file: str, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setattr(sys, "argv", [file, *arguments])
    return runpy.run_path(str(ROOT / file), run_name="__main__")


def test_the_serving_child_is_told_its_name_and_its_parent(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ties: list[int] = []

    def tie(parent: int) -> None:
        ties.append(parent)
        raise ReachedError

    monkeypatch.setattr(parent_death, "die_with", tie)
    with pytest.raises(ReachedError):
        started("worker/serving.py", monkeypatch, "me-serving", "77")
    assert ties == [77]


def test_a_jobs_child_ends_with_the_status_of_its_job(
    store: Store, monkeypatch: pytest.MonkeyPatch, no_ties: list[int]
) -> None:
    monkeypatch.setenv("MNER_HOME", str(store.home.root))
    queued = enqueue(store, "import", {}, author="anna")
    assert claim(store, "test", "here") is not None
    reading, writing = os.pipe()
    with pytest.raises(SystemExit) as ended:
        started("worker/child.py", monkeypatch, str(queued.id), "1", "77", str(writing))
    assert ended.value.code == 2
    assert no_ties == [77]
    inbox = Inbox(reading)
    inbox.read()
    assert inbox.error == "The import names no folder."
    inbox.close()


@pytest.fixture
def no_ties(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Who a child would have died with; this process stays as nice as it is."""
    found: list[int] = []
    monkeypatch.setattr(parent_death, "die_with", found.append)
    monkeypatch.setattr(os, "nice", lambda by: found.append(-by) if by != child.NICE else 0)
    return found


@pytest.mark.parametrize(
    ("ends", "status", "result", "error"),
    [
        ({"dataset": "x"}, 0, {"dataset": "x"}, None),
        (InputError("No."), 2, None, "No."),
        (StoreError("Full."), 2, None, "Full."),
        (KeyError("x"), 1, None, "The program made a mistake (KeyError): its log says where."),
    ],
)
def test_the_status_says_who_has_to_do_something(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    no_ties: list[int],
    ends: Any,
    status: int,
    result: Any,
    error: str | None,
) -> None:
    def run(*_: object) -> Any:
        if isinstance(ends, Exception):
            raise ends
        return ends

    monkeypatch.setattr(imports, "run", run)
    monkeypatch.setenv("MNER_HOME", str(store.home.root))
    queued = enqueue(store, "import", {}, author="anna")
    assert claim(store, "test", "here") is not None
    reading, writing = os.pipe()
    assert child.main([str(queued.id), "1", "77", str(writing)]) == status
    inbox = Inbox(reading)
    inbox.read()
    assert (inbox.result, inbox.error) == (result, error)
    inbox.close()
    assert no_ties == [77], "tied to its supervisor, and as nice as a job is"


@pytest.mark.parametrize("attempt", [0, 2])
def test_another_attempt_than_the_one_that_runs_does_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, no_ties: list[int], attempt: int
) -> None:
    monkeypatch.setattr(imports, "run", lambda *_: pytest.fail("it is somebody else's"))
    monkeypatch.setenv("MNER_HOME", str(store.home.root))
    queued = enqueue(store, "import", {}, author="anna")
    reading, writing = os.pipe()
    assert child.main([str(queued.id), "0", "77", str(writing)]) == 1, "it waits"
    assert claim(store, "test", "here") is not None
    os.close(reading)
    reading, writing = os.pipe()
    assert child.main([str(queued.id), str(attempt), "77", str(writing)]) == 1
    os.close(reading)


def test_every_kind_of_job_has_its_module_and_its_lane() -> None:
    assert sorted(MODULES) == sorted([*LIGHT, *HEAVY])
    assert all((ROOT / f"{module.replace('.', '/')}.py").is_file() for module in MODULES.values())
    assert child.NICE == 10


class OutOfMemoryError(RuntimeError):
    """As torch calls it."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "x"), "The disk is full: make room and start the job again."),
        (OSError(errno.EDQUOT, "x"), "The disk is full: make room and start the job again."),
        (OSError(errno.EIO, "x"), "The program made a mistake (OSError): its log says where."),
        (MemoryError(), "There is not enough memory: a smaller batch, or a smaller model, may fit."),
        (OutOfMemoryError(), "There is not enough memory: a smaller batch, or a smaller model, may fit."),
        (ValueError(errno.ENOSPC), "The program made a mistake (ValueError): its log says where."),
    ],
)
def test_an_error_is_a_sentence_for_a_person(error: Exception, said: str) -> None:
    assert sentence(error) == said


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> dict[int, Callable[..., None]]:
    found: dict[int, Callable[..., None]] = {}
    monkeypatch.setattr(signal, "signal", found.__setitem__)
    return found


def test_the_worker_stops_on_each_of_three_signals(
    store: Store, monkeypatch: pytest.MonkeyPatch, signals: dict[int, Callable[..., None]]
) -> None:
    ran: list[Supervisor] = []
    monkeypatch.setenv("MNER_HOME", str(store.home.root))
    monkeypatch.setenv("MNER_SERVING", "0")
    monkeypatch.setattr(Supervisor, "run", lambda self: ran.append(self))
    started("worker/__main__.py", monkeypatch)
    assert set(signals) == {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    [one] = ran
    assert one.serving is None
    for stop in signals.values():
        one.is_stopping = False
        stop(15, None)
        assert one.is_stopping


@pytest.mark.parametrize("name", ["MNER_LEASE", "MNER_DATABASE"])
def test_a_worker_that_cannot_begin_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    if name == "MNER_LEASE":
        monkeypatch.setenv(name, "soon")
    else:
        (tmp_path / "home").write_text("in the way")
    monkeypatch.setattr(Supervisor, "run", lambda self: pytest.fail("it began"))
    with pytest.raises(SystemExit) as ended:
        started("worker/__main__.py", monkeypatch)
    assert ended.value.code == 2
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said.endswith(".\n")
