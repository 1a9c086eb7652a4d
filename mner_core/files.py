"""Files and folders written as a whole: each is there when it is complete, and not before."""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from mner_core.types import InputError


def write_whole(file: Path, text: str) -> None:
    """Writes the file as UTF-8, beside its name first, so that nobody ever sees half of it.

    Raises:
        InputError: the folder is missing or not writable, or the disk is full; the old file, if any, is untouched.
    """
    beside: Path | None = None
    try:
        with tempfile.NamedTemporaryFile("wb", dir=file.parent, prefix=f".{file.name}.", delete=False) as handle:
            beside = Path(handle.name)
            handle.write(text.encode("utf-8", errors="replace"))
            handle.flush()
            os.fsync(handle.fileno())
        beside.chmod(0o644)  # a temporary file is its owner's alone
        beside.replace(file)
    except OSError as error:
        if beside is not None:
            beside.unlink(missing_ok=True)
        raise InputError(f"Cannot write {file.name}: {error.strerror or error}.") from error


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Waits until no other process is in such a block with the same `lock`; one that dies lets the next one in.

    The file is there while somebody is in the block.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with lock.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if not is_open_file(handle, lock):
                continue  # who held it has taken it away since, and somebody may hold a new one
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
            return


def is_open_file(handle: TextIO, file: Path) -> bool:
    """Whether the open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(handle.fileno()), file.stat())
    except FileNotFoundError:
        return False


@contextmanager
def fresh_folder(out: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `out` when the block ends well and vanishes when it does not.

    Raises:
        InputError: `out` exists already and holds something, or cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists already; name a new or an empty folder.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as beside:
            work = Path(beside) / "work"  # with the usual rights; the temporary folder itself is its owner's alone
            work.mkdir()
            yield work
            work.replace(out)
    except OSError as error:
        raise InputError(f"Cannot write the folder {out}: {error.strerror or error}.") from error


def write_json(file: Path, record: Mapping[str, Any]) -> None:
    """One JSON object that a person can read, UTF-8."""
    file.write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")


def write_jsonl(file: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line, UTF-8, in the given order."""
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    file.write_text("".join(lines), encoding="utf-8", newline="\n")
