"""Exact probabilities of every span from a linear-chain CRF's scores, in NumPy: forward and backward, once a post.

`layers.crf.CRF.span_probabilities` clamps one span after the other; a search for wrong labels asks for all spans of a
post at once. Letters: n words, C tags, T labels, D the longest span in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mner_core.tags import Scheme, encode, tag_set
from mner_core.types import Span

Floats = NDArray[np.float64]
IMPOSSIBLE = -1e4
"""As `layers.crf.FORBIDDEN`: far below any learnt score, yet finite."""


@dataclass(frozen=True, slots=True)
class SpanTable:
    """What a model says of one post: the probability of every span.

    `spans[start, length - 1, label]` [n, D, T] is the probability that exactly this span is an entity of this type,
    `outside[start, length - 1]` [n, D] that all these words are outside; 0 where the words run over the post's end.
    """

    labels: tuple[str, ...]
    spans: Floats
    outside: Floats

    def probability(self, span: Span) -> float:
        """That of one span; 0 for a label the model does not know, or a length beyond the table's."""
        length = span.end - span.start
        if span.label not in self.labels or length > self.spans.shape[1]:
            return 0.0
        return float(self.spans[span.start, length - 1, self.labels.index(span.label)])


def mean(tables: Sequence[SpanTable], weights: Sequence[float] | None = None) -> SpanTable:
    """What several models say together: the mean of their probabilities, weighted where there are weights."""
    return SpanTable(
        tables[0].labels,
        np.average([table.spans for table in tables], axis=0, weights=weights),
        np.average([table.outside for table in tables], axis=0, weights=weights),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CrfMarginals:
    """A CRF's parameters: `steps[a, b]` [C, C] scores tag b after tag a, `starts` and `ends` [C] a post's borders."""

    labels: tuple[str, ...]
    scheme: Scheme
    steps: Floats
    starts: Floats
    ends: Floats

    def table(self, emissions: Floats, longest: int) -> SpanTable:
        """The probabilities of all spans of up to `longest` words; emissions [n, C], n at least 1."""
        before, after = self._forward(emissions), self._backward(emissions)
        total = float(_log_sum(before[-1] + self.ends, axis=0))
        longest = min(longest, len(emissions))
        spans = np.zeros((len(emissions), longest, len(self.labels)))
        tags = tag_set(self.labels, self.scheme)
        for place, label in enumerate(self.labels):
            onward = self._without_continuation(emissions, after, tags, label)
            for length in range(1, longest + 1):
                path = [tags.index(tag) for tag in encode([Span(0, length, label)], length, self.scheme)]
                likely = self._along(emissions, before, onward[:, path[-1]], path, total)
                spans[: len(likely), length - 1, place] = likely
        outside = np.zeros((len(emissions), longest))
        for length in range(1, longest + 1):
            likely = self._along(emissions, before, after[:, 0], [0] * length, total)
            outside[: len(likely), length - 1] = likely
        return SpanTable(self.labels, spans, outside)

    def _along(self, emissions: Floats, before: Floats, onward: Floats, path: Sequence[int], total: float) -> Floats:
        """The probability of these tags on consecutive words, for every place where they can begin."""
        places = len(emissions) - len(path) + 1
        score = before[:places, path[0]].copy()
        for offset in range(1, len(path)):
            score += self.steps[path[offset - 1], path[offset]] + emissions[offset : offset + places, path[offset]]
        return np.exp(np.minimum(score + onward[len(path) - 1 :] - total, 0.0))

    def _without_continuation(self, emissions: Floats, after: Floats, tags: Sequence[str], label: str) -> Floats:
        """`after` where the next word does not go on with the same entity: in BIO2 its I- tag would [n, C]."""
        if self.scheme != "BIO2":
            return after
        onward = emissions[1:] + after[1:]
        onward[:, tags.index(f"I-{label}")] = IMPOSSIBLE
        inner = _log_sum(self.steps[None] + onward[:, None], axis=2)
        return np.concatenate([inner, self.ends[None]])

    def _forward(self, emissions: Floats) -> Floats:
        """Log of the summed scores of all ways to reach each word with each tag, its emission included [n, C]."""
        reached = np.empty_like(emissions)
        reached[0] = self.starts + emissions[0]
        for word in range(1, len(emissions)):
            reached[word] = _log_sum(reached[word - 1][:, None] + self.steps, axis=0) + emissions[word]
        return reached

    def _backward(self, emissions: Floats) -> Floats:
        """Log of the summed scores of all ways to go on from each word with each tag to the end [n, C]."""
        onward = np.empty_like(emissions)
        onward[-1] = self.ends
        for word in range(len(emissions) - 2, -1, -1):
            onward[word] = _log_sum(self.steps + (emissions[word + 1] + onward[word + 1])[None], axis=1)
        return onward


def _log_sum(scores: Floats, axis: int) -> Floats:
    highest = scores.max(axis=axis, keepdims=True)
    summed: Floats = np.log(np.exp(scores - highest).sum(axis=axis)) + highest.squeeze(axis)
    return summed
