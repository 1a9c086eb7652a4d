"""The names of an archive's entries as their maker meant them, whatever machine and code page they were written on."""

import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath

from mner_core.data.folder_files import split_of

_TOLD = 16 << 20
"""Bytes of each split file that are searched for the pictures' names."""


_IS_UTF8 = 0x800
"""The flag of an entry whose name is UTF-8."""
READABLE = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
_CODE_PAGES = ("utf-8", "cp437", "gbk", "cp932", "big5", "euc_kr", "cp1252", "cp1251", "cp1253", "cp1250", "cp866")
"""How names without the flag may be written; the zip format itself means cp437."""


def entry_names(archive: zipfile.ZipFile) -> list[str]:
    """The entries' names as their maker meant them, with slashes between folders.

    Old archivers write names in the code page of their machine, without the flag for UTF-8, and some of them (Windows)
    backslashes between folders. Names without the flag are UTF-8 where all of them decode; else they are read in the
    code page under which the posts of the archive name most of its pictures.
    """
    entries = archive.infolist()
    raw = {entry: entry.orig_filename.encode("cp437") for entry in entries if not entry.flag_bits & _IS_UTF8}
    page = _code_page(archive, list(raw.values()))
    names = [raw[entry].decode(page, "replace") if entry in raw else entry.orig_filename for entry in entries]
    return [name.split("\0")[0].replace("\\", "/") for name in names]


def _code_page(archive: zipfile.ZipFile, names: Sequence[bytes]) -> str:
    possible = [page for page in _CODE_PAGES if all(_decodes(name, page) for name in names)]
    if "utf-8" in possible:
        return "utf-8"
    told = _posts_text(archive)
    stems = {page: [PurePosixPath(name.decode(page).replace("\\", "/")).stem for name in names] for page in possible}
    return max(possible, key=lambda page: sum(bool(stem) and stem in told for stem in stems[page]), default="cp437")


def _posts_text(archive: zipfile.ZipFile) -> str:
    """What the split files of an archive say, as far as it can be read: their names are ASCII in any code page."""
    parts = []
    for entry in archive.infolist():
        if split_of(entry.filename.replace("\\", "/")) and entry.compress_type in READABLE:
            with archive.open(entry) as file:
                parts.append(file.read(_TOLD).decode("utf-8", errors="replace"))
    return "\n".join(parts)


def _decodes(name: bytes, page: str) -> bool:
    try:
        name.decode(page)
    except UnicodeDecodeError:
        return False
    return True
