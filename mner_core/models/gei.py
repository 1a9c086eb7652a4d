"""GEI: Graph-based Entity-level Interacting model (Zhao et al. 2023).

A name of several words means one thing, and most words mean nothing that a picture could show. So entities are found
first, as spans without types; each of them, not its words, asks the objects of the picture, and only its own words
learn the answer. A second CRF then tags all words.

Letters: B posts, L words, E entities, V nodes of the picture (its objects and the picture as a whole, or its 49
regions), d width of the graph (d_m), d_t width of the text encoder.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mner_core import tags
from mner_core.batches.tensors import Batch
from mner_core.catalog.gei import GEISettings
from mner_core.layers.crf import CRF
from mner_core.layers.entities import Entities
from mner_core.layers.gate import ConvexGate
from mner_core.layers.trace import Trace
from mner_core.layers.transformer import Attention, FeedForward, MultiHeadAttention, TransformerLayer
from mner_core.models.base import Inputs, Model, Progress
from mner_core.types import Axis, Example, Item, Span

WHOLE_PICTURE: Item = {"label": "whole picture", "box": [0.0, 0.0, 1.0, 1.0], "score": 1.0}
"""How evidence names the node of the picture itself; it stands behind the objects, so that those keep their numbers."""


class SpanDetector(nn.Module):
    """Transformer-2 and a CRF that finds where entities are, without their types (Eq. 2-4)."""

    LABEL = "entity"

    def __init__(self, width: int, settings: GEISettings) -> None:
        super().__init__()
        self.scheme = settings.scheme
        self.transformer = TransformerLayer(width, settings.heads, width, settings.dropout)
        self.crf = CRF([self.LABEL], settings.scheme)
        self.emissions = nn.Linear(width, len(self.crf.tags))

    def forward(self, words: Tensor, real: Tensor) -> Tensor:
        """Emissions [B, L, tags] from the encoder's words [B, L, d_t] (Eq. 2)."""
        state, _ = self.transformer(words, words, real)
        emissions: Tensor = self.emissions(state)
        return emissions

    def loss(self, emissions: Tensor, batch: Batch) -> Tensor:
        """L_sd (Eq. 3, 4). O is tag 0 in both tag sets, and every label has the same prefixes in the same order."""
        assert batch.tags is not None
        prefixes = len(self.crf.tags) - 1
        untyped = torch.where(batch.tags > 0, (batch.tags - 1) % prefixes + 1, 0)
        return self.crf.loss(emissions, untyped, batch.words)

    def spans(self, emissions: Tensor, real: Tensor) -> list[list[Span]]:
        """The likeliest spans of each post."""
        return [tags.decode(sequence) for sequence in self.crf.decode(emissions, real)]


