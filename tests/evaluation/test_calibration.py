"""Calibration: ECE by hand, and the temperature that undoes a known one."""

import json

import numpy as np
import pytest
from scipy.special import expit, logit

from mner_core.evaluation.calibration import calibration, confidences, fit_temperature, with_temperature
from mner_core.types import Prediction, Span
from tests.evaluation.posts import post

PER, LOC = Span(0, 1, "PER"), Span(2, 3, "LOC")


def test_a_span_is_right_when_the_gold_has_exactly_it() -> None:
    gold = [post("a b c", [PER, LOC]), post("a b c", [])]
    said = [
        Prediction(spans=(PER, Span(2, 3, "PER")), confidences=(0.9, 0.4), confidence_source="crf"),
        Prediction(spans=(LOC,), confidences=(0.7,), confidence_source="crf"),
    ]
    sure, right = confidences(gold, said)
    assert (sure.tolist(), right.tolist()) == ([0.9, 0.4, 0.7], [True, False, False])


def test_ece_by_hand() -> None:
    sure, right = np.array([0.95, 0.85, 0.81, 0.2, 0.0, 1.0]), np.array([True, False, True, False, False, True])
    found = calibration(sure, right)
    assert [(each.low, each.number) for each in found.bins] == [
        (0.0, 1),
        (0.1, 1),
        (pytest.approx(0.8), 2),
        (0.9, 2),
    ]
    upper = found.bins[2]
    assert (upper.confidence, upper.right) == (pytest.approx(0.83), 0.5)
    assert found.ece == pytest.approx((0 + 0.2 + 2 * 0.33 + 2 * 0.025) / 6)
    json.dumps(found.to_json(), allow_nan=False)


def test_one_bin_compares_the_means() -> None:
    chance = np.random.default_rng(0)
    sure, right = chance.random(500), chance.random(500) < 0.3
    assert calibration(sure, right, bins=1).ece == pytest.approx(abs(sure.mean() - right.mean()))


def test_no_prediction_is_calibrated_and_needs_no_temperature() -> None:
    nothing = np.array([]), np.array([], bool)
    assert (calibration(*nothing).ece, calibration(*nothing).bins, fit_temperature(*nothing)) == (0.0, (), 1.0)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_fitted_temperature_is_the_one_that_was_put_in(temperature: float) -> None:
    chance = np.random.default_rng(1)
    true = expit(chance.normal(1, 1.5, 20_000))
    right = chance.random(20_000) < true
    shown = expit(logit(true) * temperature)
    found = fit_temperature(shown, right)
    assert found == pytest.approx(temperature, rel=0.06)
    mended = with_temperature(shown, found)
    assert calibration(mended, right).ece < 0.015
    assert (np.diff(mended[np.argsort(shown)]) >= 0).all()
    if temperature != 1.0:
        assert calibration(shown, right).ece > 0.05


def test_certainty_stays_finite() -> None:
    sure, right = np.array([1.0, 1.0, 0.0]), np.array([True, False, False])
    found = fit_temperature(sure, right)
    assert 1 < found <= np.exp(3)
    assert np.isfinite(with_temperature(sure, found)).all()
