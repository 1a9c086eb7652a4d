"""After a batch the store is left to others for long enough that whoever waits finds it free."""

import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from db import connection, pauses
from db.connection import LOOK, StoreError
from db.engine import Store, open_store
from db.pauses import Pauses, then_a_pause
from mner_core.home import Home


@pytest.mark.parametrize("is_sqlite", [True, False])
def test_a_batch_is_followed_by_a_pause(monkeypatch: pytest.MonkeyPatch, is_sqlite: bool) -> None:
    """Only SQLite gives no turns: elsewhere nobody waits. A pause is several looks of one who waits."""
    slept: list[float] = []
    monkeypatch.setattr(pauses, "time", SimpleNamespace(sleep=slept.append))
    store: Any = SimpleNamespace(is_sqlite=is_sqlite)
    with then_a_pause(store):
        assert slept == []
    assert slept == ([10 * LOOK] if is_sqlite else [])


def test_a_batch_that_fails_is_followed_by_its_error() -> None:
    store: Any = SimpleNamespace(is_sqlite=True)
    with pytest.raises(KeyError), then_a_pause(store):
        raise KeyError


def test_who_waits_looks_often_and_gets_in_as_soon_as_the_store_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of looks is counted, not the time: at the third one the writer before is done."""
    store = open_store(Home(tmp_path))
    first = store.write()
    first.__enter__().connection()  # a transaction begins with what it does first
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            first.__exit__(None, None, None)

    monkeypatch.setattr(connection, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
    with store.write() as session:
        [[patience]] = session.connection().exec_driver_sql("PRAGMA busy_timeout")
    assert looks == [LOOK] * 3
    assert patience == connection.PATIENCE * 1000, "what waits within a transaction is as patient as before"
    store.close()


def test_patience_ends_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(Home(tmp_path))
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += 10

    monkeypatch.setattr(connection, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    with store.write() as first:
        first.connection()
        with pytest.raises(StoreError, match="Others kept the store busy for 30 seconds"), store.write() as second:
            second.connection()
    with store.write() as third:
        third.connection()
    store.close()


def test_of_two_that_save_beside_a_long_writer_both_get_their_turn(tmp_path: Path) -> None:
    """Thirty batches in a row, each with a pause: each of the two saves five times before they are done."""
    store, saved, done = open_store(Home(tmp_path)), [0, 0], threading.Event()

    def save(who: int) -> None:
        other = Store(store.home, store.engine)
        while not done.is_set():
            with other.write() as session:
                session.connection()
                saved[who] += 1

    people = [threading.Thread(target=save, args=(who,)) for who in (0, 1)]
    for each in people:
        each.start()
    for _ in range(30):
        with then_a_pause(store), store.write() as session:
            session.connection()
            time.sleep(0.01)
    done.set()
    for each in people:
        each.join()
    assert min(saved) >= 5
    store.close()


def test_what_a_batch_takes_to_prepare_counts_as_its_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first batch waits for nothing; each after it only for what is left of the pause behind the one before."""
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds / LOOK, 6))
        now[0] += seconds

    monkeypatch.setattr(pauses, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: now[0]))
    store: Any = SimpleNamespace(is_sqlite=True)
    batches = Pauses(store)
    for prepared in (0, 0, 4, 30):
        now[0] += prepared * LOOK
        with batches.before_a_batch():
            now[0] += 3 * LOOK
    assert slept == [10, 6]
    elsewhere: Any = SimpleNamespace(is_sqlite=False)
    batches = Pauses(elsewhere)
    for _ in range(2):
        with batches.before_a_batch():
            pass
    assert slept == [10, 6]
