"""The claim on an unfinished run: one process at a time trains it, and the next one goes on where that stopped."""

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from mner_core.caches import read_kept
from mner_core.files import is_open_file, write_whole
from mner_core.types import InputError


class BusyError(InputError):
    """Another process is at work on the same run, or has just ended; its result can be waited for."""


@contextmanager
def claimed(folder: Path, out: Path, asked: Mapping[str, Any]) -> Iterator[None]:
    """Makes the unfinished run's folder this process's own while the block lasts; the block renames it to `out`.

    `asked` is what was asked for; the folder keeps it, so that nobody goes on with another run's work.

    Raises:
        BusyError: another process has it, or has just completed the run.
        InputError: an unfinished run that was asked for otherwise lies there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BusyError(
                f"Another process is training {out.name} right now; wait for it or name another run."
            ) from None
        if _has_just_ended(lock, folder, out):
            raise BusyError(f"Another process has just trained {out.name}; look at it, or name another run.")
        file = folder / "request.json"
        before = read_kept(file, lambda file: json.loads(file.read_text(encoding="utf-8")))
        if before is None:
            _begin_anew(folder)
        elif before != json.loads(json.dumps(asked)):
            raise InputError(
                f"An unfinished run {out.name} with other data or settings lies in {folder.name}; "
                "delete that folder or choose another name."
            )
        write_whole(file, json.dumps(asked))
        yield


def _begin_anew(folder: Path) -> None:
    """Removes what was trained by nobody knows which settings."""
    for name in ("checkpoint", "checkpoint.old", "checkpoint.new"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "best.safetensors").unlink(missing_ok=True)


def _has_just_ended(lock: TextIO, folder: Path, out: Path) -> bool:
    """Whether another process has completed the run since this one looked: the lock is then of no folder any more."""
    if out.exists():
        if [each.name for each in folder.glob("*")] == ["lock"]:  # made by this process a moment too late
            shutil.rmtree(folder)
        return True
    return not is_open_file(lock, folder / "lock")
