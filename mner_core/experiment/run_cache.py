"""One training run of a table and what it predicts, each made once and kept by a fingerprint of settings and data."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import SYSTEMS
from mner_core.data.fingerprint import data_fingerprint
from mner_core.experiment.experiment_data import ExperimentData
from mner_core.experiment.suite import Row, Size
from mner_core.files import write_whole
from mner_core.home import Home
from mner_core.training.plan import OnProgress, Plan
from mner_core.training.run import load
from mner_core.training.train import TrainingRequest, train
from mner_core.types import Example, InputError, Span

Predicted = list[tuple[Span, ...]]
OnRun = Callable[[int, int], None]
"""Told how many runs are done, and of how many."""


@dataclass(frozen=True)
class Cell:
    """A system trained on one data set with one seed."""

    row: Row
    data_set: ExperimentData
    request: TrainingRequest

    @property
    def key(self) -> str:
        """The same for the same settings and data, whatever the suite: its folder's name."""
        asked = [self.request.identity(), data_fingerprint(self.request.others)]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:20]


def cell(row: Row, data_set: ExperimentData, size: Size, seed: int) -> Cell:
    """The cell of a row whose system is in the catalog.

    Raises:
        InputError: the catalog has no such variant or setting.
    """
    entry = SYSTEMS[row.model]
    changes = {**size.set, **row.set, **({"epochs": size.epochs} if size.epochs else {})}
    chosen = profile(size.profile)
    settings = entry.resolve(chosen.name, row.variant, changes)
    plan = Plan(system=entry, variant=row.variant, settings=settings, labels=data_set.labels, profile=chosen)
    request = TrainingRequest(
        plan=plan,
        train=data_set.splits["train"],
        dev=data_set.splits["valid"],
        others=data_set.splits.get("test", []),
        data=data_set.name,
        seed=seed,
        graph=data_set.graph,
    )
    return Cell(row, data_set, request)


class RunCache:
    """Where cells are trained and asked: `root` holds what is done, `home` the caches.

    Args:
        root: gets `runs/` and `predictions/`.
        home: feature cache and neighbour pools.
        on_progress: told what is being done, with the time left.
        on_run: told how many of the missing runs are done, before the first and after each.
        clock: seconds, for the time left.
    """

    def __init__(
        self,
        root: Path,
        home: Home,
        on_progress: OnProgress,
        on_run: OnRun = lambda done, waiting: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.root, self.home, self.on_progress, self.on_run, self.clock = root, home, on_progress, on_run, clock
        self.spent: list[float] = []
        self.waiting = 0
        self.done = 0

    def run(self, cells: Sequence[Cell]) -> dict[str, str]:
        """Trains what is not there yet; a sentence for each cell, by key, that could not be trained."""
        missing = [each for each in {one.key: one for one in cells}.values() if not self._folder(each).is_dir()]
        self.waiting, self.done = len(missing), 0
        failed = {}
        self.on_run(0, self.waiting)
        for each in missing:
            begun = self.clock()
            try:
                self._train(each)
            except InputError as error:
                failed[each.key] = str(error)
            self.spent.append(self.clock() - begun)
            self.done += 1
            self.on_run(self.done, self.waiting)
        return failed

    def must_run(self, cells: Sequence[Cell]) -> None:
        """As `run`, where nothing can be shown without all of them.

        Raises:
            InputError: a cell could not be trained.
        """
        for sentence in self.run(cells).values():
            raise InputError(sentence)

    def predictions(self, one: Cell, posts: Sequence[Example]) -> Predicted:
        """What the cell's run says of posts, in order; kept on disk."""
        file = self.root / "predictions" / f"{one.key}-{data_fingerprint(posts)[:20]}.json"
        if not file.is_file():
            self.on_progress(f"{one.row.name} reads {len(posts)} posts", 0, 1)
            found = [prediction.spans for prediction in load(self._folder(one), self.home).predict_posts(posts)]
            record = [[[span.start, span.end, span.label] for span in spans] for spans in found]
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, json.dumps(record, ensure_ascii=False))
        stored = json.loads(file.read_text(encoding="utf-8"))
        return [tuple(Span(*span) for span in spans) for spans in stored]

    def _train(self, one: Cell) -> None:
        said = f"{one.row.name} on {one.data_set.name}, seed {one.request.seed} ({self.done + 1} of {self.waiting}"
        left = f", about {self._left()} left)" if self.spent else ")"
        folder = self._folder(one)
        folder.parent.mkdir(parents=True, exist_ok=True)
        train(one.request, folder, self.home, lambda what, *parts: self.on_progress(f"{said}{left}: {what}", *parts))

    def _folder(self, one: Cell) -> Path:
        return self.root / "runs" / one.key

    def _left(self) -> str:
        minutes = sum(self.spent) / len(self.spent) * (self.waiting - self.done) / 60
        return f"{minutes / 60:.1f} h" if minutes > 90 else f"{max(1, round(minutes))} min"


def taught(one: Cell, train_posts: Sequence[Example]) -> Cell:
    """The same cell with other labels to learn from: a point of a learning curve."""
    return replace(one, request=replace(one.request, train=train_posts))
