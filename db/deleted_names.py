"""What deleted things are called: their names step aside, so that nobody finds them by name and others may take it.

All that speaks of a thing by its name (jobs, revisions, a run's folder) speaks of the deleted one by the name aside.
"""

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.tables import Datasets, Runs

Thing: TypeAlias = Literal["dataset", "run"]
THINGS: tuple[Thing, ...] = ("dataset", "run")
WORDS: Mapping[Thing, str] = {"dataset": "data set", "run": "run"}
"""What a person calls each of them."""
TABLES: Mapping[Thing, type[Datasets] | type[Runs]] = {"dataset": Datasets, "run": Runs}
NAMED_IN_JOBS: Mapping[Thing, tuple[str, ...]] = {"dataset": ("dataset",), "run": ("run", "start")}
"""The fields of a job's payload and result that name one."""
_ASIDE = re.compile(r"\.(.+)\.deleted-(\d+)", re.DOTALL)


def name_aside(name: str, when: float) -> str:
    """What a thing that is deleted at that time is called from then on; a run's folder, too."""
    return f".{name}.deleted-{int(when)}"


def name_before(aside: str) -> str | None:
    """What it was called before; None where it is no such name."""
    found = _ASIDE.fullmatch(aside)
    return found[1] if found else None


def time_of(aside: str) -> float | None:
    """When it was deleted; None where it is no such name."""
    found = _ASIDE.fullmatch(aside)
    return float(found[2]) if found else None


def spoken(name: str) -> str:
    """The name as a person reads it: "scenes", and "scenes (deleted)" of one that is."""
    before = name_before(name)
    return name if before is None else f"{before} (deleted)"


def deleted_rows(session: Session, thing: Thing, name: str | None = None) -> list[Datasets | Runs]:
    """What is deleted and can be brought back, the last deleted first; with `name`, what was called so."""
    table = TABLES[thing]
    rows: list[Datasets | Runs] = list(session.scalars(select(table).where(table.deleted > 0)))
    found = [row for row in rows if name in {None, name_before(row.name)}]
    return sorted(found, key=lambda row: (row.deleted or 0.0, row.id), reverse=True)
