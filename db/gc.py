"""What piles up in a home is collected: what could be freed is told, and freed only where that is wanted.

Beside running jobs, screens and saves: what they use stays, rows go in short transactions with pauses. It can be
killed at any moment and called again. Of two at once the second one says so.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from sqlalchemy import delete

from db import figures
from db.connection import StoreError
from db.engine import Store
from db.gc_files import FILES
from db.gc_sweep import Sweep
from db.pauses import then_a_pause
from db.removal import ROWS, bytes_of_rows, remove_data_sets, remove_runs
from db.run_folders import follow_folders
from db.store_room import file_bytes, free_bytes, give_back
from db.tables import Figures
from mner_core.files import alone_or_not

LOCK = ".gc.lock"
_ROWS = ("data-sets", "runs", "figures")
"""The kinds that are rows of the store, at least in part; what else is free in its file is the kind `store`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What was freed, or could be: bytes by kind. `left` are sentences about what had to stay."""

    is_applied: bool
    freed: dict[str, int]
    left: tuple[str, ...]


def collect(store: Store, *, apply: bool, at_once: bool = False) -> Collected:
    """Says how many bytes of each kind could be freed, and frees them with `apply`.

    Deleted things are removed after `db.deletion.KEPT` seconds, with `at_once` now. Rows are counted as what they
    leave free in the store's file; without `apply`, as their share of it.

    Raises:
        StoreError: another collection is at work, or there is no room left.
    """
    sweep = Sweep(store=store, is_applied=apply, at_once=at_once)
    with ExitStack() as stack:
        if apply and not stack.enter_context(alone_or_not(store.home.root / LOCK)):
            raise StoreError("Another `gc` is at work: wait for its end, then call it again.")
        if apply:
            follow_folders(store)
        with store.read() as session:
            before, rows = file_bytes(session), {"store": free_bytes(session)}
        freed = {"data-sets": 0, "runs": 0, "figures": 0}
        for kind, remove in (("data-sets", _data_sets), ("runs", _runs), ("figures", _figures)):
            freed[kind], rows[kind] = remove(sweep)
        freed |= {kind: of_files(sweep) for kind, of_files in FILES.items()}
        for kind, size in _given_back(sweep, rows, before).items():
            freed[kind] = freed.get(kind, 0) + size
    return Collected(is_applied=apply, freed=freed, left=tuple(sweep.left))


def _data_sets(sweep: Sweep) -> tuple[int, int]:
    """Bytes of files, and of the store's file."""
    about = 0 if sweep.is_applied else bytes_of_rows(sweep, "dataset")
    return _measured(sweep, remove_data_sets, about)


def _runs(sweep: Sweep) -> tuple[int, int]:
    about = 0 if sweep.is_applied else bytes_of_rows(sweep, "run")
    return _measured(sweep, remove_runs, about)


def _figures(sweep: Sweep) -> tuple[int, int]:
    """Answers that do not follow from what is there now; without `apply` they are taken, measured and given back."""
    old = figures.superseded(sweep.store)
    if sweep.is_applied:
        return _measured(sweep, lambda sweep: _forget(sweep.store, old), 0)
    with sweep.store.write() as session:
        before = free_bytes(session)
        for begin in range(0, len(old), ROWS):
            session.execute(delete(Figures).where(Figures.question.in_(old[begin : begin + ROWS])))
        size = free_bytes(session) - before
        session.rollback()
    return 0, size


def _forget(store: Store, old: list[str]) -> int:
    for begin in range(0, len(old), ROWS):
        with then_a_pause(store):
            figures.forget(store, old[begin : begin + ROWS])
    return 0


def _measured(sweep: Sweep, remove: Callable[[Sweep], int], about: int) -> tuple[int, int]:
    """The bytes of files that it frees, and those of the store's file: measured, or about so many."""
    before = _free(sweep.store)
    size = remove(sweep)
    return size, max(0, _free(sweep.store) - before) if sweep.is_applied else about


def _given_back(sweep: Sweep, rows: dict[str, int], before: int) -> dict[str, int]:
    """What the disk gets back of the store's file, by kind; without `apply`, what it would get."""
    if not sweep.is_applied:
        return rows
    try:
        given = give_back(sweep.store, before)
    except StoreError as error:
        sweep.left.append(f"The store keeps what is free in it for what is written next: {error}")
        given = 0
    found = {}
    for kind in _ROWS:
        found[kind] = min(rows[kind], given)
        given -= found[kind]
    return {**found, "store": given}


def _free(store: Store) -> int:
    with store.read() as session:
        return free_bytes(session)
