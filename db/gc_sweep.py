"""What one collection has in hand: what it takes from the disk, how much room that makes, and what it had to leave.

Files go one by one. A folder first gets a name that nobody looks for, so that it is gone for everybody at once; what
a killed collection leaves under such a name, the next one removes.
"""

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from db.engine import Store
from db.store_room import bytes_freed

TAKEN = ".taken"
"""The ending of what is being removed."""
DAY = 86400.0


@dataclass(kw_only=True)
class Sweep:
    """A collection. `is_applied` says whether it removes anything; where not, it remembers what would be gone.

    `at_once` says that deleted things go before their time. `left` gets a sentence for all that could not be taken.
    """

    store: Store
    is_applied: bool
    at_once: bool = False
    left: list[str] = field(default_factory=list)
    gone: list[Path] = field(default_factory=list)

    def free(self, paths: Iterable[Path]) -> int:
        """The bytes that there is more room without these files and folders; they are removed where it is applied."""
        taken = [path for path in paths if path.is_symlink() or path.exists()]
        before = bytes_freed(self.gone)
        if self.is_applied:
            size = bytes_freed(taken)
            for path in taken:
                _remove(path)
            return size
        self.gone += taken
        return bytes_freed(self.gone) - before

    def is_gone(self, path: Path) -> bool:
        """Whether it is not there, or would not be."""
        return not path.exists() or any(path == each or each in path.parents for each in self.gone)

    def is_old(self, path: Path, seconds: float) -> bool:
        """Whether nothing in it was written or used for so long; what has just gone is not old."""
        try:
            newest = max(each.lstat().st_mtime for each in (path, *path.rglob("*")))
        except FileNotFoundError:
            return False
        return newest <= self.store.now() - seconds

    def has_other_names(self, folder: Path) -> bool:
        """Whether a file of the folder has a name elsewhere that stays: somebody has it as a part of something else."""
        files = [each for each in folder.rglob("*") if each.is_file()]
        own = bytes_freed([*self.gone, folder]) - bytes_freed(self.gone)
        return own < sum(file.stat().st_size for file in files)


def is_held(lock: Path) -> bool:
    """Whether a process is in a block of that lock; nothing is written."""
    with kept_from_others(lock) as is_free:
        return not is_free


@contextmanager
def kept_from_others(lock: Path) -> Iterator[bool]:
    """Whether nobody holds the lock, and then nobody takes it in this block; where there is no such file, True."""
    try:
        handle = lock.open()
    except FileNotFoundError:
        yield True
        return
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        aside = path if path.suffix == TAKEN else path.with_name(f".{path.name[:100]}.{uuid.uuid4().hex}{TAKEN}")
        path.rename(aside)
        for below, _, _ in os.walk(aside):
            Path(below).chmod(0o700)  # a folder that was copied from somewhere may refuse to be emptied
        shutil.rmtree(aside)
    else:
        path.unlink(missing_ok=True)
