"""Other names for data sets and runs."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.deleted_names import TABLES, WORDS, Thing
from db.engine import Store
from db.in_use import left_alone
from db.naming import call, call_in_records
from db.run_folders import follow_folders, move_with
from db.tables import Runs
from mner_core.run_record import checked_run_name
from mner_core.types import InputError

LONGEST = 80
"""Letters of a data set's name."""


def rename(store: Store, thing: Thing, old: str, new: str) -> None:
    """Gives a data set or a run another name.

    Jobs that have ended, labels that a run suggested and the records of a data set's runs speak of the new one then,
    and so does the folder of a run. Addresses with the old name lead to no such thing; finished tables and exported
    files keep it.

    Raises:
        InputError: there is none of the old name, the new one is taken or cannot be, or a job needs the thing.
        StoreError: its folder cannot be renamed.
    """
    checked_run_name(new) if thing == "run" else _checked(new)
    follow_folders(store)
    with left_alone(store, thing, old, "renamed") as (session, row):
        must_be_free(session, store, thing, new)
        call(session, row, new)
        if isinstance(row, Runs):
            move_with(session, store.home.runs / row.folder, new)
            row.folder = new
        else:
            call_in_records(session, store.home.runs, old, new)


def must_be_free(session: Session, store: Store, thing: Thing, name: str) -> None:
    """Refuses a name that is taken, within a transaction.

    Raises:
        InputError: there is one of that name.
    """
    table = TABLES[thing]
    is_taken = session.scalar(select(table.id).where(table.name == name)) is not None
    if is_taken or (thing == "run" and (store.home.runs / name).exists()):
        raise InputError(f"There is a {WORDS[thing]} {name!r} already: rename or delete that one first.")


def _checked(name: str) -> None:
    """Refuses what cannot be a data set's name.

    Raises:
        InputError: it is empty or too long, or begins or ends oddly.
    """
    is_bare = name == name.strip() and not name.startswith(".")
    if not (0 < len(name) <= LONGEST and is_bare and name.isprintable()):
        raise InputError(
            f"A data set cannot be called {name[:LONGEST]!r}: take at most {LONGEST} letters, digits and signs, "
            "without a point in front or spaces around."
        )
