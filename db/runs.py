"""An index of the run folders below `Home.runs`, so that screens can list runs without opening each.

The folder is the truth: `reindex` rebuilds the index from it. A run is named by its folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.deleted_names import name_before, spoken, time_of
from db.engine import Store
from db.run_folders import folders, follow_folders
from db.tables import Counts, Evaluations, Outcomes, Predictions, Runs, RunTotals
from db.unchanged import while_unchanged
from mner_core.run_record import BROUGHT, RunRecord, read_record
from mner_core.types import InputError

RUN_IS_WHOLE = ~Runs.name.startswith(".", autoescape=True)
"""The condition that all predictions of a run are written (see `hidden`) and that it is not deleted; nobody sees any
other.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run, trained or brought. `data`, `settings` and `metrics["dev"]` are those of its record (`RunRecord`).

    `weights` is the run's own fingerprint, `started_from` that of the run whose parameters it began with, or empty;
    `parent` is that run's name, where it is here.
    """

    name: str
    folder: Path
    model: str
    variant: str
    profile: str
    seed: int
    settings: Mapping[str, Any]
    data: Mapping[str, Any]
    metrics: Mapping[str, Any]
    labels: tuple[str, ...]
    weights: str
    started_from: str
    parent: str | None
    seconds: float
    created: float

    @property
    def is_brought(self) -> bool:
        """Whether it consists of brought predictions, without weights (`db.brought`)."""
        return self.model == BROUGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reindexed:
    """What a rebuilt index holds, which runs it lost with their folders, and a sentence for each damaged folder."""

    runs: tuple[str, ...]
    removed: tuple[str, ...]
    problems: tuple[str, ...]


def add_run(store: Store, folder: Path) -> StoredRun:
    """Takes a finished run into the index, or brings its entry up to date.

    Where other weights lie under a known name, what the store kept of the old run (predictions, scores) is dropped.

    Raises:
        InputError: the folder does not lie below `Home.runs`, or holds no whole run.
    """
    record = read_record(folder)
    with store.write() as session:
        _put(session, store, folder, record)
    return run(store, folder.name)


def run(store: Store, name: str) -> StoredRun:
    """The run of that name.

    Raises:
        InputError: there is none.
    """
    for each in runs(store):
        if each.name == name:
            return each
    raise InputError(f"There is no run {name!r} in the store.")


@while_unchanged
def runs(store: Store) -> list[StoredRun]:
    """All runs, oldest first."""
    with store.read() as session:
        rows = session.scalars(select(Runs).where(RUN_IS_WHOLE).order_by(Runs.created, Runs.id)).all()
    names = {row.weights: row.name for row in rows}
    return [
        StoredRun(
            name=row.name,
            folder=store.home.runs / row.folder,
            model=row.model,
            variant=row.variant,
            profile=row.profile,
            seed=row.seed,
            settings=row.settings,
            data=row.data,
            metrics=row.metrics,
            labels=_labels(store.home.runs / row.folder, row.weights) if row.labels is None else tuple(row.labels),
            weights=row.weights,
            started_from=row.started_from,
            parent=names.get(row.started_from),
            seconds=row.seconds,
            created=row.created,
        )
        for row in rows
    ]


def reindex(store: Store) -> Reindexed:
    """Makes the index say what the folders say; a damaged folder is reported, and its entry left as it is.

    A run whose folder has another name now is called like it. Deleted runs stay deleted.
    """
    follow_folders(store)
    there = folders(store.home.runs)
    records: dict[Path, RunRecord] = {}
    problems = []
    for folder in there.values():
        try:
            records[folder] = read_record(folder)
        except (InputError, TypeError) as error:  # TypeError: a field too many or too few
            problems.append(f"The run {spoken(folder.name)} cannot be read: {error}")
    with store.write() as session:
        being_written = set(session.scalars(select(Runs.name).where(~RUN_IS_WHOLE, Runs.deleted.is_(None))))
        known = session.scalars(select(Runs).where(RUN_IS_WHOLE | Runs.deleted.is_not(None)))
        gone = [row for row in known if row.folder not in there]
        for row in gone:
            session.delete(row)
        for folder, record in records.items():
            if hidden(folder.name) not in being_written:
                _put(session, store, folder, record)
        return Reindexed(
            runs=tuple(folder.name for folder in records if name_before(folder.name) is None),
            removed=tuple(row.name for row in gone if row.deleted is None),
            problems=tuple(problems),
        )


def run_id(session: Session, name: str) -> int:
    """The key of a run within a transaction.

    Raises:
        InputError: there is no such run.
    """
    found = session.scalar(select(Runs.id).where(Runs.name == name))
    if found is None:
        raise InputError(f"There is no run {name!r} in the store.")
    return found


def hidden(name: str) -> str:
    """The name under which a run's predictions are written that nobody shall see before all are there."""
    return f".{name}"


def forget_results(session: Session, run: int) -> None:
    """Drops all that the store knows of what a run says."""
    for table in (Counts, Evaluations, Outcomes, RunTotals, Predictions):
        session.execute(delete(table).where(table.run_id == run))


def columns(record: RunRecord) -> dict[str, Any]:
    """What the index keeps of a record."""
    return {
        "model": record.model,
        "variant": record.variant,
        "profile": record.profile,
        "seed": record.seed,
        "settings": dict(record.settings),
        "data": dict(record.data),
        "labels": list(record.labels),
        "metrics": {"dev": record.dev, "best_epoch": record.best_epoch, "epochs": list(record.epochs)},
        "weights": record.weights,
        "started_from": record.started_from,
        "seconds": record.seconds,
        "created": record.created,
    }


@cache
def _labels(folder: Path, weights: str) -> tuple[str, ...]:  # noqa: ARG001  the weights are a part of the key
    """The label set of a run whose entry an older program wrote; empty where its folder cannot be read."""
    try:
        return read_record(folder).labels
    except (InputError, TypeError):
        return ()


def _put(session: Session, store: Store, folder: Path, record: RunRecord) -> None:
    if folder.resolve().parent != store.home.runs.resolve():
        raise InputError(f"The run {folder.name} does not lie in the folder of runs: move it there first.")
    values = {"folder": folder.name, "deleted": time_of(folder.name), **columns(record)}
    row = session.scalar(select(Runs).where(Runs.name == folder.name))
    if row is None:
        session.add(Runs(name=folder.name, **values))
        return
    if row.weights != record.weights:
        forget_results(session, row.id)
    for column, value in values.items():
        setattr(row, column, value)
