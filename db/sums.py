"""Rows that hold sums: something is added to them, and what has become nothing goes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.tables import Changes, GoldTotals, PostTotals, RunTotals, TrainingNames

Table = type[RunTotals] | type[TrainingNames] | type[GoldTotals] | type[PostTotals] | type[Changes]


def posts_counted(session: Session, where: Iterable[tuple[int, str, int]]) -> None:
    """Notes within a transaction that posts came or went: (key of the data set, split, how many more)."""
    rows = [{"dataset_id": dataset_id, "split": split, "posts": more} for dataset_id, split, more in where]
    add_to(session, PostTotals, ("dataset_id", "split"), ("posts",), rows)


def add_to(
    session: Session, table: Table, key: Sequence[str], sums: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> None:
    """Adds the columns `sums` of these rows to the rows of the same `key`, or makes them; rows of zeros are deleted."""
    news = [dict(row) for row in rows if any(row[name] for name in sums)]
    if not news:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    adding = insert(table.__table__)  # type: ignore[arg-type]
    session.execute(
        adding.on_conflict_do_update(
            index_elements=list(key), set_={name: getattr(table, name) + adding.excluded[name] for name in sums}
        ),
        sorted(news, key=lambda row: [row[name] for name in key]),  # one order for all: no two wait for each other
    )
    if any(row[name] < 0 for row in news for name in sums):
        session.execute(delete(table).where(*(getattr(table, name) == 0 for name in sums)))
