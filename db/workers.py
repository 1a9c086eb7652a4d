"""Who takes jobs: without a worker alive, a queue would wait for ever and nobody would know why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from db.engine import Store
from db.tables import Workers

SILENCE = 15.0
"""Seconds without a sign after which a worker does not count as alive; give one every few seconds."""


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
    """The workers that gave a sign within the last seconds, by name."""
    wanted = select(Workers).where(Workers.seen >= store.now() - within).order_by(Workers.name)
    with store.read() as session:
        return [
            Worker(name=row.name, device=row.device, detail=row.detail, started=row.started, seen=row.seen)
            for row in session.scalars(wanted)
        ]
