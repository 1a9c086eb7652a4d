"""What a person sent (archives, single files), laid out as a data set's folder: nothing in it is trusted or run.

Archives are unpacked entry by entry. An archive that tries to write outside its folder, holds links or locked entries,
or grows out of all proportion is refused as a whole, in one sentence.
"""

import lzma
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

from db.archive_names import READABLE, entry_names
from db.connection import disk_error
from db.data_set_home import data_set_in, shown_name
from mner_core.data.folder_files import POSTS_ENDINGS
from mner_core.data.images import PICTURE_ENDINGS
from mner_core.data.sidecars import is_unsafe
from mner_core.types import InputError

_CHUNK = 1 << 18
_PACKINGS = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
"""Packings that Python cannot read, as archivers call them."""
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError)


class Upload(Protocol):
    """A file from the browser: its name there, and its content from the beginning."""

    @property
    def name(self) -> str:
        """What the file is called."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        ...

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Goes to a place."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much an upload may hold: files, bytes in all, and bytes that one packed byte may become.

    The densest honest text files (one caption for every post) were packed to a fiftieth.
    """

    files: int = 100_000
    bytes: int = 2 << 30
    growth: int = 200
    small: int = 16 << 20
    """Bytes up to which nothing is said about growth."""


@dataclass(slots=True)
class Unpacked:
    """How many files there are now, how many bytes, and the names of those that no data set holds and are left out."""

    files: int = 0
    bytes: int = 0
    left_out: list[str] = field(default_factory=list)


def unpack(uploads: Sequence[Upload], folder: Path, limits: Limits | None = None) -> Unpacked:
    """Writes archives and single files into the empty `folder`; single pictures go to `images/` below it.

    Raises:
        InputError: something cannot be used; the folder may hold a part of it then and is to be thrown away.
        StoreError: the disk is full.
    """
    done, limits = Unpacked(), limits or Limits()
    try:
        for upload in uploads:
            ending = PurePosixPath(upload.name).suffix.lower()
            if ending == ".zip":
                _unpack_archive(upload, folder, done, limits)
            elif ending in PICTURE_ENDINGS or ending in POSTS_ENDINGS:
                _write_single(upload, folder, done, limits)
            else:
                raise InputError(
                    f"{shown_name(upload.name)} is neither posts (.jsonl, .txt), a picture nor a zip; it was not taken."
                )
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise InputError("Two of the files have the same name; rename one of them.") from error
    except OSError as error:
        raise disk_error(error, "the upload") from error
    if not done.files:
        raise InputError("There is nothing in the upload that could be read: it needs train.jsonl, test.txt or alike.")
    return done


@contextmanager
def unpacked(file: Path, room: Path) -> Iterator[tuple[Path, list[str]]]:
    """The data set of an archive on this machine, in a folder below `room` while the block lasts, and what is left out.

    Raises:
        InputError: as `unpack` and `find_posts`.
    """
    with tempfile.TemporaryDirectory(dir=room, prefix=".archive-") as folder, file.open("rb") as content:
        done = unpack([_Local(file.name, content)], Path(folder))
        home, outside = data_set_in(Path(folder))
        yield home, [*done.left_out, *outside]


@dataclass(frozen=True)
class _Local:
    """A file of this machine, as an upload: what is said of it names no folder."""

    name: str
    content: IO[bytes]

    def read(self, size: int = -1, /) -> bytes:
        return self.content.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self.content.seek(offset, whence)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.content, name)


def _unpack_archive(upload: Upload, folder: Path, done: Unpacked, limits: Limits) -> None:
    name = shown_name(upload.name)
    upload.seek(0)
    try:
        with zipfile.ZipFile(upload) as archive:
            for entry, place in _entries(archive, name, limits):
                if PurePosixPath(place).suffix.lower() in {*POSTS_ENDINGS, *PICTURE_ENDINGS}:
                    with archive.open(entry) as source:
                        packed = max(entry.compress_size, 1)
                        _copy(source, folder / place, done, limits, packed, f"{name} is an archive that")
                else:
                    done.left_out.append(shown_name(place))
    except InputError:
        raise
    except _DAMAGED as error:
        raise InputError(f"{name} is damaged or no zip archive; pack it again and try once more.") from error


def _entries(archive: zipfile.ZipFile, name: str, limits: Limits) -> list[tuple[zipfile.ZipInfo, str]]:
    """The files to unpack, without what systems add by themselves, each with the path below the folder that it gets.

    Refuses the archive before anything is written.
    """
    entries = archive.infolist()
    if len(entries) > limits.files:
        raise InputError(
            f"{name} holds {len(entries):,} files, more than the {limits.files:,} that an upload may have."
        )
    kept = list(zip(entries, entry_names(archive), strict=True))
    for entry, place in kept:
        _must_be_harmless(entry, place, name)
    files = [(entry, place) for entry, place in kept if not place.endswith("/") and not _is_litter(place)]
    for entry, place in files:
        if entry.compress_type not in READABLE:
            packing = _PACKINGS.get(entry.compress_type, f"method {entry.compress_type}")
            raise InputError(
                f"{name} packs {shown_name(place)} with {packing}, which cannot be unpacked here; "
                "pack it again as an ordinary zip (Deflate)."
            )
    return files


def _must_be_harmless(entry: zipfile.ZipInfo, place: str, archive: str) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if is_unsafe(place.rstrip("/")):
        raise InputError(
            f"{archive} was refused: {shown_name(place)} leads out of its folder or cannot be a file's name."
        )
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise InputError(f"{archive} holds a link or a device, {shown_name(place)}; pack the files themselves.")
    if entry.flag_bits & 1:
        raise InputError(f"{archive} is locked with a password; pack it without one.")
    if any(len(part.encode()) > 200 for part in place.split("/")):
        raise InputError(f"{archive} holds a file whose name is too long, {shown_name(place)}; rename it.")


def _write_single(upload: Upload, folder: Path, done: Unpacked, limits: Limits) -> None:
    name = upload.name
    if is_unsafe(name) or "/" in name or "\\" in name or name.startswith("."):
        raise InputError(f"The name {shown_name(name)} is none that a file may have; rename it.")
    is_picture = PurePosixPath(name).suffix.lower() in PICTURE_ENDINGS
    upload.seek(0)
    _copy(upload, folder / "images" / name if is_picture else folder / name, done, limits, 0, "The upload")


def _copy(source: Upload | IO[bytes], target: Path, done: Unpacked, limits: Limits, packed: int, who: str) -> None:
    """Writes a file piece by piece and stops as soon as it becomes too much."""
    target.parent.mkdir(parents=True, exist_ok=True)
    done.files += 1
    size = 0
    with target.open("xb") as file:
        while piece := source.read(_CHUNK):
            size += len(piece)
            done.bytes += len(piece)
            if packed and size > limits.small and size > limits.growth * packed:
                raise InputError(f"{who} grows more than {limits.growth} times when unpacked; it was refused.")
            if done.bytes > limits.bytes:
                raise InputError(f"{who} holds more than {limits.bytes / (1 << 30):.3g} GB; bring it in in parts.")
            file.write(piece)


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return parts[0] == "__MACOSX" or any(part.startswith(".") for part in parts) or parts[-1] == "Thumbs.db"
