"""Train: a run from a stored data set under a named gold, its predictions and its scores.

Payload: {"dataset", "model", "variant", "settings" ({name: value}), "profile", "gold" ("original", "current", a track),
"seed", "start" (a run's name), "name" (else `naming.run_name` finds one)}.
Events: "epoch" {"number", "epochs", "loss", "f1", "precision", "recall", "support", "seconds"} (figures are null where
no post of valid is labelled); "note" {"message"}.
Result: {"run", "dev_f1" (or null), "best_epoch", "left_out", "seconds", "evaluations": [..]} (`looking.scores`).
"""

import fcntl
import json
import shutil
import time
from pathlib import Path
from typing import Any

from db.engine import Store
from db.gold import CURRENT, examples
from db.jobs import Job, events
from db.knowledge import graph_of
from db.posts import dataset
from db.runs import add_run
from db.runs import run as run_named
from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import system
from mner_core.data.labelled import labelled_posts
from mner_core.run_record import read_record
from mner_core.training.fit import Epoch
from mner_core.training.plan import Plan
from mner_core.training.run import load
from mner_core.training.train import TrainingRequest, train
from mner_core.types import InputError
from worker.child_protocol import Reporter
from worker.jobs.predict_posts import look, scores
from worker.naming import run_name, unfinished_run

_SHARES = {
    "preparing": (0.0, 0.01),
    "features": (0.01, 0.15),
    "phrases": (0.15, 0.2),
    "neighbours": (0.15, 0.2),
    "knowledge": (0.15, 0.2),
    "training": (0.2, 0.9),
}
"""Which part of the bar each phase of a training fills; what is left is for the predictions."""
_PATIENCE = 60.0
"""Seconds to wait for another process that still trains into the same folder: it has lost the job and will end."""


def run(store: Store, job: Job, report: Reporter) -> dict[str, Any]:
    """Trains, or goes on training, or goes on with what comes after.

    Raises:
        InputError: the name is taken, nothing is labelled, or a model, variant, setting, profile or run is unknown.
    """
    out = store.home.runs / run_name(job)
    if out.exists() and read_record(out).created < job.created:
        raise InputError(f"There is a run {out.name!r} already: choose another name.")
    if job.payload.get("note"):
        report.event("note", {"message": job.payload["note"]})
    if not out.exists():
        request = _request(store, job)
        _say_what_counts(request, report)
        _make_way(unfinished_run(store.home, job), request, report)
        watcher = _Watcher(store, job, report, request.plan.settings.epochs)
        train(request, out, store.home, watcher.progress, watcher.epoch)
    record = read_record(out)
    add_run(store, out)
    return {
        "run": out.name,
        "dev_f1": record.dev["f1"],
        "best_epoch": record.best_epoch,
        "left_out": record.data.get("left_out", 0),
        "seconds": record.seconds,
        "evaluations": _measure(store, job, out, report),
    }


def _request(store: Store, job: Job) -> TrainingRequest:
    payload = job.payload
    entry, chosen = system(payload["model"]), profile(payload.get("profile", "compact"))
    variant, gold = payload.get("variant") or "", payload.get("gold", CURRENT)
    settings = entry.resolve(chosen.name, variant, payload.get("settings"))
    data = dataset(store, payload["dataset"])
    if not data.labels:
        raise InputError(f"The data set {data.name} has no types of entities: name them first, then label posts.")
    parts = {split: examples(store, data.name, gold, split) for split in ("train", "valid", "test")}
    posts = labelled_posts(parts, data.name)
    start = payload.get("start")
    plan = Plan(system=entry, variant=variant, settings=settings, labels=data.labels, profile=chosen)
    return TrainingRequest(
        plan=plan,
        train=posts.train,
        dev=posts.dev,
        others=parts["test"],
        data=data.name,
        seed=int(payload.get("seed", 0)),
        start=run_named(store, start).folder if start else None,
        graph=graph_of(store, data.name) if plan.needs.knowledge else None,
        left_out=posts.left_out,
    )


def _say_what_counts(request: TrainingRequest, report: Reporter) -> None:
    """Notes what is left out and that nothing is measured, where that is so."""
    if request.left_out:
        report.event("note", {"message": f"{request.left_out} posts of train have no labels and are left out."})
    if not request.dev:
        epochs = request.plan.settings.epochs
        sentence = f"No post of valid is labelled: the run trains for {epochs} epochs, and nothing is measured."
        report.event("note", {"message": sentence})


def _make_way(folder: Path, request: TrainingRequest, report: Reporter) -> None:
    """Waits until nobody trains into the folder, and begins anew where labels were corrected since it was begun."""
    _wait_for(folder / "lock", report)
    asked = folder / "request.json"
    if asked.exists() and json.loads(asked.read_text(encoding="utf-8")) != json.loads(json.dumps(request.identity())):
        report.event("note", {"message": "The labels have changed since the training was interrupted: it begins anew."})
        shutil.rmtree(folder)


def _wait_for(lock: Path, report: Reporter) -> None:
    until = time.monotonic() + _PATIENCE
    while lock.exists() and time.monotonic() < until:
        with lock.open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                report.progress(0.0, "waiting until an earlier attempt has ended")
                time.sleep(0.5)
            else:
                return


class _Watcher:
    """Turns what the training says into sentences and events."""

    def __init__(self, store: Store, job: Job, report: Reporter, epochs: int) -> None:
        self.report, self.epochs = report, epochs
        self.told = {event.data["number"] for event in events(store, job.id) if event.kind == "epoch"}
        self.f1: float | None = None

    def progress(self, what: str, done: int, total: int) -> None:
        """How far each phase is."""
        begin, end = _SHARES[what]
        share = begin + (end - begin) * done / max(total, 1)
        self.report.progress(share, self._sentence(what, done, total))

    def epoch(self, epoch: Epoch) -> None:
        """An epoch has ended; one that an earlier attempt has told of is not told of again."""
        self.f1 = epoch.dev["f1"]
        if epoch.number in self.told:
            return
        figures = {name: epoch.dev[name] for name in ("f1", "precision", "recall", "support")}
        data = {"number": epoch.number, "epochs": self.epochs, "loss": epoch.loss, "seconds": epoch.seconds}
        self.report.event("epoch", {**data, **figures})

    def _sentence(self, what: str, done: int, total: int) -> str:
        if what == "training":
            number = (max(done, 1) - 1) * self.epochs // max(total, 1) + 1
            return f"epoch {number} of {self.epochs}" + ("" if self.f1 is None else f", dev F1 {self.f1:.1f}")
        if what == "preparing":
            return "getting ready"
        looking = {
            "features": "at pictures",
            "phrases": "for phrases",
            "neighbours": "for neighbours",
            "knowledge": "for knowledge",
        }[what]
        return f"looking {looking}: {done} of {total}"


def _measure(store: Store, job: Job, out: Path, report: Reporter) -> list[Any]:
    """Predictions and scores for the posts that the run has not learned from."""
    name, gold = job.payload["dataset"], job.payload.get("gold", CURRENT)
    there = dataset(store, name).splits
    splits = [split for split in ("valid", "test") if there.get(split)]
    trained = load(out, store.home)
    for place, split in enumerate(splits):
        look(
            store, trained, name, split, report, 0.9 + 0.1 * place / len(splits), 0.9 + 0.1 * (place + 1) / len(splits)
        )
    return list(scores(store, out.name, name, splits, [gold]))
