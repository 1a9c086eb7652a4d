"""The folders of runs are the truth: where one has another name than the store knows, the store follows it.

That is so where a process died between renaming a folder and saying so, and where somebody renamed one by hand.
"""

from pathlib import Path

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from db.connection import disk_error
from db.deleted_names import name_before, time_of
from db.engine import Store
from db.naming import call
from db.tables import Runs
from mner_core.run_record import read_record
from mner_core.types import InputError


def folders(runs: Path) -> dict[str, Path]:
    """The folders of whole runs by their names, those of deleted ones among them."""
    found = (file.parent for file in sorted(runs.glob("*/run.json")))
    return {each.name: each for each in found if not each.name.startswith(".") or name_before(each.name)}


def move_with(session: Session, folder: Path, new: str) -> None:
    """Renames a run's folder now, and back again where the transaction is not kept.

    Raises:
        StoreError: it cannot be renamed.
    """
    there = folder.with_name(new)
    try:
        folder.rename(there)
    except OSError as error:
        raise disk_error(error, f"the folder of the run {folder.name}") from error
    event.listen(session, "after_rollback", lambda _: there.rename(folder), once=True)


def follow_folders(store: Store) -> None:
    """Gives each run whose folder is gone the name of the folder that holds it now, told by weights and time.

    Of two that could be meant, neither is.
    """
    there = folders(store.home.runs)
    with store.read() as session:
        rows = session.scalars(select(Runs)).all()
    lost = [row for row in rows if row.folder not in there and row.deleted != 0]
    unknown = [folder for name, folder in there.items() if name not in {row.folder for row in rows}]
    for folder in unknown if lost else ():
        try:
            record = read_record(folder)
        except (InputError, TypeError):  # `reindex` says so
            continue
        same = [row.id for row in lost if (row.weights, row.created) == (record.weights, record.created)]
        if len(same) == 1:
            with store.write() as session:
                _follow(session, session.get_one(Runs, same[0]), folder.name)


def _follow(session: Session, row: Runs, name: str) -> None:
    call(session, row, name)
    row.folder, row.deleted = name, time_of(name)
