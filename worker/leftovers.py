"""What a job leaves on the disk, removed once the store knows how it ended: until then another attempt may need it."""

import shutil
from pathlib import Path

from db.engine import Store
from db.jobs import ACTIVE, Job, jobs
from worker.naming import unfinished_run


def remove_leftovers(store: Store, ended: Job) -> None:
    """Removes the unfinished run of a cancelled training, and the upload of an import that is done or cancelled."""
    if ended.kind == "train" and ended.status == "cancelled":
        _remove_unfinished_run(store, ended)
    if ended.kind == "import" and ended.status in {"done", "cancelled"} and ended.payload.get("remove"):
        folder = Path(ended.payload["folder"])
        if folder.resolve().is_relative_to(store.home.root.resolve()):
            shutil.rmtree(folder, ignore_errors=True)


def _remove_unfinished_run(store: Store, ended: Job) -> None:
    """Leaves it where another training of that name goes on in the same folder."""
    folder = unfinished_run(store.home, ended)
    others = (each for each in jobs(store, ACTIVE, ("train",)) if each.id != ended.id)
    if all(unfinished_run(store.home, each) != folder for each in others):
        shutil.rmtree(folder, ignore_errors=True)
