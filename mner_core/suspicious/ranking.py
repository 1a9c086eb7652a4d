"""Which labels are worth a second look, likeliest error first, missing spans included.

The models' held-out probabilities do not say by themselves how suspicious a label is: a rare name is doubted, too.
So the search makes labels wrong on purpose (another type, a moved boundary, an invented span, a dropped one) in posts
that the models have never seen, looks how such labels differ from the given ones, and judges the given ones by that.
The models need not be trained again for it: what they say of a post does not depend on the post's own labels.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mner_core.data.corrupt import DAMAGES, invented, moved, retyped
from mner_core.suspicious.chain import Floats, SpanTable
from mner_core.suspicious.judge import chances_of_error
from mner_core.suspicious.lexicon import Lexicon
from mner_core.suspicious.reasons import Item, item_of
from mner_core.suspicious.traits import Desk
from mner_core.types import Example, InputError, Span

ASSUMED_SHARE = 0.1
"""How many labels are taken to be wrong, each kind equally often: it decides the level of the scores."""
LEAST_PROBABILITY = 0.01
"""A span that gold lacks is worth a word from this probability on."""
Tables = Callable[[Example], SpanTable]


@dataclass(frozen=True)
class _Case:
    """A label before the judge."""

    desk: Desk
    span: Span


def rank(posts: Sequence[Example], tables: Tables, seed: int = 0) -> list[Item]:
    """All gold spans, and all spans that gold may lack, by the probability that they are errors.

    Args:
        posts: labelled posts.
        tables: for a post with words, what held-out models say of it.
        seed: of the labels that are made wrong on purpose.

    Raises:
        InputError: no post has a labelled span.
    """
    posts = [post for post in posts if post.tokens and post.spans is not None]
    counts = Counter(span.label for post in posts for span in post.spans or ())
    if not counts:
        raise InputError("No post has a labelled span; there is nothing to compare with.")
    shares = {label: count / counts.total() for label, count in counts.items()}
    lexicon = Lexicon(posts)
    desks = [Desk(post, tables(post), lexicon.page(post), shares) for post in posts]
    rng = random.Random(seed)
    given = [_Case(desk, span) for desk in desks for span in sorted(set(desk.post.spans or ()))]
    lacking = [_Case(desk, span) for desk in desks for span in missing(desk.table, desk.post.spans or ())]
    of_given = _judged(given, list(_wrong(desks, sorted(counts), rng)))
    of_lacking = _judged(lacking, list(_dropped(desks)))
    scored = [(*pair, False) for pair in zip(given, of_given, strict=True)]
    scored += [(*pair, True) for pair in zip(lacking, of_lacking, strict=True)]
    items = [item_of(case.desk, case.span, float(score), is_missing) for case, score, is_missing in scored]
    return sorted(items, key=lambda item: (-item.score, item.post, item.span))


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
    """The probability that each of the cases is an error, by the wrong ones and how much each of them counts."""
    if not cases or not wrong:
        return np.zeros(len(cases))
    traits = np.array([case.desk.traits(case.span) for case in cases])
    examples = np.array([case.desk.traits(case.span) for case, _ in wrong])
    return chances_of_error(traits, examples, np.array([count for _, count in wrong]))


def _wrong(desks: Sequence[Desk], labels: Sequence[str], rng: random.Random) -> Iterator[tuple[_Case, float]]:
    """For each gold span one of another type, one with a moved boundary, and an invented one somewhere."""
    count = ASSUMED_SHARE / len(DAMAGES)
    lengths = [span.end - span.start for desk in desks for span in desk.post.spans or ()]
    for desk in desks:
        gold = set(desk.post.spans or ())
        for span in sorted(gold):
            elsewhere = rng.choice(desks)
            words, taken = len(elsewhere.post.tokens), elsewhere.post.spans or ()
            for wrong, where in (
                (retyped(span, labels, rng), desk),
                (moved(span, len(desk.post.tokens), gold - {span}, rng), desk),
                (invented(words, rng.choice(lengths), rng.choice(labels), taken, rng), elsewhere),
            ):
                if wrong is not None:
                    yield _Case(where, wrong), count


def _dropped(desks: Sequence[Desk]) -> Iterator[tuple[_Case, float]]:
    """For each gold span what would be found missing without it; nothing where the models do not find it."""
    for desk in desks:
        gold = set(desk.post.spans or ())
        for span in sorted(gold):
            found = [each for each in missing(desk.table, list(gold - {span})) if each.overlaps(span)]
            for each in found:
                yield _Case(desk, each), ASSUMED_SHARE / len(DAMAGES) / len(found)
