"""Where uploads wait for the worker, unpacked, and which of them are thrown away."""

from pathlib import Path

from db.engine import Store
from db.jobs import ACTIVE, jobs

KEPT = 24 * 3600.0
"""Seconds for which an upload stays although no job waits for it."""


def waiting_room(store: Store) -> Path:
    """The folder that they lie in."""
    return store.home.root / "uploads"


def thrown_away(store: Store) -> list[Path]:
    """Uploads that were imported or stopped, or are of yesterday.

    One that no job names may still be unpacked by somebody else, and an import that failed may be taken up again.
    """
    found = sorted(waiting_room(store).glob("*"))  # before the jobs: an upload that comes now has its job then
    status = {str(job.payload.get("folder")): job.status for job in reversed(jobs(store, kinds=("import",)))}
    now = store.now()
    return [folder for folder in found if _is_done_with(folder, status.get(str(folder)), now)]


def _is_done_with(folder: Path, status: str | None, now: float) -> bool:
    return status in {"done", "cancelled"} or (status not in ACTIVE and _age(folder, now) > KEPT)


def _age(folder: Path, now: float) -> float:
    """Seconds since anything directly in the folder was written; 0 where it has just gone."""
    try:
        return now - folder.stat().st_mtime
    except OSError:
        return 0.0
