"""Brings a database to the newest version of the tables, in one transaction, one process at a time.

Killed half-way, the transaction never happened. Two processes wait for each other, and the second finds nothing to do.
"""

from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import URL, Connection

from db.connection import StoreError, disk_error, make_engine, sentences
from db.tables import SCHEMA

_FOLDER = Path(__file__).parent / "migrations"


def prepare_folder(url: URL) -> None:
    """Makes the folder of a store that is a file.

    Raises:
        StoreError: this user may not, or something else is in the way.
    """
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, "the folder of the store") from error


def version(engine: Engine) -> str | None:
    """The newest migration that the database has seen; None for an empty one."""
    with sentences(engine.url), engine.connect() as connection:
        return _version(connection)


def is_up_to_date(engine: Engine) -> bool:
    """Whether nothing is to be done.

    Raises:
        StoreError: a newer version of this program has written to the database.
    """
    found = version(engine)
    _refuse_newer(found)
    return found == SCHEMA


def bring_up_to_date(url: URL) -> str | None:
    """Applies what is missing and returns the version that was there before."""
    # Tables are rebuilt on SQLite by copying them, which foreign keys would turn into deletions.
    engine = make_engine(url, foreign_keys=False)
    try:
        with (
            sentences(url),
            engine.execution_options(begin="BEGIN IMMEDIATE").connect() as connection,
            connection.begin(),
        ):
            if engine.dialect.name == "postgresql":
                connection.execute(text("select pg_advisory_xact_lock(20261121)"))
            before = _version(connection)
            _refuse_newer(before)
            if before != SCHEMA:
                _upgrade(connection)
            if engine.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise StoreError("The store has rows that point nowhere and was left as it was: restore a copy of it.")
            return before
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("select version_num from alembic_version"))
    return found


def _refuse_newer(found: str | None) -> None:
    if found is not None and found > SCHEMA:
        raise StoreError(
            f"The store has version {found} and this program knows versions up to {SCHEMA}: "
            "update the program, or name another folder with MNER_HOME."
        )
