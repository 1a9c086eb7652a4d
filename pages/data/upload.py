"""From an upload or a folder on the server to an import job."""

import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from db.archive import Unpacked, Upload, unpack
from db.connection import disk_error
from db.data_set_home import data_set_in, data_set_name, declared_name
from db.engine import Store
from db.jobs import Job, enqueue
from db.uploads import thrown_away, waiting_room
from mner_core.data.folder_files import split_of
from mner_core.types import InputError

IMPORT_ROOT = "MNER_IMPORT_ROOT"
"""The setting that names the folder whose data sets may be imported by everybody who opens the program."""


def receive(
    store: Store, uploads: Sequence[Upload], name: str, labels: Mapping[str, str], author: str
) -> tuple[Job, Unpacked]:
    """Unpacks what the browser sent and queues its import; the job throws the files away when it is done.

    Raises:
        InputError: nothing was chosen, or something of it cannot be used; nothing is left behind.
        StoreError: the disk is full.
    """
    if not uploads:
        raise InputError("Choose a zip, or the files of a data set, first.")
    waiting = _waiting_room(store)
    fresh = waiting / uuid.uuid4().hex
    try:
        fresh.mkdir(parents=True)
        done = unpack(uploads, fresh)
        found, outside = data_set_in(fresh)
        done.left_out += outside
        called = name.strip() or data_set_name(found, uploads[0].name)
        folder = waiting / uuid.uuid4().hex
        found.rename(folder)
    except OSError as error:
        raise disk_error(error, "the upload") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    payload = {"folder": str(folder), "name": called, "labels": dict(labels), "remove": True}
    return enqueue(store, "import", payload, author=author), done


def import_server_folder(store: Store, folder: str, name: str, labels: Mapping[str, str], author: str) -> Job:
    """Queues the import of a folder that `server_folders` lists.

    Raises:
        InputError: it lists no such folder.
    """
    root = server_root()
    if root is None or folder not in server_folders(root):
        raise InputError(f"There is no data set {folder!r} in the server folder any more; choose another one.")
    place = root / folder
    payload = {
        "folder": str(place),
        "name": name.strip() or declared_name(place) or place.resolve().name,
        "labels": dict(labels),
        "remove": False,
    }
    return enqueue(store, "import", payload, author=author, dedupe_key=f"import {folder} {payload['name']}")


def server_root() -> Path | None:
    """The folder that the settings allow to import from, None where they allow none."""
    named = os.environ.get(IMPORT_ROOT)
    return Path(named).expanduser().resolve() if named and Path(named).expanduser().is_dir() else None


def server_folders(root: Path, depth: int = 3, most: int = 200) -> list[str]:
    """The folders below `root` that hold split files, by their names relative to it; links out of it are left out."""
    found: list[str] = []
    for place, folders, files in os.walk(root):
        inside = Path(place).relative_to(root)
        folders[:] = sorted(each for each in folders if not each.startswith(".")) if len(inside.parts) < depth else []
        if any(map(split_of, files)):
            found.append(str(inside))
        if len(found) >= most:
            break
    return sorted(found)


def read_renames(texts: Sequence[str]) -> dict[str, str]:
    """What "OTHER = MISC" and the like say.

    Raises:
        InputError: one of them names no two labels.
    """
    renames = {}
    for text in texts:
        old, _, new = (part.strip() for part in text.partition("="))
        if not old or not new or "=" in new:
            raise InputError(f"{text!r} names no two labels: write it as OTHER = MISC.")
        renames[old] = new
    return renames


def _waiting_room(store: Store) -> Path:
    """Where uploads wait for the worker; those that are done with are thrown away first."""
    for folder in thrown_away(store):
        shutil.rmtree(folder, ignore_errors=True)
    return waiting_room(store)
