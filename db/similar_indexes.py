"""What posts of a data set are compared by, and the indexes that follow from it: one folder each, below the home.

An index is kept under all that it follows from: which posts there are, the texts, captions, objects and pictures (by
the sha256 of their bytes) that are compared, the profile with the versions of its encoders, and the code.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, select

from db.engine import Store
from db.posts import dataset_key
from db.tables import Datasets, Posts
from mner_core.code_version import code_digest
from mner_core.files import fresh_folder, write_json
from mner_core.home import Home
from mner_core.retrieval.likeness import By

_COMPARED: Mapping[By, Sequence[Any]] = {
    "text": (Posts.text,),
    "grid": (Posts.image_sha256,),
    "objects": (Posts.image_sha256, Posts.objects, Posts.text),  # some profiles look for what the text says
    "caption": (Posts.image_sha256, Posts.objects, Posts.text, Posts.caption),
}
_CODE = "mner_core.retrieval.similar"
_ABOUT = "about.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPosts:
    """A data set's posts in the order of the files, by number, with their splits; `digest` names what is compared."""

    dataset: int
    by: By
    digest: str
    numbers: tuple[int, ...]
    splits: tuple[str, ...]


def compared_posts(store: Store, dataset: str, by: By) -> ComparedPosts:
    """What the posts of a data set are compared by now; half a second for 100,000.

    Raises:
        InputError: there is no such data set.
    """
    with store.read() as session:
        key = dataset_key(session, dataset)
        rows = session.execute(_rows(key, by)).all()
    return ComparedPosts(
        dataset=key, by=by, digest=_digest(rows), numbers=tuple(row[0] for row in rows),
        splits=tuple(row[1] for row in rows),
    )  # fmt: skip


def index_folder(home: Home, posts: ComparedPosts, encoders: Sequence[str]) -> Path:
    """Where the index of these posts is or will be; `encoders` names the profile and its versions."""
    parts = [posts.by, posts.digest, _code(), *encoders]
    return _folder(home) / hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def similar_indexes(home: Home) -> list[Path]:
    """The folders of all indexes."""
    return sorted(each for each in _folder(home).glob("[!.]*") if each.is_dir())


def superseded_indexes(store: Store) -> Iterator[Path]:
    """Those that follow from what is not so any more: posts, pictures or code."""
    now: dict[tuple[int, By], str] = {}
    for folder in similar_indexes(store.home):
        if not _is_current(store, folder, now):
            yield folder


@contextmanager
def new_index(folder: Path, posts: ComparedPosts) -> Iterator[Path]:
    """A folder to write an index into, which becomes `folder` with a note of what it follows from.

    Raises:
        InputError: it cannot be written.
    """
    shutil.rmtree(folder, ignore_errors=True)  # a damaged one
    with fresh_folder(folder) as beside:
        write_json(beside / _ABOUT, {"dataset": posts.dataset, "by": posts.by, "posts": posts.digest, "code": _code()})
        yield beside


def index_lock(folder: Path) -> Path:
    """What is held while an index is built: who comes second reads what the first one has built."""
    return folder.with_name(f".{folder.name}.lock")


def _is_current(store: Store, folder: Path, now: dict[tuple[int, By], str]) -> bool:
    """Whether the index follows from what is there; `now` has the digests that were asked for already."""
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        key, digest, code = (int(about["dataset"]), about["by"]), about["posts"], about["code"]
    except (OSError, ValueError, LookupError, TypeError):
        return False
    if key[1] not in _COMPARED or code != _code():
        return False
    if key not in now:
        with store.read() as session:
            is_there = session.get(Datasets, key[0]) is not None
            now[key] = _digest(session.execute(_rows(*key)).all()) if is_there else ""
    return bool(now[key] == digest)


def _rows(dataset: int, by: By) -> Select[Any]:
    """Number, split and what is compared of each post, in the order of the files."""
    return select(Posts.id, Posts.split, *_COMPARED[by]).where(Posts.dataset_id == dataset).order_by(Posts.place)


def _digest(rows: Sequence[Row[Any]]) -> str:
    """Of all but the splits: a post that changes its split is compared as before."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps([row[0], *row[2:]]).encode() + b"\n")
    return digest.hexdigest()


def _code() -> str:
    return code_digest(_CODE)


def _folder(home: Home) -> Path:
    return home.root / "similar"
