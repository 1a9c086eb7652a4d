"""Cross-validate: every labelled post of a split is judged by a model that was trained on the others.

Payload: {"dataset", "gold", "split", "model", "profile"}. Result: {"dataset", "posts", "mistakes" (posts that hold
one), "model", "gold_sha256"}. The predictions lie in the file that `db.held_out_results` reads. The folds are those
of the search for wrong labels, kept under what they follow from (data, gold, settings, code): one search serves the
other, an interrupted job goes on where it stopped.
"""

from collections.abc import Sequence
from typing import Any

from db.engine import Store
from db.gold import CURRENT, GoldPost, gold_posts
from db.held_out_results import keep_predictions
from db.jobs import Job
from db.posts import dataset
from db.predictions import PostPrediction, from_prediction
from db.scores import places
from mner_core.data.fingerprint import gold_fingerprint
from mner_core.label_errors.cross_validation import cross_validated
from mner_core.label_errors.held_out_predictions import held_out_predictions
from mner_core.types import InputError
from worker.child_protocol import Reporter
from worker.jobs import label_errors


def run(store: Store, job: Job, report: Reporter) -> dict[str, Any]:
    """Predicts each post by the model that has not seen it, and keeps that.

    Raises:
        InputError: there is no such data set, model or profile, or too little is labelled.
    """
    payload = job.payload
    name, split = dataset(store, payload["dataset"]).name, payload["split"]
    posts = [post for post in gold_posts(store, name, payload.get("gold", CURRENT), split) if post.revision is not None]
    if not posts:
        raise InputError(f"No post of the split {split} in {name} is labelled; there is nothing to judge.")
    examples = [post.example for post in posts]
    request = label_errors.request_of(store, job, name, examples)
    scores = cross_validated(request, label_errors.FOLDS, store.home, label_errors.Bar(report).progress)
    said = [
        from_prediction(post.post, post.example.tokens, prediction)
        for post, prediction in zip(posts, held_out_predictions(examples, scores), strict=True)
    ]
    keep_predictions(store, job, said)
    return {
        "dataset": name,
        "posts": len(posts),
        "mistakes": _wrong(posts, said),
        "model": payload["model"],
        "gold_sha256": gold_fingerprint(examples),
    }


def _wrong(posts: Sequence[GoldPost], said: Sequence[PostPrediction]) -> int:
    """How many posts hold a mistake."""
    pairs = zip(posts, said, strict=True)
    return sum(set(places(post.example)) != {mark.span for mark in each.marks} for post, each in pairs)
