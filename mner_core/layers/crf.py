"""The linear-chain CRF that every model ends in, with span probabilities.

pytorch-crf does the mathematics; this wrapper adds what the field needs around it: tags a scheme forbids after each
other never follow each other, and the probability that exactly a given span is an entity.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torchcrf import CRF as LinearChain

from mner_core.tags import Scheme, encode, may_follow, tag_set
from mner_core.types import Span

FORBIDDEN = -1e4
"""Score of what cannot be: far below any learnt score, yet finite, so that no gradient becomes NaN."""


class Forbid(nn.Module):
    """Overwrites a learnt score by FORBIDDEN where the scheme forbids the step."""

    def __init__(self, forbidden: Tensor) -> None:
        super().__init__()
        self.register_buffer("forbidden", forbidden, persistent=False)

    def forward(self, scores: Tensor) -> Tensor:
        """`scores` with the forbidden ones overwritten, same shape."""
        assert isinstance(self.forbidden, Tensor)
        return scores.masked_fill(self.forbidden, FORBIDDEN)


class CRF(nn.Module):
    """Scores of whole tag sequences; C tags for the given labels and scheme.

    `words` masks are boolean [batch, words], True = real, and the first word of every post is real.
    """

    def __init__(self, labels: Sequence[str], scheme: Scheme) -> None:
        super().__init__()
        self.scheme: Scheme = scheme
        self.tags = tag_set(labels, scheme)
        self.chain = LinearChain(len(self.tags), batch_first=True)
        steps = [[not may_follow(first, then, scheme) for then in self.tags] for first in self.tags]
        starts = [not may_follow(None, tag, scheme) for tag in self.tags]
        ends = [not may_follow(tag, None, scheme) for tag in self.tags]
        for name, forbidden in (("transitions", steps), ("start_transitions", starts), ("end_transitions", ends)):
            parametrize.register_parametrization(self.chain, name, Forbid(torch.tensor(forbidden)))
        self._held: list[list[str]] | None = None

    def loss(self, emissions: Tensor, tags: Tensor, words: Tensor) -> Tensor:
        """Mean over posts of -log p(tags); emissions [batch, words, C], tags [batch, words]."""
        with parametrize.cached():
            log_likelihood: Tensor = self.chain(emissions.float(), tags * words, words, reduction="mean")
        return -log_likelihood

    def decode(self, emissions: Tensor, words: Tensor) -> list[list[str]]:
        """The likeliest tag sequence of each post (Viterbi), one tag a real word."""
        if self._held:
            return self._held * len(words)
        with parametrize.cached():
            best: list[list[int]] = self.chain.decode(emissions.float(), words)
        found = [[self.tags[tag] for tag in sequence] for sequence in best]
        if self._held is not None:
            self._held = found[:1]
        return found

    @contextmanager
    def holding(self) -> Iterator[None]:
        """While this lasts, `decode` says of every post what it says of the first that it is asked about.

        A choice has no gradient: what an input did to a model is asked with the choices that the model made.
        """
        self._held = []
        try:
            yield
        finally:
            self._held = None

    def log_partition(self, emissions: Tensor, words: Tensor) -> Tensor:
        """Log of the summed exponentiated scores of all tag sequences [batch], by the forward algorithm.

        pytorch-crf computes the same inside its loss, but offers it under a private name alone.
        """
        with parametrize.cached():
            steps, emissions = self.chain.transitions, emissions.float()
            scores = self.chain.start_transitions + emissions[:, 0]  # of all beginnings, by their last tag [batch, C]
            for word in range(1, emissions.shape[1]):
                onward = torch.logsumexp(scores.unsqueeze(2) + steps + emissions[:, word].unsqueeze(1), dim=1)
                scores = torch.where(words[:, word].unsqueeze(1), onward, scores)
            return torch.logsumexp(scores + self.chain.end_transitions, dim=1)

    def span_probabilities(
        self, emissions: Tensor, words: Tensor, spans: Sequence[Sequence[Span]]
    ) -> list[tuple[float, ...]]:
        """The share of probability that has exactly this span: exp(clamped - free log-partition)."""
        rows = [post for post, of_post in enumerate(spans) for _ in of_post]
        if not rows:
            return [() for _ in spans]
        free = self.log_partition(emissions, words)[rows]
        clamped = self._clamped(emissions[rows], [span for of_post in spans for span in of_post])
        shares = iter((self.log_partition(clamped, words[rows]) - free).exp().clamp(0, 1).tolist())
        return [tuple(next(shares) for _ in of_post) for of_post in spans]

    def span_log_probabilities(self, emissions: Tensor, words: Tensor, spans: Sequence[Span]) -> Tensor:
        """The logarithm of that share, for one span a post [batch]; it has gradients."""
        return self.log_partition(self._clamped(emissions, spans), words) - self.log_partition(emissions, words)

    def _clamped(self, emissions: Tensor, spans: Sequence[Span]) -> Tensor:
        """One span a row: what contradicts it is as good as impossible [rows, words, C]."""
        clear = self._clear(spans, emissions.shape[1]).to(emissions.device)
        return emissions.float().masked_fill(~clear, FORBIDDEN)

    def _clear(self, spans: Sequence[Span], num_words: int) -> Tensor:
        """Which tags [spans, words, C] do not contradict a span: about its words, and about where it ends."""
        clear = np.ones((len(spans), num_words, len(self.tags)), bool)
        for row, span in enumerate(spans):
            clear[row, span.start : span.end] = False
            wanted = encode([span], span.end, self.scheme)
            for word in range(span.start, span.end):
                clear[row, word, self.tags.index(wanted[word])] = True
            if self.scheme == "BIO2" and span.end < num_words:
                clear[row, span.end, self.tags.index(f"I-{span.label}")] = False
        return torch.from_numpy(clear)
