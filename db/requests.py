"""Interactive requests: a screen writes one, the serving child answers it; both poll one row that has a deadline.

Answers are for screens that still wait: a question past its deadline is not taken up, and its answer is not kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import delete, select, update
from sqlalchemy.orm import aliased

from db.engine import Store
from db.tables import Requests
from mner_core.types import InputError

State: TypeAlias = Literal["waiting", "taken", "answered", "failed", "expired"]

_NOBODY = "No answer came in time: is a worker running?"
_TOO_LATE = "The answer took longer than anybody waits for it: this machine is busy. Ask again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A question. `deadline` is when nobody waits for the answer any more, in seconds since 1970."""

    id: int
    kind: str
    payload: Mapping[str, Any]
    created: float
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How far a question is. `response` is there once it is answered; `error` is one sentence once it failed."""

    state: State
    response: Mapping[str, Any] | None = None
    error: str = ""

    @property
    def is_final(self) -> bool:
        """Whether polling can stop."""
        return self.state in {"answered", "failed", "expired"}


def submit(store: Store, kind: str, payload: Mapping[str, Any], seconds: float = 10.0) -> int:
    """Puts a question that somebody waits for `seconds` long, and returns its number."""
    now = store.now()
    row = Requests(kind=kind, payload=dict(payload), status="waiting", created=now, deadline=now + seconds, error="")
    with store.write() as session:
        session.add(row)
        session.flush()
        return row.id


def take(store: Store, owner: str, kinds: Sequence[str] | None = None) -> Request | None:
    """The oldest question that waits, now `owner`'s to answer; None where there is none. Cheap enough for 50 ms."""
    now = store.now()
    waiting = aliased(Requests)
    candidate = select(waiting.id).where(waiting.status == "waiting", waiting.deadline > now)
    if kinds is not None:
        candidate = candidate.where(waiting.kind.in_(kinds))
    candidate = candidate.order_by(waiting.id).limit(1)
    with store.read() as session:  # looking takes no lock; only a question that is there is worth one
        if session.scalar(candidate) is None:
            return None
    taking = update(Requests).where(
        Requests.id == candidate.with_for_update(skip_locked=True).scalar_subquery(), Requests.status == "waiting"
    )
    with store.write() as session:
        row = session.scalar(taking.values(status="taken", owner=owner).returning(Requests))
        if row is None:
            return None
        return Request(id=row.id, kind=row.kind, payload=row.payload, created=row.created, deadline=row.deadline)


def answer(store: Store, request_id: int, owner: str, response: Mapping[str, Any]) -> bool:
    """Answers a question that `owner` has taken; False where nobody waits for it any more."""
    return _close(store, request_id, owner, status="answered", response=dict(response))


def refuse(store: Store, request_id: int, owner: str, error: str) -> bool:
    """Says in one sentence why a question cannot be answered; False where nobody waits for it any more."""
    return _close(store, request_id, owner, status="failed", error=error)


def give_back(store: Store, owner: str) -> int:
    """Lets others take the questions that `owner` took and did not answer, because it died; returns how many."""
    taken = update(Requests).where(Requests.status == "taken", Requests.owner == owner)
    with store.write() as session:
        return len(session.scalars(taken.values(status="waiting", owner=None).returning(Requests.id)).all())


def result(store: Store, request_id: int) -> Answer:
    """How far a question is.

    Raises:
        InputError: there is none of that number, or it was cleaned up long after its deadline.
    """
    with store.read() as session:
        row = session.get(Requests, request_id)
        if row is None:
            raise InputError(f"There is no question number {request_id} any more: ask again.")
        if row.status in {"waiting", "taken"} and row.deadline <= store.now():
            return Answer(state="expired", error=_TOO_LATE if row.status == "taken" else _NOBODY)
        return Answer(state=row.status, response=row.response, error=row.error)  # type: ignore[arg-type]


def clean_up(store: Store, seconds: float = 600.0) -> int:
    """Forgets questions whose deadline passed that long ago, and returns how many; their numbers never come again."""
    old = delete(Requests).where(Requests.deadline < store.now() - seconds)
    with store.write() as session:
        return len(session.scalars(old.returning(Requests.id)).all())


def _close(store: Store, request_id: int, owner: str, **values: Any) -> bool:
    now = store.now()
    mine = update(Requests).where(
        Requests.id == request_id, Requests.owner == owner, Requests.status == "taken", Requests.deadline > now
    )
    with store.write() as session:
        return session.scalar(mine.values(answered=now, **values).returning(Requests.id)) is not None
