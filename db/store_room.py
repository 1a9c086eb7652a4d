"""Room on the disk: what files free that go, what removed rows leave free in the store's own file, and its return.

A store that this program made gives pages back a few at a time, others write in between. An older one is written anew
once, when nothing else has it open, and does so from then on. A database on a server sees to that by itself.
"""

import os
import sqlite3
import stat
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from sqlalchemy.orm import Session

from db.connection import StoreError
from db.engine import Store
from db.pauses import then_a_pause

PAGES = 500
"""Pages that one transaction gives back."""
_INCREMENTAL = 2


def bytes_freed(paths: Iterable[Path]) -> int:
    """How much room there would be without these files and folders; what has another name elsewhere stays."""
    names: defaultdict[tuple[int, int], set[Path]] = defaultdict(set)
    files: dict[tuple[int, int], os.stat_result] = {}
    for path in paths:
        for file in path.rglob("*") if path.is_dir() and not path.is_symlink() else [path]:
            try:
                about = file.lstat()
            except FileNotFoundError:  # it has just gone, or was never there
                continue
            if not stat.S_ISDIR(about.st_mode):
                names[about.st_dev, about.st_ino].add(file)
                files[about.st_dev, about.st_ino] = about
    return sum(about.st_size for key, about in files.items() if len(names[key]) >= about.st_nlink)


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
