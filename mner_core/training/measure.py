"""How an epoch and a run do on dev; where dev is empty, nothing is measured and every figure is None."""

from collections.abc import Sequence
from typing import Any

from mner_core.data.fingerprint import gold_fingerprint
from mner_core.evaluation.grounding import best_threshold
from mner_core.evaluation.scoring import score
from mner_core.evaluation.slices import score_slices
from mner_core.types import Example, Prediction

_FIGURES = ("precision", "recall", "f1")


def measure_epoch(dev: Sequence[Example], predictions: Sequence[Prediction]) -> dict[str, Any]:
    """The score on dev (`Score.to_json`), its figures None where dev is empty."""
    if dev:
        return score(dev, [prediction.spans for prediction in predictions]).to_json()
    nothing = {**dict.fromkeys(_FIGURES), "support": 0}
    return {
        "protocol": "entity", **nothing, "macro": nothing, "per_type": {}, "gold_sha256": gold_fingerprint(dev),
        "measured": False,
    }  # fmt: skip


def measure_run(dev: Sequence[Example], predictions: Sequence[Prediction], train: Sequence[Example]) -> dict[str, Any]:
    """The same with slices, strict figures and, where gold says places, the threshold from which an entity has a box.

    `predictions` have their evidence where any post of dev has boxes. A run's record keeps this.
    """
    measured = measure_epoch(dev, predictions)
    if not dev:
        return {**measured, "slices": {}, "strict": {**dict.fromkeys(_FIGURES), "support": 0}}
    spans = [prediction.spans for prediction in predictions]
    slices = score_slices(dev, spans, train=train)
    strict = score(dev, spans, "entity-strict").to_json()
    threshold = best_threshold(dev, predictions)
    return {
        **measured,
        **({} if threshold is None else {"box_threshold": threshold}),
        "slices": {name: each.to_json() for name, each in slices.items()},
        "strict": {name: strict[name] for name in (*_FIGURES, "support")},
    }


def is_kept(measured: dict[str, Any], best: float) -> bool:
    """Whether an epoch's parameters are kept in place of the best so far; the last one's where nothing is measured."""
    return measured["f1"] is None or measured["f1"] > best


def epoch_rank(measured: dict[str, Any], number: int) -> tuple[float, int]:
    """Sorts epochs: the first of those with the best F1 is the largest, the last where nothing is measured."""
    return (0.0, number) if measured["f1"] is None else (measured["f1"], -number)
