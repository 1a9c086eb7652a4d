"""Both sides of each bound that a figure depends on, and how the resampling is done."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from mner_core.data.boxes import EntityBoxes
from mner_core.evaluation import significance
from mner_core.evaluation.calibration import calibration, fit_temperature, with_temperature
from mner_core.evaluation.comparison import compare, compare_spans, corrected, mean_score
from mner_core.evaluation.image_ablation import image_ablation
from mner_core.evaluation.pointing import pointing, right_items
from mner_core.evaluation.scoring import score
from mner_core.evaluation.significance import bootstrap, mcnemar, mean_f1, paired_t, post_counts, randomisation
from mner_core.types import Evidence, InputError, Span
from tests.evaluation.posts import post

PER, LOC = Span(0, 1, "PER"), Span(0, 1, "LOC")
GOLD = [post("a b", [PER], id=f"p{n}") for n in range(40)]


def right_on(number: int) -> list[list[Span]]:
    return [[PER] if n < number else [LOC] for n in range(len(GOLD))]


def counts(right: list[bool]) -> np.ndarray[Any, Any]:
    """One entity a post, right or wrong: [posts, 1, 2]."""
    return np.array([[[2 * each, 2]] for each in right], np.int64)


@pytest.mark.parametrize("draws", [9, 99])
def test_the_p_value_of_the_bootstrap_counts_the_observation_itself(draws: int) -> None:
    """Where nothing can be drawn that differs as much, p is 1 / (draws + 1); where all can, 1."""
    same = counts([True, False] * 8)
    assert bootstrap(same, same, draws=draws).p == 1.0
    ours, theirs = counts([True] * 30), counts([False] * 30)
    found = bootstrap(ours, theirs, draws=draws)
    assert found.p == 1 / (draws + 1), "every draw shows the same 100 points: none lies as far from it as zero does"
    assert (found.low, found.high) == (100.0, 100.0)


def test_a_draw_that_lies_just_as_far_counts() -> None:
    """Two posts, of which one differs: a draw shows 0, 50 or 100, and 50 are as far as 50 is from zero."""
    ours, theirs = counts([True, True]), counts([True, False])
    found = bootstrap(ours, theirs, draws=1999, seed=3)
    assert found.p == pytest.approx(0.5, abs=0.05), "a quarter of the draws shows 0, a quarter 100"
    assert (found.low, found.high) == (0.0, 100.0)


@pytest.mark.parametrize("test", [bootstrap, randomisation])
def test_resamples_are_made_many_at_once_but_never_all(monkeypatch: pytest.MonkeyPatch, test: Any) -> None:
    """One by one they would take minutes, all at once gigabytes."""
    together: list[int] = []

    def counted(table: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        together.append(int(np.prod(table.shape[:-3], dtype=int)))
        return mean_f1(table)

    monkeypatch.setattr(significance, "mean_f1", counted)
    chance = np.random.default_rng(0)
    ours, theirs = (counts(list(chance.random(30) < share)) for share in (0.4, 0.6))
    test(ours, theirs, draws=640)
    assert max(together) == 64
    assert sum(together) <= 2 * 640 + 4
    assert len(together) <= 2 * 10 + 4


def test_what_is_drawn_goes_by_the_seed() -> None:
    chance = np.random.default_rng(0)
    ours, theirs = (counts(list(chance.random(60) < share)) for share in (0.45, 0.6))
    for test in (bootstrap, randomisation):
        found = [test(ours, theirs, draws=500, seed=seed) for seed in (0, 0, 1)]
        assert found[0] == found[1] == test(ours, theirs, draws=500)
        assert found[0] != found[2]
        assert test(ours, theirs) == test(ours, theirs, draws=10_000)


def test_the_interval_of_the_bootstrap_holds_19_of_20_draws() -> None:
    chance = np.random.default_rng(2)
    ours, theirs = counts(list(chance.random(400) < 0.6)), counts([False] * 400)
    found = bootstrap(ours, theirs, draws=4000)
    assert found.low is not None
    assert found.high is not None
    share = float(mean_f1(ours)) / 100
    half = 100 * 1.96 * np.sqrt(share * (1 - share) / 400)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.08)


@pytest.mark.parametrize(("apart", "p"), [(0.0, 1.0), (0.9e-9, 1.0), (1.1e-9, None), (-0.9e-9, 1.0), (-2e-9, None)])
def test_what_only_rounding_can_have_done_is_no_difference(apart: float, p: float | None) -> None:
    found = paired_t([apart, apart], [0.0, 0.0])
    assert found.p == p
    assert (found.low, found.high) == ((0.0, 0.0) if p else (None, None))


@pytest.mark.parametrize(("spread", "defined"), [(0.9e-9, False), (2e-9, True), (1.0, True)])
def test_a_deviation_that_only_rounding_can_have_made_is_none(spread: float, defined: bool) -> None:
    assert (paired_t([5.0, 5.0 + spread], [0.0, 0.0]).p is not None) == defined


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
def test_a_figure_that_is_no_number_proves_nothing(odd: float) -> None:
    assert paired_t([odd, 1.0, 2.0], [0.0, 0.0, 0.0]).p is None


def test_mcnemar_counts_each_side_and_two_sided() -> None:
    ours, theirs = [True, True, True, False, False, True], [False, False, True, False, True, False]
    found = mcnemar(ours, theirs)
    assert (found.only_ours, found.only_theirs, found.p) == (3, 1, 0.625)
    turned = mcnemar(theirs, ours)
    assert (turned.only_ours, turned.only_theirs, turned.p) == (1, 3, 0.625)


def test_counts_are_twice_the_right_and_all_that_was_said_or_true() -> None:
    gold = [{PER, Span(1, 2, "LOC")}, {PER}, set()]
    runs = [[[PER], [LOC, PER], []], [[], [PER], [LOC, LOC]]]
    table = post_counts(gold, runs)
    assert table.tolist() == [[[2, 3], [0, 2]], [[2, 3], [2, 2]], [[0, 0], [0, 1]]]
    assert float(mean_f1(table)) == pytest.approx((100 * 4 / 6 + 100 * 2 / 5) / 2)


def test_a_comparison_needs_a_pair_of_runs_and_two_posts() -> None:
    two = [{PER}, {PER}]
    assert compare_spans(two, [[[PER], [PER]]], [[[PER], []]], draws=50).posts == 2
    with pytest.raises(InputError, match="cannot be compared on 1 posts"):
        compare_spans([{PER}], [[[PER]]], [[[PER]]])
    for ours, theirs in (([], []), ([[[PER], [PER]]], [])):
        with pytest.raises(InputError, match=f"got {len(ours)} against 0"):
            compare_spans(two, ours, theirs)


def test_one_run_a_side_has_mcnemar_and_two_a_t_test() -> None:
    one = compare(GOLD, [right_on(36)], [right_on(12)])
    assert one.mcnemar is not None
    assert one.t_test is None
    assert "t-test" not in one.sentence
    two = compare(GOLD, [right_on(36), right_on(35)], [right_on(12), right_on(10)])
    assert two.mcnemar is None
    assert two.t_test is not None
    assert "t-test over 2 seeds p = " in two.sentence
    assert two.verdict.p == max(each.p for each in (two.bootstrap, two.randomisation, two.t_test) if each.p)
    assert two.to_json()["difference"] == pytest.approx(two.ours.mean - two.theirs.mean) == pytest.approx(61.25)


def test_better_is_supported_and_above() -> None:
    much = compare(GOLD, [right_on(36)], [right_on(12)])
    less = compare(GOLD, [right_on(12)], [right_on(36)])
    same = compare(GOLD, [right_on(12)], [right_on(12)])
    assert [(each.supported, each.better) for each in (much, less, same)] == [
        (True, True),
        (True, False),
        (False, False),
    ]
    weak = compare(GOLD, [right_on(20)], [right_on(12)])
    [held, *_] = corrected([weak, *[same] * 40])
    assert held.verdict.family == 41
    assert held.verdict.holm == pytest.approx(min(1.0, 41 * (weak.verdict.p or 0)))


def test_the_mean_of_scores_is_of_all_of_them() -> None:
    found = mean_score([score(GOLD, right_on(number)) for number in (10, 20, 36)])
    assert found.f1 == pytest.approx((25 + 50 + 90) / 3)
    assert found.per_type["PER"].support == 40


def test_an_image_is_better_worse_or_otherwise_wrong_by_what_is_wrong_and_missed() -> None:
    gold = [post("a b c", [PER, Span(1, 2, "ORG")], id="x")] * 2
    two, one, none = [PER, Span(1, 2, "ORG")], [PER], list[Span]()
    for own, without, effect in (
        (two, one, "better"),
        (one, two, "worse"),
        (one, none, "better"),
        ([PER, LOC], none, "otherwise wrong"),
        ([LOC], none, "worse"),
    ):
        [change, _] = image_ablation(gold, [[own, own]], [[without, without]], [[own, own]]).changes
        assert (change.effect, change.run) == (effect, 0)
    assert image_ablation(gold, [[two, two]], [[two, two]], [[two, two]]).changes == ()


@pytest.mark.parametrize(
    ("sure", "low"),
    [(0.0, 0.0), (0.05, 0.0), (0.1, 0.0), (0.100001, 0.1), (0.2, 0.1), (0.5, 0.4), (0.95, 0.9), (1.0, 0.9)],
)
def test_a_bin_holds_its_upper_edge(sure: float, low: float) -> None:
    [found] = calibration(np.array([sure]), np.array([True])).bins
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(low + 0.1))
    assert (found.number, found.confidence, found.right) == (1, sure, 1.0)


def test_the_error_of_calibration_is_weighted_by_spans() -> None:
    sure, right = np.array([0.3, 0.3, 0.3, 0.9]), np.array([False, False, True, True])
    assert calibration(sure, right).ece == pytest.approx((3 * (1 / 3 - 0.3) + 0.1) / 4)
    assert calibration(sure, right).spans == 4


@pytest.mark.parametrize(("right", "limit"), [([True, True], np.exp(-3)), ([False, False], np.exp(3))])
def test_the_temperature_stays_between_a_twentieth_and_twenty(right: list[bool], limit: float) -> None:
    assert fit_temperature(np.array([0.7, 0.8]), np.array(right)) == pytest.approx(limit, rel=1e-3)


def test_the_temperature_divides_the_log_odds() -> None:
    odds = np.array([-2.0, 0.0, 3.0])
    assert with_temperature(expit(odds), 2.0) == pytest.approx(expit(odds / 2))
    sure = with_temperature(np.array([0.0, 1.0]), 1.0)
    assert sure == pytest.approx([1e-6, 1 - 1e-6], rel=1e-9)


@pytest.mark.parametrize(
    ("box", "right"),
    [
        ((0.0, 0.0, 1.0, 1.0), True),
        ((0.0, 0.0, 0.5, 1.0), True),  # an overlap of just one half
        ((0.0, 0.0, 0.49, 1.0), False),
        ((0.0, 0.0, 0.51, 1.0), True),
    ],
)
def test_an_object_is_there_from_an_overlap_of_one_half(box: tuple[float, ...], right: bool) -> None:
    assert right_items([{"box": list(box)}], "object", [(0.0, 0.0, 1.0, 1.0)]).tolist() == [right]


@pytest.mark.parametrize(
    ("x", "y", "right"),
    [
        *((0.25, 0.5, True), (0.75, 0.5, True), (0.5, 0.25, True), (0.5, 0.75, True)),
        *((0.24, 0.5, False), (0.76, 0.5, False), (0.5, 0.24, False), (0.5, 0.76, False)),
    ],
)
def test_a_region_is_there_where_its_centre_is_in_the_box_or_on_its_edge(x: float, y: float, right: bool) -> None:
    cell = {"box": [x - 0.125, y - 0.25, x + 0.125, y + 0.25]}
    assert right_items([cell], "region", [(0.25, 0.25, 0.75, 0.75)]).tolist() == [right]
    assert right_items([cell], "region", []).tolist() == [False]


def test_a_place_is_an_entitys_where_begin_and_end_are_its_own() -> None:
    spoken = post("a b c", [Span(0, 2, "PER")])
    boxes = EntityBoxes({(spoken.key, Span(0, 2, "PER")): ((0.0, 0.0, 1.0, 1.0),)}, 0)
    proposed = tuple({"start": start, "end": end} for start, end in ((0, 1), (1, 2), (0, 2), (0, 2)))
    objects = ({"box": [0.0, 0.0, 1.0, 1.0]}, {"box": [0.0, 0.0, 0.1, 0.1]})
    values = np.array([[0, 9], [0, 9], [3, 1], [2, 1]], np.float32)
    evidence = Evidence(name="e", kind="attention", axes=("entity", "object"), items=(proposed, objects), values=values)
    [found] = pointing([spoken], boxes, [[evidence]])
    assert (found.entities, found.share, found.reachable, found.chance) == (1, 1.0, 1.0, 0.5)
    elsewhere = replace(evidence, items=(proposed[:2], objects), values=values[:2])
    assert pointing([spoken], boxes, [[elsewhere]]) == []
    nothing = replace(evidence, items=(proposed, ()), values=values[:, :0])
    assert pointing([spoken], boxes, [[nothing]]) == []
    [beside] = pointing([spoken], boxes, [[evidence]], [[elsewhere]])
    assert beside.untrained == 0.0, "an untrained model that proposed nothing points at nothing"
