"""Stores in a temporary home, with a clock that the test moves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.engine import Store, open_store
from db.imports import About, import_examples
from db.posts import post_ids
from mner_core.home import Home
from tests.db.samples import LABELS, sample_posts


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture(autouse=True)
def _own_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(home: Home, clock: Clock) -> Iterator[Store]:
    opened = open_store(home, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def ids(store: Store) -> list[int]:
    """The numbers of the sample posts, imported as the data set `set`."""
    import_examples(store, "set", sample_posts(), About(labels=LABELS))
    return list(post_ids(store, "set").values())
