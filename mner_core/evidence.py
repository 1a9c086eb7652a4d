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
    """The word axis replaced by entities, each the mean over its words.

    Where the model looked by entities of its own, a word's numbers are its entity's, and a span that shares no word
    with any of them is left out. None where there are neither words nor entities, or no span is left.
    """
    place = next((at for at, axis in enumerate(evidence.axes) if axis in {"word", "entity"}), None)
    if place is None:
        return None
    shared = [_shared(span, evidence.axes[place], evidence.items[place]) for span in spans]
    kept = [(span, words) for span, words in zip(spans, shared, strict=True) if any(words)]
    if not kept:
        return None
    rows = [np.average(evidence.values, axis=place, weights=words) for _, words in kept]
    items: tuple[Item, ...] = tuple(
        {"start": span.start, "end": span.end, "label": span.label, "text": example.span_text(span)} for span, _ in kept
    )
    return replace(
        evidence,
        axes=(*evidence.axes[:place], "entity", *evidence.axes[place + 1 :]),
        items=(*evidence.items[:place], items, *evidence.items[place + 1 :]),
        values=np.stack(rows, axis=place).astype(np.float32),
        reduced=_also(evidence.reduced, "mean over an entity's words"),
    )


def summarise(evidence: Sequence[Evidence], example: Example, spans: Sequence[Span]) -> list[Summary]:
    """For every attention or gate from words or entities to something else, where each span looked most.

    A post without any object has looked at none.
    """
    summaries = []
    for each in evidence:
        reduced = per_entity(mean_over_depth(each), example, spans) if each.kind in {"attention", "gate"} else None
        if reduced is None or reduced.axes[0] != "entity" or len(reduced.axes) != 2 or not reduced.items[1]:
            continue
        for item, row in zip(reduced.items[0], reduced.values, strict=True):
            best = int(row.argmax())
            summaries.append(
                Summary(
                    span=Span(item["start"], item["end"], item["label"]),
                    evidence=each.name,
                    axis=reduced.axes[1],
                    strongest=reduced.items[1][best],
                    share=float(row[best] / max(float(row.sum()), 1e-12)),
                    entropy=entropy(row),
                )
            )
    return summaries


def neighbour_key(item: Item) -> str:
    """One name for the post that a neighbour item speaks of: SPLIT/ID, or its id alone where the split is not known."""
    return f"{item['split']}/{item['post']}" if item.get("split") else str(item.get("post", ""))


def entropy(row: np.ndarray[tuple[int], np.dtype[np.float32]]) -> float:
    """Spread of a non-negative row [n] as a share of the largest possible: 0 all on one item, 1 evenly over all."""
    if len(row) < 2:
        return 0.0
    share = np.asarray(row, np.float64) / max(float(row.sum()), 1e-12)
    positive = share[share > 0]
    return float(-(positive * np.log(positive)).sum() / np.log(len(row)))


def _shared(span: Span, axis: Axis, items: Sequence[Item]) -> list[int]:
    """How many words the span shares with each item of a word or entity axis."""
    ranges = [(at, at + 1) if axis == "word" else (item["start"], item["end"]) for at, item in enumerate(items)]
    return [max(0, min(end, span.end) - max(start, span.start)) for start, end in ranges]


def _also(before: str, now: str) -> str:
    return f"{before}, {now}" if before else now
