"""Who needs a data set or a run: while a job waits or runs that does, the thing keeps its name and its place."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.deleted_names import TABLES, WORDS, Thing
from db.engine import Store
from db.jobs import ACTIVE, Job, to_job
from db.naming import names_of
from db.tables import Datasets, Jobs, Runs
from mner_core.files import alone_or_not
from mner_core.types import InputError

IMPORT_LOCK = ".import.lock"
"""Whoever brings posts in holds this file of the home."""


def needing(session: Session, thing: Thing, name: str) -> list[Job]:
    """The jobs that wait or run and name it, oldest first; a figure for a screen stands in nobody's way."""
    rows = session.scalars(select(Jobs).where(Jobs.status.in_(ACTIVE), Jobs.kind != "figure").order_by(Jobs.id))
    return [to_job(row) for row in rows if name in names_of(row, thing)]


@contextmanager
def left_alone(store: Store, thing: Thing, name: str, what: str) -> Iterator[tuple[Session, Datasets | Runs]]:
    """A writing transaction with the row of a thing that nobody needs; new jobs wait for it and then find no such name.

    `what` is to become of it, as in "deleted".

    Raises:
        InputError: there is none of that name, or a job or an import needs it.
    """
    with ExitStack() as stack:
        if thing == "dataset" and not stack.enter_context(alone_or_not(store.home.root / IMPORT_LOCK)):
            raise InputError(f"Posts are being imported: the data set {name} can be {what} when that is done.")
        session = stack.enter_context(store.write())
        row = named_row(session, thing, name)
        if jobs := needing(session, thing, name):
            numbers = " and ".join(f"{job.id} ({job.kind})" for job in jobs)
            which = f"job {numbers} needs it: stop it" if len(jobs) == 1 else f"the jobs {numbers} need it: stop them"
            raise InputError(f"The {WORDS[thing]} {name} cannot be {what} now, {which} first, or wait for the end.")
        yield session, row


def named_row(session: Session, thing: Thing, name: str) -> Datasets | Runs:
    """The row of that name, which nobody else changes in this transaction.

    Raises:
        InputError: there is none; the message lists those there are.
    """
    table = TABLES[thing]
    wanted = select(table).where(table.deleted.is_(None)).order_by(table.id).with_for_update()
    rows: list[Datasets | Runs] = list(session.scalars(wanted))
    known = {row.name: row for row in rows if not _is_hidden(row)}
    if name not in known:
        raise InputError(f"There is no {WORDS[thing]} {name!r}; there are: {', '.join(known) or 'none yet'}.")
    return known[name]


def _is_hidden(row: Datasets | Runs) -> bool:
    """Whether it is still being written."""
    return row.name.startswith(".") if isinstance(row, Runs) else bool(row.is_unfinished)
