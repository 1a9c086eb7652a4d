"""Which table a person wants made and from which posts, checked and made a job: no screen in here."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.engine import Store
from db.gold import gold_posts
from db.jobs import Job, enqueue
from mner_core.experiment.suite import Suite, read_suite
from mner_core.types import InputError
from pages.shared.selection import gold_name

AFTER_OTHERS = -1
"""Priority: a table takes long, so what somebody asks for meanwhile goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentChoice:
    """A table as somebody asks for it; without `datasets` posts are drawn."""

    suite: str
    quick: bool
    datasets: Sequence[str]
    gold: str

    def payload(self) -> dict[str, Any]:
        """The job's payload, as `worker.jobs.experiments` reads it."""
        data = [{"dataset": name, "gold": self.gold} for name in self.datasets]
        return {"suite": self.suite, "quick": self.quick, "data": data}


def takes(suite: Suite) -> tuple[int, int]:
    """The least and the most data sets of one's own that a table can be made from in place of drawn posts."""
    return {"transfer": (2, 9), "curve": (1, 1), "mechanisms": (0, 0)}.get(suite.kind, (1, 9))


def submit_experiment(store: Store, wish: ExperimentChoice, author: str) -> Job:
    """Queues the experiment; asked for twice in a row, it is one job.

    Raises:
        InputError: there is no such suite, or the data sets do not fit it or are not labelled.
    """
    suite = read_suite(wish.suite)
    least, most = takes(suite)
    if wish.datasets and not least <= len(wish.datasets) <= most:
        raise InputError(_why(least, most))
    for name in wish.datasets:
        _check_labels(store, suite, name, wish.gold)
    payload = wish.payload()
    key = f"experiment {json.dumps(payload, sort_keys=True)}"
    return enqueue(store, "experiment", payload, author=author, dedupe_key=key, priority=AFTER_OTHERS)


def _why(least: int, most: int) -> str:
    if not most:
        return "This table is made from posts that are drawn for it: choose no data set."
    if most == 1:
        return "This table is made from one data set: choose one, or none to draw posts."
    return f"This table sets what one data set taught against another: choose at least {least}, or none to draw posts."


def _check_labels(store: Store, suite: Suite, dataset: str, gold: str) -> None:
    labelled = {each.example.split for each in gold_posts(store, dataset, gold) if each.revision is not None}
    for split in ("train", "valid") if suite.kind != "counts" else ():
        if split not in labelled:
            raise InputError(
                f"No post of the split {split} in {dataset} has labels ({gold_name(gold)}); a table needs posts to "
                "learn from and posts to pick the best epoch on."
            )
