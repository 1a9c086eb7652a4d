"""A copy is whole or not there, also while others write; a restored home is the copied one."""

import signal
import sqlite3
from pathlib import Path

import pytest

from db import gold, posts
from db.annotations import history
from db.backup import backup, restore
from db.connection import StoreError
from db.engine import Store, open_store
from mner_core.home import Home
from mner_core.types import InputError
from tests.db.samples import ended, python, sample_posts
from tests.db.test_runs import write_run

WRITER = """
import sys
from pathlib import Path
from db.annotations import newest, save
from db.engine import open_store
from mner_core.home import Home
store = open_store(Home(Path(sys.argv[1])))
number = newest(store, int(sys.argv[2])).number
while True:
    number = save(store, int(sys.argv[2]), "gold", base=number, marks=[], author="anna").number
    print(number, flush=True)
"""
KILLED_BACKUP = """
import os, shutil, signal, sqlite3, sys
from pathlib import Path
import db.backup
from mner_core.home import Home
left = [int(sys.argv[3])]
def step(real):
    def counted(*given, **more):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **more)
    return counted
shutil.copy2 = step(shutil.copy2)
db.backup._copy_store = step(db.backup._copy_store)
db.backup._copy_files = step(db.backup._copy_files)
os.sync = step(os.sync)
db.backup.backup(Home(Path(sys.argv[1])), Path(sys.argv[2]))
"""


def fill(home: Home) -> None:
    """Files of every kind that a home holds, finished and not."""
    for folder, name in [("images", "a" * 64), ("features", "shard.safetensors"), ("logs", "job-1.log")]:
        (home.root / folder).mkdir(exist_ok=True)
        (home.root / folder / name).write_text(name)
    write_run(home, "whole")
    (home.runs / ".half.unfinished").mkdir()
    (home.runs / ".half.unfinished" / "weights.safetensors").write_text("half")
    (home.runs / "odd").mkdir()
    (home.features / ".x.tmp").write_text("half")


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


WHOLE = {"mner.db", f"images/{'a' * 64}", "features/shard.safetensors", "logs/job-1.log", "runs/whole/run.json"}


def test_a_copy_holds_the_whole_home(store: Store, ids: list[int], tmp_path: Path) -> None:
    fill(store.home)
    copied = backup(store.home, tmp_path / "copy")
    assert names(tmp_path / "copy") == WHOLE
    assert (copied.files, copied.folder) == (5, tmp_path / "copy")
    assert gold.examples(open_store(Home(tmp_path / "copy")), "set") == sample_posts()


def test_a_restored_home_is_the_copied_one(store: Store, ids: list[int], tmp_path: Path) -> None:
    fill(store.home)
    backup(store.home, tmp_path / "copy")
    posts.add_labels(store, "set", ["NEW"])
    (store.home.images / "later").write_text("later")
    store.close()
    restore(store.home, tmp_path / "copy")
    assert posts.dataset(open_store(store.home), "set").labels == ("LOC", "ORG", "PER")
    aside = next(path for path in store.home.root.iterdir() if path.name.startswith("before-restore-"))
    assert (aside / "images" / "later").read_text() == "later"
    assert names(store.home.root) - names(aside) - {f"{aside.name}/{name}" for name in names(aside)} <= WHOLE | {
        "mner.db-wal",
        "mner.db-shm",
    }
    assert not (store.home.images / "later").exists()
    fresh = Home(tmp_path / "fresh")
    restore(fresh, tmp_path / "copy")
    assert names(fresh.root) == WHOLE


def test_a_single_store_file_is_restored(store: Store, ids: list[int], tmp_path: Path) -> None:
    backup(store.home, tmp_path / "copy")
    fill(store.home)
    posts.add_labels(store, "set", ["NEW"])
    store.close()
    restore(store.home, tmp_path / "copy" / "mner.db")
    assert posts.dataset(open_store(store.home), "set").labels == ("LOC", "ORG", "PER")
    assert (store.home.images / ("a" * 64)).exists()


def test_the_programs_store_is_not_pulled_away(store: Store, ids: list[int], tmp_path: Path) -> None:
    backup(store.home, tmp_path / "copy")
    with store.read() as session:
        session.connection()
        with pytest.raises(StoreError, match="in use: stop the program first"):
            restore(store.home, tmp_path / "copy")
    assert gold.examples(store, "set") == sample_posts()
    assert not list(store.home.root.glob(".restore-*"))


@pytest.mark.slow
def test_copies_made_while_others_write_are_whole(store: Store, ids: list[int], tmp_path: Path) -> None:
    writer = python(WRITER, str(store.home.root), str(ids[0]))
    assert writer.stdout is not None
    try:
        for turn in range(3):
            acknowledged = int(writer.stdout.readline())
            backup(store.home, tmp_path / str(turn))
            copy = open_store(Home(tmp_path / str(turn)))
            numbers = [revision.number for revision in history(copy, ids[0])]
            assert numbers == list(range(1, len(numbers) + 1))
            assert len(numbers) >= acknowledged
            copy.close()
    finally:
        writer.kill()
        writer.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 2, 4, 7, 9])
def test_killed_in_the_middle_of_copying(store: Store, ids: list[int], tmp_path: Path, step: int) -> None:
    fill(store.home)
    ended(python(KILLED_BACKUP, str(store.home.root), str(tmp_path / "copy"), str(step)), -signal.SIGKILL)
    assert not (tmp_path / "copy").exists()
    with sqlite3.connect(store.home.store) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    assert gold.examples(open_store(store.home), "set") == sample_posts()
    backup(store.home, tmp_path / "copy")
    assert names(tmp_path / "copy") == WHOLE


def test_what_cannot_be_copied(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="lies in the folder that is to be copied"):
        backup(store.home, store.home.root / "copy")
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("x")
    with pytest.raises(InputError, match="exists already"):
        backup(store.home, tmp_path / "there")
    with pytest.raises(InputError, match="no store in none"):
        backup(Home(tmp_path / "none"), tmp_path / "copy")
    with pytest.raises(InputError, match="pg_dump"):
        backup(store.home, tmp_path / "copy", "postgresql://me@here/mner")


def test_what_cannot_be_restored(store: Store, ids: list[int], tmp_path: Path) -> None:
    store.close()
    (tmp_path / "text").write_text("no database at all" * 100)
    sqlite3.connect(tmp_path / "other.db").execute("create table x (y)")
    backup(store.home, tmp_path / "newer")
    with sqlite3.connect(tmp_path / "newer" / "mner.db") as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()
    for source, error, message in [
        (tmp_path / "nothing", InputError, "no copy of a home"),
        (tmp_path / "text", StoreError, "cannot be copied: file is not a database"),
        (tmp_path / "other.db", InputError, "no store of this program"),
        (tmp_path / "newer", StoreError, "version 9999"),
    ]:
        with pytest.raises(error, match=message):
            restore(store.home, source)
    assert gold.examples(open_store(store.home), "set") == sample_posts()
    assert not list(store.home.root.glob(".restore-*"))
