"""Features of a span for the classifier of label errors: what held-out models think, how other posts label the same
words, and how the words look. A gold span and a missing one are described alike.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mner_core.label_errors.crf_marginals import Floats, SpanTable
from mner_core.label_errors.label_statistics import OtherPosts
from mner_core.types import Example, Span

LEAST = 1e-6
"""Probabilities below this say no more than this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbabilityShares:
    """Where the models' probability lies that a span does not have: together with `certain` about 1.

    `type`: the same words, another type; `boundary`: other words that overlap; `outside`: no entity here at all.
    `rival` is the likeliest span that overlaps it, None where there is none, with its probability `rival_share`.
    """

    certain: float
    type: float
    boundary: float
    outside: float
    rival: Span | None
    rival_share: float


@dataclass(frozen=True)
class PostContext:
    """One post with all that is known of it from elsewhere."""

    post: Example
    table: SpanTable
    others: OtherPosts
    label_shares: dict[str, float]
    malformed: frozenset[Span] = frozenset()
    """Gold spans whose tags are malformed."""

    def shares(self, span: Span) -> ProbabilityShares:
        """What the models think of the span."""
        overlapping = np.where(_overlap(self.table.spans, span), self.table.spans, 0.0)
        length = span.end - span.start
        certain = self.table.probability(span)
        known = length <= overlapping.shape[1]
        here = overlapping[span.start, length - 1].copy() if known else np.zeros(overlapping.shape[2])
        if known and span.label in self.table.labels:
            overlapping[span.start, length - 1, self.table.labels.index(span.label)] = 0.0
        start, extra, label = np.unravel_index(int(overlapping.argmax()), overlapping.shape)
        share = float(overlapping[start, extra, label])
        typed = float(here.sum()) - certain
        return ProbabilityShares(
            certain=certain,
            type=max(typed, 0.0),
            boundary=max(float(overlapping.sum()) - typed, 0.0),
            outside=float(self.table.outside[span.start, length - 1]) if known else 0.0,
            rival=Span(int(start), int(start + extra + 1), self.table.labels[label]) if share else None,
            rival_share=share,
        )

    def features(self, span: Span) -> Floats:
        """All that speaks for and against the span, one vector [features]."""
        return np.array([*self._thought(span), *self._elsewhere(span), *self._looks(span)])

    def _thought(self, span: Span) -> list[float]:
        probability = self.shares(span)
        shares = (
            probability.certain,
            probability.type,
            probability.boundary,
            probability.outside,
            probability.rival_share,
            1 - probability.certain,
        )
        return [math.log(min(max(share, LEAST), 1.0)) for share in shares]

    def _elsewhere(self, span: Span) -> list[float]:
        same, other, none = self.others.elsewhere(span)
        words = range(span.start, span.end)
        return [
            *(math.log1p(count) for count in (same, other, none)),
            math.log((same + 0.3) / (same + other + 0.6)),
            math.log((same + 0.3) / (same + none + 0.6)),
            *(self.others.entity_odds(word) for word in (span.start, span.end - 1, span.start - 1, span.end)),
            sum(self.others.label_odds(word, span.label) for word in words) / len(words),
            math.log(self.label_shares.get(span.label, LEAST)),
        ]

    def _looks(self, span: Span) -> list[float]:
        words = self.post.words
        around = (span.start, span.end - 1, span.start - 1, span.end)
        capitals = [float(0 <= word < len(words) and words[word][:1].isupper()) for word in around]
        marked = span.start > 0 and words[span.start - 1] in {"#", "@"}
        return [
            *capitals,
            float(marked),
            float(span.start == 0),
            float(span.end == len(words)),
            float(span.end - span.start),
        ]


def _overlap(spans: Floats, span: Span) -> NDArray[np.bool_]:
    """Which places of a span table share a word with the span [n, D, 1]."""
    starts = np.arange(spans.shape[0])[:, None]
    ends = starts + np.arange(1, spans.shape[1] + 1)[None]
    overlapping: NDArray[np.bool_] = ((starts < span.end) & (ends > span.start))[:, :, None]
    return overlapping
