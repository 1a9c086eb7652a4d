"""Room in the store's own file: what removed rows leave free in it, and how it is given back to the disk.

A store that this program made gives pages back a few at a time, others write in between. An older one is written anew
once, when nothing else has it open, and does so from then on. A database on a server sees to that by itself.
"""

import sqlite3
from contextlib import closing

from sqlalchemy.orm import Session

from db.connection import StoreError
from db.engine import Store
from db.pauses import then_a_pause

PAGES = 500
"""Pages that one transaction gives back."""
_INCREMENTAL = 2


def free_bytes(session: Session) -> int:
    """How much of the store's file holds nothing; 0 where it is no file."""
    if session.get_bind().dialect.name != "sqlite":
        return 0
    return _pragma(session, "freelist_count") * _pragma(session, "page_size")


def used_bytes(session: Session) -> int:
    """How much of it holds something."""
    if session.get_bind().dialect.name != "sqlite":
        return 0
    return _pragma(session, "page_count") * _pragma(session, "page_size") - free_bytes(session)


def file_bytes(session: Session) -> int:
    """How large the store's file is, all in all; 0 where it is no file."""
    return used_bytes(session) + free_bytes(session)


def give_back(store: Store, before: int) -> int:
    """Makes the store's file smaller by what is free in it, and returns how much smaller than `before` it is then.

    To remove rows may take new pages at first: the index of texts notes what is gone.

    Raises:
        StoreError: an older store would have to be written anew, and others have it open.
    """
    if not store.is_sqlite:
        return 0
    with store.read() as session:
        if not free_bytes(session):
            return 0
        is_made_for_it = _pragma(session, "auto_vacuum") == _INCREMENTAL
    if is_made_for_it:
        while _give_some(store):
            pass
    else:
        _write_anew(store)
    _let_the_file_follow(store)
    with store.read() as session:
        return max(0, before - file_bytes(session))


def _give_some(store: Store) -> bool:
    """One batch; False where nothing more is free."""
    with then_a_pause(store), store.write() as session:
        before = _pragma(session, "freelist_count")
        connection = session.connection().connection.driver_connection
        assert connection is not None
        connection.execute(f"PRAGMA incremental_vacuum({PAGES})").fetchall()  # a page a step
        return 0 < _pragma(session, "freelist_count") < before


def _write_anew(store: Store) -> None:
    with _alone(store) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError:
            raise StoreError("its file gets smaller when gc runs while web and worker are stopped.") from None
        connection.execute(f"PRAGMA auto_vacuum={_INCREMENTAL}")
        connection.execute("VACUUM")


def _let_the_file_follow(store: Store) -> None:
    """Writes the log back into the file; while others read, they do so later."""
    with _alone(store) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _alone(store: Store) -> closing[sqlite3.Connection]:
    """A connection outside of any transaction; this process has no other one then."""
    store.close()
    assert store.engine.url.database is not None
    return closing(sqlite3.connect(store.engine.url.database, timeout=1.0, isolation_level=None))


def _pragma(session: Session, name: str) -> int:
    return int(session.connection().exec_driver_sql(f"PRAGMA {name}").scalar_one())