class InteractingLayer(nn.Module):
    """One layer of the heterogeneous graph: inside each modality, between entities and objects, to the words.

    Args:
        width: d.
        settings: heads, dropout, and who asks.
        last: whether the objects' update is left out, since nothing would read it.
    """

    def __init__(self, width: int, settings: GEISettings, last: bool) -> None:
        super().__init__()
        heads, dropout = settings.heads, settings.dropout
        self.among_words = Attention(width, heads, dropout)
        self.among_objects = Attention(width, heads, dropout)
        self.look = MultiHeadAttention(width, heads, dropout)
        self.look_gate = ConvexGate(width)
        self.word_gate = ConvexGate(width) if settings.interaction == "entities" else None
        self.word_feed = FeedForward(width, width, dropout)
        self.answer = None if last else MultiHeadAttention(width, heads, dropout)
        self.answer_gate = None if last else ConvexGate(width)
        self.object_feed = None if last else FeedForward(width, width, dropout)

    def forward(
        self, words: Tensor, objects: Tensor, entities: Entities, real: tuple[Tensor, Tensor], weights: bool
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """H_T [B, L, d] and H_V [B, V, d] of the next layer; with `weights` who looked at what [B, heads, E, V], too.

        `real` has the masks of words and objects. Without entity nodes `entities` holds single words, which ask and
        learn by themselves.
        """
        real_words, real_objects = real
        words_in, _ = self.among_words(words, words, real_words)  # D_T, Eq. 7
        objects_in, _ = self.among_objects(objects, objects, real_objects)  # D_V, Eq. 7
        asking = entities.pooled(words_in if self.word_gate is None else words)  # H_E = Max(H_T), or D_T itself
        seen, attention = self.look(asking, objects_in, real_objects, weights)  # R_E, Eq. 8
        aware = self.look_gate(asking, seen, real_objects.any(dim=1, keepdim=True))  # M_E, Eq. 9, 10
        learnt = entities.handed_back(aware)  # [B, L, d]
        if self.word_gate is None:
            mixed = torch.where(entities.inside.unsqueeze(-1), learnt, words_in)
        else:
            mixed = self.word_gate(words_in, learnt, entities.inside)  # M_T, Eq. 11, 12
        words = self.word_feed(mixed)
        if self.answer is None or self.answer_gate is None or self.object_feed is None:
            return words, objects, attention
        told, _ = self.answer(objects_in, asking, entities.real)  # Eq. 8-10 the other way round
        changed = self.answer_gate(objects_in, told, entities.real.any(dim=1, keepdim=True))  # M_V
        return words, self.object_feed(changed), attention


class GEI(Model):
    """GEI as the paper's equations say; in evaluation the entities are always the predicted ones."""

    settings: GEISettings

    def __init__(self, settings: GEISettings, labels: Sequence[str], inputs: Inputs) -> None:
        super().__init__(settings, labels, inputs, settings.width)
        self.settings = settings
        d, text = self.width, self.words.width
        self.transformer = TransformerLayer(text, settings.heads, text, settings.dropout)
        self.of_words = nn.Linear(text, d)
        self.detector = SpanDetector(text, settings) if settings.interaction != "all words" else None
        # Eq. 6 has one W_v; grid and objects may come from different nets here, so each has its own (ours).
        self.of_objects = nn.Linear(inputs.object_width, d) if settings.vision == "objects" else None
        self.of_grid = nn.Linear(inputs.grid_width, d)
        self.layers = nn.ModuleList(
            InteractingLayer(d, settings, last=number == settings.layers) for number in range(1, settings.layers + 1)
        )

    def loss(self, batch: Batch, progress: Progress) -> Tensor:
        """L = lambda 1 * L_sd + lambda 2 * L_mner; while training with scheduled sampling of the entities."""
        assert batch.tags is not None, "a loss needs gold: `Batcher.labelled` makes such batches"
        words = self.words(batch)
        spans, span_loss = _all_words(batch), words.new_zeros(())
        if self.detector is not None:
            found = self.detector(words, batch.words)
            span_loss = self.detector.loss(found, batch)
            spans = self._sampled(found, batch, progress)
        emissions = self.emissions(self._interacting(words, spans, batch, None))
        tag_loss = self.crf.loss(emissions, batch.tags, batch.words)  # Eq. 13, 14
        return self.settings.span_weight * span_loss + self.settings.tag_weight * tag_loss

    def states(self, batch: Batch, trace: Trace | None) -> Tensor:
        """Words that know what their entities saw [B, L, d]."""
        words = self.words(batch)
        spans = _all_words(batch)
        if self.detector is not None:
            emissions = self.detector(words, batch.words)
            spans = self.detector.spans(emissions, batch.words)
            if trace is not None:
                sure = self.detector.crf.span_probabilities(emissions, batch.words, spans)
                _show_proposed(trace, batch.examples, spans, sure)
        return self._interacting(words, spans, batch, trace)

    def head(self) -> list[nn.Parameter]:
        """The parameters of both taggers."""
        detector = self.detector
        second = [] if detector is None else [*detector.emissions.parameters(), *detector.crf.parameters()]
        return [*super().head(), *second]

    def _sampled(self, found: Tensor, batch: Batch, progress: Progress) -> list[list[Span]]:
        """Gold entities of some posts, predicted ones of the others: a coin a post, from torch's own generator."""
        assert self.detector is not None
        gold = [tags.of_whole_words(example.spans or ()) for example in batch.examples]
        share = self.settings.predicted_share(progress.epoch + 1) if self.training else 1.0
        predicted = torch.rand(len(gold)) < share
        if not predicted.any():
            return gold
        guessed = self.detector.spans(found.detach(), batch.words)
        return [guess if coin else true for guess, true, coin in zip(guessed, gold, predicted.tolist(), strict=True)]

    def _interacting(self, words: Tensor, spans: list[list[Span]], batch: Batch, trace: Trace | None) -> Tensor:
        """The graph, layer by layer: the encoder's words [B, L, d_t] -> [B, L, d]."""
        entities = Entities.of(spans, batch.words)
        if self.settings.interaction != "entities":
            entities = entities.word_by_word()
        state, _ = self.transformer(words, words, batch.words)  # T, Eq. 1
        state = self.of_words(state)  # H_T of the first layer
        objects, real = self._objects(batch)  # H_V of the first layer
        looked = []
        for layer in self.layers:
            state, objects, attention = layer(state, objects, entities, (batch.words, real), trace is not None)
            looked.append(attention)
        if trace is not None:
            self._show_attention(trace, batch, entities, torch.stack(looked, dim=1))
        return state

    def _objects(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Nodes of the picture [B, V, d] (Eq. 5, 6) and which of them are real [B, V]; none without a picture."""
        assert batch.grid is not None
        ok = batch.grid.ok[:, None]
        if self.of_objects is None:
            return self.of_grid(batch.grid.regions).relu(), ok.expand(-1, batch.grid.regions.shape[1])
        assert batch.objects is not None
        things = self.of_objects(batch.objects.vectors).relu()
        whole = self.of_grid(
            batch.grid.regions.mean(dim=1, keepdim=True)
        ).relu()  # a ResNet's last pooling is this mean
        count = batch.objects.real.sum(dim=1)[:, None]  # the picture itself stands behind its objects
        place = count.unsqueeze(-1).expand(-1, -1, things.shape[-1])
        nodes = torch.cat([things, torch.zeros_like(whole)], dim=1).scatter(1, place, whole)
        return nodes, (torch.arange(nodes.shape[1], device=nodes.device) <= count) & ok

    def _show_attention(self, trace: Trace, batch: Batch, entities: Entities, attention: Tensor) -> None:
        """Who looked at what [B, layers, heads, E, V]."""
        assert batch.grid is not None
        asks: Axis = "word" if self.settings.interaction == "all words" else "entity"
        seen: Axis = "region" if self.of_objects is None else "object"
        items: dict[Axis, list[list[Item]]] = {}
        if asks == "entity":
            items[asks] = [
                _items(example, spans) for example, spans in zip(batch.examples, entities.spans, strict=True)
            ]
        if seen == "object":
            items[seen] = [
                [{"label": it.label, "box": list(it.box), "score": it.score} for it in picture.objects]
                + [WHOLE_PICTURE]
                for picture in batch.pictures
            ]
        axes: tuple[Axis, ...] = ("layer", "head", asks, seen)
        trace.add(f"{asks} x {seen} attention", "attention", axes, attention, items=items, only=batch.grid.ok)


def _all_words(batch: Batch) -> list[list[Span]]:
    """The whole post as one span: every word of it may ask."""
    return [[Span(0, len(example.tokens), SpanDetector.LABEL)] for example in batch.examples]


def _items(example: Example, spans: Sequence[Span]) -> list[Item]:
    return [{"start": span.start, "end": span.end, "text": example.span_text(span)} for span in spans]


def _show_proposed(
    trace: Trace, examples: Sequence[Example], spans: Sequence[Sequence[Span]], sure: Sequence[Sequence[float]]
) -> None:
    """The spans that asked the picture, with the span CRF's probability of each."""
    values = torch.zeros(len(spans), max(1, *(len(of_post) for of_post in spans)))
    for row, of_post in enumerate(sure):
        values[row, : len(of_post)] = torch.tensor(of_post)
    items = [_items(example, of_post) for example, of_post in zip(examples, spans, strict=True)]
    trace.add("proposed spans", "score", ("entity",), values, items={"entity": items})
