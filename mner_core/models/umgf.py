"""UMGF: Unified Multi-modal Graph Fusion (Zhang et al., AAAI 2021).

Words and the objects that the picture shows are the nodes of one graph. In each layer words look at words and objects
at objects; then words and objects that speak of the same thing exchange what they know, every number of it through a
gate of its own. A post without objects goes through a plain text Transformer.

Letters: B posts, L words, N objects (or 49 regions), d node width, d_t encoder width, d_o object width.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mner_core.batches.tensors import Batch
from mner_core.catalog.umgf import UMGFSettings
from mner_core.layers.positions import sinusoidal
from mner_core.layers.trace import Trace
from mner_core.layers.transformer import Attention, FeedForward
from mner_core.models.base import Inputs, Model
from mner_core.types import Axis


class CrossGate(nn.Module):
    """R_i = C_i + sum over the neighbours j of a_ij * C_j, a_ij = sigmoid(W C_i + W' C_j) (Eq. 3, 4; 5, 6).

    W and W' meet each node once and their answers are added pair by pair: the same number as one matrix on all pairs'
    concatenations, without them.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.of_own = nn.Linear(width, width, bias=False)
        self.of_other = nn.Linear(width, width, bias=False)

    def forward(self, own: Tensor, other: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
        """Own nodes C_i [B, m, d], the other modality's C_j [B, n, d], edges [B, m, n] -> R [B, m, d].

        Also returns the gates a [B, m, n, d], 0 where there is no edge.
        """
        gate = torch.sigmoid(self.of_own(own).unsqueeze(2) + self.of_other(other).unsqueeze(1))  # Eq. 4, 6
        gate = gate * edges.unsqueeze(-1)
        return own + torch.einsum("bmnd,bnd->bmd", gate, other), gate  # Eq. 3, 5


class Part(nn.Module):
    """What one modality does to its own nodes in one layer, with parameters of its own.

    Args:
        width, settings: d, and heads, dropout and the feed-forward's inner width.
        looks: whether its nodes look at each other.
        answers: whether it takes something in and goes on to the next layer; the last layer's objects do not.
        mixing: whether its attention has value and output projections.
    """

    def __init__(self, width: int, settings: UMGFSettings, *, looks: bool, answers: bool, mixing: bool) -> None:
        super().__init__()
        dropout = settings.dropout
        self.attention = Attention(width, settings.heads, dropout, mixing) if looks else None
        self.gate = CrossGate(width) if answers else None
        self.feed_forward = FeedForward(width, settings.inner or width, dropout) if answers else None

    def among(self, nodes: Tensor, real: Tensor) -> Tensor:
        """C = MultiHead(H, H, H) (Eq. 1, 2) [B, n, d]; H itself where nodes are not joined to each other."""
        return nodes if self.attention is None else self.attention(nodes, nodes, real)[0]

    def across(self, own: Tensor, other: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
        """H of the next layer (Eq. 3-8) [B, m, d], and the gates [B, m, n, d]."""
        assert self.gate is not None
        assert self.feed_forward is not None
        gathered, gate = self.gate(own, other, edges)  # Eq. 3-6
        return self.feed_forward(gathered), gate  # Eq. 7, 8


class FusionLayer(nn.Module):
    """One layer of graph fusion (Eq. 1-8); in the last one nobody would read the objects' update, so it has none."""

    def __init__(self, width: int, settings: UMGFSettings, last: bool) -> None:
        super().__init__()
        self.last, self.object_edges = last, settings.object_edges
        self.words = Part(width, settings, looks=True, answers=True, mixing=True)
        looks, mixing = settings.object_edges, settings.object_mixing
        own = Part(width, settings, looks=looks, answers=not last, mixing=mixing) if settings.own_parameters else None
        self.objects = own

    def forward(
        self, words: Tensor, objects: Tensor, edges: Tensor, real_words: Tensor, real_objects: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Words [B, L, d] and objects [B, N, d] of the next layer, and the gates [B, L, N, d] from objects to words."""
        of_objects = self.objects or self.words  # w/o Ind: one set of parameters for both
        words = self.words.among(words, real_words)  # C_x, Eq. 1
        if self.object_edges:
            objects = of_objects.among(objects, real_objects)  # C_o, Eq. 2
        next_words, gate = self.words.across(words, objects, edges)  # Eq. 3, 4, 7
        if self.last:
            return next_words, objects, gate
        next_objects, _ = of_objects.across(objects, words, edges.transpose(1, 2))  # Eq. 5, 6, 8
        return next_words, next_objects, gate


class UMGF(Model):
    """UMGF as the paper's equations say; variants drop objects, their edges, their parameters or the grounding."""

    def __init__(self, settings: UMGFSettings, labels: Sequence[str], inputs: Inputs) -> None:
        of_text = inputs.encoder.width
        d = settings.width or of_text
        self.reads_text = settings.tagger_reads == "text and graph"
        super().__init__(settings, labels, inputs, d + of_text if self.reads_text else d)
        self.settings = settings
        visual = inputs.object_width if settings.vision == "objects" else inputs.grid_width
        self.of_words = nn.Sequential(nn.Linear(of_text, d), nn.ReLU())
        self.of_objects = nn.Sequential(nn.Linear(visual, d), nn.ReLU())
        last = settings.layers - 1
        self.layers = nn.ModuleList(FusionLayer(d, settings, last=number == last) for number in range(settings.layers))

    def states(self, batch: Batch, trace: Trace | None) -> Tensor:
        """The words of the last layer H_x [B, L, d], behind the encoder's where that is read [B, L, d_t + d]."""
        text = self.words(batch)
        vectors, real, edges = self._picture(batch)
        places = sinusoidal(text.shape[1], text.shape[2], text) if self.settings.positions else text.new_zeros(())
        words, objects = self.of_words(text + places), self.of_objects(vectors)
        gates = []
        for layer in self.layers:
            words, objects, gate = layer(words, objects, edges, batch.words, real)
            if trace is not None:
                gates.append(gate.mean(dim=-1))
        if trace is not None:
            self._show(trace, batch, torch.stack(gates, dim=1), real.any(dim=1))
        return torch.cat([text, words], dim=-1) if self.reads_text else words

    def _picture(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """The picture's nodes [B, N, d_o], which of them are real [B, N], and their edges to words [B, L, N]."""
        if self.settings.vision == "regions":
            assert batch.grid is not None
            vectors = batch.grid.regions
            real = batch.grid.ok.unsqueeze(1).expand(vectors.shape[:2])
        else:
            assert batch.objects is not None
            vectors, real = batch.objects.vectors, batch.objects.real
        everything = batch.words.unsqueeze(2) & real.unsqueeze(1)
        return vectors, real, everything if batch.links is None else everything & batch.links.joined

    def _show(self, trace: Trace, batch: Batch, gates: Tensor, seen: Tensor) -> None:
        """How far each word opened to each object [B, layers, L, N], and why the two were joined."""
        axis: Axis = "region" if self.settings.vision == "regions" else "object"
        how = "mean over the vector"
        trace.add(f"word x {axis} gates", "gate", ("layer", "word", axis), gates, reduced=how, only=seen)
        if batch.links is not None:
            trace.add("links", "score", ("word", "object"), batch.links.likeness, only=seen)
