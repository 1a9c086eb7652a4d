"""Migrations make exactly the tables that the code speaks of, once, also when killed or started twice."""

import signal
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from db.connection import StoreError, store_url
from db.engine import Store, open_store
from db.migrate import _FOLDER, bring_up_to_date, version
from db.tables import SCHEMA, Table
from mner_core.home import Home
from mner_core.types import InputError
from tests.db.samples import ended, python

OPEN = "import sys; from pathlib import Path; from db.engine import open_store; from mner_core.home import Home; "
DIE_AT = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import Engine, event
from db.engine import open_store
from mner_core.home import Home
left = [int(sys.argv[2])]
@event.listens_for(Engine, "before_cursor_execute")
def die(*_):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
open_store(Home(Path(sys.argv[1])))
"""


def is_whole(home: Home) -> bool:
    with sqlite3.connect(home.store) as connection:
        return connection.execute("pragma integrity_check").fetchone() == ("ok",)


SEARCH_INDEX = {
    "post_texts_index", "post_texts_index_data", "post_texts_index_idx", "post_texts_index_docsize",
    "post_texts_index_config", "post_texts_terms",
}  # fmt: skip
"""Of SQLite's full text search, of which SQLAlchemy knows nothing: `db.text_search` asks them."""


def test_migrations_from_nothing_make_the_tables_of_the_code(store: Store) -> None:
    with store.engine.connect() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _: kind != "table" or name not in SEARCH_INDEX,
        }
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Table.metadata) == []
        tables = set(inspect(connection).get_table_names())
    assert tables == {*Table.metadata.tables, *SEARCH_INDEX, "alembic_version"}


def test_schema_names_the_only_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA]


def test_opening_again_changes_nothing(home: Home) -> None:
    assert bring_up_to_date(open_store(home).engine.url) == SCHEMA


def test_the_connection_is_durable_and_strict(store: Store) -> None:
    with store.engine.connect() as connection:
        pragmas = [
            connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert pragmas == ["wal", 2, 1, 30000]


@pytest.mark.slow
def test_six_processes_open_an_empty_home_at_once(home: Home) -> None:
    code = OPEN + "open_store(Home(Path(sys.argv[1])))"
    for process in [python(code, str(home.root)) for _ in range(6)]:
        ended(process)
    assert version(open_store(home).engine) == SCHEMA


@pytest.mark.slow
@pytest.mark.parametrize("statement", [1, 4, 9, 15, 22, 30])
def test_killed_in_the_middle_of_migrating(home: Home, statement: int) -> None:
    ended(python(DIE_AT, str(home.root), str(statement)), -signal.SIGKILL)
    assert is_whole(home)
    with sqlite3.connect(home.store) as connection:
        assert connection.execute("select count(*) from sqlite_master").fetchone() == (0,)
    assert version(open_store(home).engine) == SCHEMA
    assert is_whole(home)


def test_a_newer_store_is_refused_and_left_alone(home: Home) -> None:
    open_store(home).close()
    with sqlite3.connect(home.store) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(StoreError, match="has version 9999 and this program knows versions up to"):
        open_store(home)
    with pytest.raises(StoreError, match="9999"):
        bring_up_to_date(store_url(home))


def test_a_file_that_is_no_database(home: Home) -> None:
    home.root.mkdir()
    home.store.write_bytes(b"this is no database, it is a sentence" * 100)
    with pytest.raises(StoreError, match="is no database"):
        open_store(home)


def test_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="Cannot write the folder of the store"):
        open_store(Home(tmp_path / "file" / "home"))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("no address", "is not an address"),
        ("mysql://me@here/x", "knows sqlite and postgresql"),
        ("sqlite://", "names no file"),
    ],
)
def test_addresses_that_cannot_be(home: Home, url: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        store_url(home, url)


def test_database_url_decides(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere 100%.db")
    open_store(home).close()
    assert (tmp_path / "elsewhere 100%.db").is_file()
    assert not home.store.exists()
    monkeypatch.setenv("DATABASE_URL", "postgres://me@server/mner")
    assert store_url(home).drivername == "postgresql+psycopg"


def test_the_store_loads_nothing_heavy() -> None:
    code = (
        "import pkgutil, importlib, sys, db\n"
        "names = [m.name for m in pkgutil.iter_modules(db.__path__) if m.name not in ('__main__', 'migrations')]\n"
        "for name in names: importlib.import_module('db.' + name)\n"
        "print(len(names), sorted({'torch', 'transformers', 'faiss', 'streamlit', 'alembic'} & sys.modules.keys()))"
    )
    number, heavy = ended(python(code)).split(maxsplit=1)
    assert int(number) > 15
    assert heavy.strip() == "[]"
