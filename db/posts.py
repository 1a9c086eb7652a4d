"""Data sets and their posts, as they were imported (see `imports`)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from db.engine import Store
from db.images import image_path
from db.tables import Datasets, Defects, Posts, PostTotals
from db.unchanged import while_unchanged
from mner_core.data.entity_types import EntityType
from mner_core.data.lines import Defect, Kind
from mner_core.types import Example, ImageObject, InputError, Span, Token

GOLD = "gold"
"""The track that holds the data set's gold; all others bear a person's name."""
IS_WHOLE = Datasets.is_unfinished.is_(None) & Datasets.deleted.is_(None)
"""The condition that a data set's first import is done and that it is not deleted; nobody sees any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A data set: `labels` is its label set, `types` the same labels with what is said of each, `mapping` what labels
    became on import (OTHER = MISC), `run_labels` what a run's labels mean here, where they are others.
    `knowledge` is the key of the knowledge graph that came with it, None where none did.
    """

    id: int
    name: str
    licence: str
    credits: str
    labels: tuple[str, ...]
    types: tuple[EntityType, ...]
    mapping: Mapping[str, str]
    run_labels: Mapping[str, Mapping[str, str]]
    knowledge: str | None
    created: float
    posts: int
    splits: Mapping[str, int]
    """Posts in each split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post in the store. `example` is the post as it was imported, without gold: gold is a matter of revisions."""

    id: int
    dataset: str
    example: Example
    image_sha256: str | None


@while_unchanged
def datasets(store: Store) -> list[Dataset]:
    """All data sets, oldest first."""
    with store.read() as session:
        splits: dict[int, dict[str, int]] = {}
        for row in session.scalars(select(PostTotals).order_by(PostTotals.split)):
            splits.setdefault(row.dataset_id, {})[row.split] = row.posts
        return [
            Dataset(
                id=row.id,
                name=row.name,
                licence=row.licence,
                credits=row.credits,
                labels=tuple(row.labels),
                types=types_of(row.labels, row.types),
                mapping=row.mapping,
                run_labels=row.run_labels or {},
                knowledge=row.knowledge,
                created=row.created,
                posts=sum(splits.get(row.id, {}).values()),
                splits=splits.get(row.id, {}),
            )
            for row in session.scalars(select(Datasets).where(IS_WHOLE).order_by(Datasets.id))
        ]


def dataset(store: Store, name: str) -> Dataset:
    """The data set of that name.

    Raises:
        InputError: there is none; the message lists those there are.
    """
    known = {each.name: each for each in datasets(store)}
    if name not in known:
        raise InputError(_no_data_set(name, known))
    return known[name]


def defects(store: Store, dataset: str) -> list[Defect]:
    """What was wrong when the data set was last imported.

    Raises:
        InputError: there is no such data set.
    """
    with store.read() as session:
        found = select(Defects).where(Defects.dataset_id == dataset_key(session, dataset)).order_by(Defects.id)
        return [Defect(cast(Kind, row.kind), row.file, row.line, row.detail) for row in session.scalars(found)]


def post(store: Store, post_id: int) -> Post:
    """One post.

    Raises:
        InputError: there is none of that number.
    """
    with store.read() as session:
        row, of = post_row(session, post_id)
        return to_post(store, row, of.name)


def post_row(session: Session, post_id: int) -> tuple[Posts, Datasets]:
    """A post and its data set within a transaction.

    Raises:
        InputError: there is none of that number, or its data set is deleted.
    """
    row = session.get(Posts, post_id)
    if row is None:
        raise InputError(f"There is no post number {post_id} in the store.")
    of = session.get_one(Datasets, row.dataset_id)
    if of.deleted is not None:
        raise InputError(f"The data set of post {row.name} was deleted: bring it back on the screen Data first.")
    return row, of


def posts(
    store: Store, dataset: str, split: str | None = None, offset: int = 0, limit: int | None = None
) -> list[Post]:
    """The posts of a data set, or of one of its splits, in the order of the files.

    Raises:
        InputError: there is no such data set.
    """
    with store.read() as session:
        wanted = select(Posts).where(*in_dataset(session, dataset, split)).order_by(Posts.place)
        return [to_post(store, row, dataset) for row in session.scalars(wanted.offset(offset).limit(limit))]


def post_ids(store: Store, dataset: str) -> dict[tuple[str, str], int]:
    """The number of each post by its split and the id that the file gave it, in the order of the files.

    Raises:
        InputError: there is no such data set.
    """
    with store.read() as session:
        wanted = select(Posts.split, Posts.name, Posts.id).where(*in_dataset(session, dataset)).order_by(Posts.place)
        return {(split, name): number for split, name, number in session.execute(wanted)}


def numbers_of(
    store: Store, dataset: str, splits: Collection[str], names: Collection[str]
) -> dict[tuple[str, str], int]:
    """The numbers of the posts of some splits that have one of some ids, by split and id, in the order of the files.

    Raises:
        InputError: there is no such data set.
    """
    with store.read() as session:
        wanted = select(Posts.place, Posts.split, Posts.name, Posts.id).where(*in_dataset(session, dataset))
        rows = session.execute(wanted.where(Posts.split.in_(splits), Posts.name.in_(names))).all()
    return {(row.split, row.name): row.id for row in sorted(rows, key=lambda row: row.place)}


def add_labels(store: Store, dataset: str, labels: Sequence[str]) -> tuple[str, ...]:
    """Adds labels to a data set and returns its label set; labels are never taken away, revisions may carry them.

    Raises:
        InputError: there is no such data set, or a label is empty.
    """
    if not all(label.strip() for label in labels):
        raise InputError("A label needs a name.")
    with store.write() as session:
        return extend_labels(session, dataset_key(session, dataset), labels)


def dataset_key(session: Session, name: str) -> int:
    """The key of a data set within a transaction.

    Raises:
        InputError: there is none of that name; the message lists those there are.
    """
    wanted = select(Datasets.name, Datasets.id).where(IS_WHOLE).order_by(Datasets.id)
    keys = {known: key for known, key in session.execute(wanted)}  # noqa: C416
    if name not in keys:
        raise InputError(_no_data_set(name, keys))
    return keys[name]


def _no_data_set(name: str, known: Iterable[str]) -> str:
    return f"There is no data set {name!r}; there are: {', '.join(known) or 'none yet'}."


def in_dataset(session: Session, dataset: str, split: str | None = None) -> tuple[ColumnElement[bool], ...]:
    """The conditions that a post belongs to a data set, or to one of its splits.

    Raises:
        InputError: there is no such data set.
    """
    is_in = Posts.dataset_id == dataset_key(session, dataset)
    return (is_in,) if split is None else (is_in, Posts.split == split)


def to_post(store: Store, row: Posts, dataset: str) -> Post:
    """A row as a plain post."""
    example = Example(
        id=row.name,
        text=row.text,
        tokens=tuple(Token(row.text[start:end], start, end) for start, end in row.tokens),
        image=image_path(store.home, row.image_sha256) if row.image_sha256 else None,
        image_name=row.image_name,
        caption=row.caption,
        objects=objects_from_json(row.objects),
        source=row.source,
        split=row.split,
    )
    return Post(id=row.id, dataset=dataset, example=example, image_sha256=row.image_sha256)


def subsets_from_json(record: Mapping[str, Any]) -> dict[str, frozenset[Span]]:
    """Named parts of the imported gold, as `Example.subsets` holds them."""
    return {
        name: frozenset(Span(start, end, label, *map(tuple, chars)) for start, end, label, *chars in spans)
        for name, spans in record.items()
    }


def objects_from_json(record: Sequence[Any] | None) -> tuple[ImageObject, ...] | None:
    """What the data said is in the picture, as `Example.objects` holds it."""
    return None if record is None else tuple(ImageObject(label, tuple(box), score) for label, box, score in record)


def types_of(labels: Sequence[str], said: Mapping[str, Any] | None) -> tuple[EntityType, ...]:
    """The types that the columns `labels` and `types` of a data set stand for."""
    about = {label: (said or {}).get(label, {}) for label in labels}
    return tuple(
        EntityType(name=label, **{**fields, "examples": tuple(fields.get("examples", ()))})
        for label, fields in about.items()
    )


def extend_labels(session: Session, dataset_id: int, labels: Iterable[str]) -> tuple[str, ...]:
    """Adds labels to a data set within a transaction that is already open, and returns its label set."""
    row = session.get_one(Datasets, dataset_id)
    row.labels = list(dict.fromkeys([*row.labels, *labels]))
    return tuple(row.labels)
