"""The parts of a Transformer layer, each with residual and LayerNorm (post-norm, Vaswani et al. 2017), and the layer.

Systems that exchange something between attention and feed-forward take the parts; the others take `TransformerLayer`.
R-GCN's `layers.attention.AttentionLayer` is another layer: PyTorch's attention, whose keys have a bias and whose memory
must have a real place in each row; GELU where this one has ReLU; PyTorch's initial weights of attention.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mner_core.types import InputError


class MultiHeadAttention(nn.Module):
    """Scaled dot-product attention in several heads. A query whose keys are all masked gets zero, never a NaN.

    Keys have no bias: it would add the same to all scores of a row, which softmax does not see. All pairs of places
    are only held in memory where somebody asks for the attention, so posts of thousands of words can be read.

    Args:
        width, heads: of queries, keys and values; heads divide width.
        dropout: share of what was seen that is dropped while training.
        mixing: whether values and the output have projections of their own; without, a head sees its slice of the
            memory as it is.
    """

    def __init__(self, width: int, heads: int, dropout: float, mixing: bool = True) -> None:
        super().__init__()
        if width % heads:
            raise InputError(f"The setting heads must divide the model's width {width}, got {heads}.")
        self.heads = heads
        self.of_query = nn.Linear(width, width)
        self.of_key = nn.Linear(width, width, bias=False)
        self.of_value = nn.Linear(width, width) if mixing else nn.Identity()
        self.of_output = nn.Linear(width, width) if mixing else nn.Identity()
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, query: Tensor, memory: Tensor, real: Tensor | None = None, weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Query [batch, q, width] looks at memory [batch, m, width].

        Args:
            query, memory: who looks and what is looked at.
            real: mask of the memory, [batch, m], or of pairs, [batch, q, m]; None where everybody may look at all.
            weights: whether to return the attention as well.

        Returns:
            What was seen [batch, q, width], and the attention [batch, heads, q, m] or None: its rows sum to 1, or to 0
            where nothing is real.
        """
        queries, keys, values = (
            each.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for each in (self.of_query(query), self.of_key(memory), self.of_value(memory))
        )  # [batch, heads, q or m, width / heads]
        if real is None:
            real = torch.ones(memory.shape[:2], dtype=torch.bool, device=memory.device)
        pairs = real.unsqueeze(1) if real.ndim == 2 else real  # [batch, q or 1, m]
        somebody = pairs.any(dim=-1, keepdim=True)  # [batch, q or 1, 1]
        allowed = (pairs | ~somebody).unsqueeze(1)  # no row is empty, so no softmax divides by zero
        seen = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=allowed)
        seen = self.dropout(self.of_output(seen.transpose(1, 2).flatten(-2))) * somebody
        if not weights:
            return seen, None
        scores = queries @ keys.transpose(-2, -1) / math.sqrt(queries.shape[-1])
        return seen, scores.masked_fill(~allowed, float("-inf")).softmax(dim=-1) * pairs.unsqueeze(1)


class Attention(nn.Module):
    """norm(query + MultiHead(query, memory, memory))."""

    def __init__(self, width: int, heads: int, dropout: float, mixing: bool = True) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(width, heads, dropout, mixing)
        self.norm = nn.LayerNorm(width)

    def forward(
        self, query: Tensor, memory: Tensor, real: Tensor | None = None, weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """As `MultiHeadAttention`: new query states [batch, q, width], attention [batch, heads, q, m]."""
        seen, attention = self.attention(query, memory, real, weights)
        return self.norm(query + seen), attention


class FeedForward(nn.Module):
    """norm(x + W2 relu(W1 x)), place by place; `inner` is the width in between."""

    def __init__(self, width: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.inner = nn.Linear(width, inner)
        self.outer = nn.Linear(inner, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, state: Tensor) -> Tensor:
        """[batch, n, width] -> [batch, n, width]."""
        return self.norm(state + self.dropout(self.outer(self.inner(state).relu())))


class TransformerLayer(nn.Module):
    """Attention, then feed-forward: self-attention where query and memory are the same."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(width, heads, dropout)
        self.feed_forward = FeedForward(width, inner, dropout)

    def forward(
        self, query: Tensor, memory: Tensor, real: Tensor | None = None, weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """As `MultiHeadAttention`: new query states [batch, q, width], attention [batch, heads, q, m]."""
        state, attention = self.attention(query, memory, real, weights)
        return self.feed_forward(state), attention
