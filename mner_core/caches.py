"""What can be made again is made again: one way to read what a program has kept, for every kind of cache.

A cache file may be cut off by a full disk, emptied by a power cut, or be no file of this program at all. Whoever reads
one here gets None then, as where there is none, and makes it again. What is read is checked by the reader: it raises
for what does not fit, for instance for vectors of fewer texts than were asked for.
"""

import contextlib
import logging
import os
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Generic, TypeVar
from zipfile import BadZipFile

from safetensors import SafetensorError

from mner_core.files import names_only, sweep_up
from mner_core.types import InputError

UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    SafetensorError,
    BadZipFile,
    zlib.error,
)
"""What readers raise of a file that is cut off, empty, or something else than they expect."""

_LOG = logging.getLogger(__name__)
_Kept = TypeVar("_Kept")
_Key = TypeVar("_Key", bound=Hashable)


class LruCache(Generic[_Key, _Kept]):
    """Answers in memory: beyond `limit` of them those go that were unused for longest.

    So a process that serves for weeks does not grow with the posts that it was asked about.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: _Key) -> bool:
        return key in self._kept

    def __getitem__(self, key: _Key) -> _Kept:
        self._kept.move_to_end(key)
        return self._kept[key]

    def answers(self, keys: Iterable[_Key], compute: Callable[[list[_Key]], Iterable[_Kept]]) -> dict[_Key, _Kept]:
        """The answers to all of these keys; those that are not known are computed together, and kept."""
        asked = dict.fromkeys(keys)
        known = {key: self[key] for key in asked if key in self}
        missing = [key for key in asked if key not in known]
        new = dict(zip(missing, compute(missing), strict=True)) if missing else {}
        self.add(new)
        return known | new

    def add(self, found: Mapping[_Key, _Kept]) -> None:
        """Keeps these; the last ones, where they are more than the limit."""
        for key, answer in found.items():
            self._kept[key] = answer
            self._kept.move_to_end(key)
        while len(self._kept) > self.limit:
            self._kept.popitem(last=False)

    def add_for_good(self, found: Mapping[_Key, _Kept]) -> None:
        """Keeps these and makes room for them: what was prepared for a training is asked in every epoch."""
        self.limit += sum(key not in self._kept for key in found)
        self.add(found)


def read_kept(file: Path, read: Callable[[Path], _Kept]) -> _Kept | None:
    """What `read` makes of the file; None where there is none or it is damaged, which the log says."""
    try:
        return read(file)
    except FileNotFoundError:
        return None
    except UNREADABLE as error:
        _LOG.warning("The kept file %s is damaged and is made again: %s", file, " ".join(str(error).split())[:200])
        return None


def read_part(file: Path, read: Callable[[Path], _Kept], todo: str) -> _Kept:
    """What `read` makes of a file that cannot be made again, such as a run's weights.

    Raises:
        InputError: there is none or it is damaged; `todo` says what to do, as half a sentence.
    """
    try:
        return read(file)
    except FileNotFoundError:
        raise InputError(f"{file.parent.name} is damaged: it lacks {file.name}; {todo}.") from None
    except InputError:
        raise
    except UNREADABLE as error:
        said = names_only(" ".join(str(error).split()))[:200]
        raise InputError(f"{file.parent.name} is damaged: {file.name} cannot be read ({said}); {todo}.") from None


def used(path: Path) -> None:
    """Notes that a kept file or folder is used now: what nobody uses for long is thrown away (`python -m db gc`)."""
    with contextlib.suppress(OSError):  # it has just gone, or belongs to somebody else
        os.utime(path)


def kept(file: Path, read: Callable[[Path], _Kept], make: Callable[[], _Kept], write: Callable[[_Kept], None]) -> _Kept:
    """What the file holds; where there is none or it is damaged, it is made and written."""
    found = read_kept(file, read)
    if found is not None:
        used(file)
    else:
        found = make()
        file.parent.mkdir(parents=True, exist_ok=True)
        sweep_up(file.parent)
        write(found)
    return found
