"""The totals of runs on a named gold, as they are kept: F1 without a look at any post. Protocol `entity`."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select

from db.engine import Store
from db.gold import CURRENT
from db.posts import dataset_key
from db.runs import RUN_IS_WHOLE
from db.tables import Runs, RunTotals
from db.uncounted import is_counted
from mner_core.evaluation.scoring import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a run scores: on how many labelled posts that it has read, in all, and by type (alphabetical)."""

    posts: int
    counts: Counts
    by_type: dict[str, Counts]


def totals(store: Store, dataset: str, split: str | None = None, gold: str = CURRENT) -> dict[str, Totals] | None:
    """The totals of every run that has read a labelled post of the split, by name.

    None while posts of the data set wait to be counted (`db.uncounted`).

    Raises:
        InputError: there is no such data set.
    """
    sums = (RunTotals.true_positives, RunTotals.predicted, RunTotals.entities, RunTotals.posts)
    with store.read() as session:
        dataset_id = dataset_key(session, dataset)
        if not is_counted(session, dataset_id):
            return None
        wanted = select(Runs.name, RunTotals.label, *(func.sum(column) for column in sums)).join(
            Runs, Runs.id == RunTotals.run_id
        )
        wanted = wanted.where(RunTotals.dataset_id == dataset_id, RunTotals.gold == gold, RUN_IS_WHOLE)
        if split is not None:
            wanted = wanted.where(RunTotals.split == split)
        rows = session.execute(wanted.group_by(Runs.name, RunTotals.label).order_by(RunTotals.label)).all()
    posts: dict[str, int] = {}
    counts: defaultdict[str, dict[str, Counts]] = defaultdict(dict)
    for run, label, *parts, number in rows:
        counts[run][label] = Counts(*parts)
        if not label:
            posts[run] = number
    return {
        run: Totals(
            posts=posts[run],
            counts=of_run[""],
            by_type={label: part for label, part in of_run.items() if label},
        )
        for run, of_run in counts.items()
    }
