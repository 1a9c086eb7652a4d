"""Copies the whole home while the program runs, and brings such a copy back.

The store is copied first, in one snapshot; whatever it speaks of (pictures, finished runs) is never changed
afterwards, so what is copied next holds at least that. Unfinished runs and temporary files stay behind. A copy is
written beside its name and renamed when it is whole and on the disk.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import exc
from sqlalchemy.engine import URL

from db.connection import StoreError, disk_error, make_engine, store_url
from db.deleted_names import name_before
from db.migrate import is_up_to_date
from mner_core.files import fresh_folder
from mner_core.home import Home
from mner_core.types import InputError

_BESIDE = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps beside a store; left there, they would be applied to the next one."""
_ASIDE = "before-restore-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A finished copy: how many files and bytes it has, the store among them."""

    folder: Path
    files: int
    bytes: int


def backup(home: Home, out: Path, url: str | None = None) -> Copied:
    """Copies store, pictures, runs, features and logs of `home` to the new folder `out`, while others go on writing.

    Raises:
        InputError: `out` exists already, lies in the home or cannot be written, or there is no store, or it is no file.
        StoreError: the store is damaged.
    """
    store = _store_file(home, url)
    if not store.is_file():
        raise InputError(f"There is no store in {home.root.name} to copy.")
    if out.resolve().is_relative_to(home.root.resolve()):
        raise InputError(f"{out.name} lies in the folder that is to be copied: name one outside of it.")
    with fresh_folder(out) as work:
        _copy_store(store, work / home.store.name)
        if home.root.is_dir():
            _copy_files(home.root, work, lambda path: not _stays_behind(path, home, store))
        os.sync()  # the rename must not reach the disk before what it names
    return _measure(out)


def restore(home: Home, source: Path, url: str | None = None) -> Copied:
    """Brings a copy back: a folder that `backup` wrote, or a single store file. What was there is moved aside.

    Everything is brought beside its place first and checked; the program has to be stopped.

    Raises:
        InputError: the source is no such copy, or the store is no file.
        StoreError: the program still runs, the copy is damaged or newer than this program, or there is no room.
    """
    target = _store_file(home, url)
    copied_store = source / home.store.name if source.is_dir() else source
    if not copied_store.is_file():
        raise InputError(f"{source.name} is no copy of a home: there is no {home.store.name} in it.")
    home.root.mkdir(parents=True, exist_ok=True)
    staging = home.root / f".restore-{os.getpid()}"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        _copy_store(copied_store, staging / "store")
        _refuse_unusable(staging / "store")
        if source.is_dir():
            _copy_files(source, staging / "home", lambda path: path != copied_store)
        os.sync()
        copied = replace(_measure(staging), folder=home.root)
        _refuse_busy(target)
        _swap(home, staging, target, whole=source.is_dir())
    except OSError as error:
        raise disk_error(error, "the copy") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return copied


def _store_file(home: Home, url: str | None) -> Path:
    address = store_url(home, url)
    if address.get_backend_name() != "sqlite" or address.database is None:
        raise InputError("The store is on a database server: copy it with pg_dump, and the home's folder beside it.")
    return Path(address.database)


def _copy_store(source: Path, target: Path) -> None:
    """One snapshot of a store that may be in use, as a single file."""
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.execute("PRAGMA busy_timeout=30000")
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")
            verdict = new.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise StoreError(f"The store {source.name} cannot be copied: {error}.") from error
    if verdict != "ok":
        raise StoreError(f"The store {source.name} is damaged ({verdict}): use an older copy of it.")


def _copy_files(source: Path, target: Path, wanted: Callable[[Path], bool]) -> None:
    """Copies a folder; what vanishes meanwhile was temporary."""
    target.mkdir(exist_ok=True)
    try:
        entries = sorted(source.iterdir())
    except FileNotFoundError:
        return
    for path in entries:
        if path.is_symlink() or not wanted(path):
            continue
        if path.is_dir():
            _copy_files(path, target / path.name, wanted)
        else:
            try:
                shutil.copy2(path, target / path.name)
            except FileNotFoundError:
                (target / path.name).unlink(missing_ok=True)


def _stays_behind(path: Path, home: Home, store: Path) -> bool:
    is_store = path.parent == store.parent and path.name in {store.name, *(store.name + end for end in _BESIDE)}
    is_unfinished_run = path.parent == home.runs and not (path / "run.json").is_file()
    is_hidden = path.name.startswith(".") and name_before(path.name) is None
    return is_store or is_unfinished_run or is_hidden or path.name.startswith(_ASIDE) or path.suffix == ".tmp"


def _refuse_unusable(store: Path) -> None:
    engine = make_engine(URL.create("sqlite", database=str(store)))
    try:
        is_up_to_date(engine)  # raises where a newer program wrote it; an older one is migrated when it is opened
        with engine.connect() as connection:
            connection.exec_driver_sql("select count(*) from posts")
    except exc.DatabaseError as error:
        raise InputError("This file is a database, but no store of this program.") from error
    finally:
        engine.dispose()


def _refuse_busy(store: Path) -> None:
    """SQLite leaves the write-ahead log only when nobody else has the file open; this also folds the log in."""
    if not store.exists():
        return
    with closing(sqlite3.connect(store, timeout=1)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise StoreError("The store is in use: stop the program first, then restore.") from error
        except sqlite3.DatabaseError:
            return  # damaged, which is why it is being replaced


def _swap(home: Home, staging: Path, target: Path, whole: bool) -> None:
    """Moves what is there aside and the copy in, by renames alone; the store comes last."""
    aside = home.root / f"{_ASIDE}{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    for path in _replaced(home, target, whole):
        aside.mkdir(exist_ok=True)
        path.rename(aside / path.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    if whole:
        for path in sorted((staging / "home").iterdir()):
            path.rename(home.root / path.name)
    (staging / "store").rename(target)


def _replaced(home: Home, target: Path, whole: bool) -> list[Path]:
    """What makes room: the store with its logs, and for a whole home all that lies in it."""
    store = [target, *(target.with_name(target.name + end) for end in _BESIDE)]
    others = home.root.iterdir() if whole else []
    there = {path for path in store if path.exists()} | set(others)
    return sorted(path for path in there if not path.name.startswith((".", _ASIDE)))


def _measure(folder: Path) -> Copied:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return Copied(folder=folder, files=len(sizes), bytes=sum(sizes))
