"""Entities as nodes of their own: pooled from their words, and handed back to them.

Letters: B posts, L words, E entities, d width.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from mner_core.types import Span


@dataclass(frozen=True)
class Entities:
    """Which words belong together: the edges between entities and words."""

    spans: list[list[Span]]
    of_word: Tensor  # [B, L] the number of the entity that a word belongs to, -1 for none
    real: Tensor  # [B, E]

    @classmethod
    def of(cls, spans: list[list[Span]], words: Tensor) -> "Entities":
        """Spans of one post never overlap; `words` is the batch's mask [B, L]."""
        most = max(1, *(len(of_post) for of_post in spans))
        of_word = torch.full(words.shape, -1)
        for row, of_post in enumerate(spans):
            for number, span in enumerate(of_post):
                of_word[row, span.start : span.end] = number
        counts = torch.tensor([len(of_post) for of_post in spans])
        real = torch.arange(most) < counts[:, None]
        return cls(spans, of_word.to(words.device), real.to(words.device))

    @property
    def inside(self) -> Tensor:
        """[B, L] words that belong to an entity."""
        return self.of_word >= 0

    def pooled(self, words: Tensor) -> Tensor:
        """E_n = Max over the entity's words, number by number [B, L, d] -> [B, E, d]; zero where padded."""
        count = self.real.shape[1]
        place = torch.where(self.inside, self.of_word, count).unsqueeze(-1).expand_as(words)
        nothing = words.new_zeros(len(words), count + 1, words.shape[-1])  # words of no entity go to the last row
        return nothing.scatter_reduce(1, place, words, "amax", include_self=False)[:, :count]

    def handed_back(self, entities: Tensor) -> Tensor:
        """To every word what its entity is [B, E, d] -> [B, L, d]; what words of no entity get is nobody's."""
        place = self.of_word.clamp(min=0).unsqueeze(-1).expand(-1, -1, entities.shape[-1])
        return entities.gather(1, place)

    def word_by_word(self) -> "Entities":
        """Every word of an entity on its own: who asks when there are no entity nodes."""
        alone = [[Span(at, at + 1, span.label) for span in of_post for at in range(span.start, span.end)]
                 for of_post in self.spans]  # fmt: skip
        return Entities.of(alone, self.of_word)
