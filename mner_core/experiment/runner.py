"""`experiment`: a suite from beginning to end. What is done is kept, so that a killed call goes on where it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mner_core.experiment.data_statistics import data_statistics_table
from mner_core.experiment.experiment_data import Held, data_sets, given_folders
from mner_core.experiment.learning_curve import curve_table
from mner_core.experiment.mechanisms import mechanisms_table
from mner_core.experiment.result_table import ResultTable
from mner_core.experiment.run_cache import OnRun, RunCache
from mner_core.experiment.saved_tables import experiments_folder, save_table
from mner_core.experiment.score_tables import must_resolve, scores_table
from mner_core.experiment.suite import Size, Suite, read_suite
from mner_core.experiment.svg_chart import curve_svg
from mner_core.home import Home
from mner_core.training.plan import OnProgress
from mner_core.types import InputError


@dataclass(frozen=True, kw_only=True)
class Order:
    """An experiment as asked for.

    Args:
        suite: a suite's name, or a TOML file.
        quick: the laptop's form.
        data: NAME=DIR each; scenes are drawn where there is none.
        held: further data sets by name.
        remarks: what a reader of the table must know of the data.
        made_from: which posts these are, for people; the names of `data` where it is empty.
        out: where tables and runs go; the home's `experiments` where it is None.
        profile, epochs, seeds, posts: in place of the suite's own; None keeps those.
    """

    suite: str
    quick: bool = False
    data: Sequence[str] = ()
    held: Mapping[str, Held] = field(default_factory=dict)
    remarks: Sequence[str] = ()
    made_from: str = ""
    out: Path | None = None
    profile: str | None = None
    epochs: int | None = None
    seeds: int | None = None
    posts: int | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """The table and the files it was written to."""

    suite: Suite
    grid: ResultTable
    files: tuple[Path, ...]


def experiment(
    order: Order,
    home: Home,
    on_progress: OnProgress = lambda what, done, total: None,
    on_run: OnRun = lambda done, waiting: None,
) -> Result:
    """Runs what is missing and writes the table as Markdown, CSV, LaTeX and JSON (for the screen), a curve as SVG too.

    `on_run` is told how many of the missing runs are done, and of how many.

    Raises:
        InputError: there is no such suite, or the data sets do not fit it.
    """
    suite = read_suite(order.suite)
    _must_have_effect(suite, order)
    asked = {name: getattr(order, name) for name in ("profile", "epochs", "seeds", "posts")}
    form = suite.quick if order.quick else suite.full
    size = replace(form, **{name: value for name, value in asked.items() if value is not None})
    if size.profile != form.profile:
        size = replace(size, set={})  # what suits one encoder spoils another
    must_resolve(suite, size)
    root = order.out or experiments_folder(home)
    grid = _table(suite, size, order, RunCache(root, home, on_progress, on_run))
    is_smaller = order.quick and not _counts_all(suite, order)
    quick = ["Quick form: fewer posts, epochs or seeds than the full one."] if is_smaller else []
    grid = replace(grid, notes=[*grid.notes, *suite.notes, *order.remarks, *quick])
    texts = {".md": grid.markdown(), ".csv": grid.csv(), ".tex": grid.latex()}
    if suite.kind == "curve":
        texts[".svg"] = curve_svg(suite.title, grid.records())
    made_from = order.made_from or ", ".join(given_folders(order.data)) or "drawn posts"
    files = save_table(root, suite.name, order.quick, grid, made_from, texts)
    return Result(suite=suite, grid=grid, files=tuple(files))


def _counts_all(suite: Suite, order: Order) -> bool:
    """Whether every post of given data is counted, in the quick form, too."""
    return suite.kind == "counts" and bool(order.data or order.held)


def _must_have_effect(suite: Suite, order: Order) -> None:
    """Refuses what the suite would not look at, before anything is computed."""
    if suite.kind == "counts" and (given := [name for name in ("profile", "epochs", "seeds") if getattr(order, name)]):
        raise InputError(f"The suite {suite.name} counts posts and trains nothing; leave out {', '.join(given)}.")
    counts_all = _counts_all(suite, order)
    if order.posts is not None and (counts_all or (order.data and not order.quick)):
        with_quick = "" if counts_all else "with --quick it is the most training posts, "
        raise InputError(
            f"All posts of --data are used, so --posts would change nothing; {with_quick}without --data it is the size "
            "of drawn scenes."
        )


def _table(suite: Suite, size: Size, order: Order, run_cache: RunCache) -> ResultTable:
    if suite.kind == "mechanisms":
        if order.data or order.held:
            raise InputError(f"The suite {suite.name} draws its own posts and takes no data set.")
        return mechanisms_table(suite, size, run_cache)
    found = data_sets(suite, size, order.data, run_cache.root, order.quick, order.held)
    if suite.kind == "counts":
        return data_statistics_table(suite, found)
    if suite.kind == "curve":
        if len(found) > 1:
            raise InputError(f"The suite {suite.name} takes one data set, got {len(found)}.")
        return curve_table(suite, size, found[0], run_cache)
    return scores_table(suite, size, found, run_cache)
