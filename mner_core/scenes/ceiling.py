"""The score of the best possible answer that sees the texts and nothing else.

Such an answer is any function of the text. Posts with the same text get the same answer, so what a span can win is
fixed: of the `posts` that have this text, `right` have the span in their gold. An answer that gives the span wins
`right` true positives and spends `posts` predictions. With TP, P and G summed over everything, F1 = 2 TP / (P + G).

This is a ratio of two sums of choices, and Dinkelbach's method maximises it exactly. An F1 above v can be reached if
and only if some choice makes 2 TP - v (P + G) positive. For a given v that sum is maximised text by text, where a span
is worth 2 right - v posts and the spans of one answer must not overlap. Starting from v = 0 the best choice's own F1 is
the next v, until v no longer grows. All numbers are fractions, so nothing is rounded.

Where each text occurs once with each of four labels, one label is right once in four: TP = P / 4 = G / 4, F1 = 1 / 4.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from typing import TypeAlias

Mark: TypeAlias = tuple[int, int, str]
"""An entity of a text: start and end in code points, end exclusive, and its label."""
Gains: TypeAlias = Mapping[Mark, int]


def best_text_only_f1(posts: Iterable[tuple[str, Collection[Mark]]]) -> Fraction:
    """The highest entity F1, as a share of 1, that a function of the text can reach on these (text, gold) pairs.

    It is 0 where there is no gold at all, as scorers have it.
    """
    sizes: Counter[str] = Counter()
    gains: defaultdict[str, Counter[Mark]] = defaultdict(Counter)
    for text, gold in posts:
        sizes[text] += 1
        gains[text].update(set(gold))
    gold_total = sum(counter.total() for counter in gains.values())
    best = Fraction(0)
    while True:
        right = given = 0
        for text, size in sizes.items():
            chosen = _best_answer(gains[text], size, best)
            right += sum(gains[text][mark] for mark in chosen)
            given += size * len(chosen)
        reached = Fraction(2 * right, given + gold_total) if given + gold_total else Fraction(0)
        if reached <= best:
            return best
        best = reached


def _best_answer(gains: Gains, size: int, value: Fraction) -> tuple[Mark, ...]:
    """Non-overlapping spans of one text with the largest sum of 2 right - value * size.

    This is weighted interval scheduling: `best` holds, for each end of a span, the best answer up to there.
    """
    best: dict[int, tuple[Fraction, tuple[Mark, ...]]] = {0: (Fraction(0), ())}
    for mark in sorted(gains, key=lambda mark: (mark[1], mark[0], mark[2])):
        start, end, _ = mark
        worth, before = max((best[at] for at in best if at <= start), key=lambda answer: answer[0])
        taken = (worth + 2 * gains[mark] - value * size, (*before, mark))
        best[end] = max(taken, *best.values(), key=lambda answer: answer[0])
    return max(best.values(), key=lambda answer: answer[0])[1]
