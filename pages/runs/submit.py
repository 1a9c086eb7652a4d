"""What a training form asks for, checked and made a job: no screen in here."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from db.engine import Store
from db.gold_totals import labelled_counts
from db.jobs import ACTIVE, Job, enqueue, jobs
from db.runs import runs
from mner_core.catalog.systems import system
from mner_core.data.labelled import check_counts
from mner_core.run_record import checked_run_name
from mner_core.types import InputError
from pages.shared.selection import gold_name


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingChoice:
    """A training as somebody asks for it; `settings` are those that differ from the model's own, `start` is a run."""

    dataset: str
    gold: str
    model: str
    variant: str
    profile: str
    seed: int
    settings: Mapping[str, Any]
    start: str | None
    name: str

    def payload(self) -> dict[str, Any]:
        """The job's payload, as `worker.jobs.train` reads it."""
        said = {"start": self.start, "name": self.name or None}
        return {
            "dataset": self.dataset,
            "gold": self.gold,
            "model": self.model,
            "variant": self.variant,
            "profile": self.profile,
            "seed": self.seed,
            "settings": dict(self.settings),
            **{field: value for field, value in said.items() if value},
        }


@dataclass(frozen=True, slots=True)
class Field:
    """A setting that a form offers: its name, what kind of value it takes, its own value and a sentence about it."""

    name: str
    hint: Any
    default: Any
    about: str


def fields_of(model: str, variant: str, profile: str) -> list[Field]:
    """Every setting of a model with what it is set to by the profile and the variant, in the catalog's order.

    Raises:
        InputError: there is no such model or variant.
    """
    settings = system(model).resolve(profile, variant)
    hints = get_type_hints(type(settings))
    return [
        Field(each.name, hints[each.name], getattr(settings, each.name), each.metadata["about"])
        for each in dataclasses.fields(settings)
    ]


def submit_training(store: Store, wish: TrainingChoice, author: str) -> Job:
    """Queues the training; asked for twice in a row, it is one job.

    Raises:
        InputError: a setting, the name or the run to start from cannot be, or there is nothing to learn from.
    """
    system(wish.model).resolve(wish.profile, wish.variant, wish.settings)
    _check_name(store, wish.name)
    _check_labels(store, wish)
    _check_start(store, wish)
    payload = wish.payload()
    return enqueue(store, "train", payload, author=author, dedupe_key=f"train {json.dumps(payload, sort_keys=True)}")


def _check_name(store: Store, name: str) -> None:
    if not name:
        return
    checked_run_name(name)
    if name in {run.name for run in runs(store)}:
        raise InputError(f"There is a run {name!r} already: choose another name.")
    if name in {job.payload.get("name") for job in jobs(store, ACTIVE, ("train",))}:
        raise InputError(f"A run {name!r} is being trained: choose another name.")


def _check_labels(store: Store, wish: TrainingChoice) -> None:
    counts = labelled_counts(store, wish.dataset, wish.gold)
    (train, _), (valid, _) = (counts.get(split, (0, 0)) for split in ("train", "valid"))
    check_counts(train, valid, f"{wish.dataset} ({gold_name(wish.gold)})")


def _check_start(store: Store, wish: TrainingChoice) -> None:
    if wish.start is None:
        return
    known = next((run for run in runs(store) if run.name == wish.start), None)
    if known is None:
        raise InputError(f"There is no run {wish.start!r} any more: start from another one, or from scratch.")
    if known.is_brought:
        raise InputError(
            f"The run {wish.start} was brought and has no weights: start from another one, or from scratch."
        )
    if known.profile != wish.profile:
        raise InputError(f"The run {wish.start} has the profile {known.profile}: choose that one to start from it.")
