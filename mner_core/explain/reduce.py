"""Evidence made smaller: words to entities, layers and heads to their mean, rows to one summary a person can read.

Light: the worker stores summaries for every post, a screen may reduce what it draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mner_core.types import Axis, Evidence, Example, Item, Span

DEPTH: frozenset[Axis] = frozenset({"layer", "head", "iteration"})
"""Axes that repeat the same look at several places of the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Where one entity looked most.

    `strongest` is the item with the largest share, `share` that share in 0..1, `entropy` the spread of the whole row
    (0 all on one item, 1 evenly over all).
    """

    span: Span
    evidence: str
    axis: Axis
    strongest: Item
    share: float
    entropy: float


def mean_over_depth(evidence: Evidence) -> Evidence:
    """The mean over layers, heads and iterations; unchanged where there are none."""
    depth = tuple(place for place, axis in enumerate(evidence.axes) if axis in DEPTH)
    if not depth:
        return evidence
    kept = [place for place in range(len(evidence.axes)) if place not in depth]
    names = " and ".join(f"{evidence.axes[place]}s" for place in depth)
    return replace(
        evidence,
        axes=tuple(evidence.axes[place] for place in kept),
        items=tuple(evidence.items[place] for place in kept),
        values=evidence.values.mean(axis=depth, dtype=np.float32),
        reduced=_also(evidence.reduced, f"mean over {names}"),
    )


def per_entity(evidence: Evidence, example: Example, spans: Sequence[Span]) -> Evidence | None:
    """The word axis replaced by entities, each the mean over its words; None where there are no words or entities."""
    if "word" not in evidence.axes or not spans:
        return None
    place = evidence.axes.index("word")
    rows = [evidence.values.take(range(span.start, span.end), axis=place).mean(axis=place) for span in spans]
    items: tuple[Item, ...] = tuple(
        {"start": span.start, "end": span.end, "label": span.label, "text": example.span_text(span)} for span in spans
    )
    return replace(
        evidence,
        axes=(*evidence.axes[:place], "entity", *evidence.axes[place + 1 :]),
        items=(*evidence.items[:place], items, *evidence.items[place + 1 :]),
        values=np.stack(rows, axis=place).astype(np.float32),
        reduced=_also(evidence.reduced, "mean over an entity's words"),
    )


def summarise(evidence: Sequence[Evidence], example: Example, spans: Sequence[Span]) -> list[Summary]:
    """For every attention from words to something else, where each span looked most."""
    summaries = []
    for each in evidence:
        reduced = per_entity(mean_over_depth(each), example, spans) if each.kind == "attention" else None
        if reduced is None or reduced.axes[0] != "entity" or len(reduced.axes) != 2:
            continue
        for span, row in zip(spans, reduced.values, strict=True):
            best = int(row.argmax())
            summaries.append(
                Summary(
                    span=span,
                    evidence=each.name,
                    axis=reduced.axes[1],
                    strongest=reduced.items[1][best],
                    share=float(row[best] / max(float(row.sum()), 1e-12)),
                    entropy=entropy(row),
                )
            )
    return summaries


def entropy(row: np.ndarray[tuple[int], np.dtype[np.float32]]) -> float:
    """Spread of a non-negative row [n] as a share of the largest possible: 0 all on one item, 1 evenly over all."""
    if len(row) < 2:
        return 0.0
    share = np.asarray(row, np.float64) / max(float(row.sum()), 1e-12)
    positive = share[share > 0]
    return float(-(positive * np.log(positive)).sum() / np.log(len(row)))


def _also(before: str, now: str) -> str:
    return f"{before}, {now}" if before else now
