"""Tables as they are kept for whoever looks at them later: one JSON file each, beside what people read."""

import json
from dataclasses import dataclass
from pathlib import Path

from mner_core.experiment.result_table import ResultTable
from mner_core.files import write_whole
from mner_core.home import Home


@dataclass(frozen=True, kw_only=True)
class SavedTable:
    """A table that was made: when (seconds since 1970), and its picture as SVG where it has one."""

    grid: ResultTable
    made: float
    picture: str | None


def experiments_folder(home: Home) -> Path:
    """Where experiments keep runs, predictions and tables, unless they are told another place."""
    return home.root / "experiments"


def table_file(root: Path, suite: str, quick: bool, ending: str) -> Path:
    """The file of a suite's table, `ending` with its point; `root` is where the experiment keeps everything."""
    return root / "tables" / f"{suite}{'-quick' if quick else ''}{ending}"


def save_table(root: Path, suite: str, quick: bool, grid: ResultTable) -> None:
    """Writes the table so that `saved_table` finds it; the newest of a suite and form is the one that is kept."""
    write_whole(table_file(root, suite, quick, ".json"), json.dumps(grid.to_json(), ensure_ascii=False))


def saved_table(root: Path, suite: str, quick: bool) -> SavedTable | None:
    """The table of a suite in one of its forms; None where it was not made, or by a program that kept it otherwise."""
    file, picture = (table_file(root, suite, quick, ending) for ending in (".json", ".svg"))
    try:
        grid = ResultTable.from_json(json.loads(file.read_text(encoding="utf-8")))
        drawn = picture.read_text(encoding="utf-8") if picture.is_file() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return SavedTable(grid=grid, made=file.stat().st_mtime, picture=drawn)
