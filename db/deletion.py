"""Deleting data sets and runs, and bringing them back.

What is deleted is only hidden: its row is marked with a time and gives its name up, the folder of a run is called
`.NAME.deleted-TIME`. For 30 days at least it can be brought back as it was; then `db.removal` may remove it for good.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from db.deleted_names import TABLES, THINGS, WORDS, Thing, deleted_rows, name_aside, name_before
from db.engine import Store
from db.images import image_path
from db.in_use import left_alone, named_row, needing
from db.jobs import Job
from db.naming import call
from db.renaming import must_be_free
from db.run_folders import follow_folders, move_with
from db.store_room import bytes_freed
from db.tables import Datasets, Posts, Predictions, Revisions, Runs
from mner_core.types import InputError

KEPT_DAYS = 30
KEPT = KEPT_DAYS * 86400.0
"""Seconds for which what was deleted can be brought back at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What a data set or a run holds, and so what is lost with it.

    Of a data set: its posts, what people said of them (the imported labels are not counted), how many runs learned from
    it or were brought for it (they stay), and the bytes of pictures that no other data set has. Of a run: the posts it
    has predicted, no revision, itself, and the bytes of its folder. `jobs` wait or run and need it.
    """

    thing: Thing
    name: str
    posts: int
    revisions: int
    runs: int
    bytes: int
    jobs: tuple[Job, ...]

    def to_json(self) -> dict[str, Any]:
        """The answer of the commands."""
        counts = {"posts": self.posts, "revisions": self.revisions, "runs": self.runs, "bytes": self.bytes}
        return {"kind": self.thing, "name": self.name, **counts, "jobs": [job.id for job in self.jobs]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A thing that can be brought back under the name that it had, until a time in seconds since 1970.

    `aside` names it among others that had the name.
    """

    thing: Thing
    name: str
    aside: str
    deleted: float

    @property
    def until(self) -> float:
        """Until when nothing removes it, unless somebody says so."""
        return self.deleted + KEPT


def what_is_lost(store: Store, thing: Thing, name: str) -> Loss:
    """What goes with a data set or a run; nothing is changed.

    Raises:
        InputError: there is none of that name.
    """
    with store.read() as session:
        return _loss(session, store, thing, named_row(session, thing, name))


def delete(store: Store, thing: Thing, name: str) -> Loss:
    """Hides a data set or a run from everybody, and says what went with it.

    Raises:
        InputError: there is none of that name, or a job or an import needs it.
        StoreError: the folder of the run cannot be renamed.
    """
    follow_folders(store)
    with left_alone(store, thing, name, "deleted") as (session, row):
        found = _loss(session, store, thing, row)
        row.deleted = store.now()
        aside = _free_name_aside(session, thing, name, row.deleted)
        call(session, row, aside)
        _move(session, store, row, aside)
        return found


def bring_back(store: Store, thing: Thing, name: str) -> Loss:
    """Brings back what was deleted under that name, the last one first, and says what came with it.

    `name` may also be the name aside (`Deleted.aside`).

    Raises:
        InputError: nothing of that name was deleted, or the name is taken.
        StoreError: the folder of the run cannot be renamed.
    """
    follow_folders(store)
    with store.write() as session:
        found = [row for row in deleted_rows(session, thing) if name in {row.name, name_before(row.name)}]
        if not found:
            known = ", ".join(dict.fromkeys(str(name_before(row.name)) for row in deleted_rows(session, thing)))
            raise InputError(f"No deleted {WORDS[thing]} was called {name!r}; there are: {known or 'none'}.")
        row, before = found[0], str(name_before(found[0].name))
        must_be_free(session, store, thing, before)
        row.deleted = None
        call(session, row, before)
        _move(session, store, row, before)
        return _loss(session, store, thing, row)


def deleted_things(store: Store) -> list[Deleted]:
    """All that can be brought back, the last deleted first."""
    with store.read() as session:
        found = [
            Deleted(thing=thing, name=str(name_before(row.name)), aside=row.name, deleted=row.deleted or 0.0)
            for thing in THINGS
            for row in deleted_rows(session, thing)
        ]
    return sorted(found, key=lambda each: -each.deleted)


def pictures_of(store: Store, session: Session, dataset_ids: Collection[int]) -> list[Path]:
    """The files of the pictures that only these data sets have."""
    is_own, is_one = Posts.dataset_id.in_(dataset_ids), Posts.image_sha256.is_not(None)
    others = select(Posts.image_sha256).where(~is_own, is_one)
    own = select(Posts.image_sha256).distinct().where(is_own, is_one, Posts.image_sha256.not_in(others))
    return [image_path(store.home, sha256) for sha256 in session.scalars(own) if sha256]


def _free_name_aside(session: Session, thing: Thing, name: str, when: float) -> str:
    """Two of one name may be deleted within a second."""
    table = TABLES[thing]
    while session.scalar(select(table.id).where(table.name == name_aside(name, when))) is not None:
        when += 1
    return name_aside(name, when)


def _move(session: Session, store: Store, row: Datasets | Runs, name: str) -> None:
    """The folder of a run goes with its name; where it is gone already, nothing does."""
    if isinstance(row, Runs):
        folder = store.home.runs / row.folder
        if folder.is_dir():
            move_with(session, folder, name)
        row.folder = name


def _loss(session: Session, store: Store, thing: Thing, row: Datasets | Runs) -> Loss:
    jobs = tuple(needing(session, thing, row.name))
    if isinstance(row, Runs):
        predicted = _number(session, Predictions.run_id == row.id)
        size = bytes_freed([store.home.runs / row.folder])
        return Loss(thing=thing, name=row.name, posts=predicted, revisions=0, runs=1, bytes=size, jobs=jobs)
    posts = select(Posts.id).where(Posts.dataset_id == row.id)
    learned_from = [each.data.get("name") for each in session.scalars(select(Runs).where(Runs.deleted.is_(None)))]
    return Loss(
        thing=thing,
        name=row.name,
        posts=_number(session, Posts.dataset_id == row.id),
        revisions=_number(session, Revisions.post_id.in_(posts), ~Revisions.imported),
        runs=learned_from.count(row.name),
        bytes=bytes_freed(pictures_of(store, session, [row.id])),
        jobs=jobs,
    )


def _number(session: Session, *which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).where(*which)) or 0
