"""The search for wrong labels from end to end: scores of models that have not seen the posts, then the ranking.

Labels are judged by held-out probabilities, as in confident learning (Northcutt, Jiang and Chuang 2021, Confident
Learning: Estimating Uncertainty in Dataset Labels, JAIR 70). There are two judges: a system of the workbench, and a
tagger of word features that reads all labelled posts of the data set.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mner_core.evaluation.gold import unknown_labels
from mner_core.home import Home
from mner_core.label_errors.crf_marginals import SpanTable, mean
from mner_core.label_errors.cross_validation import HeldOutScores, cross_validated, of_run
from mner_core.label_errors.feature_tagger import feature_tagger_scores
from mner_core.label_errors.ranking import rank
from mner_core.label_errors.reasons import Item
from mner_core.label_errors.span_features import LEAST
from mner_core.training.plan import OnProgress
from mner_core.training.run import load
from mner_core.training.train import TrainingRequest
from mner_core.types import Example, PostKey

STEPS = 500
"""A fold's model takes so many steps, but 3 to 12 epochs: the ranking needs its scores, not the last point of F1."""
FOLDS = 5
ROUNDS = 50
LONGEST = 12
"""Longer spans are not looked for; one in gold counts as a span that the models did not expect."""


def enough_epochs(posts: int, folds: int, batch: int) -> int:
    """Passes over the other folds' posts after which a fold's scores can be relied on."""
    steps = posts * (folds - 1) / max(folds, 1) / batch
    return min(max(math.ceil(STEPS / max(steps, 1)), 3), 12)


def by_cross_validation(
    request: TrainingRequest, folds: int, home: Home, on_progress: OnProgress = lambda what, done, total: None
) -> list[Item]:
    """The labels of `request.train`, most suspicious first, each judged by models trained on the other folds.

    Labelled posts of `request.dev` and `request.others` are witnesses: the tagger reads them, and names are compared.
    """
    witnesses = [post for post in (*request.dev, *request.others) if post.spans is not None]
    held_out = cross_validated(request, folds, home, on_progress)
    return by_held_out_scores(request.train, held_out, witnesses, folds, request.seed)


def by_run(
    folder: Path, posts: Sequence[Example], home: Home, witnesses: Sequence[Example] = ()
) -> tuple[list[Item], int, dict[str, int]]:
    """The labels of posts that a run never saw, most suspicious first; of how many posts; the labels it does not know.

    `witnesses` are labelled posts beside them, as in `by_cross_validation`.

    Raises:
        InputError: the run was trained on them, or no label is there.
    """
    run = load(folder, home)
    fresh, scores = of_run(run, posts)
    return by_held_out_scores(fresh, [scores], witnesses), len(fresh), unknown_labels(fresh, run.record.labels)


def by_held_out_scores(
    posts: Sequence[Example],
    held_out: Sequence[HeldOutScores],
    witnesses: Sequence[Example] = (),
    folds: int = FOLDS,
    seed: int = 0,
) -> list[Item]:
    """The posts' labels, most suspicious first, by these scores and those of the tagger of word features.

    Args:
        posts: labelled posts.
        held_out: scores of models that have not seen them; where several cover a post, the mean counts.
        witnesses: labelled posts beside them.
        folds: parts of the posts for the tagger.
        seed: of these parts, and of the labels that are made wrong on purpose.
    """
    posts = [post for post in posts if post.tokens and post.spans is not None]
    taggers = feature_tagger_scores(posts, witnesses, held_out[0].marginals.labels, folds, seed)
    judges = [_tables(posts, judge) for judge in (held_out, taggers) if judge]
    weights = judge_weights(
        [[judge[post.key].probability(span) for post in posts for span in post.spans or ()] for judge in judges]
    )
    return rank(posts, lambda post: mean([judge[post.key] for judge in judges], weights), seed, witnesses)


def judge_weights(gold: Sequence[Sequence[float]]) -> list[float]:
    """How much each judge counts in the mixture of all, together 1, by expectation maximisation.

    The weights make the gold spans likeliest under the mixture: who knows these posts less, for want of posts to learn
    from, is heard less.

    Args:
        gold: by judge, the held-out probability of every gold span.
    """
    likely = np.maximum(np.array(gold).T, LEAST)
    weights = np.full(len(gold), 1 / len(gold))
    for _ in range(ROUNDS if len(likely) else 0):
        shares = weights * likely
        weights = (shares / shares.sum(axis=1, keepdims=True)).mean(axis=0)
    return [float(weight) for weight in weights]


def _tables(posts: Sequence[Example], held_out: Sequence[HeldOutScores]) -> dict[PostKey, SpanTable]:
    """What one judge says of each post: the mean over its models that cover it."""
    covering = {post.key: [scores for scores in held_out if post.key in scores.emissions] for post in posts}
    return {
        post: mean([scores.marginals.table(scores.emissions[post], LONGEST) for scores in models])
        for post, models in covering.items()
    }


def of_posts(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Each post once, by a score that grows with those of its labels: 1 less the product of what each lacks of 1."""
    right: dict[PostKey, float] = {}
    for item in items:
        right[item.key] = right.get(item.key, 1.0) * (1 - item.score)
    ordered = sorted(right.items(), key=lambda pair: (pair[1], pair[0].post, pair[0].split))
    return [{"post": key.post, "split": key.split, "score": round(1 - chance, 6)} for key, chance in ordered]
