"""Experiment: a table as in the papers, from drawn posts or from stored data sets under named golds.

Payload: {"suite", "quick", "data": [{"dataset", "gold"}] (without any, posts are drawn)}.
Result: {"suite", "quick", "records" (`Grid.records`), "files" (below the home), "seconds"}.

Every run of the table is kept below the home as soon as it is done, and one that is interrupted has its checkpoint: a
job that was killed, or stopped and asked for again, does what is missing.
"""

import time
from typing import Any

from db.engine import Store
from db.gold import CURRENT, ORIGINAL, examples
from db.jobs import Job
from db.knowledge import graph_of
from db.posts import dataset
from mner_core.experiment.experiment_data import Held, reads_knowledge
from mner_core.experiment.runner import Order, experiment
from mner_core.experiment.suite import Suite, read_suite, suite_names
from mner_core.types import InputError
from worker.child_protocol import Reporter

TABLE = 0.97
"""Share of the bar when all runs are there; what is left is for reading, scoring and comparing."""


def run(store: Store, job: Job, report: Reporter) -> dict[str, Any]:
    """Makes the table.

    Raises:
        InputError: there is no such suite or data set, or the data sets do not fit the suite.
    """
    name, quick = str(job.payload.get("suite")), bool(job.payload.get("quick"))
    if name not in suite_names():
        raise InputError(f"There is no suite {name!r}; there are: {', '.join(suite_names())}.")
    held, remarks, made_from = _held(store, read_suite(name), job)
    watcher = _Watcher(report)
    begun = time.monotonic()
    done = experiment(
        Order(suite=name, quick=quick, held=held, remarks=remarks, made_from=made_from),
        store.home,
        watcher.progress,
        watcher.ran,
    )
    return {
        "suite": name,
        "quick": quick,
        "records": done.grid.records(),
        "files": [str(file.relative_to(store.home.root)) for file in done.files],
        "seconds": time.monotonic() - begun,
    }


def printed_name(suite: Suite, dataset: str) -> str:
    """What a suite calls a data set that papers print numbers for: "Twitter-2017" is twitter2017; else its own name."""
    printed = {part for row in suite.rows for said in row.printed for part in said.split("->")}
    return next((each for each in sorted(printed) if _letters(each) == _letters(dataset)), dataset)


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _held(store: Store, suite: Suite, job: Job) -> tuple[dict[str, Held], list[str], str]:
    """The posts of each data set by the name it has in the table, what a reader must know of their labels, and both
    in a few words.
    """
    held: dict[str, Held] = {}
    remarks, made_from = [], []
    asked = reads_knowledge(suite)
    for each in job.payload.get("data", ()):
        known, gold = dataset(store, each["dataset"]).name, each.get("gold", CURRENT)
        name = printed_name(suite, known)
        if name in held:
            raise InputError(f"The data set {known} is given twice.")
        held[name] = Held(examples(store, known, gold), graph_of(store, known) if asked else None)
        labels = {ORIGINAL: "original labels", CURRENT: "corrected labels"}.get(gold, f"labels by {gold}")
        remarks.append(f"{name}: the data set {known}, {labels}.")
        made_from.append(f"{known} ({labels})")
    return held, remarks, ", ".join(made_from)


class _Watcher:
    """Turns what the experiment says into one bar over all runs."""

    def __init__(self, report: Reporter) -> None:
        self.report = report
        self.done, self.waiting = 0, 0

    def ran(self, done: int, waiting: int) -> None:
        """Some of the missing runs are done."""
        self.done, self.waiting = done, waiting

    def progress(self, what: str, done: int, total: int) -> None:
        """How far what is done now is; the time left is a part of the sentence."""
        inside = done / max(total, 1) if what.endswith(": training") else 0.0
        share = min((self.done + inside) / self.waiting, 1.0) if self.waiting else 0.0
        self.report.progress(TABLE * share, what)
