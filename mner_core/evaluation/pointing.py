"""The pointing game: whether attention is strongest inside a gold box.

An entity points at the object or region where its row of the evidence is largest, after a mean over its words, layers,
heads and iterations. That is right when the object's box and a gold box of the entity have an intersection over
union of at least 0.5, or when the region's centre lies in a gold box. Items that share the largest value share the
point, so that a row without any preference counts as chance.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mner_core.data.boxes import EntityBoxes, iou
from mner_core.types import Axis, Box, Evidence, Example, Item, Span

OVERLAP = 0.5
"""From this intersection over union on, two boxes show the same thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointing:
    """How often one kind of evidence points at the right thing; shares are 0..1.

    Args:
        evidence: its name; axis: what it points at.
        entities: how many entities with a gold box it speaks of; of the others it says nothing.
        share: of them, how many point at a right item.
        chance: what a blind choice among each entity's items would reach; 1 / items where one of them is right.
        reachable: how many have a right item among theirs: what perfect attention would reach.
        untrained: `share` of the same model before training, over the entities that it speaks of; None if not asked.
    """

    evidence: str
    axis: Axis
    entities: int
    share: float
    chance: float
    reachable: float
    untrained: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Look:
    """Where one entity looks: the axis, a share of the point for each item, and which items are right."""

    axis: Axis
    points: NDArray[np.float64]
    right: NDArray[np.bool_]


def pointing(
    posts: Sequence[Example],
    boxes: EntityBoxes,
    evidence: Sequence[Sequence[Evidence]],
    untrained: Sequence[Sequence[Evidence]] | None = None,
) -> list[Pointing]:
    """One result for each kind of evidence from words or entities to objects or regions, by its name.

    Args:
        posts: labelled posts.
        boxes: the gold boxes of their entities.
        evidence: what a run looked at, one sequence a post.
        untrained: the same of the same model before training.
    """
    trained, before = _looks(posts, boxes, evidence), _looks(posts, boxes, untrained or [()] * len(posts))
    return [
        Pointing(
            evidence=name,
            axis=looks[0].axis,
            entities=len(looks),
            share=_share(looks),
            chance=_mean([float(look.right.mean()) for look in looks]),
            reachable=_mean([float(look.right.any()) for look in looks]),
            untrained=None if untrained is None else _share(before.get(name, [])),
        )
        for name, looks in trained.items()
    ]


def right_items(items: Sequence[Item], axis: Axis, gold: Sequence[Box]) -> NDArray[np.bool_]:
    """Which objects or regions are where a gold box is [items]; an item without a box is nowhere."""
    return np.array(["box" in item and any(_is_at(item["box"], axis, box) for box in gold) for item in items], bool)


def _is_at(box: Sequence[float], axis: Axis, gold: Box) -> bool:
    if axis == "region":
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return gold[0] <= x <= gold[2] and gold[1] <= y <= gold[3]
    return bool(iou(box, gold) >= OVERLAP)


def _looks(
    posts: Sequence[Example], boxes: EntityBoxes, evidence: Sequence[Sequence[Evidence]]
) -> Mapping[str, list[_Look]]:
    """Where each entity with a gold box looks, by the evidence's name."""
    found: dict[str, list[_Look]] = {}
    for post, of_post in zip(posts, evidence, strict=True):
        gold = {span: boxes.boxes[post.key, span] for span in post.spans or () if (post.key, span) in boxes.boxes}
        for each in of_post:
            for span, axis, items, row in _rows(each, list(gold)):
                best = row == row.max()
                look = _Look(axis, best / best.sum(), right_items(items, axis, gold[span]))
                found.setdefault(each.name, []).append(look)
    return found


def _rows(
    evidence: Evidence, spans: Sequence[Span]
) -> Iterator[tuple[Span, Axis, Sequence[Item], NDArray[np.float64]]]:
    """For each span that the evidence speaks of, what it points at and how strongly [items]."""
    asks = next((axis for axis in ("entity", "word") if axis in evidence.axes), None)
    seen = next((axis for axis in ("object", "region") if axis in evidence.axes), None)
    if asks is None or seen is None:
        return
    first, second = evidence.axes.index(asks), evidence.axes.index(seen)
    others = tuple(place for place in range(len(evidence.axes)) if place not in (first, second))
    table = evidence.values.astype(np.float64).mean(axis=others)
    table = table if first < second else table.T  # [words or entities, objects or regions]
    for span in spans:
        rows = _places(evidence.items[first], span) if asks == "entity" else list(range(span.start, span.end))
        if rows and evidence.items[second]:
            yield span, seen, evidence.items[second], table[rows].mean(axis=0)


def _places(items: Sequence[Item], span: Span) -> list[int]:
    """Where the entity axis has exactly these words; a model may not have proposed them."""
    return [place for place, item in enumerate(items) if (item.get("start"), item.get("end")) == (span.start, span.end)]


def _share(looks: Sequence[_Look]) -> float:
    return _mean([float(look.points[look.right].sum()) for look in looks])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
