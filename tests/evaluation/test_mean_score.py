"""The mean score over seeds: of every figure by itself, a type that a seed never saw being 0 there."""

import numpy as np
import pytest

from mner_core.evaluation.comparison import mean_score
from mner_core.evaluation.pointing import right_items
from mner_core.evaluation.scoring import Score, score
from mner_core.types import Span
from tests.evaluation.posts import post

GOLD = [
    post("Ann met Bob in Rio", [Span(0, 1, "PER"), Span(2, 3, "PER"), Span(4, 5, "LOC")], id="a"),
    post("the UN", [Span(1, 2, "ORG")], id="b"),
]
RUNS = [
    [[Span(0, 1, "PER"), Span(4, 5, "LOC")], [Span(1, 2, "ORG")]],
    [[Span(0, 1, "PER"), Span(2, 3, "LOC")], []],
    [[Span(1, 2, "MISC")], [Span(0, 1, "MISC"), Span(1, 2, "ORG")]],
]


def figures(each: Score, label: str) -> tuple[float, float, float]:
    found = {"micro": each.micro, "macro": each.macro}.get(label) or each.per_type.get(label)
    return (found.precision, found.recall, found.f1) if found else (0.0, 0.0, 0.0)


@pytest.mark.parametrize("runs", [RUNS[:1], RUNS[:2], RUNS])
def test_each_figure_is_the_mean_of_the_seeds(runs: list[list[list[Span]]]) -> None:
    """MISC was predicted by the third seed alone: the mean counts the others as 0, not as missing."""
    scores = [score(GOLD, run) for run in runs]
    mean = mean_score(scores)
    assert set(mean.per_type) == {label for each in scores for label in each.per_type}
    assert list(mean.per_type) == sorted(mean.per_type)
    for label in ("micro", "macro", *mean.per_type):
        wanted = np.mean([figures(each, label) for each in scores], axis=0)
        assert figures(mean, label) == pytest.approx(tuple(wanted))
    assert mean.micro.support == 4
    assert {label: each.support for label, each in mean.per_type.items() if each.support} == {
        "LOC": 1,
        "ORG": 1,
        "PER": 2,
    }
    assert (mean.protocol, mean.gold_sha256) == (scores[0].protocol, scores[0].gold_sha256)


def test_a_type_that_only_one_seed_has_seen_is_halved_by_another() -> None:
    """Gold is one, so a type in a single seed's scores is one that the gold lacks: its figures are 0 in both."""
    mean = mean_score([score(GOLD, RUNS[0]), score(GOLD, RUNS[2])])
    misc = mean.per_type["MISC"]
    assert (misc.precision, misc.recall, misc.f1, misc.support) == (0, 0, 0, 0)


def test_an_item_is_where_any_gold_box_is() -> None:
    """A region by its centre, borders included; an object by half of the union; what has no box is nowhere."""
    gold = [(0.0, 0.0, 0.5, 0.5), (0.8, 0.8, 1.0, 1.0)]
    regions = [{"box": (x - 0.1, y - 0.1, x + 0.1, y + 0.1)} for x, y in ((0.25, 0.5), (0.5, 0.6), (0.9, 0.9))]
    assert right_items([*regions, {}], "region", gold).tolist() == [True, False, True, False]
    objects = [{"box": (0.0, 0.0, 0.5, 0.26)}, {"box": (0.0, 0.0, 0.5, 0.24)}, {"box": (0.8, 0.8, 1.0, 1.0)}, {}]
    assert right_items(objects, "object", gold).tolist() == [True, False, True, False]
