"""Whether a confidence of 80 % is right in 80 % of the cases: reliability, ECE, and a temperature that mends it.

The unit is a predicted span: its confidence is the model's probability of exactly this span, and it is right when the
gold has exactly it. Missed entities have no confidence and no say.

ECE: Naeini et al. 2015, Guo et al. 2017 (On calibration of modern neural networks), equal-width bins. Temperature
scaling divides logits; a span's probability has no logits left, so **ours**: its log-odds are divided by one scalar T,
p' = 1 / (1 + exp(-log(p / (1 - p)) / T)), which keeps the order of the spans, fitted by the likelihood on dev.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from mner_core.evaluation.legacy import PieceCounts
from mner_core.evaluation.units import units_of
from mner_core.types import Example, Prediction

BINS = 10
_CLIP = 1e-6
"""A confidence of 0 or 1 has no log-odds; files keep six digits."""
_LIMITS = (-3.0, 3.0)  # of log T: from 1/20 to 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Spans whose confidence lies in `low`..`high`: how many, their mean confidence, and the share that is right."""

    low: float
    high: float
    number: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The reliability diagram without its empty bins, and the expected calibration error, 0..1."""

    spans: int
    ece: float
    bins: tuple[Bin, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


def confidences(
    gold: Sequence[Example],
    predictions: Sequence[Prediction],
    protocol: str = "entity",
    pieces: PieceCounts | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Of all predicted units of the posts (`units_of`): the confidence [units] and whether it is right [units].

    A unit of a legacy protocol has the confidence of the predicted span with which it begins.

    Raises:
        InputError: as `units_of`.
    """
    found = units_of(gold, [prediction.spans for prediction in predictions], protocol, pieces)
    pairs: list[tuple[float, bool]] = []
    for true, said, begun_by, prediction in zip(found.gold, found.said, found.begun_by, predictions, strict=False):
        pairs += [(prediction.confidences[span], unit in true) for unit, span in zip(said, begun_by, strict=True)]
    return np.array([sure for sure, _ in pairs], float), np.array([right for _, right in pairs], bool)


def calibration(sure: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS) -> Calibration:
    """Reliability in equal-width bins and ECE: the mean gap between confidence and share right, weighted by spans."""
    edges = np.linspace(0, 1, bins + 1)
    of_bin = np.clip(np.searchsorted(edges, sure, side="left") - 1, 0, bins - 1)  # (low, high], and 0 in the first
    found = tuple(
        Bin(
            low=float(edges[number]),
            high=float(edges[number + 1]),
            number=int(inside.sum()),
            confidence=float(sure[inside].mean()),
            right=float(right[inside].mean()),
        )
        for number in range(bins)
        if (inside := of_bin == number).any()
    )
    gaps = sum(each.number * abs(each.confidence - each.right) for each in found)
    return Calibration(spans=len(sure), ece=gaps / max(len(sure), 1), bins=found)


def fit_temperature(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The T that makes the outcomes on dev likeliest; above 1 the model was too sure of itself.

    Between 1/20 and 20; 1 where there is no span to fit it on.
    """
    if not len(sure):
        return 1.0
    odds = logit(np.clip(sure, _CLIP, 1 - _CLIP))
    signed = np.where(right, odds, -odds)

    def loss(log_temperature: float) -> float:
        return float(np.logaddexp(0, -signed / np.exp(log_temperature)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=_LIMITS, method="bounded", options={"xatol": 1e-6}).x))


def with_temperature(sure: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """The confidences with their log-odds divided by the temperature."""
    scaled: NDArray[np.float64] = expit(logit(np.clip(sure, _CLIP, 1 - _CLIP)) / temperature)
    return scaled
