"""One training run of a table and what it predicts, each made once and kept under what it follows from.

Several processes may fill one folder: each takes the next cell that no other is at, waits for those that are left, and
takes over what a process leaves that died.
"""

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mner_core.caches import kept
from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import SYSTEMS
from mner_core.data.fingerprint import data_fingerprint, pictures_fingerprint
from mner_core.experiment.experiment_data import ExperimentData
from mner_core.experiment.suite import Row, Size
from mner_core.files import write_whole
from mner_core.home import Home
from mner_core.training.cache_key import training_key
from mner_core.training.claim import BusyError
from mner_core.training.plan import OnProgress, Plan
from mner_core.training.run import load
from mner_core.training.train import TrainingRequest, train
from mner_core.types import Example, InputError, Span

Predicted = list[tuple[Span, ...]]
SECONDS_BETWEEN_LOOKS = 0.5
OnRun = Callable[[int, int], None]
"""Told how many runs are done, and of how many."""


@dataclass(frozen=True)
class Cell:
    """A system trained on one data set with one seed."""

    row: Row
    data_set: ExperimentData
    request: TrainingRequest

    @cached_property
    def key(self) -> str:
        """The same for the same code, settings, posts and pictures, whatever the suite: its folder's name."""
        return _short(training_key(self.request))

    def reading(self, posts: Sequence[Example]) -> str:
        """The name of what its run says of these posts."""
        pictures = pictures_fingerprint(posts) if self.request.plan.needs_pictures else ""
        return f"{self.key}-{_short([data_fingerprint(posts), pictures])}"


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
        missing = deque(each for each in {one.key: one for one in cells}.values() if not self._is_there(each))
        self.waiting, self.done = len(missing), 0
        failed: dict[str, str] = {}
        self.on_run(0, self.waiting)
        busy = 0  # cells in a row at which another process is
        while missing:
            one = missing.popleft()
            if not self._is_there(one):
                try:
                    self._train(one)
                except BusyError:
                    missing.append(one)
                    busy += 1
                    self._wait(one, busy, len(missing))
                    continue
                except InputError as error:
                    failed[one.key] = str(error)
            busy = 0
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
        file = self.root / "predictions" / f"{one.reading(posts)}.json"

        def make() -> Predicted:
            self.on_progress(f"{one.row.name} reads {len(posts)} posts", 0, 1)
            return [prediction.spans for prediction in load(self._folder(one), self.home).predict_posts(posts)]

        return kept(file, lambda file: _read(file, len(posts)), make, lambda found: _write(file, found))

    def _train(self, one: Cell) -> None:
        said = f"{one.row.name} on {one.data_set.name}, seed {one.request.seed} ({self.done + 1} of {self.waiting}"
        left = f", about {self._left()} left)" if self.spent else ")"
        folder, begun = self._folder(one), self.clock()
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            train(one.request, folder, self.home, lambda what, *now: self.on_progress(f"{said}{left}: {what}", *now))
        except BusyError:
            raise
        except InputError:
            if not self._is_there(one):
                raise  # else another process has made it since this one looked
        self.spent.append(self.clock() - begun)

    def _wait(self, one: Cell, busy: int, left: int) -> None:
        """Waits a moment where other processes are at all cells that are left."""
        if busy >= left:
            self.on_progress(f"waiting for another process: {one.row.name} on {one.data_set.name}", 0, left)
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _is_there(self, one: Cell) -> bool:
        return self._folder(one).is_dir()

    def _folder(self, one: Cell) -> Path:
        return self.root / "runs" / one.key

    def _left(self) -> str:
        minutes = sum(self.spent) / len(self.spent) * (self.waiting - self.done) / 60
        return f"{minutes / 60:.1f} h" if minutes > 90 else f"{max(1, round(minutes))} min"


def _short(named: Any) -> str:
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()[:20]


def _read(file: Path, posts: int) -> Predicted:
    stored = json.loads(file.read_text(encoding="utf-8"))
    if len(stored) != posts:
        raise ValueError(f"it holds {len(stored)} predictions of {posts} posts")
    return [tuple(Span(*span) for span in spans) for spans in stored]


def _write(file: Path, found: Predicted) -> None:
    record = [[[span.start, span.end, span.label] for span in spans] for spans in found]
    write_whole(file, json.dumps(record, ensure_ascii=False))


def taught(one: Cell, train_posts: Sequence[Example]) -> Cell:
    """The same cell with other labels to learn from: a point of a learning curve."""
    return replace(one, request=replace(one.request, train=train_posts))
