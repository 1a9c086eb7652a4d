"""Tables as they are kept for whoever looks at them later: one JSON file each, beside what people read.

The newest table of a suite and form has a name of its own; those that were made from other posts before lie in the
folder `earlier`, the newest of each choice of posts.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mner_core.experiment.result_table import ResultTable
from mner_core.files import one_at_a_time, whole_file, write_whole
from mner_core.home import Home
from mner_core.types import InputError

JSON, PICTURE = ENDINGS = (".json", ".svg")
_MADE_FROM = "made_from"


@dataclass(frozen=True, kw_only=True)
class SavedTable:
    """A table that was made: when (seconds since 1970), from which posts, and its picture as SVG where it has one.

    `made_from` is for people ("drawn posts"); it is empty in what an older program kept.
    """

    grid: ResultTable
    made: float
    made_from: str
    picture: str | None


def experiments_folder(home: Home) -> Path:
    """Where experiments keep runs, predictions and tables, unless they are told another place."""
    return home.root / "experiments"


def table_file(root: Path, suite: str, quick: bool, ending: str) -> Path:
    """The file of a suite's newest table, `ending` with its point; `root` is where the experiment keeps everything."""
    return root / "tables" / f"{suite}{'-quick' if quick else ''}{ending}"


def save_table(
    root: Path, suite: str, quick: bool, grid: ResultTable, made_from: str = "", texts: Mapping[str, str] | None = None
) -> list[Path]:
    """Writes the table so that `saved_table` finds it, and what people read of it; returns the files of the latter.

    Args:
        root, suite, quick: as in `table_file`.
        grid: the table.
        made_from: from which posts, for people; the suite's table from other posts is kept as an earlier one.
        texts: what people read, by the file's ending.

    Raises:
        InputError: a file cannot be written.
    """
    newest = table_file(root, suite, quick, JSON)
    files = {table_file(root, suite, quick, ending): text for ending, text in (texts or {}).items()}
    with one_at_a_time(newest.with_suffix(".lock")):
        before = _read(newest)
        if before is not None and before.made_from != made_from:
            _copy(newest, _earlier(newest, before.made_from))
        for file, text in files.items():
            write_whole(file, text)
        write_whole(newest, json.dumps({**grid.to_json(), _MADE_FROM: made_from}, ensure_ascii=False))
        for ending in ENDINGS:
            _earlier(newest, made_from).with_suffix(ending).unlink(missing_ok=True)
    return list(files)


def saved_table(root: Path, suite: str, quick: bool) -> SavedTable | None:
    """A suite's newest table in one of its forms; None where there is none, or a program kept it otherwise."""
    return _read(table_file(root, suite, quick, JSON))


def earlier_tables(root: Path, suite: str, quick: bool) -> list[SavedTable]:
    """The tables of a suite that were made from other posts than its newest one, newest first."""
    folder = _earlier(table_file(root, suite, quick, JSON), "").parent
    found = [table for file in folder.glob(f"*{JSON}") if (table := _read(file))]
    return sorted(found, key=lambda table: -table.made)


def _earlier(newest: Path, made_from: str) -> Path:
    name = hashlib.sha256(made_from.encode()).hexdigest()[:16]
    return newest.parent / "earlier" / newest.stem / f"{name}{JSON}"


def _copy(newest: Path, kept: Path) -> None:
    """Copies a table and its picture, with the time when they were made."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        for ending in ENDINGS:
            if newest.with_suffix(ending).is_file():
                with whole_file(kept.with_suffix(ending)) as beside:
                    shutil.copy2(newest.with_suffix(ending), beside)
    except OSError as error:
        raise InputError(f"Cannot keep the table that {newest.name} held: {error.strerror or error}.") from error


def _read(file: Path) -> SavedTable | None:
    picture = file.with_suffix(PICTURE)
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        made_from = str(record.pop(_MADE_FROM, ""))
        grid = ResultTable.from_json(record)
        drawn = picture.read_text(encoding="utf-8") if picture.is_file() else None
        made = file.stat().st_mtime
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return SavedTable(grid=grid, made=made, made_from=made_from, picture=drawn)
