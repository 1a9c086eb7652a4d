"""Imported pictures: one file each under `Home.images`, named by its sha256 and never changed."""

import hashlib
import os
import tempfile
from pathlib import Path

from db.connection import disk_error
from mner_core.home import Home
from mner_core.types import InputError

_CHUNK = 1 << 20


def image_path(home: Home, sha256: str) -> Path:
    """Where the picture of that sha256 lies."""
    return home.images / sha256


def keep_image(home: Home, source: Path) -> str:
    """Copies a file among the pictures, once, and returns its sha256; whether it opens is for the extractor to say.

    Raises:
        InputError: the file cannot be read.
        StoreError: there is no room left, or the folder may not be written to.
    """
    try:
        with source.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"Cannot read the picture {source.name}: {error.strerror or error}.") from error
    if not image_path(home, sha256).exists():
        sha256 = _copy(home, source)
    return sha256


def _copy(home: Home, source: Path) -> str:
    """Copies beside the final name and hashes what was written: the source may have changed since it was looked at."""
    beside: Path | None = None
    try:
        home.images.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with source.open("rb") as file, tempfile.NamedTemporaryFile(dir=home.images, prefix=".", delete=False) as copy:
            beside = Path(copy.name)
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
        beside.chmod(0o644)
        beside.replace(image_path(home, digest.hexdigest()))
    except OSError as error:
        if beside is not None:
            beside.unlink(missing_ok=True)
        raise disk_error(error, f"the picture {source.name}") from error
    return digest.hexdigest()
