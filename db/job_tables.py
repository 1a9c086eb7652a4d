"""The tables of the queue: jobs, what happens in them, who takes them, and the requests of the screens."""

from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.table_base import Table, unique_where


class Jobs(Table):
    """Long work. `attempt` only grows and fences off whoever held the job before; `tries` counts its dead children."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index(None, "status", "priority", "id"),
        unique_where("uq_jobs_active_dedupe_key", "dedupe_key", "status in ('queued', 'running')"),
        unique_where("uq_jobs_running_device", "device", "status = 'running'"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    status: Mapped[str]
    priority: Mapped[int]
    dedupe_key: Mapped[str | None]
    author: Mapped[str]
    created: Mapped[float]
    started: Mapped[float | None]
    finished: Mapped[float | None]
    attempt: Mapped[int]
    tries: Mapped[int]
    max_tries: Mapped[int]
    owner: Mapped[str | None]
    device: Mapped[str | None]
    lease_until: Mapped[float | None]
    handle: Mapped[str | None]
    cancel_requested: Mapped[bool]
    progress: Mapped[float]
    message: Mapped[str]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str]


class JobEvents(Table):
    """What happened to a job and in it, in order."""

    __tablename__ = "job_events"
    __table_args__ = (Index(None, "job_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    attempt: Mapped[int]
    created: Mapped[float]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]


class Workers(Table):
    """Who takes jobs, and when it last said that it lives."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str]
    detail: Mapped[dict[str, Any]]
    started: Mapped[float]
    seen: Mapped[float]


class Requests(Table):
    """The interactive lane: a question with a deadline and its answer. Ids are never used twice."""

    __tablename__ = "requests"
    __table_args__ = (Index(None, "status", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    status: Mapped[str]
    created: Mapped[float]
    deadline: Mapped[float]
    owner: Mapped[str | None]
    answered: Mapped[float | None]
    response: Mapped[dict[str, Any] | None]
    error: Mapped[str]
