"""A data set as one zip for the browser."""

import shutil
import tempfile
import zipfile
from pathlib import Path

from db.connection import disk_error
from db.engine import Store
from db.exchange import Format, export_folder
from db.gold import examples
from mner_core.types import InputError

MOST_PICTURES = 200 << 20
"""Bytes of pictures that a download may hold: the server keeps it in memory while the browser fetches it."""


def pack(store: Store, dataset: str, gold: str, format: Format, pictures: bool) -> bytes:
    """The data set with the named gold, its history, and where it is asked for its pictures, as a zip.

    Raises:
        InputError: the format cannot say what the posts hold, or there are too many pictures for a download.
        StoreError: the disk is full.
    """
    if pictures and (size := _picture_bytes(store, dataset)) > MOST_PICTURES:
        raise InputError(
            f"The pictures take {size >> 20:,} MB, too much for a download: leave them out, or have somebody run "
            f"`python -m db export` on the server."
        )
    try:
        store.home.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=store.home.root, prefix=".export-") as beside:
            folder = Path(beside) / "set"
            export_folder(store, folder, dataset, gold, format)
            if not pictures:
                shutil.rmtree(folder / "images", ignore_errors=True)
            packed = Path(beside) / "set.zip"
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                    archive.write(file, file.relative_to(folder))
            return packed.read_bytes()
    except OSError as error:
        raise disk_error(error, "the download") from error


def _picture_bytes(store: Store, dataset: str) -> int:
    pictures = {post.image for post in examples(store, dataset) if post.image is not None}
    return sum(path.stat().st_size for path in pictures if path.is_file())
