"""Which labels are worth a second look, likeliest error first, missing spans included.

The models' held-out probabilities do not say by themselves how suspicious a label is: a rare name is doubted, too.
So the search makes labels wrong on purpose (another type, a moved boundary, an invented span, a dropped one) in posts
that the models have never seen, and trains a classifier that tells such synthetic errors from the given labels.
The models need not be trained again for it: what they say of a post does not depend on the post's own labels.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mner_core.data.corrupt import DAMAGES, invented, moved, retyped
from mner_core.label_errors.crf_marginals import Floats, SpanTable
from mner_core.label_errors.label_statistics import LabelStatistics
from mner_core.label_errors.logistic_regression import error_probabilities
from mner_core.label_errors.malformed_tags import malformed
from mner_core.label_errors.reasons import Item, item_of
from mner_core.label_errors.span_features import PostContext
from mner_core.tags import of_whole_words
from mner_core.types import Example, InputError, Span

ASSUMED_SHARE = 0.1
"""How many labels are taken to be wrong, each kind equally often: it decides the level of the scores.

How many really are is not known, so that a score orders labels and is no probability: of the first fourteen of one set
all were wrong, and the third had the score 0.39.
"""
MALFORMED = 0.5
"""The least score of a label whose tags are malformed: of the labels before and behind, one at least is wrong.

Of 200 such labels in Twitter-2015's train and valid, 180 are others in the labels that FMNERG's authors gave the same
posts (Wang et al. 2023, Fine-grained Multimodal Named Entity Recognition and Grounding with a Generative Framework); of
the rest 23 %.
"""
LEAST_PROBABILITY = 0.01
"""A span that gold lacks is worth a word from this probability on."""
Tables = Callable[[Example], SpanTable]


@dataclass(frozen=True)
class _Case:
    """A label that the classifier is asked about."""

    context: PostContext
    span: Span


def rank(posts: Sequence[Example], tables: Tables, seed: int = 0, witnesses: Sequence[Example] = ()) -> list[Item]:
    """All gold spans, and all spans that gold may lack, by how much they look like errors.

    Args:
        posts: labelled posts.
        tables: for a post with words, what held-out models say of it.
        seed: of the labels that are made wrong on purpose.
        witnesses: other labelled posts; how they label names and words counts like what these posts say.

    Raises:
        InputError: no post has a labelled span.
    """
    posts = [post for post in posts if post.tokens and post.spans is not None]
    counts = Counter(span.label for post in posts for span in post.spans or ())
    if not counts:
        raise InputError("No post has a labelled span; there is nothing to compare with.")
    shares = {label: count / counts.total() for label, count in counts.items()}
    statistics = LabelStatistics([*posts, *witnesses])
    contexts = [
        PostContext(post, tables(post), statistics.others_of(post), shares, orphans)
        for post, orphans in zip(posts, malformed(posts), strict=True)
    ]
    rng = random.Random(seed)
    given = [
        _Case(context, span) for context in contexts for span in sorted(of_whole_words(set(context.post.spans or ())))
    ]
    lacking = [
        _Case(context, span) for context in contexts for span in missing(context.table, context.post.spans or ())
    ]
    of_given = _judged(given, list(_wrong(contexts, sorted(counts), rng)))
    of_lacking = _judged(lacking, list(_dropped(contexts)))
    scored = [
        (case, 1 - (1 - score) * (1 - MALFORMED) if case.span in case.context.malformed else score, False)
        for case, score in zip(given, of_given, strict=True)
    ]
    scored += [(*pair, True) for pair in zip(lacking, of_lacking, strict=True)]
    items = [item_of(case.context, case.span, float(score), is_missing) for case, score, is_missing in scored]
    return sorted(items, key=lambda item: (-item.score, item.post, item.span, item.split))


def missing(table: SpanTable, gold: Sequence[Span]) -> list[Span]:
    """The likeliest spans on words without gold, no two on one word, likeliest first."""
    taken = np.zeros(len(table.spans), bool)
    for span in gold:
        taken[span.start : span.end] = True
    places = np.argwhere(table.spans >= LEAST_PROBABILITY)
    found = []
    for start, extra, label in sorted(places.tolist(), key=lambda place: -table.spans[tuple(place)]):
        if not taken[start : start + extra + 1].any():
            taken[start : start + extra + 1] = True
            found.append(Span(start, start + extra + 1, table.labels[label]))
    return found


def _judged(cases: Sequence[_Case], wrong: Sequence[tuple[_Case, float]]) -> Floats:
    """The score of each of the cases, 0..1, by the wrong ones and how much each of them counts."""
    if not cases or not wrong:
        return np.zeros(len(cases))
    features = np.array([case.context.features(case.span) for case in cases])
    examples = np.array([case.context.features(case.span) for case, _ in wrong])
    return error_probabilities(features, examples, np.array([count for _, count in wrong]))


def _wrong(contexts: Sequence[PostContext], labels: Sequence[str], rng: random.Random) -> Iterator[tuple[_Case, float]]:
    """For each gold span one of another type, one with a moved boundary, and an invented one somewhere."""
    count = ASSUMED_SHARE / len(DAMAGES)
    lengths = [span.end - span.start for context in contexts for span in context.post.spans or ()]
    for context in contexts:
        gold = set(context.post.spans or ())
        for span in sorted(of_whole_words(gold)):
            elsewhere = rng.choice(contexts)
            words, taken = len(elsewhere.post.tokens), elsewhere.post.spans or ()
            for wrong, where in (
                (retyped(span, labels, rng), context),
                (moved(span, len(context.post.tokens), gold - {span}, rng), context),
                (invented(words, rng.choice(lengths), rng.choice(labels), taken, rng), elsewhere),
            ):
                if wrong is not None:
                    yield _Case(where, wrong), count


def _dropped(contexts: Sequence[PostContext]) -> Iterator[tuple[_Case, float]]:
    """For each gold span what would be found missing without it; nothing where the models do not find it."""
    for context in contexts:
        gold = set(context.post.spans or ())
        for span in sorted(of_whole_words(gold)):
            found = [each for each in missing(context.table, list(gold - {span})) if each.overlaps(span)]
            for each in found:
                yield _Case(context, each), ASSUMED_SHARE / len(DAMAGES) / len(found)
