"""The store: one database, opened once per process; every other module here reads and writes through it.

SQLite is the default (one file, `Home.store`); `DATABASE_URL` may name a Postgres server. Writes begin with
`BEGIN IMMEDIATE`: SQLAlchemy on SQLite otherwise opens the transaction at the first change, and a check made before it
would let stale saves pass. `synchronous=FULL` makes a commit survive a power cut.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from db.connection import WRITING, make_engine, sentences, store_url
from db.migrate import bring_up_to_date, is_up_to_date, prepare_folder
from db.unchanged import Unchanged
from mner_core.home import Home


@dataclass(frozen=True)
class Store:
    """An open database. `clock` gives the time in seconds since 1970; tests pass their own."""

    home: Home
    engine: Engine = field(repr=False)
    clock: Callable[[], float] | None = None
    unchanged: Unchanged | None = field(default=None, repr=False, compare=False)
    """Answers that hold until somebody writes; None where nobody knows whether somebody has."""

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file on this machine."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one state of the whole database; nothing it changes is kept."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with sentences(self.engine.url), Session(self.engine.execution_options(**options)) as session:
            yield session

    @contextmanager
    def frozen(self) -> Iterator["Store"]:
        """The store as it is at this moment: whatever is read through it within the `with` is of one state."""
        with self.read() as session:
            yield _Frozen(self.home, self.engine, self.clock, None, session)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is kept whole when the block ends, and not at all when it raises."""
        engine = self.engine.execution_options(begin=WRITING)
        with sentences(self.engine.url), Session(engine) as session, session.begin():
            yield session

    def now(self) -> float:
        """Seconds since 1970, from one clock for all who share the store: this machine's, or the database server's."""
        if self.clock is not None:
            return self.clock()
        if self.is_sqlite:
            return time.time()
        with self.read() as session:
            return float(session.scalar(text("select extract(epoch from clock_timestamp())")))

    def close(self) -> None:
        """Gives all connections back. The store can still be used and then opens new ones."""
        self.engine.dispose()
        if self.unchanged is not None:
            self.unchanged.close()


@dataclass(frozen=True)
class _Frozen(Store):
    """A store all of whose reads are one transaction."""

    session: Session | None = field(default=None, repr=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        assert self.session is not None, "`Store.frozen` gives it"
        yield self.session


def open_store(home: Home, url: str | None = None, clock: Callable[[], float] | None = None) -> Store:
    """The store of `home`, brought to this program's version where it is older or not there yet.

    `url` stands in for `DATABASE_URL`; where neither is given, the store is the SQLite file `home.store`.

    Raises:
        StoreError: the database cannot be reached, is damaged, or was written by a newer version of this program.
        InputError: the URL is none.
    """
    address = store_url(home, url)
    prepare_folder(address)
    kept = Unchanged(address) if address.get_backend_name() == "sqlite" else None
    store = Store(home, make_engine(address), clock, kept)
    if not is_up_to_date(store.engine):
        bring_up_to_date(address)
    return store
