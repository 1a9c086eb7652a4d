"""The worker's side of the queue: jobs are held under a lease that heartbeats renew.

Every write about a running job names (id, attempt, owner), so whoever lost the lease can change nothing more. A job
whose lease ran out goes back into the queue, however often: that its worker was killed, or the machine, says nothing
about the job. Only a job whose own process dies (`child_died`) is tried so many times. Times come from `Store.now`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from sqlalchemy import ColumnElement, Update, case, exc, or_, select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.dml import ReturningUpdate

from db.engine import Store
from db.jobs import ACTIVE, KINDS, Job, Kind, note_in, to_job
from db.tables import Jobs

LEASE = 30.0
"""Seconds without a heartbeat after which a worker counts as lost; send one every third of it."""


class LeaseLost(RuntimeError):  # noqa: N818 - it is no error of the one who learns it
    """The job belongs to somebody else now, or has ended: stop its child and forget it. Nothing was written."""


def claim(store: Store, owner: str, device: str, kinds: Sequence[Kind] = KINDS, lease: float = LEASE) -> Job | None:
    """Takes the next job for a device, or None: where there is none, and while another job runs on that device.

    `owner` names the worker, unlike all others; `device` names where it runs, unlike those of other machines.
    """
    now = store.now()
    taking = _taking(owner, device, kinds, now, now + lease)
    try:
        with store.write() as session:
            _sweep(session, now)
            row = session.scalar(taking)
            if row is None:
                return None
            note_in(session, row.id, row.attempt, now, "claimed", {"owner": owner, "device": device})
            return to_job(row)
    except exc.IntegrityError:  # where the database lets two writers in at once, the device went to the other
        return None


def heartbeat(
    store: Store, job: Job, progress: float | None = None, message: str | None = None, lease: float = LEASE
) -> bool:
    """Renews the lease, notes progress (0..1) and message where they are given, and says whether to cancel the job.

    Raises:
        LeaseLost: the job is not this worker's any more.
    """
    values: dict[str, Any] = {"lease_until": store.now() + lease}
    if progress is not None:
        values["progress"] = min(max(progress, 0.0), 1.0)
    if message is not None:
        values["message"] = message
    with store.write() as session:
        is_cancelled = session.scalar(_fenced(job).values(**values).returning(Jobs.cancel_requested))
        return _lost(job) if is_cancelled is None else bool(is_cancelled)


def note(store: Store, job: Job, kind: str, data: Mapping[str, Any]) -> None:
    """Adds an event of the job's own, such as an epoch's figures.

    Raises:
        LeaseLost: the job is not this worker's any more.
    """
    with store.write() as session:
        # An update that changes nothing holds the row, so that nobody takes the job between check and insert.
        if session.scalar(_fenced(job).values(owner=job.owner).returning(Jobs.id)) is None:
            _lost(job)
        note_in(session, job.id, job.attempt, store.now(), kind, data)


def finish(store: Store, job: Job, result: Mapping[str, Any]) -> Job:
    """Ends a job well.

    Raises:
        LeaseLost: the job is not this worker's any more.
    """
    return _end(store, job, status="done", result=dict(result), progress=1.0)


def fail(store: Store, job: Job, error: str) -> Job:
    """Ends a job that could not be done; `error` is one sentence for a person.

    Raises:
        LeaseLost: the job is not this worker's any more.
    """
    return _end(store, job, status="failed", error=error)


def cancelled(store: Store, job: Job) -> Job:
    """Ends a job that was stopped because somebody asked for it.

    Raises:
        LeaseLost: the job is not this worker's any more.
    """
    return _end(store, job, status="cancelled")


def release(store: Store, job: Job) -> Job:
    """Gives a job back unharmed, because the worker is told to stop: it goes on elsewhere.

    Raises:
        LeaseLost: the job is not this worker's any more.
    """
    return _write(store, job, "released", _given_back(store.now()))


def lost(store: Store, job: Job) -> Job:
    """Takes a job from a worker that is known to be dead, before its lease runs out.

    Raises:
        LeaseLost: somebody else has done so.
    """
    return _write(store, job, "lost", _given_back(store.now()))


def child_died(store: Store, job: Job, how: str) -> Job:
    """Notes that the job's process died without a word, while its worker lives: a try, after too many a failure.

    `how` is how it ended, as in "killed by SIGKILL".

    Raises:
        LeaseLost: the job is not this worker's any more.
    """
    now, is_last = store.now(), Jobs.tries + 1 >= Jobs.max_tries
    why = (
        f"Its process ended without a result {job.max_tries} times, the last time {how}; often that is for want of "
        "memory, and its log may say more. Retry, on the screen Runs, takes it up again."
    )
    values = {
        **_given_back(now),
        "tries": Jobs.tries + 1,
        "status": case((Jobs.cancel_requested, "cancelled"), (is_last, "failed"), else_="queued"),
        "error": case((~Jobs.cancel_requested & is_last, why), else_=""),
        "finished": case((Jobs.cancel_requested | is_last, now), else_=None),
    }
    return _write(store, job, "died", values)


def reap(store: Store) -> list[Job]:
    """Takes every job from workers that are lost and returns those jobs; `claim` does the same on its way."""
    with store.write() as session:
        return _sweep(session, store.now())


def _taking(owner: str, device: str, kinds: Sequence[Kind], now: float, until: float) -> ReturningUpdate[Jobs]:
    """The one statement that makes a waiting job this worker's."""
    is_taken = select(Jobs.id).where(Jobs.status == "running", Jobs.device == device).correlate(None).exists()
    candidate = (
        select(Jobs.id)
        .where(Jobs.status == "queued", Jobs.kind.in_(kinds), ~is_taken, ~_waits_for_posts())
        .order_by(Jobs.priority.desc(), Jobs.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .correlate(None)
    )
    return (
        update(Jobs)
        .where(Jobs.id == candidate.scalar_subquery(), Jobs.status == "queued")
        .values(
            status="running", owner=owner, device=device, lease_until=until, started=now, handle=None,
            attempt=Jobs.attempt + 1, progress=0.0, message="",
        )
        .returning(Jobs)
    )  # fmt: skip


def _waits_for_posts() -> ColumnElement[bool]:
    """Whether an import that was asked for before a job brings the posts that the job reads, or may bring them.

    Imports have a lane of their own; without this a training would overtake the import of its own data set.
    """
    earlier = aliased(Jobs)
    name = earlier.payload["name"].as_string()
    is_of_its_set = or_(name.is_(None), Jobs.kind == "experiment", name == Jobs.payload["dataset"].as_string())
    importing = select(earlier.id).where(
        earlier.kind == "import", earlier.status.in_(ACTIVE), earlier.id < Jobs.id, is_of_its_set
    )
    return (Jobs.kind != "import") & importing.correlate(Jobs).exists()


def _sweep(session: Session, now: float) -> list[Job]:
    """Every running job whose lease ran out: cancelled where that was asked for, else given back."""
    freeing = update(Jobs).where(Jobs.status == "running", Jobs.lease_until < now)
    rows = session.scalars(freeing.values(**_given_back(now)).returning(Jobs)).all()
    for row in rows:
        note_in(session, row.id, row.attempt, now, "lost", {"status": row.status})
    return [to_job(row) for row in rows]


def _given_back(now: float) -> dict[str, Any]:
    """What a job becomes that nobody runs any more; it was no try of its own."""
    return {
        "status": case((Jobs.cancel_requested, "cancelled"), else_="queued"),
        "finished": case((Jobs.cancel_requested, now), else_=None),
        "owner": None,
        "lease_until": None,
    }


def _end(store: Store, job: Job, **values: Any) -> Job:
    return _write(store, job, "ended", {"finished": store.now(), "lease_until": None, **values})


def _write(store: Store, job: Job, event: str, values: Mapping[str, Any]) -> Job:
    with store.write() as session:
        row = session.scalar(_fenced(job).values(**values).returning(Jobs))
        if row is None:
            _lost(job)
        note_in(session, row.id, row.attempt, store.now(), event, {"status": row.status})
        return to_job(row)


def _fenced(job: Job) -> Update:
    return update(Jobs).where(
        Jobs.id == job.id, Jobs.attempt == job.attempt, Jobs.owner == job.owner, Jobs.status == "running"
    )


def _lost(job: Job) -> NoReturn:
    raise LeaseLost(f"Job {job.id} is not held by {job.owner} in attempt {job.attempt} any more.")
