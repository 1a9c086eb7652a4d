"""R-GCN: Relation-enhanced Graph Convolutional Network (Zhao et al., ACM MM 2022).

A post rarely shows everything it names. Two graphs over the whole data set bring in what its own picture lacks: one
joins a sentence to other posts' images whose captions are like it, one joins an image to images with like objects.
Both are gated, then words attend to regions and a CRF tags them.

Letters: B posts, L words, R = 49 regions, K neighbours, d model width, d_g grid width.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mner_core.batches.tensors import Batch, Neighbours
from mner_core.catalog.rgcn import RGCNSettings
from mner_core.layers.attention import AttentionLayer
from mner_core.layers.gate import AdditiveGate
from mner_core.layers.trace import Trace
from mner_core.models.base import Inputs, Model


class NeighbourConvolution(nn.Module):
    """H^GCN = relu(sum over the K neighbours of W H_k, + b) (Eq. 6, 11).

    Differs from the authors' code, whose reshape averages five regions of one image instead of K images: the paper's
    equation is the model. Where `weighted`, each neighbour counts by the cosine that chose it (ours).
    """

    def __init__(self, width: int, weighted: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(width, width)
        self.weighted = weighted

    def forward(self, neighbours: Neighbours, project: nn.Linear) -> Tensor:
        """-> [B, R, d], zero where a post has no neighbour.

        Projection (Eq. 3) and W are linear, the first without bias: summing the neighbours first is K times less work.
        """
        weight = neighbours.real.to(neighbours.cosine.dtype)
        if self.weighted:
            weight = weight * neighbours.cosine
        summed = torch.einsum("bk,bkrg->brg", weight, neighbours.regions)  # sum of the H_k, unprojected [B, R, d_g]
        state = torch.relu(self.linear(project(summed)))  # Eq. 6, 11
        return state * neighbours.real.any(dim=1)[:, None, None]


class RGCN(Model):
    """R-GCN as the paper's equations say; variants switch off graphs and gates."""

    def __init__(self, settings: RGCNSettings, labels: Sequence[str], inputs: Inputs) -> None:
        super().__init__(settings, labels, inputs)
        d = self.width
        self.project = nn.Linear(inputs.grid_width, d, bias=False)  # W_o of Eq. 3
        weighted = settings.edges == "cosine"
        self.inter_graph = NeighbourConvolution(d, weighted) if settings.inter_graph else None
        self.intra_graph = NeighbourConvolution(d, weighted) if settings.intra_graph else None
        self.text_gate = AdditiveGate(d) if settings.inter_graph and settings.gate else None
        self.image_gate = AdditiveGate(d) if settings.intra_graph and settings.gate else None
        self.word_attention = AttentionLayer(d, settings.heads, settings.dropout)
        self.region_attention = AttentionLayer(d, settings.heads, settings.dropout)
        self.cross_attention = AttentionLayer(d, settings.heads, settings.dropout)

    def states(self, batch: Batch, trace: Trace | None) -> Tensor:
        """The word-aware visual representation, the query residual in it [B, L, d] (Eq. 16)."""
        assert batch.grid is not None
        words = self.words(batch)  # H_S, Eq. 1 [B, L, d]
        regions = self.project(batch.grid.regions)  # H_I, Eq. 2, 3 [B, R, d]
        words = self._inter_modal(words, batch, trace)
        regions = self._intra_modal(regions, batch, trace)
        words, _ = self.word_attention(words, words, batch.words)  # Eq. 14
        regions, _ = self.region_attention(regions, regions)  # Eq. 15
        seen, attention = self.cross_attention(words, regions, weights=trace is not None)  # Eq. 16
        if trace is not None:
            trace.add("word x region attention", "attention", ("head", "word", "region"), attention, only=batch.grid.ok)
        return seen

    def _inter_modal(self, words: Tensor, batch: Batch, trace: Trace | None) -> Tensor:
        """Eq. 4-8: images of other posts whose captions are like the sentence. [B, L, d] -> [B, L, d]."""
        if self.inter_graph is None:
            return words
        assert batch.text_neighbours is not None
        by_region = self.inter_graph(batch.text_neighbours, self.project)  # Eq. 6 [B, R, d]
        news = by_region.mean(dim=1, keepdim=True)  # ours: every word gets the mean over regions [B, 1, d]
        if trace is not None:
            _show_neighbours(trace, "images like the text", batch.text_neighbours)
        if self.text_gate is None:
            return words + news
        mixed, gate = self.text_gate(words, news)  # Eq. 7, 8
        if trace is not None:
            shown = batch.text_neighbours.real.any(dim=1)
            trace.add("text gate", "gate", ("word",), gate.mean(dim=-1), reduced="mean over the vector", only=shown)
        return mixed

    def _intra_modal(self, regions: Tensor, batch: Batch, trace: Trace | None) -> Tensor:
        """Eq. 9-13: images that show like objects. [B, R, d] -> [B, R, d]."""
        if self.intra_graph is None:
            return regions
        assert batch.image_neighbours is not None
        news = self.intra_graph(batch.image_neighbours, self.project)  # Eq. 11
        if trace is not None:
            _show_neighbours(trace, "images with like objects", batch.image_neighbours)
        if self.image_gate is None:
            return regions + news
        mixed, gate = self.image_gate(regions, news)  # Eq. 12, 13
        if trace is not None:
            shown = batch.image_neighbours.real.any(dim=1)
            trace.add("image gate", "gate", ("region",), gate.mean(dim=-1), reduced="mean over the vector", only=shown)
        return mixed


def _show_neighbours(trace: Trace, name: str, neighbours: Neighbours) -> None:
    items = [[neighbour.item for neighbour in row] for row in neighbours.posts]
    trace.add(name, "score", ("neighbour",), neighbours.cosine, items={"neighbour": items})
