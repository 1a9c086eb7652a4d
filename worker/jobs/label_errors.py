"""Suspicious: labels of a data set worth a second look, ranked by models that have not seen the posts they judge.

Payload: {"dataset", "gold", "split", "model", "profile"}. Result: {"dataset", "labels" (how many were looked at),
"kept" (the likeliest, in the file that `db.label_error_results` reads), "model"}. What is trained on each part of
the posts is kept by a fingerprint of the data: a job that was interrupted goes on there.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from db.engine import Store
from db.gold import CURRENT, examples
from db.jobs import Job
from db.knowledge import graph_of
from db.label_error_results import LabelError, keep_ranking
from db.posts import dataset, post_ids
from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import system
from mner_core.data.tokenize import character_offsets
from mner_core.label_errors.reasons import Item
from mner_core.label_errors.search import by_cross_validation, enough_epochs
from mner_core.training.plan import Plan
from mner_core.training.train import TrainingRequest
from mner_core.types import Example, InputError
from worker.child_protocol import Reporter

FOLDS = 5
LONGEST = 2000
"""Labels that are kept: more than anybody goes through."""


def run(store: Store, job: Job, report: Reporter) -> dict[str, Any]:
    """Ranks the labels.

    Raises:
        InputError: there is no such data set, model or profile, or too little is labelled.
    """
    payload = job.payload
    name, gold, split = dataset(store, payload["dataset"]).name, payload.get("gold", CURRENT), payload["split"]
    posts = [post for post in examples(store, name, gold, split) if post.spans is not None]
    if not posts:
        raise InputError(f"No post of the split {split} in {name} is labelled; there is nothing to check.")
    items = by_cross_validation(request_of(store, job, name, posts), FOLDS, store.home, Bar(report).progress)
    keep_ranking(store, job, _label_errors(store, name, posts, items[:LONGEST]))
    return {"dataset": name, "labels": len(items), "kept": min(len(items), LONGEST), "model": payload["model"]}


def request_of(store: Store, job: Job, name: str, posts: Sequence[Example]) -> TrainingRequest:
    """What each fold is trained with: the job's system and profile, on the labelled posts of its split.

    Raises:
        InputError: there is no such model or profile, or no post has a labelled span.
    """
    entry, chosen = system(job.payload["model"]), profile(job.payload.get("profile", "compact"))
    settings = entry.resolve(chosen.name)
    labels = tuple(sorted({span.label for post in posts for span in post.spans or ()}))
    if not labels:
        raise InputError(f"No post of {name} has a labelled span; there is nothing to learn.")
    gold, split = job.payload.get("gold", CURRENT), job.payload["split"]
    others = [post for post in examples(store, name, gold) if post.split != split]
    return TrainingRequest(
        plan=Plan(
            system=entry,
            variant="",
            settings=replace(settings, epochs=enough_epochs(len(posts), FOLDS, settings.batch)),
            labels=labels,
            profile=chosen,
        ),
        train=posts,
        dev=[post for post in others if post.split == "valid" and post.spans is not None],
        others=[post for post in others if post.split != "valid"],
        data=name,
        seed=0,
        graph=graph_of(store, name) if settings.needs.knowledge else None,
    )


def _label_errors(store: Store, name: str, posts: Sequence[Example], items: Sequence[Item]) -> list[LabelError]:
    numbers, by_key = post_ids(store, name), {post.key: post for post in posts}
    found = []
    for item in items:
        post = by_key[item.key]
        start, end = character_offsets(post.tokens, item.span)
        instead = item.suggested
        found.append(
            LabelError(
                post=numbers[post.split, post.id],
                name=post.id,
                split=post.split,
                start=start,
                end=end,
                label=item.span.label,
                text=item.text,
                score=round(item.score, 4),
                reason=item.reason,
                detail=item.detail,
                suggested=f"{post.span_text(instead)}, {instead.label}" if instead else "",
            )
        )
    return found


class Bar:
    """One bar over all folds, from sentences such as "fold 2 of 5, training"."""

    def __init__(self, report: Reporter) -> None:
        self.report = report
        self.said = ""
        self.fold = -1

    def progress(self, what: str, done: int, total: int) -> None:
        """How far the training on one part's rest is."""
        fold, _, phase = what.partition(", ")
        self.fold += fold != self.said
        self.said = fold
        inside = done / max(total, 1) if phase == "training" else 0.0
        self.report.progress(min(self.fold + inside, FOLDS) / FOLDS, what)
