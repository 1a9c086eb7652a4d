"""`experiment`: a suite from beginning to end. What is done is kept, so that a killed call goes on where it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mner_core.data.lines import write_whole
from mner_core.experiment.cells import Bench, OnRun
from mner_core.experiment.counts import counts_table
from mner_core.experiment.grid import Grid
from mner_core.experiment.kept import experiments_folder, keep_table, table_file
from mner_core.experiment.material import materials
from mner_core.experiment.suite import Suite, read_suite
from mner_core.experiment.tables import must_resolve, scores_table
from mner_core.home import Home
from mner_core.training.build import OnProgress
from mner_core.types import Example


@dataclass(frozen=True, kw_only=True)
class Order:
    """An experiment as asked for.

    Args:
        suite: a suite's name, or a TOML file.
        quick: the laptop's form.
        data: NAME=DIR each; scenes are drawn where there is none.
        held: the posts of further data sets by name, from all splits.
        remarks: what a reader of the table must know of the data.
        out: where tables and runs go; the home's `experiments` where it is None.
        profile, epochs, seeds, posts: in place of the suite's own; None keeps those.
    """

    suite: str
    quick: bool = False
    data: Sequence[str] = ()
    held: Mapping[str, Sequence[Example]] = field(default_factory=dict)
    remarks: Sequence[str] = ()
    out: Path | None = None
    profile: str | None = None
    epochs: int | None = None
    seeds: int | None = None
    posts: int | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """The table and the files it was written to."""

    suite: Suite
    grid: Grid
    files: tuple[Path, ...]


def experiment(
    order: Order,
    home: Home,
    on_progress: OnProgress = lambda what, done, total: None,
    on_run: OnRun = lambda done, waiting: None,
) -> Result:
    """Runs what is missing and writes the table as Markdown, CSV and LaTeX, and as JSON for the screen.

    `on_run` is told how many of the missing runs are done, and of how many.

    Raises:
        InputError: there is no such suite, or the data sets do not fit it.
    """
    suite = read_suite(order.suite)
    asked = {name: getattr(order, name) for name in ("profile", "epochs", "seeds", "posts")}
    size = replace(
        suite.quick if order.quick else suite.full,
        **{name: value for name, value in asked.items() if value is not None},
    )
    must_resolve(suite, size)
    root = order.out or experiments_folder(home)
    found = materials(suite, size, order.data, root, order.quick, order.held)
    bench = Bench(root, home, on_progress, on_run)
    grid = counts_table(suite, found) if suite.kind == "counts" else scores_table(suite, size, found, bench)
    quick = ["Quick form: fewer posts, epochs or seeds than the full one."] if order.quick else []
    grid = replace(grid, notes=[*grid.notes, *suite.notes, *order.remarks, *quick])
    files = tuple(table_file(root, suite.name, order.quick, ending) for ending in (".md", ".csv", ".tex"))
    files[0].parent.mkdir(parents=True, exist_ok=True)
    for file, text in zip(files, (grid.markdown(), grid.csv(), grid.latex()), strict=True):
        write_whole(file, text)
    keep_table(root, suite.name, order.quick, grid)
    return Result(suite=suite, grid=grid, files=files)
