"""Whether an explanation names what a model needs: deletion and insertion curves (Petsiuk et al. 2018, RISE).

Things are taken away, the most important first (deletion), or are added to nothing (insertion); each curve is told by
the mean probability of the entity along it. A good order has a low deletion and a high insertion. Words and what is
read of the picture are ordered each by themselves, the others staying, and the mean of both counts. Beside the order of
the attributions stand orders by chance and that of the model's attention; what attention says nothing of, such as
words, is ordered by chance there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

from mner_core.evidence import mean_over_depth, per_entity
from mner_core.explain.attributions import Attributions, integrated_gradients, surest_of
from mner_core.explain.target import EntityTarget
from mner_core.training.run import Run
from mner_core.types import Evidence, Example, Prediction

POINTS = 10
"""Steps of a curve at most; with more units, several go at a time."""
CHANCES = 3
"""Orders by chance, whose mean is told."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCurves:
    """Mean probabilities along the curves of one post by the order that they follow, and how the orders agree.

    `rank_correlation` is Spearman's, of attributions and attention over the units that attention speaks of; None where
    there are none, or either is the same everywhere.
    """

    deletion: dict[str, float]
    insertion: dict[str, float]
    shows_attention: bool
    rank_correlation: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """The same over many posts: means, and the p value of Wilcoxon's signed-rank test on the deletion curves.

    `p` compares attributions with chance, paired by post; None with fewer than two posts, or where nothing differs.
    """

    deletion: dict[str, float | None]
    insertion: dict[str, float | None]
    rank_correlation: float | None
    posts: int
    p: float | None


def curves(run: Run, posts: Sequence[Example]) -> Curves:
    """Over the surest entity that the run finds in each post; posts without one, or without a unit, are left out."""
    found = []
    for number, (example, said) in enumerate(zip(posts, run.predict_posts(posts, evidence=True), strict=True)):
        if said.spans:
            found.append(of_post(EntityTarget(run, example, surest_of(said)), said, seed=number))
    kept = [each for each in found if each is not None]
    names = ["attribution", *(["attention"] if any(each.shows_attention for each in kept) else []), "random"]
    return Curves(
        deletion=_means([each.deletion for each in kept], names),
        insertion=_means([each.insertion for each in kept], names),
        rank_correlation=_mean([each.rank_correlation for each in kept if each.rank_correlation is not None]),
        posts=len(kept),
        p=_paired([(each.deletion["attribution"], each.deletion["random"]) for each in kept]),
    )


def of_post(target: EntityTarget, said: Prediction, seed: int = 0) -> PostCurves | None:
    """The curves of one entity; None where there are not two words, nor two things in the picture, to be ordered."""
    scores, attention = integrated_gradients(target).scores.numpy(), attention_of(said.evidence, target)
    is_word = np.array([unit.kind == "word" for unit in target.units])
    groups = [group for group in (np.flatnonzero(is_word), np.flatnonzero(~is_word)) if len(group) > 1]
    if not groups:
        return None
    chance = np.random.default_rng(seed)
    found: dict[str, list[tuple[float, float]]] = {"attribution": [], "attention": [], "random": []}
    for group in groups:
        by_chance = [_both(target, chance.permutation(group)) for _ in range(CHANCES)]
        found["random"].append(_mean_of_both(by_chance))
        found["attribution"].append(_both(target, group[np.argsort(-scores[group], kind="stable")]))
        looked = np.nan_to_num(attention[group], nan=-1.0)
        shown = bool((looked >= 0).any())
        order = group[np.argsort(-looked, kind="stable")]
        found["attention"].append(_both(target, order) if shown else _mean_of_both(by_chance))
    shows = ~np.isnan(attention)
    return PostCurves(
        deletion={name: _mean_of_both(each)[0] for name, each in found.items()},
        insertion={name: _mean_of_both(each)[1] for name, each in found.items()},
        shows_attention=bool(shows.any()),
        rank_correlation=_agreement(scores[shows], attention[shows]),
    )


def attention_of(evidence: Sequence[Evidence], target: EntityTarget) -> Floats:
    """How much the entity looked at each unit [U], the mean over layers and heads; NaN where nothing says so.

    A model may show attention to regions and to objects; each is a share of its own whole.
    """
    found = np.full(len(target.units), np.nan)
    for each in sorted(evidence, key=lambda each: each.kind == "attention"):  # attention comes last, and counts
        if each.kind not in {"attention", "gate"}:
            continue
        reduced = per_entity(mean_over_depth(each), target.example, [target.span])
        if reduced is None or len(reduced.axes) != 2 or reduced.axes[0] != "entity":
            continue
        for place, unit in enumerate(target.units):
            if unit.kind == reduced.axes[1] and unit.number < reduced.values.shape[1]:
                found[place] = reduced.values[0, unit.number]
    return found


def attention_beside(found: Attributions, evidence: Sequence[Evidence]) -> dict[str, Any]:
    """{"regions": [49] or None, "objects": [N] or None, "rank_correlation": Spearman's or None} of an explained entity.

    The numbers are those of `attention_of`, None where the model's attention does not speak of these things.
    """
    looked, units = attention_of(evidence, found.target), found.target.units
    shows = ~np.isnan(looked)
    of_kind = {
        kind: [float(share) for share, unit in zip(looked, units, strict=True) if unit.kind == kind]
        for kind in ("region", "object")
    }
    said = {kind: values if values and not np.isnan(values).any() else None for kind, values in of_kind.items()}
    return {
        "regions": said["region"],
        "objects": said["object"],
        "rank_correlation": _agreement(found.scores.numpy()[shows], looked[shows]),
    }


def _both(target: EntityTarget, order: NDArray[np.int64]) -> tuple[float, float]:
    """The mean probability while the units of the order are taken away, and while they are added to nothing."""
    points = np.unique(np.linspace(0, len(order), min(POINTS, len(order)) + 1).round().astype(int))
    deleted = torch.ones(len(points), len(target.units), dtype=torch.bool)
    inserted = deleted.clone()
    for row, point in enumerate(points):
        deleted[row, order[:point]] = False
        inserted[row, order[point:]] = False
    with target.choices_held():
        probabilities: Tensor = target.of_variants(torch.cat([deleted, inserted])).exp()
    down, up = torch.split(probabilities, len(points))
    return float(down.mean()), float(up.mean())


def _mean_of_both(curves: Sequence[tuple[float, float]]) -> tuple[float, float]:
    down, up = zip(*curves, strict=True)
    return float(np.mean(down)), float(np.mean(up))


def _agreement(scores: Floats, attention: Floats) -> float | None:
    if len(scores) < 2 or np.ptp(scores) == 0 or np.ptp(attention) == 0:
        return None
    return float(stats.spearmanr(scores, attention).statistic)


def _means(of_posts: Sequence[dict[str, float]], names: Sequence[str]) -> dict[str, float | None]:
    found = {name: _mean([each[name] for each in of_posts]) for name in names}
    return {"attribution": None, "attention": None, "random": None, **found}


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _paired(pairs: Sequence[tuple[float, float]]) -> float | None:
    differences = np.array([ours - theirs for ours, theirs in pairs])
    if len(differences) < 2 or not differences.any():
        return None
    return float(stats.wilcoxon(differences).pvalue)
