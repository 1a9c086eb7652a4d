"""Whether one set of runs is better than another: over seeds, over posts, and over the posts that each has right.

Everything here is two-sided, paired and, where it draws, seeded. scipy does the statistics; this module says what is
resampled: whole posts, with the pooled F1 computed anew from their counts, because entities of one post are not
independent and F1 is no mean over posts.

Sources: Yeh 2000, More accurate tests for the statistical significance of result differences (approximate
randomisation); Berg-Kirkpatrick et al. 2012, An empirical investigation of statistical significance in NLP (bootstrap);
McNemar 1947, in its exact binomial form; Dror et al. 2018, The hitchhiker's guide (which test for what).
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from mner_core.evaluation.verdict import LEVEL
from mner_core.types import InputError, Span

DRAWS = 10_000
MIN_SEEDS = 2
"""The smallest number of seeds for a test over seeds; with 2 its t must exceed 12.7, with 3 4.3, with 5 2.8."""
_BATCH = 64  # resamples at once: a few MB
_SAME = 1e-9  # far above what rounding does to figures of 0..100, far below what one entity more or less does


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Mean and sample deviation (divided by n - 1; 0 of one value) of a figure over `number` seeds."""

    mean: float
    deviation: float
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A p value, and where the test gives one, the interval that holds the difference with 95 % confidence.

    All are None where the test is undefined.
    """

    p: float | None
    low: float | None = None
    high: float | None = None

    @property
    def supports(self) -> bool:
        """Whether the test supports that there is a difference."""
        return self.p is not None and self.p < LEVEL


@dataclass(frozen=True, slots=True, kw_only=True)
class McNemar:
    """Posts that only the one run has right, those that only the other has right, and the exact p value."""

    only_ours: int
    only_theirs: int
    p: float


def spread(values: Sequence[float]) -> Spread:
    """Mean and deviation over seeds."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return Spread(mean=float(np.mean(values)), deviation=deviation, number=len(values))


def paired_t(ours: Sequence[float], theirs: Sequence[float]) -> Finding:
    """Student's t-test on the differences of two figures over the same seeds, in the order given; needs two pairs.

    It is undefined where every pair differs by the same, because t then divides by a deviation of 0: two seeds that
    happen to differ alike prove nothing. Where nothing differs at all, p is 1.

    Raises:
        InputError: the numbers differ, or there are fewer than two.
    """
    if len(ours) != len(theirs) or len(ours) < MIN_SEEDS:
        raise InputError(f"A paired test needs two or more pairs of runs, got {len(ours)} and {len(theirs)}.")
    differences = np.subtract(ours, theirs)
    if not np.isfinite(differences).all():
        return Finding(p=None)
    if np.ptp(differences) < _SAME:
        return Finding(p=1.0, low=0.0, high=0.0) if abs(differences[0]) < _SAME else Finding(p=None)
    result = stats.ttest_rel(ours, theirs)
    interval = result.confidence_interval(1 - LEVEL)
    return Finding(p=float(result.pvalue), low=float(interval.low), high=float(interval.high))


def post_counts(gold: Sequence[AbstractSet[Span]], runs: Sequence[Sequence[Iterable[Span]]]) -> NDArray[np.int64]:
    """What F1 is made of, [posts, runs, 2]: 2 x true positives, and predicted + gold entities.

    `gold` has each post's entities, `runs` has for each run the entities that it predicts in each post.
    """
    table = np.zeros((len(gold), len(runs), 2), np.int64)
    for column, run in enumerate(runs):
        for row, (true, said) in enumerate(zip(gold, map(set, run), strict=True)):
            table[row, column] = 2 * len(true & said), len(true) + len(said)
    return table


def mean_f1(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """F1 (0..100) of the pooled posts, its mean over the runs: [..., posts, runs, 2] -> [...]."""
    shared, total = np.moveaxis(counts.sum(axis=-3), -1, 0)
    scores: NDArray[np.float64] = (100 * shared / np.maximum(total, 1)).mean(axis=-1)
    return scores


def bootstrap(ours: NDArray[np.int64], theirs: NDArray[np.int64], draws: int = DRAWS, seed: int = 0) -> Finding:
    """Draws posts with replacement, the same for both sides; [posts, runs, 2] each, from `post_counts`.

    The interval is the percentile one. The p value is the share of draws whose difference lies at least as far from the
    observed one as that lies from zero (Berg-Kirkpatrick et al., both tails).
    """
    both = np.concatenate([ours, theirs], axis=1)
    runs = ours.shape[1]

    def difference(rows: NDArray[np.int64], axis: int = -1) -> NDArray[np.float64]:
        assert axis == -1, "scipy moves what is resampled to the end"
        drawn = both[rows]
        return mean_f1(drawn[..., :runs, :]) - mean_f1(drawn[..., runs:, :])

    result = stats.bootstrap(
        (np.arange(len(ours)),),
        difference,
        n_resamples=draws,
        batch=_BATCH,
        vectorized=True,
        confidence_level=1 - LEVEL,
        method="percentile",
        rng=seed,
    )
    observed = float(mean_f1(ours) - mean_f1(theirs))
    further = np.abs(result.bootstrap_distribution - observed) >= abs(observed) - 1e-12
    interval = result.confidence_interval
    p = (int(further.sum()) + 1) / (draws + 1)
    return Finding(p=p, low=float(interval.low), high=float(interval.high))


def randomisation(ours: NDArray[np.int64], theirs: NDArray[np.int64], draws: int = DRAWS, seed: int = 0) -> Finding:
    """Swaps the two sides' answers on posts drawn at random; [posts, runs, 2] each, from `post_counts`.

    The p value is the share of swaps that give a difference at least as large as the observed one; exact where there
    are no more swaps than draws.
    """
    both, number = np.concatenate([ours, theirs]), len(ours)

    def difference(one: NDArray[np.int64], other: NDArray[np.int64], axis: int = -1) -> NDArray[np.float64]:
        assert axis == -1, "scipy moves what is swapped to the end"
        return mean_f1(both[one]) - mean_f1(both[other])

    result = stats.permutation_test(
        (np.arange(number), np.arange(number, 2 * number)),
        difference,
        permutation_type="samples",
        n_resamples=draws,
        batch=_BATCH,
        vectorized=True,
        rng=seed,
    )
    return Finding(p=float(result.pvalue))


def mcnemar(ours: Sequence[bool], theirs: Sequence[bool]) -> McNemar:
    """Whether two runs have different posts right, from the posts that just one of them has wholly right."""
    only_ours = sum(one and not other for one, other in zip(ours, theirs, strict=True))
    only_theirs = sum(other and not one for one, other in zip(ours, theirs, strict=True))
    discordant = only_ours + only_theirs
    p = float(stats.binomtest(only_ours, discordant).pvalue) if discordant else 1.0
    return McNemar(only_ours=only_ours, only_theirs=only_theirs, p=p)
