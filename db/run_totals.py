"""The totals of runs on a named gold, as they are kept: F1 without a look at any post. Protocol `entity`."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select

from db.engine import Store
from db.gold import CURRENT
from db.gold_totals import labelled_posts
from db.posts import dataset_key
from db.runs import RUN_IS_WHOLE
from db.tables import Runs, RunTotals
from db.uncounted import is_counted
from db.unmeasured import brought_elsewhere, called, not_predicted, nothing_labelled
from mner_core.evaluation.scoring import Counts, Figures
from mner_core.run_record import BROUGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a run scores: on how many labelled posts that it has read, in all, and by type (alphabetical)."""

    posts: int
    counts: Counts
    by_type: dict[str, Counts]

    @property
    def figures(self) -> Figures:
        """F1, precision and recall over all types, and the number of gold entities that they rest on."""
        return self.counts.figures()


def measured(
    store: Store, dataset: str, split: str | None = None, gold: str = CURRENT
) -> dict[str, Totals | str] | None:
    """What every run scores on the named gold of a split, or the sentence that says why it has no score.

    None while posts of the data set wait to be counted (`db.uncounted`). The figures are those of `db.evaluations`.

    Raises:
        InputError: there is no such data set.
    """
    found, where = totals(store, dataset, split, gold), called(dataset, split)
    if found is None:
        return None
    with store.read() as session:
        labelled = labelled_posts(session, dataset_key(session, dataset), split, gold)
        models = session.execute(select(Runs.name, Runs.model).where(RUN_IS_WHOLE)).all()
    scores: dict[str, Totals | str] = {}
    for run, model in models:
        score = found.get(run)
        read = score.posts if score else 0
        if not labelled:
            scores[run] = nothing_labelled(where)
        elif model == BROUGHT:
            scores[run] = score or brought_elsewhere(run, where)
        else:
            scores[run] = score if score and read == labelled else not_predicted(run, labelled - read, where)
    return scores


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
