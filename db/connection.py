"""The connection to the store's database: its address, its engine, and its errors as sentences."""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONEncoder

from sqlalchemy import Engine, create_engine, event, exc
from sqlalchemy.engine import URL, Connection, make_url

from mner_core.home import Home
from mner_core.types import InputError

PATIENCE = 30.0
"""Seconds that a writer waits for others before it gives up."""
WRITING = "BEGIN IMMEDIATE"
"""How a transaction begins that writes: what it reads first stays true until it has written."""
LOOK = 0.005
"""Seconds between two looks of a waiting writer; SQLite itself looks every tenth of a second, and gives no turns."""


class StoreError(RuntimeError):
    """The store cannot do what was asked; the message is one sentence that says why and what to do."""


def store_url(home: Home, url: str | None = None) -> URL:
    """The address of the store: `url`, else `DATABASE_URL`, else the SQLite file of `home`."""
    given = url or os.environ.get("DATABASE_URL")
    if not given:
        return URL.create("sqlite", database=str(home.store))
    try:
        address = make_url(given)
    except exc.ArgumentError:
        raise InputError(
            "DATABASE_URL is not an address of a database: write sqlite:///FILE or postgresql://USER@HOST/NAME."
        ) from None
    if address.drivername in {"postgres", "postgresql"}:
        return address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() not in {"sqlite", "postgresql"}:
        raise InputError(f"DATABASE_URL names {address.get_backend_name()}; this program knows sqlite and postgresql.")
    if address.get_backend_name() == "sqlite" and address.database in {None, "", ":memory:"}:
        raise InputError("DATABASE_URL names no file: write sqlite:///FILE.")
    return address


def make_engine(url: URL, foreign_keys: bool = True) -> Engine:
    """An engine whose SQLite connections are durable, patient and leave the beginning of transactions to us."""
    to_json = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    if url.get_backend_name() != "sqlite":
        try:
            return create_engine(url, json_serializer=to_json, pool_pre_ping=True)
        except ModuleNotFoundError as error:
            raise StoreError(f"A Postgres store needs the package {error.name!r}: install it into .venv.") from error
    engine = create_engine(url, json_serializer=to_json, connect_args={"timeout": PATIENCE})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver would begin and commit on its own
        _use_wal(connection)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        how = connection.get_execution_options().get("begin", "BEGIN")
        if how == WRITING:
            _wait_for_writers(connection)
        else:
            connection.exec_driver_sql(how)

    return engine


def _wait_for_writers(connection: Connection) -> None:
    """Begins a write as soon as nobody else writes, within `LOOK`; then SQLite's own patience holds again."""
    raw, until = connection.connection.driver_connection, time.monotonic() + PATIENCE
    assert isinstance(raw, sqlite3.Connection), "only SQLite's connections wait so"
    raw.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.exec_driver_sql(WRITING)
            except exc.OperationalError as error:
                if "locked" not in str(error.orig) or time.monotonic() > until:
                    raise
                time.sleep(LOOK)
            else:
                return
    finally:
        raw.execute(f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Readers and one writer at a time. SQLite does not wait by itself while another process makes the same switch."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            if connection.execute("PRAGMA page_count").fetchone() == (0,):  # it is new: see `db.store_room`
                connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


_SENTENCES = {
    "disk is full": "The disk that holds the store is full, nothing of this change was kept: make room and try again.",
    "is locked": f"Others kept the store busy for {PATIENCE:.0f} seconds, nothing of this change was kept: try again.",
    "readonly": "The store may not be written to: give this user the right to write its file and folder.",
    "unable to open": "The store's file cannot be opened: check that its folder exists and may be written to.",
    "malformed": "The store's file is damaged: bring back a copy with `python -m db restore`.",
    "not a database": "The store's file is no database: move it away, or restore a copy with `python -m db restore`.",
    "disk I/O error": "The disk that holds the store failed: check the disk, nothing of this change was kept.",
}


@contextmanager
def sentences(url: URL) -> Iterator[None]:
    """Turns what a database says about its disk, its file or its server into a StoreError with one sentence."""
    try:
        yield
    except exc.IntegrityError:
        raise
    except exc.DatabaseError as error:
        said = str(error.orig)
        for part, sentence in _SENTENCES.items():
            if part in said:
                raise StoreError(sentence) from error
        if isinstance(error, exc.OperationalError) and url.get_backend_name() == "postgresql":
            raise StoreError(f"The database server at {url.host or 'this machine'} does not answer: {said}") from error
        raise


def disk_error(error: OSError, what: str) -> StoreError:
    """A sentence about a file that could not be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreError(f"The disk is full, {what} was not written: make room and try again.")
    return StoreError(f"Cannot write {what}: {error.strerror or error}.")
