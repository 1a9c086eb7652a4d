"""Stores with a small drawn data set, and workers as processes of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db.engine import Store, open_store
from db.exchange import import_folder
from db.jobs import Job, job
from mner_core.home import Home
from mner_core.scenes.write import write_scenes
from tests.worker.processes import ROOT, ends, wait_for

SETTINGS = {"epochs": 2, "heads": 4}


@pytest.fixture(autouse=True)
def _own_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    opened = open_store(home)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("worker") / "scenes"
    write_scenes(folder, 60, 1)
    return folder


@pytest.fixture
def filled(store: Store, scenes: Path) -> Store:
    """A store with the data set `scenes`."""
    import_folder(store, scenes, "scenes")
    return store


@pytest.fixture
def worker(home: Home) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Starts `python -m worker` on the home; whatever is left of it at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(**more: str) -> "subprocess.Popen[bytes]":
        environment = environment_of(home) | more
        started.append(subprocess.Popen([sys.executable, "-m", "worker"], cwd=ROOT, env=environment))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(20)


def environment_of(home: Home) -> dict[str, str]:
    """No demonstration, no serving child, one thread: what most tests want."""
    small = {"MNER_DEMO": "0", "MNER_SERVING": "0", "MNER_DEVICES": "cpu", "OMP_NUM_THREADS": "1"}
    return {**os.environ, **small, "MNER_HOME": str(home.root)}


def train_payload(**more: Any) -> dict[str, Any]:
    """A training of the text-only model on the data set `scenes`, in seconds."""
    tiny = {"dataset": "scenes", "model": "bert-crf", "profile": "tiny", "gold": "original", "settings": {"epochs": 2}}
    return {**tiny, **more}


def ended(store: Store, job_id: int, seconds: float = 300) -> Job:
    """The job once it has ended."""
    wait_for(lambda: job(store, job_id).status not in {"queued", "running"}, seconds)
    return job(store, job_id)


__all__ = ["SETTINGS", "ended", "ends", "environment_of", "time", "train_payload"]
