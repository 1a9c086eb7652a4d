"""IAIK: Image Attributes and Image Knowledge (Chen et al., DASFAA 2021).

Regions alone mislead: two men on a picture make "Bad Boys" look like persons. So words also read what the picture's
classes are called (attributes) and what a knowledge graph says it is a picture of (knowledge): these stand behind the
text as further elements. Every word asks every element, every such pair asks the picture's regions, and what a word
learns is mixed into it through a gate.

The paper's text is fastText with a character CNN; neither its vectors nor a substitute of their size can be had, so
words come from the shared WordEncoder (under the compact profile MiniLM with a channel for spelling and shape).

Letters: B posts, L words, A attributes, M elements (words, one for attributes, one for knowledge), R = 49 regions,
d width of the words, f width of Eq. 2-12 (in the paper both are d_e = 350).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from mner_core.batches.tensors import Batch
from mner_core.catalog.iaik import IAIKSettings
from mner_core.layers.gate import ConvexGate
from mner_core.layers.trace import Trace
from mner_core.models.base import Inputs, Model
from mner_core.types import Axis

WINDOW = 128
"""Words of a longer text ask only those of their own window (ours): 4,000 words would be 16 million pairs."""
CHUNK = 1 << 23
"""Numbers of Eq. 7 that are computed at once: pairs x regions x f."""
KEPT = 1 << 25
"""As many of them are kept for the gradient; more are computed a second time instead."""


class Alignment(nn.Module):
    """h'(w, q) = W_t tanh(w W_x + q W_q), a score for each feature of each element (Eq. 3, 6; tanh is ours)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.of_element = nn.Linear(width, width, bias=False)  # W_x
        self.of_query = nn.Linear(width, width, bias=False)  # W_q
        self.out = nn.Linear(width, width, bias=False)  # W_t

    def forward(self, queries: Tensor, elements: Tensor) -> Tensor:
        """[B, L, f] and [B, M, f] -> a_s [B, L, M, f]."""
        scores: Tensor = self.out(
            torch.tanh(self.of_element(elements).unsqueeze(1) + self.of_query(queries).unsqueeze(2))
        )
        return scores


