"""What the store says of a data set or a run by its name: said anew where the thing is called otherwise."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.change_token import changed
from db.deleted_names import NAMED_IN_JOBS, TABLES, WORDS, Thing, deleted_rows, name_before
from db.tables import Datasets, Jobs, Posts, Revisions, Runs
from mner_core.files import write_whole
from mner_core.run_record import read_record
from mner_core.types import InputError


def call(session: Session, row: Datasets | Runs, new: str) -> None:
    """Gives a row another name within a transaction; jobs, labels that a run suggested and its labels in data sets
    speak of the new one then.
    """
    old, row.name = row.name, new
    thing: Thing = "run" if isinstance(row, Runs) else "dataset"
    for job in session.scalars(select(Jobs)):
        _call_in_job(job, thing, old, new)
    if isinstance(row, Datasets):
        changed(row)
    else:
        _call_in_data_sets(session, old, new)


def call_in_records(session: Session, runs: Path, old: str, new: str) -> None:
    """Says a data set's new name in the records of its runs: in the store, and in their folders below `runs`.

    Raises:
        InputError: a record cannot be written.
    """
    for row in session.scalars(select(Runs)):
        if row.data.get("name") == old:
            row.data = {**row.data, "name": new}
            _call_in_record(runs / row.folder, new)


def names_of(job: Jobs, thing: Thing) -> set[str]:
    """The things that a job names; a training's or an import's own name is that of what it makes."""
    own = ("name",) if job.kind == _makers(thing) else ()
    return _names(job.payload, (*NAMED_IN_JOBS[thing], *own))


def refuse_deleted(session: Session, payload: Mapping[str, Any]) -> None:
    """Refuses, within a transaction, a job whose payload names a thing that was deleted, or that is gone for good.

    Raises:
        InputError: there is none of that name any more.
    """
    for thing, table in TABLES.items():
        for name in sorted(_names(payload, NAMED_IN_JOBS[thing])):
            is_there = select(table.id).where(table.name == name, table.deleted.is_(None)).with_for_update(read=True)
            if session.scalar(is_there) is not None:
                continue
            before = name_before(name)
            deleted = deleted_rows(session, thing, before or name)
            if [row for row in deleted if before is None or row.name == name]:
                raise InputError(
                    f"The {WORDS[thing]} {before or name!r} was deleted: bring it back first, or choose another."
                )
            if before is not None:
                raise InputError(f"The {WORDS[thing]} {before!r} was deleted and is gone for good: choose another.")


def _makers(thing: Thing) -> str:
    """The kind of job that makes such a thing."""
    return "train" if thing == "run" else "import"


def _call_in_data_sets(session: Session, old: str, new: str) -> None:
    """Labels that a run suggested, and what its own labels mean there."""
    suggested = select(Posts.dataset_id).join(Revisions, Revisions.post_id == Posts.id).where(Revisions.run == old)
    touched = set(session.scalars(suggested.distinct()))
    session.execute(update(Revisions).where(Revisions.run == old).values(run=new))
    for each in session.scalars(select(Datasets)):
        if each.id in touched or old in (each.run_labels or {}):
            labels = (each.run_labels or {}).items()
            each.run_labels = {new if run == old else run: said for run, said in labels} or None
            changed(each)


def _call_in_job(job: Jobs, thing: Thing, old: str, new: str) -> None:
    """A training's own name is the run's only where it has made it: another may have failed because it was taken."""
    has_made = thing == "dataset" or (job.result or {}).get("run") == old
    own = ("name",) if job.kind == _makers(thing) and has_made else ()
    job.payload = _renamed(job.payload, (*NAMED_IN_JOBS[thing], *own), old, new)
    if job.result is not None:
        job.result = _renamed(job.result, NAMED_IN_JOBS[thing], old, new)


def _names(record: Mapping[str, Any], fields: tuple[str, ...]) -> set[str]:
    found: set[str] = set()

    def note(value: str) -> str:
        found.add(value)
        return value

    _each(record, fields, note)
    return found


def _renamed(record: Mapping[str, Any], fields: tuple[str, ...], old: str, new: str) -> dict[str, Any]:
    found: dict[str, Any] = _each(record, fields, lambda value: new if value == old else value)
    return found


def _each(value: Any, fields: tuple[str, ...], become: Callable[[str], str], field: str = "") -> Any:
    """The JSON value with every text in one of these fields, however deep, as `become` would have it."""
    if isinstance(value, Mapping):
        return {name: _each(part, fields, become, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_each(part, fields, become, field) for part in value]
    return become(value) if field in fields and isinstance(value, str) else value


def _call_in_record(folder: Path, new: str) -> None:
    """A folder that is gone or damaged is left as it is; `reindex` speaks of it."""
    try:
        found = read_record(folder)
    except (InputError, TypeError):  # TypeError: a field too many or too few
        return
    record = replace(found, data={**found.data, "name": new}).to_json()
    write_whole(folder / "run.json", json.dumps(record, ensure_ascii=False, indent=2) + "\n")
