"""What a browser sent, laid out as a data set's folder: nothing in it is trusted, nothing in it is ever run.

Archives are unpacked entry by entry. An archive that tries to write outside its folder, holds links or locked entries,
or grows out of all proportion is refused as a whole, in one sentence.
"""

import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from db.connection import disk_error
from mner_core.data.images import PICTURE_ENDINGS
from mner_core.data.sidecars import is_unsafe
from mner_core.types import InputError

POSTS = (".jsonl", ".txt", ".conll", ".bio")
BESIDE = (".json", ".tsv")
SPLITS = frozenset({"train", "valid", "dev", "val", "test"})
_CHUNK = 1 << 18
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError)


class Upload(Protocol):
    """A file from the browser: its name there, and its content from the beginning."""

    name: str

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
            elif ending in PICTURE_ENDINGS or ending in POSTS or ending in BESIDE:
                _write_single(upload, folder, done, limits)
            else:
                raise InputError(
                    f"{_shown(upload.name)} is neither posts (.jsonl, .txt), a picture nor a zip; it was not taken."
                )
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise InputError("Two of the files have the same name; rename one of them.") from error
    except OSError as error:
        raise disk_error(error, "the upload") from error
    if not done.files:
        raise InputError("There is nothing in the upload that could be read: it needs train.jsonl, test.txt or alike.")
    return done


def find_posts(folder: Path) -> Path:
    """The folder at or below `folder` that holds split files directly.

    Raises:
        InputError: there is none, or there are several.
    """
    files = (path for path in folder.rglob("*") if path.suffix.lower() in POSTS and path.stem.lower() in SPLITS)
    homes = sorted({path.parent for path in files}, key=lambda path: (len(path.parts), path))
    homes = [each for each in homes if len(each.parts) == len(homes[0].parts)]
    if len(homes) > 1:
        names = " and ".join(_shown(each.name) for each in homes[:3])
        raise InputError(f"There are several data sets in it, {names}: bring them in one by one.")
    if not homes:
        raise InputError(
            "There are no posts in it: they lie in files named train, valid or test that end in .jsonl or (CoNLL) .txt."
        )
    return homes[0]


def _unpack_archive(upload: Upload, folder: Path, done: Unpacked, limits: Limits) -> None:
    name = _shown(upload.name)
    upload.seek(0)
    try:
        with zipfile.ZipFile(upload) as archive:
            for entry in _entries(archive, name, limits):
                if PurePosixPath(entry.filename).suffix.lower() in {*POSTS, *BESIDE, *PICTURE_ENDINGS}:
                    with archive.open(entry) as source:
                        packed = max(entry.compress_size, 1)
                        _copy(source, folder / entry.filename, done, limits, packed, f"{name} is an archive that")
                else:
                    done.left_out.append(_shown(entry.filename))
    except InputError:
        raise
    except _DAMAGED as error:
        raise InputError(f"{name} is damaged or no zip archive; pack it again and try once more.") from error


def _entries(archive: zipfile.ZipFile, name: str, limits: Limits) -> Iterator[zipfile.ZipInfo]:
    """The files to unpack, without what systems add by themselves; refuses the archive before anything is written."""
    entries = archive.infolist()
    if len(entries) > limits.files:
        raise InputError(
            f"{name} holds {len(entries):,} files, more than the {limits.files:,} that an upload may have."
        )
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if is_unsafe(entry.filename.rstrip("/")) or "\\" in entry.filename:
            raise InputError(
                f"{name} was refused: {_shown(entry.filename)} leads out of its folder or cannot be a file's name."
            )
        if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
            raise InputError(f"{name} holds a link or a device, {_shown(entry.filename)}; pack the files themselves.")
        if entry.flag_bits & 1:
            raise InputError(f"{name} is locked with a password; pack it without one.")
        if any(len(part.encode()) > 200 for part in entry.filename.split("/")):
            raise InputError(f"{name} holds a file whose name is too long, {_shown(entry.filename)}; rename it.")
    return (entry for entry in entries if not entry.is_dir() and not _is_litter(entry.filename))


def _write_single(upload: Upload, folder: Path, done: Unpacked, limits: Limits) -> None:
    name = upload.name
    if is_unsafe(name) or "/" in name or "\\" in name or name.startswith("."):
        raise InputError(f"The name {_shown(name)} is none that a file may have; rename it.")
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


def _shown(name: str) -> str:
    """A name as a sentence can hold it."""
    return "".join(char if char.isprintable() else "�" for char in name)[:60] or "a file"
