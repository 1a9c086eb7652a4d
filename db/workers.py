"""Which workers are alive: without one the queue waits, and the screens say so."""

import fcntl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from db.engine import Store
from db.tables import Workers
from mner_core.home import Home

SILENCE = 15.0
"""Seconds without a sign after which a worker does not count as alive; give one every few seconds."""
LOCKS = ".worker-*.lock"
"""Files below the home that workers lock as long as they live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker. `detail` is small JSON of its own, such as process number and machine."""

    name: str
    device: str
    detail: Mapping[str, Any]
    started: float
    seen: float


def beat(store: Store, name: str, device: str, detail: Mapping[str, Any] | None = None) -> None:
    """Says that a worker lives. Workers that have been silent for a day are forgotten."""
    now = store.now()
    with store.write() as session:
        row = session.get(Workers, name)
        if row is None:
            session.add(Workers(name=name, device=device, detail=dict(detail or {}), started=now, seen=now))
            session.execute(delete(Workers).where(Workers.seen < now - 86400))
        else:
            row.device, row.seen = device, now
            row.detail = dict(detail or {})


def leave(store: Store, name: str) -> None:
    """Says that a worker stops."""
    with store.write() as session:
        session.execute(delete(Workers).where(Workers.name == name))


def alive(store: Store, within: float = SILENCE) -> list[Worker]:
    """The workers that gave a sign within the last seconds, by name; `is_running` is what a screen asks."""
    wanted = select(Workers).where(Workers.seen >= store.now() - within).order_by(Workers.name)
    with store.read() as session:
        return [
            Worker(name=row.name, device=row.device, detail=row.detail, started=row.started, seen=row.seen)
            for row in session.scalars(wanted)
        ]


def is_running(store: Store) -> bool:
    """Whether any worker runs: one gave a sign, or holds a lock, which it can do while others keep the store busy."""
    return bool(alive(store)) or any(map(_is_held, store.home.root.glob(LOCKS)))


def lock_of(home: Home, place: str) -> Path:
    """The file that a worker locks while it takes jobs on a device of a machine."""
    return home.root / LOCKS.replace("*", place.replace(":", "-"))


def _is_held(lock: Path) -> bool:
    try:
        with lock.open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # it has just gone, or this user may not read it
        return False
    return False
