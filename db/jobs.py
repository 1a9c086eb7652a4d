"""The job queue: jobs are submitted, listed, cancelled and retried here; `job_leases` is the worker's side of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import exc, select, update
from sqlalchemy.orm import Session

from db.engine import Store
from db.naming import refuse_deleted
from db.tables import JobEvents, Jobs
from mner_core.home import Home
from mner_core.types import InputError

Kind: TypeAlias = Literal[
    "import",
    "features",
    "train",
    "predict",
    "experiment",
    "suspicious",
    "cross-validate",
    "count",
    "figure",
    "similar",
    "similar-mistakes",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Status: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled"]
ACTIVE: tuple[Status, ...] = ("queued", "running")
ENDED: tuple[Status, ...] = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job. `progress` is 0..1, `error` is one sentence for a person.

    `attempt` counts how often it was started, `tries` how often its own process died, at most `max_tries` times.
    """

    id: int
    kind: Kind
    payload: Mapping[str, Any]
    status: Status
    priority: int
    author: str
    created: float
    started: float | None
    finished: float | None
    attempt: int
    owner: str | None
    device: str | None
    handle: str | None
    cancel_requested: bool
    tries: int
    max_tries: int
    progress: float
    message: str
    result: Mapping[str, Any] | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a job or in it: queued, claimed, lost, died, released, ended or the job's own."""

    id: int
    job: int
    attempt: int
    created: float
    kind: str
    data: Mapping[str, Any]


def enqueue(
    store: Store,
    kind: Kind,
    payload: Mapping[str, Any],
    *,
    author: str,
    dedupe_key: str | None = None,
    priority: int = 0,
    max_tries: int = 3,
) -> Job:
    """Puts a job into the queue; while one with the same `dedupe_key` waits or runs, returns that one instead.

    Higher priorities go first. `max_tries` is how many of its processes may die before it fails.

    Raises:
        InputError: there is no such kind of job, or a data set or run that it names was deleted.
    """
    if kind not in KINDS:
        raise InputError(f"There is no kind of job {kind!r}; choose one of {', '.join(KINDS)}.")
    try:
        with store.write() as session:
            row = _active(session, dedupe_key)
            if row is None:
                refuse_deleted(session, payload)
                row = Jobs(
                    kind=kind, payload=dict(payload), status="queued", priority=priority, dedupe_key=dedupe_key,
                    author=author, created=store.now(), attempt=0, tries=0, max_tries=max_tries,
                    cancel_requested=False, progress=0.0, message="", error="",
                )  # fmt: skip
                session.add(row)
                session.flush()
                note_in(session, row.id, 0, store.now(), "queued", {"author": author})
            return to_job(row)
    except exc.IntegrityError:  # where the database lets two writers in at once, the other was first
        return enqueue(
            store, kind, payload, author=author, dedupe_key=dedupe_key, priority=priority, max_tries=max_tries
        )


def cancel(store: Store, job_id: int) -> Job:
    """Cancels a job that waits, and asks the worker of a running one to stop it; an ended one stays as it ended.

    Raises:
        InputError: there is no such job.
    """
    now = store.now()
    with store.write() as session:
        waiting = update(Jobs).where(Jobs.id == job_id, Jobs.status == "queued")
        if session.scalar(waiting.values(status="cancelled", finished=now).returning(Jobs.id)) is not None:
            note_in(session, job_id, 0, now, "ended", {"status": "cancelled"})
        session.execute(update(Jobs).where(Jobs.id == job_id, Jobs.status == "running").values(cancel_requested=True))
    return job(store, job_id)


def retry(store: Store, job_id: int) -> Job:
    """Puts a failed job back into the queue, where it goes on with what its last attempt left, and counts anew.

    While another one with its `dedupe_key` waits or runs, returns that one instead, as `enqueue` does.

    Raises:
        InputError: there is no such job, it has not failed, or a data set or run that it names was deleted.
    """
    try:
        with store.write() as session:
            row = session.get(Jobs, job_id)
            if row is None or row.status != "failed":
                raise InputError(f"The job number {job_id} has not failed: only a failed job can be retried.")
            if other := _active(session, row.dedupe_key):
                return to_job(other)
            refuse_deleted(session, row.payload)
            row.status, row.tries, row.error, row.finished, row.cancel_requested = "queued", 0, "", None, False
            note_in(session, row.id, row.attempt, store.now(), "queued", {"retry": True})
            return to_job(row)
    except exc.IntegrityError:  # as in `enqueue`
        return retry(store, job_id)


def job(store: Store, job_id: int) -> Job:
    """One job.

    Raises:
        InputError: there is none of that number.
    """
    with store.read() as session:
        row = session.get(Jobs, job_id)
        if row is None:
            raise InputError(f"There is no job number {job_id}.")
        return to_job(row)


def jobs(
    store: Store,
    statuses: Sequence[Status] | None = None,
    kinds: Sequence[Kind] | None = None,
    *,
    dataset: str | None = None,
    limit: int | None = None,
) -> list[Job]:
    """Jobs, the newest first: those with these statuses, of these kinds, about one data set; all without a `limit`.

    `ACTIVE` are the statuses of those that wait or run, `ENDED` the others.
    """
    wanted = select(Jobs).order_by(Jobs.id.desc()).limit(limit)
    if dataset is not None:
        wanted = wanted.where(Jobs.payload["dataset"].as_string() == dataset)
    if statuses is not None:
        wanted = wanted.where(Jobs.status.in_(statuses))
    if kinds is not None:
        wanted = wanted.where(Jobs.kind.in_(kinds))
    with store.read() as session:
        return [to_job(row) for row in session.scalars(wanted)]


def events(store: Store, job_id: int, after: int = 0) -> list[Event]:
    """What happened to a job since the event number `after`, in order."""
    wanted = select(JobEvents).where(JobEvents.job_id == job_id, JobEvents.id > after).order_by(JobEvents.id)
    with store.read() as session:
        return [
            Event(id=row.id, job=row.job_id, attempt=row.attempt, created=row.created, kind=row.kind, data=row.data)
            for row in session.scalars(wanted)
        ]


def log_path(home: Home, job_id: int) -> Path:
    """The file that a job's child writes its output to."""
    return home.logs / f"job-{job_id}.log"


def note_in(session: Session, job: int, attempt: int, now: float, kind: str, data: Mapping[str, Any]) -> None:
    """Adds an event within a transaction that is already open."""
    session.add(JobEvents(job_id=job, attempt=attempt, created=now, kind=kind, data=dict(data)))


def _active(session: Session, dedupe_key: str | None) -> Jobs | None:
    """The job of that key that waits or runs."""
    active = select(Jobs).where(Jobs.dedupe_key == dedupe_key, Jobs.status.in_(ACTIVE))
    return None if dedupe_key is None else session.scalar(active)


def to_job(row: Jobs) -> Job:
    """A row as a plain job."""
    return Job(**{name: getattr(row, name) for name in Job.__dataclass_fields__})
