"""Removing for good what was deleted: data sets and runs, their rows, pictures and folders.

A thing is marked first (`deleted` is 0 then) and cannot be brought back any more; its files go, then its rows, so many
in a transaction that nobody waits for it, and its own row last. A removal that was killed goes on when it is called
again.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, delete, func, inspect, select, tuple_
from sqlalchemy.orm import Session

from db.deleted_names import TABLES, WORDS, Thing, spoken, time_of
from db.deletion import KEPT, pictures_of
from db.engine import Store
from db.gc_sweep import Sweep
from db.in_use import IMPORT_LOCK, needing
from db.pauses import then_a_pause
from db.store_room import used_bytes
from db.tables import (
    Changes,
    Counts,
    Datasets,
    Defects,
    Evaluations,
    Figures,
    GoldTotals,
    Outcomes,
    Posts,
    PostTexts,
    PostTotals,
    Predictions,
    Revisions,
    Runs,
    RunTotals,
    Table,
    TrainingNames,
    Uncounted,
)
from mner_core.files import alone_or_not

ROWS = 500
"""Rows that one transaction removes at most."""
_POSTS = 25
"""Posts that are removed together."""
Part: TypeAlias = tuple[type[Table], ColumnElement[bool]]
"""Some rows of a table."""


def remove_data_sets(sweep: Sweep) -> int:
    """Removes data sets whose time is over, and returns the bytes of their pictures that no other one has.

    While posts are being imported none is: a picture may be about to get a post.
    """
    with alone_or_not(sweep.store.home.root / IMPORT_LOCK) as is_alone:
        found = _due(sweep, "dataset")
        if found and not is_alone:
            sweep.left.append("Deleted data sets were left: posts are being imported.")
            return 0
        _mark(sweep, "dataset", found)
        with sweep.store.read() as session:
            pictures = pictures_of(sweep.store, session, [row.id for row in found])
        size = sweep.free(pictures)
    for row in found if sweep.is_applied else ():
        _remove_posts(sweep.store, row.id)
        _remove(sweep.store, [(table, table.dataset_id == row.id) for table in _OF_DATA_SET])
        _remove(sweep.store, [(Datasets, Datasets.id == row.id)])
    return size


def remove_runs(sweep: Sweep) -> int:
    """Removes runs whose time is over, and returns the bytes of their folders."""
    runs, size = sweep.store.home.runs, 0
    found = _due(sweep, "run")
    _mark(sweep, "run", found)
    with sweep.store.read() as session:
        known = set(session.scalars(select(Runs.folder)))
    unknown = [each for each in runs.glob(".*.deleted-*") if each.name not in known and time_of(each.name) is not None]
    for folder in [*(runs / row.name for row in found), *(each for each in unknown if _is_over(sweep, each.name))]:
        size += sweep.free([folder])
    for row in found if sweep.is_applied else ():
        _remove(sweep.store, [(table, table.run_id == row.id) for table in _OF_RUN])
        _remove(sweep.store, [(Runs, Runs.id == row.id)])
    return size


def bytes_of_rows(sweep: Sweep, thing: Thing) -> int:
    """About how much of the store's file the rows of what is due take: their share of all rows' number."""
    ids = [row.id for row in _due(sweep, thing)]
    posts = select(Posts.id).where(Posts.dataset_id.in_(ids))
    parts: list[Part] = [(Predictions, Predictions.run_id.in_(ids)), (Outcomes, Outcomes.run_id.in_(ids))]
    if thing == "dataset":
        parts = [(Posts, Posts.dataset_id.in_(ids)), (Revisions, Revisions.post_id.in_(posts))]
        parts += [(Predictions, Predictions.post_id.in_(posts)), (Outcomes, Outcomes.post_id.in_(posts))]
    with sweep.store.read() as session:
        own = sum(_number(session, table, which) for table, which in parts) if ids else 0
        every = sum(_number(session, table) for table in (Posts, Revisions, Predictions, Outcomes)) if own else 1
        return used_bytes(session) * own // every


def delete_some(session: Session, table: type[Table], which: ColumnElement[bool], most: int) -> int:
    """Deletes at most so many of these rows within a transaction, and returns how many."""
    keys = list(inspect(table).primary_key)
    some = select(*keys).where(which).limit(most)
    key = tuple_(*keys) if len(keys) > 1 else keys[0]
    result: Any = session.execute(delete(table).where(key.in_(some)).execution_options(synchronize_session=False))
    return int(result.rowcount)


def _due(sweep: Sweep, thing: Thing) -> list[Datasets | Runs]:
    """Those whose time is over, or whose removal was begun."""
    table = TABLES[thing]
    latest = max(0.0, sweep.store.now() - (0.0 if sweep.at_once else KEPT))
    with sweep.store.read() as session:
        rows: list[Datasets | Runs] = list(session.scalars(select(table).where(table.deleted <= latest)))
        return [row for row in rows if not _is_needed(sweep, session, thing, row)]


def _is_needed(sweep: Sweep, session: Session, thing: Thing, row: Datasets | Runs) -> bool:
    is_needed = bool(row.deleted and needing(session, thing, row.name))
    said = f"The {WORDS[thing]} {spoken(row.name)} was left: a job needs it."
    if is_needed and said not in sweep.left:
        sweep.left.append(said)
    return is_needed


def _is_over(sweep: Sweep, name: str) -> bool:
    return sweep.at_once or (time_of(name) or 0.0) <= sweep.store.now() - KEPT


def _mark(sweep: Sweep, thing: Thing, found: list[Datasets | Runs]) -> None:
    """From here on they cannot be brought back; what was brought back meanwhile is taken from the list."""
    if not sweep.is_applied or not found:
        return
    table = TABLES[thing]
    with sweep.store.write() as session:
        wanted = select(table).where(table.id.in_([row.id for row in found]), table.deleted.is_not(None))
        still: list[Datasets | Runs] = list(session.scalars(wanted.with_for_update()))
        for row in still:
            row.deleted = 0.0
        ids = {row.id for row in still}
    found[:] = [row for row in found if row.id in ids]


def _remove_posts(store: Store, dataset_id: int) -> None:
    while True:
        with then_a_pause(store), store.write() as session:
            first = select(Posts.id).where(Posts.dataset_id == dataset_id).order_by(Posts.place).limit(_POSTS)
            posts = session.scalars(first).all()
            if not posts:
                return
            _remove_some(session, [*_of_posts(posts)], ROWS)


def _of_posts(posts: Sequence[int]) -> Iterator[Part]:
    """All rows about some posts, in an order in which they can be deleted."""
    yield Outcomes, Outcomes.post_id.in_(posts)
    yield Counts, Counts.revision_id.in_(select(Revisions.id).where(Revisions.post_id.in_(posts)))
    for table in (Predictions, Revisions, Uncounted, PostTexts):
        yield table, table.post_id.in_(posts)
    yield Posts, Posts.id.in_(posts)


_OF_DATA_SET = (Defects, TrainingNames, RunTotals, GoldTotals, PostTotals, Changes, Figures)
_OF_RUN = (Outcomes, Counts, Predictions, RunTotals, Evaluations)


def _remove(store: Store, parts: Sequence[Part]) -> None:
    is_done = False
    while not is_done:
        with then_a_pause(store), store.write() as session:
            is_done = _remove_some(session, parts, ROWS)


def _remove_some(session: Session, parts: Sequence[Part], most: int) -> bool:
    """Deletes at most so many of these rows in all, and says whether that were all."""
    for table, which in parts:
        most -= delete_some(session, table, which, most)
        if most <= 0:
            return False
    return True


def _number(session: Session, table: type[Table], *which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*which)) or 0
