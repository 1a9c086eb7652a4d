"""The tests against scipy's other routes, closed forms and enumeration; and what they say of cases that are plain."""

import itertools
import json
import math

import numpy as np
import pytest
from scipy import stats

from mner_core.evaluation.comparison import compare, compare_spans, corrected
from mner_core.evaluation.scoring import score
from mner_core.evaluation.significance import (
    bootstrap,
    mcnemar,
    mean_f1,
    paired_t,
    post_counts,
    randomisation,
    spread,
)
from mner_core.types import InputError, Span
from tests.evaluation.posts import post

PER = Span(0, 1, "PER")
GOLD = [post("a b", [PER], id=f"p{n}") for n in range(40)]


def right_on(*posts: int) -> list[list[Span]]:
    return [[PER] if n in posts else [Span(0, 1, "LOC")] for n in range(len(GOLD))]


def test_spread_divides_by_one_less() -> None:
    found = spread([70.0, 72.0, 74.0])
    assert (found.mean, found.deviation, found.number) == (72.0, 2.0, 3)
    assert spread([70.0]).deviation == 0.0


def test_the_t_test_is_the_closed_form() -> None:
    ours, theirs = [74.1, 75.2, 73.9, 74.6], [73.0, 74.8, 73.5, 73.1]
    differences = np.subtract(ours, theirs)
    error = differences.std(ddof=1) / math.sqrt(4)
    found = paired_t(ours, theirs)
    assert found.p == pytest.approx(2 * stats.t.sf(differences.mean() / error, df=3))
    reach = stats.t.ppf(0.975, df=3) * error
    assert (found.low, found.high) == pytest.approx((differences.mean() - reach, differences.mean() + reach))
    assert paired_t(theirs, ours).p == pytest.approx(found.p)


def test_runs_that_do_not_differ_have_a_p_of_one() -> None:
    found = paired_t([70.0, 71.0], [70.0, 71.0])
    assert (found.p, found.low, found.high) == (1.0, 0.0, 0.0)
    assert not found.supports


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([80.0, 80.0], [79.0, 79.0]),
        ([71.0, 72.0, 93.0], [70.0, 71.0, 92.0]),
        ([0.1 + 0.2, 70.3], [0.1, 70.1]),  # the same but for rounding
        ([60.0, 60.0], [90.0, 90.0]),
        ([math.nan, 80.0], [79.0, 79.5]),
        ([math.inf, 80.0], [79.0, 79.5]),
    ],
)
def test_a_t_test_without_deviation_is_undefined_and_supports_nothing(ours: list[float], theirs: list[float]) -> None:
    found = paired_t(ours, theirs)
    assert (found.p, found.low, found.high) == (None, None, None)
    assert not found.supports


def test_a_difference_that_every_seed_shows_alike_is_not_supported() -> None:
    """Over posts it is as plain as can be: what is missing is a test over seeds, and the sentence says so."""
    good, bad = right_on(*range(36)), right_on(*range(12))
    found = compare(GOLD, [good, good], [bad, bad])
    assert found.bootstrap.supports
    assert found.randomisation.supports
    assert (found.verdict.p, found.supported, found.better) == (None, False, False)
    assert "t-test over 2 seeds p = –" in found.sentence
    assert "train more seeds" in found.sentence
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["p"] is None
    assert "no difference to speak of" not in found.sentence


def test_no_difference_is_never_said_where_the_interval_excludes_zero() -> None:
    """Of many small samples some have an interval without 0 and a randomisation that does not support it."""
    chance, met = np.random.default_rng(3), 0
    for _ in range(60):
        sides = [
            [list(spans) for spans in right_on(*np.flatnonzero(chance.random(40) < share))] for share in (0.6, 0.4)
        ]
        found = compare_spans([{PER}] * 40, [sides[0]], [sides[1]], draws=400)
        assert found.bootstrap.low is not None
        assert found.bootstrap.high is not None
        holds_zero = found.bootstrap.low <= 0 <= found.bootstrap.high
        met += not holds_zero and not found.supported
        assert ("no difference to speak of" in found.sentence) == (holds_zero and not found.supported)
    assert met > 0


def test_the_comparisons_of_one_table_are_judged_together() -> None:
    clear = compare(GOLD, [right_on(*range(36))], [right_on(*range(12))])
    weak = compare(GOLD, [right_on(*range(18))], [right_on(*range(12))])
    assert 0.001 < (weak.verdict.p or 0) < 0.05
    assert weak.supported
    assert [each.supported for each in corrected([clear, weak])] == [True, True]
    many = corrected([clear, *[weak] * 20])
    assert [each.supported for each in many] == [True, *[False] * 20]
    assert "not supported after Holm's correction over 21 comparisons" in many[1].sentence
    assert many[1].difference == weak.difference
    assert corrected([]) == []


def test_gold_without_entities_and_silent_runs_support_nothing() -> None:
    empty = [post("a b", [], id=f"e{n}") for n in range(5)]
    for runs in (1, 2):
        found = compare(empty, [[[]] * 5] * runs, [[[]] * 5] * runs)
        assert (found.difference, found.supported) == (0.0, False)


@pytest.mark.parametrize(("ours", "theirs"), [([1.0], [2.0]), ([1.0, 2.0], [1.0])])
def test_a_t_test_needs_pairs(ours: list[float], theirs: list[float]) -> None:
    with pytest.raises(InputError, match="two or more pairs"):
        paired_t(ours, theirs)


