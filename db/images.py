"""Imported pictures: one file each under `Home.images`, named by its sha256 and never changed."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from db.connection import disk_error
from mner_core.data.images import opens
from mner_core.files import whole_files
from mner_core.home import Home
from mner_core.types import Example, InputError


def image_path(home: Home, sha256: str) -> Path:
    """Where the picture of that sha256 lies."""
    return home.images / sha256


def keep_image(home: Home, source: Path) -> str:
    """Copies a file among the pictures, once, and returns its sha256; whether it opens is for the extractor to say.

    Raises:
        InputError: the file cannot be read.
        StoreError: there is no room left, or the folder may not be written to.
    """
    return keep_images(home, [source])[source]


def keep_images(home: Home, sources: Iterable[Path]) -> dict[Path, str]:
    """`keep_image` for several files, whose folder is synced to the disk once; each is read once."""
    kept: dict[Path, str] = {}
    what = "the folder of pictures"
    try:
        home.images.mkdir(parents=True, exist_ok=True)
        with whole_files(home.images) as write:
            for source in sources:
                what, content = f"the picture {source.name}", _content(source)
                kept[source] = sha256 = hashlib.sha256(content).hexdigest()
                if not image_path(home, sha256).exists():
                    write(sha256, content)
    except OSError as error:
        raise disk_error(error, what) from error
    return kept


def picture_state(name: str | None, does_open: bool) -> str:
    """What `Posts.picture` says of a post that names a picture, or none."""
    return "without" if name is None else "with" if does_open else "broken"


def _content(source: Path) -> bytes:
    try:
        return source.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read the picture {source.name}: {error.strerror or error}.") from error


class KeptPicture(NamedTuple):
    """A post's picture among the pictures: its sha256, and whether it opens."""

    sha256: str
    does_open: bool


class ImportedPictures:
    """The pictures of one import: each file is looked at and copied once, however many posts show it."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._kept: dict[Path, KeptPicture] = {}

    def keep(self, posts: Sequence[Example]) -> list[KeptPicture | None]:
        """Each post's picture, which is among the pictures by now; None where there is no file.

        Raises:
            InputError, StoreError: as `keep_image`.
        """
        named = dict.fromkeys(post.image for post in posts if post.image is not None)
        news = [path for path in named if path not in self._kept and path.is_file()]
        for path, sha256 in keep_images(self._home, news).items() if news else ():
            self._kept[path] = KeptPicture(sha256, opens(path))
        return [self._kept.get(post.image) if post.image else None for post in posts]
