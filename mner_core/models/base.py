"""The interface all models share: `loss(batch, progress)` and `predict(batch)`."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mner_core import tags
from mner_core.batches.tensors import Batch
from mner_core.catalog.system import Settings
from mner_core.layers.crf import CRF
from mner_core.layers.trace import Trace
from mner_core.layers.words import WordEncoder
from mner_core.text.encoder import TextEncoder
from mner_core.types import Prediction


@dataclass(frozen=True)
class Progress:
    """How far training is: the epoch (from 0) and the share of all steps done (0..1), for schedules."""

    epoch: int = 0
    share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a model is built for: the text encoder and the widths of the image features."""

    encoder: TextEncoder
    grid_width: int
    object_width: int


class Model(nn.Module, ABC):
    """Words, something between, emissions and a CRF: a subclass writes `states` and nothing else unless its paper does.

    Args:
        settings: the model's settings; a subclass narrows the type.
        labels: the label set, in the order of the tag set.
        inputs: what it reads.
        width: how wide `states` are; 0 for as wide as the text encoder's.
    """

    def __init__(self, settings: Settings, labels: Sequence[str], inputs: Inputs, width: int = 0) -> None:
        super().__init__()
        self.words = WordEncoder(inputs.encoder, settings.pooling, settings.dropout)
        self.width = width or self.words.width
        self.crf = CRF(labels, settings.scheme)
        self.emissions = nn.Linear(self.width, len(self.crf.tags))

    @abstractmethod
    def states(self, batch: Batch, trace: Trace | None) -> Tensor:
        """What the tagger sees of each word [batch, words, width]; adds its evidence to `trace` where there is one."""

    def loss(self, batch: Batch, progress: Progress) -> Tensor:  # noqa: ARG002 (schedules of later systems read it)
        """The scalar to minimise: -log p(gold tags), the mean over posts."""
        assert batch.tags is not None, "a loss needs gold: `Batcher.labelled` makes such batches"
        return self.crf.loss(self.emissions(self.states(batch, None)), batch.tags, batch.words)

    def forward(self, batch: Batch, progress: Progress) -> Tensor:
        """`loss`: what wrappers for several GPUs and mixed precision call."""
        return self.loss(batch, progress)

    @torch.no_grad()
    def predict(self, batch: Batch, evidence: bool = False) -> list[Prediction]:
        """The likeliest spans of each post with the CRF's probability of each; with what was looked at on request."""
        assert not self.training, "predict in evaluation mode: dropout would change the answer"
        trace = Trace(batch) if evidence else None
        emissions = self.emissions(self.states(batch, trace))
        spans = [tags.decode(sequence) for sequence in self.crf.decode(emissions, batch.words)]
        confidences = self.crf.span_probabilities(emissions, batch.words, spans)
        seen = trace.of_posts() if trace else [()] * len(spans)
        return [
            Prediction(spans=tuple(found), confidences=sure, confidence_source="crf", evidence=looked)
            for found, sure, looked in zip(spans, confidences, seen, strict=True)
        ]

    def head(self) -> list[nn.Parameter]:
        """The parameters of the tagger; a model with a second tagger adds that one's."""
        return [*self.emissions.parameters(), *self.crf.parameters()]

    def rate_groups(self, settings: Settings) -> list[tuple[float, list[nn.Parameter]]]:
        """(learning rate, parameters) of encoder, fusion and head, each parameter in exactly one."""
        encoder = list(self.words.encoder.parameters())
        head = self.head()
        taken = {id(parameter) for parameter in (*encoder, *head)}
        fusion = [parameter for parameter in self.parameters() if id(parameter) not in taken]
        return [(settings.encoder_rate, encoder), (settings.fusion_rate, fusion), (settings.head_rate, head)]