def test_counts_of_posts_add_up_to_the_score() -> None:
    run = right_on(*range(0, 40, 3))
    counts = post_counts([{PER}] * len(GOLD), [run, right_on()])
    assert float(mean_f1(counts[:, [0]])) == pytest.approx(score(GOLD, run).f1)
    assert float(mean_f1(counts)) == pytest.approx(score(GOLD, run).f1 / 2)
    assert float(mean_f1(np.zeros((3, 1, 2), np.int64))) == 0.0


def sides(seed: int, posts: int) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    gold = chance.integers(0, 4, posts)
    drawn = []
    for _ in range(2):
        predicted = chance.integers(0, 4, posts)
        drawn.append(np.stack([2 * chance.integers(0, np.minimum(gold, predicted) + 1), gold + predicted], axis=-1))
    return drawn[0][:, None], drawn[1][:, None]


@pytest.mark.parametrize("seed", range(3))
def test_randomisation_of_few_posts_is_the_enumeration_of_all_swaps(seed: int) -> None:
    ours, theirs = sides(seed, 9)
    observed = abs(float(mean_f1(ours) - mean_f1(theirs)))
    differences = []
    for swap in itertools.product([False, True], repeat=9):
        kept = np.array(swap)[:, None, None]
        one, other = np.where(kept, theirs, ours), np.where(kept, ours, theirs)
        differences.append(abs(float(mean_f1(one) - mean_f1(other))))
    expected = np.mean([each >= observed - 1e-9 for each in differences])
    assert randomisation(ours, theirs).p == pytest.approx(expected)


def test_randomisation_of_many_posts_is_drawn_and_seeded() -> None:
    ours, theirs = sides(1, 60)
    found = randomisation(ours, theirs, draws=2000, seed=5)
    assert found == randomisation(ours, theirs, draws=2000, seed=5)
    assert found.p != randomisation(ours, theirs, draws=2000, seed=6).p
    assert found.p == pytest.approx(randomisation(theirs, ours, draws=4000, seed=7).p, abs=0.05)


def test_the_bootstrap_of_plain_shares_meets_the_binomial() -> None:
    """One entity a post, one guess a post: F1 is the share right, its difference a mean with a known variance."""
    chance = np.random.default_rng(0)
    right = chance.random((400, 2)) < [0.7, 0.6]
    ours, theirs = (np.stack([2 * right[:, side], np.full(400, 2)], axis=-1)[:, None] for side in (0, 1))
    found = bootstrap(ours, theirs, draws=4000)
    differences = 100 * (right[:, 0].astype(float) - right[:, 1])
    error = differences.std() / 20
    assert found.low == pytest.approx(differences.mean() - 1.96 * error, abs=0.4)
    assert found.high == pytest.approx(differences.mean() + 1.96 * error, abs=0.4)
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(differences.mean()) / error), abs=0.03)
    assert found == bootstrap(ours, theirs, draws=4000)
    assert bootstrap(ours, ours, draws=200).p == 1.0


def test_mcnemar_is_the_binomial_of_the_discordant_posts() -> None:
    ours = [True] * 12 + [False] * 3 + [True] * 30
    theirs = [False] * 12 + [True] * 3 + [True] * 30
    found = mcnemar(ours, theirs)
    assert (found.only_ours, found.only_theirs) == (12, 3)
    assert found.p == pytest.approx(2 * sum(math.comb(15, k) for k in range(4)) / 2**15)
    assert mcnemar([True], [True]).p == 1.0


def test_a_plain_difference_is_supported_and_chance_is_not() -> None:
    much = compare(GOLD, [right_on(*range(36))], [right_on(*range(12))])
    assert much.supported
    assert much.better
    assert much.difference == pytest.approx(60)
    assert much.mcnemar is not None
    assert (much.mcnemar.only_ours, much.t_test) == (24, None)
    assert not compare(GOLD, [right_on(*range(12))], [right_on(*range(36))]).better
    little = compare(GOLD, [right_on(*range(21))], [right_on(*range(20))])
    assert little.difference > 0
    assert not little.supported
    assert "not supported" in little.sentence


def test_several_seeds_must_agree_with_the_posts() -> None:
    """Each pair differs strongly over posts, in opposite directions over seeds: nothing is supported."""
    good, bad = right_on(*range(36)), right_on(*range(12))
    steady = compare(GOLD, [good, right_on(*range(35)), good], [bad, bad, right_on(*range(13))])
    assert steady.supported
    assert steady.t_test is not None
    assert steady.ours.number == 3
    unsteady = compare(GOLD, [good, good, bad], [bad, right_on(*range(14)), good])
    assert unsteady.randomisation.supports
    assert not unsteady.supported


def test_a_comparison_is_plain_json() -> None:
    record = json.loads(json.dumps(compare(GOLD, [right_on(1)], [right_on(1)]).to_json(), allow_nan=False))
    assert (record["difference"], record["supported"], record["posts"]) == (0.0, False, 40)
    assert record["bootstrap"]["p"] == record["randomisation"]["p"] == record["mcnemar"]["p"] == 1.0
    assert record["t_test"] is None


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InputError, match="in pairs"):
        compare(GOLD, [right_on()], [])
    with pytest.raises(InputError, match="1 posts"):
        compare(GOLD[:1], [[[PER]]], [[[]]])
    with pytest.raises(InputError, match="of 40 posts nothing is left"):
        compare(GOLD, [right_on()], [right_on()], "rgcn", lambda words: [1] * len(words))
