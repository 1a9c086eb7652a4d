"""Files and folders written as a whole: each is there when it is complete, and not before.

What is written stands beside its name first, is synced to the disk, and only then takes the name: a killed process or
a power cut leaves the old one or the new one, never half of one. It has the usual rights, 0666 and 0777 less the umask,
whatever made it: a temporary file of a library is its owner's alone, and colleagues could not read a run.
"""

import fcntl
import json
import os
import re
import shutil
import stat
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

from mner_core.types import InputError

_PATH = re.compile(r"(?<![\w./])/(?:[^\s/:'\",)]+/)+([^\s/:'\",)]+)")

ABANDONED = 600.0
"""Seconds without a change after which something half written can only be a killed process's."""


def write_whole(file: Path, content: str | bytes | Callable[[Path], object]) -> None:
    """Writes the file: a text as UTF-8, bytes, or whatever a function writes at the path that it is given.

    Raises:
        InputError: the folder is missing or not writable, or the disk is full; the old file, if any, is untouched.
    """
    try:
        with whole_file(file) as beside:
            if callable(content):
                content(beside)
            else:
                beside.write_bytes(content.encode("utf-8", errors="replace") if isinstance(content, str) else content)
    except OSError as error:
        raise InputError(f"Cannot write {file.name}: {error.strerror or error}.") from error


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """An empty file to write into, which becomes `file` when the block ends well and vanishes when it does not.

    Raises:
        OSError: it cannot be written.
    """
    beside = _beside(file)
    beside.touch(exist_ok=False)
    rights = beside.stat().st_mode
    try:
        yield beside
        beside.chmod(rights)
        _sync(beside)
        beside.replace(file)
        _sync(file.parent)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def whole_files(folder: Path) -> Iterator[Callable[[str, bytes], None]]:
    """A function that writes a file of the folder, whole, or raises OSError; after the block no power cut loses any."""

    def write(name: str, content: bytes) -> None:
        beside = _beside(folder / name)
        try:
            beside.write_bytes(content)
            _sync(beside)
            beside.replace(folder / name)
        finally:
            beside.unlink(missing_ok=True)

    yield write
    _sync(folder)


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `out` when the block ends well and vanishes when it does not.

    Raises:
        OSError: it cannot be written, or `out` holds something.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = _beside(out)
    beside.mkdir()
    rights = beside.stat().st_mode
    try:
        yield beside
        publish_folder(beside, out, rights)
    finally:
        if beside.is_dir():
            _remove_folder(beside)


def publish_folder(written: Path, out: Path, rights: int) -> None:
    """Gives a folder that is written in full the rights of a new one, syncs it to the disk and calls it `out`.

    Args:
        written: the folder.
        out: its name from now on; on the same disk.
        rights: the mode of a folder that was just made, as `stat` says it; files have it without the right to execute.

    Raises:
        OSError: it cannot be renamed, or `out` holds something.
    """
    for folder, _, names in os.walk(written):
        Path(folder).chmod(stat.S_IMODE(rights))
        for name in names:
            file = Path(folder, name)
            if not file.is_symlink():
                file.chmod(rights & 0o666)
                _sync(file)
        _sync(Path(folder))
    written.replace(out)
    _sync(out.parent)


@contextmanager
def fresh_folder(out: Path) -> Iterator[Path]:
    """As `whole_folder`, for a folder that a person names.

    Raises:
        InputError: `out` exists already and holds something, or cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out.name} exists already; name a new or an empty folder.")
    try:
        with whole_folder(out) as work:
            yield work
    except OSError as error:
        raise InputError(f"Cannot write the folder {out.name}: {error.strerror or error}.") from error


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Waits until no other process is in such a block with the same `lock`; one that dies lets the next one in.

    The file is there while somebody is in the block.
    """
    with _held(lock, fcntl.LOCK_EX):
        yield


@contextmanager
def alone_or_not(lock: Path) -> Iterator[bool]:
    """As `one_at_a_time`, but never waits: says whether the block is alone, and False while another is in one."""
    with ExitStack() as stack:
        try:
            stack.enter_context(_held(lock, fcntl.LOCK_EX | fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def together(lock: Path) -> Iterator[None]:
    """Many processes may be in such a block; nobody is in one of the others with the same `lock` meanwhile."""
    with _held(lock, fcntl.LOCK_SH):
        yield


@contextmanager
def _held(lock: Path, how: int) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with lock.open("w") as handle:
            fcntl.flock(handle, how)
            if not is_open_file(handle, lock):
                continue  # who held it has taken it away since, and somebody may hold a new one
            try:
                yield
            finally:
                if how != fcntl.LOCK_SH:  # others may hold it as well
                    lock.unlink(missing_ok=True)
            return


def is_open_file(handle: TextIO, file: Path) -> bool:
    """Whether the open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(handle.fileno()), file.stat())
    except FileNotFoundError:
        return False


def write_json(file: Path, record: Mapping[str, Any]) -> None:
    """One JSON object that a person can read, UTF-8."""
    file.write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")


def write_jsonl(file: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line, UTF-8, in the given order."""
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    file.write_text("".join(lines), encoding="utf-8", newline="\n")


def names_only(text: str) -> str:
    """The text with each absolute path cut down to its last part: libraries name the folders of this machine."""
    return _PATH.sub(r"\1", text)


def sweep_up(folder: Path) -> None:
    """Removes from a folder what killed processes have left half written."""
    for path in [*folder.glob(".*.partial"), *folder.glob(".*.tmp")]:  # .tmp: as the feature cache once called it
        try:
            changed = max(each.lstat().st_mtime for each in (path, *path.rglob("*")))
            if time.time() - changed <= ABANDONED:
                continue
            if path.is_dir():
                _remove_folder(path)
            else:
                path.unlink()
        except FileNotFoundError:  # another process was quicker
            continue


def _beside(path: Path) -> Path:
    """A name of its own in the same folder."""
    return path.with_name(f".{path.name[:100]}.{uuid.uuid4().hex}.partial")


def _remove_folder(folder: Path) -> None:
    """Also where a folder in it, copied from somewhere, may not be written to."""
    for below, _, _ in os.walk(folder):
        Path(below).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
