"""The types of a data set: its labels, in the order of the keys that mark them, and what is said of each."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.change_token import changed
from db.engine import Store
from db.posts import dataset_key, types_of
from db.tables import Datasets, Posts, Revisions
from mner_core.data.entity_types import EntityType, checked
from mner_core.types import InputError


def set_types(
    store: Store, dataset: str, types: Sequence[EntityType], base: Sequence[EntityType] | None = None
) -> tuple[EntityType, ...]:
    """Makes these the data set's types, in this order. A type that is left out goes, unless some label carries it.

    Raises:
        InputError: there is no such data set, two types have one name or key, a name, colour or key is none, a type
            that labels carry is left out, or the types are no longer those of `base`.
    """
    wanted = checked(types)
    with store.write() as session:
        row = session.get_one(Datasets, dataset_key(session, dataset))
        if base is not None and types_of(row.labels, row.types) != tuple(base):
            raise InputError("Somebody has changed the types meanwhile. Look at what they are now, and save again.")
        gone = set(row.labels) - {each.name for each in wanted}
        if carried := gone & _carried(session, row.id):
            names = ", ".join(sorted(carried))
            raise InputError(f"Labels carry {names}: relabel them first, then the type can go.")
        row.labels = [each.name for each in wanted]
        row.types = {each.name: said for each in wanted if (said := _to_json(each))}
        changed(row)
        return types_of(row.labels, row.types)


def add_types(session: Session, dataset_id: int, types: Iterable[EntityType]) -> tuple[str, ...]:
    """Adds what an import says of types, and returns the label set: what people said here already stays.

    A colour or key that another type has taken here is left out.
    """
    row = session.get_one(Datasets, dataset_id)
    here = {each.name: each for each in types_of(row.labels, row.types)}
    for each in types:
        old = here.get(each.name, EntityType(name=each.name))
        key_is_free = all(each.key.lower() != other.key.lower() for name, other in here.items() if name != each.name)
        here[each.name] = EntityType(
            name=each.name,
            colour=old.colour or each.colour,
            key=old.key or (each.key if key_is_free else ""),
            description=old.description or each.description,
            examples=old.examples or each.examples,
        )
    row.labels = list(here)
    row.types = {name: said for name, each in here.items() if (said := _to_json(each))} or None
    return tuple(row.labels)


def _carried(session: Session, dataset_id: int) -> set[str]:
    """Every label that a revision of the data set carries."""
    wanted = select(Revisions.marks).join(Posts, Revisions.post_id == Posts.id).where(Posts.dataset_id == dataset_id)
    return {label for marks in session.scalars(wanted) for _, _, _, label, _ in marks}


def _to_json(each: EntityType) -> dict[str, Any]:
    """What is said of a type, without what is not."""
    return {field: value for field, value in each.to_json().items() if value and field != "name"}
