"""The search for wrong labels from end to end: scores of models that have not seen the posts, then the ranking."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mner_core.evaluation.gold import unknown_labels
from mner_core.home import Home
from mner_core.label_errors.crf_marginals import SpanTable, mean
from mner_core.label_errors.cross_validation import HeldOutScores, cross_validated, of_run
from mner_core.label_errors.ranking import rank
from mner_core.label_errors.reasons import Item
from mner_core.training.plan import OnProgress
from mner_core.training.run import load
from mner_core.training.train import TrainingRequest
from mner_core.types import Example

STEPS = 500
"""A fold's model takes so many steps, but 3 to 12 epochs: the ranking needs its scores, not the last point of F1."""
LONGEST = 12
"""Longer spans are not looked for; one in gold counts as a span that the models did not expect."""


def enough_epochs(posts: int, folds: int, batch: int) -> int:
    """Passes over the other folds' posts after which a fold's scores can be relied on."""
    steps = posts * (folds - 1) / max(folds, 1) / batch
    return min(max(math.ceil(STEPS / max(steps, 1)), 3), 12)


def by_cross_validation(
    request: TrainingRequest, folds: int, home: Home, on_progress: OnProgress = lambda what, done, total: None
) -> list[Item]:
    """The labels of `request.train`, most suspicious first, each judged by a model trained on the other folds."""
    return by_held_out_scores(request.train, cross_validated(request, folds, home, on_progress), request.seed)


def by_run(folder: Path, posts: Sequence[Example], home: Home) -> tuple[list[Item], int, dict[str, int]]:
    """The labels of posts that a run never saw, most suspicious first; of how many posts; the labels it does not know.

    Raises:
        InputError: the run was trained on them, or no label is there.
    """
    run = load(folder, home)
    fresh, scores = of_run(run, posts)
    return by_held_out_scores(fresh, [scores]), len(fresh), unknown_labels(fresh, run.record.labels)


def by_held_out_scores(posts: Sequence[Example], held_out: Sequence[HeldOutScores], seed: int = 0) -> list[Item]:
    """The posts' labels, most suspicious first; where several models cover a post, the mean of their scores counts."""

    def table(post: Example) -> SpanTable:
        covering = [scores for scores in held_out if post.id in scores.emissions]
        return mean([scores.marginals.table(scores.emissions[post.id], LONGEST) for scores in covering])

    return rank(posts, table, seed)


def of_posts(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Each post once, by a score that grows with those of its labels: 1 less the product of what each lacks of 1."""
    right: dict[str, float] = {}
    for item in items:
        right[item.post] = right.get(item.post, 1.0) * (1 - item.score)
    ordered = sorted(right.items(), key=lambda pair: (pair[1], pair[0]))
    return [{"post": post, "score": round(1 - chance, 6)} for post, chance in ordered]