class VisualContext(nn.Module):
    """What each pair of query and element sees in the picture, gated with the pair itself (Eq. 7-11)."""

    def __init__(self, grid_width: int, width: int) -> None:
        super().__init__()
        self.project = nn.Linear(grid_width, width, bias=False)  # regions, 512 -> 350 in the paper (ours)
        self.of_region = nn.Linear(width, width, bias=False)  # W_i
        self.of_pair = nn.Linear(width, width, bias=False)  # W_s
        self.out = nn.Linear(width, width, bias=False)  # W_v
        self.gate = ConvexGate(width, bias=True)

    def forward(self, pairs: Tensor, grid: Tensor, ok: Tensor, weights: bool) -> tuple[Tensor, Tensor | None]:
        """F_r [B, L, M, f] and, where asked for, where each pair looked [B, L, M, R], the mean over features.

        Args:
            pairs: a_s [B, L, M, f].
            grid: regions [B, R, grid width].
            ok: [B] whether there is a picture; where there is none F_r = a_s.
            weights: whether to return where each pair looked.
        """
        regions = self.project(grid)  # I_j [B, R, f]
        keys = self.of_region(regions)
        numbers = pairs.numel() * regions.shape[1]
        step = max(1, CHUNK * pairs.shape[1] // numbers)
        look = self._context if numbers <= KEPT or not torch.is_grad_enabled() else self._context_forgotten
        starts = range(0, pairs.shape[1], step)
        parts = [look(pairs[:, start : start + step], keys, regions, weights) for start in starts]
        seen = torch.cat([part for part, _ in parts], dim=1)
        looked = [where for _, where in parts if where is not None]
        mixed = self.gate(pairs, seen, ok[:, None, None])  # Eq. 10, 11
        return mixed, torch.cat(looked, dim=1) if looked else None

    def _context_forgotten(
        self, pairs: Tensor, keys: Tensor, regions: Tensor, weights: bool
    ) -> tuple[Tensor, Tensor | None]:
        """The same as `_context`; what the gradient needs of it is computed again then."""
        found: tuple[Tensor, Tensor | None] = checkpoint(
            self._context, pairs, keys, regions, weights, use_reentrant=False, preserve_rng_state=False
        )
        return found

    def _context(self, pairs: Tensor, keys: Tensor, regions: Tensor, weights: bool) -> tuple[Tensor, Tensor | None]:
        """C_v of some of the queries, and where they looked."""
        scores = self.out(torch.tanh(self.of_pair(pairs).unsqueeze(3) + keys[:, None, None]))  # Eq. 7 [B, l, M, R, f]
        share = scores.softmax(dim=3)  # Eq. 8, for each feature over the regions
        context = (share * regions[:, None, None]).sum(dim=3)  # Eq. 9 [B, l, M, f]
        return context, share.mean(dim=-1) if weights else None


class AttributeMean(nn.Module):
    """A: the weighted average of the attributes' embeddings, the weights from two layers and a softmax (ours)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, 1, bias=False)  # a softmax takes no notice of a bias

    def forward(self, attributes: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """[B, A, f] and their mask -> the average [B, f] and the weights [B, A]; zero where there are none."""
        scores = self.outer(torch.tanh(self.inner(attributes))).squeeze(2)
        weights = _share(scores, real, dim=1)
        return (weights.unsqueeze(2) * attributes).sum(dim=1), weights


class IAIK(Model):
    """IAIK as the paper's equations say; variants switch off the picture, its attributes and its knowledge."""

    settings: IAIKSettings

    def __init__(self, settings: IAIKSettings, labels: Sequence[str], inputs: Inputs) -> None:
        super().__init__(settings, labels, inputs)
        self.settings = settings
        d, f = self.width, settings.width or self.width
        directions = 1 if settings.masks == "none" else 2
        self.narrow = nn.Linear(d, f, bias=False) if f != d else None
        self.of_phrase = nn.Linear(d, f, bias=False) if settings.attributes or settings.knowledge else None
        self.attribute_mean = AttributeMean(f) if settings.attributes else None
        self.alignment = Alignment(f)
        self.picture = VisualContext(inputs.grid_width, f) if settings.image else None
        self.widen = nn.Linear(f * directions, d, bias=False) if f * directions != d else None
        self.gate = ConvexGate(d, bias=True)

    def states(self, batch: Batch, trace: Trace | None) -> Tensor:
        """O [B, L, d] (Eq. 14)."""
        words = self.words(batch)  # x [B, L, d]
        extra, real_extra = self._extra_elements(batch, trace)
        context = self._context(words, extra, real_extra, batch, trace)  # C(q), Eq. 2-12
        return self.gate(words, context, batch.words)  # Eq. 13, 14

    def _extra_elements(self, batch: Batch, trace: Trace | None) -> tuple[Tensor, Tensor]:
        """A and K, the elements behind the words: [B, 0 to 2, f] and their mask."""
        found: list[Tensor] = []
        real: list[Tensor] = []
        if self.attribute_mean is not None:
            assert batch.attributes is not None
            seen = batch.attributes
            mean, weights = self.attribute_mean(self._embedded(seen.vectors), seen.real)
            found, real = [mean], [seen.real.any(dim=1)]
            if trace is not None:
                trace.add("attributes", "attention", ("attribute",), weights)
        if self.settings.knowledge:
            assert batch.knowledge is not None
            found.append(self._embedded(batch.knowledge.vectors))
            real.append(batch.knowledge.real)
            if trace is not None:
                scores = [each.score if each else 0.0 for each in batch.knowledge.found]
                trace.add("knowledge", "score", ("knowledge",), torch.tensor(scores).unsqueeze(1))
        if not found:
            return batch.shapes.new_zeros(len(batch.words), 0, self.alignment.out.in_features), batch.words[:, :0]
        return torch.stack(found, dim=1), torch.stack(real, dim=1)

    def _embedded(self, phrases: Tensor) -> Tensor:
        """Unit vectors [.., d] -> [.., f]; stretched first, so that their numbers are as large as a word's."""
        assert self.of_phrase is not None
        return self.of_phrase(phrases * math.sqrt(phrases.shape[-1]))

    def _context(self, words: Tensor, extra: Tensor, real_extra: Tensor, batch: Batch, trace: Trace | None) -> Tensor:
        """C(q) of every word [B, L, d], window by window."""
        narrow = words if self.narrow is None else self.narrow(words)
        queries, real = _windows(narrow), _windows(batch.words.unsqueeze(2)).squeeze(2)
        num = len(queries) // len(words)
        extra, real_extra = (each.repeat_interleave(num, dim=0) for each in (extra, real_extra))
        elements = torch.cat([queries, extra], dim=1)  # X, A, K [B, M, f]
        fused, looked = self._fused(queries, elements, num, batch, trace)
        visible = _visible(queries.shape[1], real, real_extra, self.settings.masks)
        shares = [_share(fused, mask.unsqueeze(3), dim=2) for mask in visible]  # P of Eq. 4 [B, L, M, f]
        parts = [torch.einsum("blmf,bmf->blf", share, elements) for share in shares]  # C(q), Eq. 5, 12
        if trace is not None:
            self._show(trace, batch, torch.stack(shares).mean(dim=(0, 4)), looked)
        context = torch.cat(parts, dim=2).reshape(len(words), -1, len(parts) * narrow.shape[2])[:, : words.shape[1]]
        return context if self.widen is None else self.widen(context)

    def _fused(
        self, queries: Tensor, elements: Tensor, num: int, batch: Batch, trace: Trace | None
    ) -> tuple[Tensor, Tensor | None]:
        """F_r [B, L, M, f], and where each pair looked: a_s alone where no picture is read."""
        pairs = self.alignment(queries, elements)
        if self.picture is None:
            return pairs, None
        assert batch.grid is not None
        grid, ok = (each.repeat_interleave(num, dim=0) for each in (batch.grid.regions, batch.grid.ok))
        return self.picture(pairs, grid, ok, weights=trace is not None)

    def _show(self, trace: Trace, batch: Batch, share: Tensor, looked: Tensor | None) -> None:
        """Adds to the evidence what words took from each element [B, L, M] and saw of each region [B, L, M, R]."""
        length = batch.words.shape[1]
        if looked is not None and batch.grid is not None:
            where = torch.einsum("blm,blmr->blr", share, looked).reshape(len(batch.words), -1, looked.shape[3])
            reduced = "mean over the vector, elements by their share"
            axes: tuple[Axis, Axis] = ("word", "region")
            trace.add(
                "word x region attention", "attention", axes, where[:, :length], reduced=reduced, only=batch.grid.ok
            )
        if batch.knowledge is not None and self.settings.knowledge:
            taken = share[..., -1:].reshape(len(batch.words), -1, 1)[:, :length]
            trace.add("share of knowledge", "gate", ("word", "knowledge"), taken, reduced="mean over the vector")


def _windows(words: Tensor) -> Tensor:
    """[B, L, n] as it is, or where L > WINDOW as [B * windows, WINDOW, n], the last one padded with zeros."""
    length = words.shape[1]
    if length <= WINDOW:
        return words
    padded = nn.functional.pad(words, (0, 0, 0, -length % WINDOW))
    return padded.reshape(-1, WINDOW, words.shape[2])


def _visible(length: int, words: Tensor, extra: Tensor, masks: str) -> list[Tensor]:
    """Which elements each query may look at [B, L, M], once for each direction."""
    real = torch.cat([words, extra], dim=1).unsqueeze(1)
    if masks == "none":
        return [real]
    places = torch.arange(length, device=words.device)
    behind = torch.ones(length, extra.shape[1], dtype=torch.bool, device=words.device)
    before = torch.cat([places[:, None] >= places[None], behind], dim=1)
    after = torch.cat([places[:, None] <= places[None], behind], dim=1)
    return [real & before, real & after]


def _share(scores: Tensor, real: Tensor, dim: int) -> Tensor:
    """Softmax over the real ones; zero everywhere where none is."""
    shares: Tensor = scores.masked_fill(~real, -1e4).softmax(dim=dim) * real
    return shares
