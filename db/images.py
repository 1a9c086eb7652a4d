"""Imported pictures: one file each under `Home.images`, named by its sha256 and never changed."""

import hashlib
from pathlib import Path

from db.connection import disk_error
from mner_core.files import whole_file
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
    while not image_path(home, sha256).exists():
        try:
            _copy(home, source, sha256)
        except _ChangedError as changed:
            sha256 = changed.sha256
        except OSError as error:
            raise disk_error(error, f"the picture {source.name}") from error
    return sha256


def picture_state(name: str | None, does_open: bool) -> str:
    """What `Posts.picture` says of a post that names a picture, or none."""
    return "without" if name is None else "with" if does_open else "broken"


class _ChangedError(Exception):
    """The source has become another picture since it was looked at."""

    def __init__(self, sha256: str) -> None:
        super().__init__(sha256)
        self.sha256 = sha256


def _copy(home: Home, source: Path, sha256: str) -> None:
    """Copies the picture and hashes what was written: under a wrong sha256 nothing is kept."""
    home.images.mkdir(parents=True, exist_ok=True)
    with whole_file(image_path(home, sha256)) as beside:
        digest = hashlib.sha256()
        with source.open("rb") as file, beside.open("wb") as copy:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                copy.write(chunk)
        if digest.hexdigest() != sha256:
            raise _ChangedError(digest.hexdigest())
