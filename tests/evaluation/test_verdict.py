"""Holm's correction against its definition and a worked example, and the one place that says "supported"."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mner_core.evaluation.verdict import LEVEL, alone, holm, in_family, p_said, together

P_VALUES = st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=12)


def rejected_step_by_step(values: list[float | None], level: float) -> set[int]:
    """Holm 1979 as he states it: from the smallest p on, reject while p(k) * (m - k + 1) stays below the level."""
    found: set[int] = set()
    waiting = sorted((place for place, p in enumerate(values) if p is not None), key=lambda place: values[place] or 0)
    for rank, place in enumerate(waiting, 1):
        if (values[place] or 0) * (len(values) - rank + 1) >= level:
            break
        found.add(place)
    return found


def test_a_worked_example() -> None:
    """0.01, 0.04, 0.03, 0.005 of four: 0.03, 0.06, 0.06, 0.02, as statsmodels' multipletests(method="holm") has it."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == pytest.approx([1.0, 1.0])
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


@given(P_VALUES)
def test_what_is_supported_is_what_the_stepwise_procedure_rejects(values: list[float | None]) -> None:
    verdicts = in_family(values)
    assert {place for place, each in enumerate(verdicts) if each.supported} == rejected_step_by_step(values, LEVEL)


@given(P_VALUES)
def test_corrected_values_keep_range_order_and_never_get_smaller(values: list[float | None]) -> None:
    held = holm(values)
    assert [p is None for p in held] == [p is None for p in values]
    pairs = sorted((p, after) for p, after in zip(values, held, strict=True) if p is not None and after is not None)
    assert all(p <= after <= 1 for p, after in pairs)
    assert [after for _, after in pairs] == sorted(after for _, after in pairs)
    bonferroni = [min(1.0, p * len(values)) for p, _ in pairs]
    assert all(after <= most + 1e-12 for (_, after), most in zip(pairs, bonferroni, strict=True))


@given(P_VALUES, st.randoms())
def test_the_order_of_the_rows_does_not_matter(values: list[float | None], chance: object) -> None:
    order = list(range(len(values)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    shuffled = holm([values[place] for place in order])
    assert shuffled == [holm(values)[place] for place in order]


def test_an_undefined_difference_counts_and_is_never_supported() -> None:
    undefined, small = in_family([None, 0.04])
    assert (undefined.holm, undefined.supported, undefined.family) == (None, False, 2)
    assert (small.holm, small.supported) == (0.08, False)
    assert in_family([math.nan])[0].p is None


def test_alone_nothing_is_corrected() -> None:
    assert alone(0.049).supported
    assert not alone(0.05).supported
    assert not alone(None).supported


def test_tests_that_must_agree_have_the_largest_p() -> None:
    assert together([0.01, 0.04, 0.002]) == 0.04
    assert together([0.01, None]) is None
    assert together([]) is None


@pytest.mark.parametrize(
    ("p", "low", "high", "said"),
    [
        (0.01, 1.0, 2.0, "supported"),
        (0.2, -1.0, 2.0, "not supported: no difference to speak of"),
        (0.2, None, None, "not supported: no difference to speak of"),
        (0.06, -13.9, -0.3, "not supported: the interval excludes 0, but not every test has p < 0.05"),
        (0.06, 0.1, 3.0, "not supported: the interval excludes 0, but not every test has p < 0.05"),
        (0.06, 0.0, 3.0, "not supported: no difference to speak of"),
        (
            None,
            1.0,
            1.0,
            "not supported: a test is undefined, because every seed differs by the same; train more seeds",
        ),
    ],
)
def test_the_verdict_in_words(p: float | None, low: float | None, high: float | None, said: str) -> None:
    assert alone(p).words(low, high) == said


def test_a_p_value_as_people_write_it() -> None:
    assert [p_said(p) for p in (0.0123, 0.0004, 1.0, None)] == ["p = 0.012", "p < 0.001", "p = 1.000", "p = –"]
