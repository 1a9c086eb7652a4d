"""Transformer layers: attention with residual, normalisation and a feed-forward part, for self- and cross-attention."""

from torch import Tensor, nn

from mner_core.types import InputError


class AttentionLayer(nn.Module):
    """One post-norm Transformer layer whose query and memory may differ (Vaswani et al. 2017; Tsai et al. 2019).

    The feed-forward part is as wide as the model: with four times that, half of a model's time would go there. Dropout
    falls on states, not on attention weights: that would keep all pairs of words in memory, 1.6 GB for a post of 4,000
    words in 8 heads. It differs from `layers.transformer.TransformerLayer` in the bias of its keys, in GELU, in how its
    attention's weights begin, and in that each row of the memory needs a real place.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        if width % heads:
            raise InputError(f"The setting heads must divide the model's width {width}, got {heads}.")
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.attention_norm = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
        self.output_norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, query: Tensor, memory: Tensor, real: Tensor | None = None, weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Query [batch, q, width] attends to memory [batch, m, width].

        Args:
            query, memory: who looks and what is looked at.
            real: [batch, m] mask of the memory, None where all of it is real; at least one place of each row is.
            weights: whether to return the attention [batch, heads, q, m] as well.
        """
        padded = None if real is None else ~real
        seen, attention = self.attention(
            query, memory, memory, key_padding_mask=padded, need_weights=weights, average_attn_weights=False
        )
        state = self.attention_norm(query + self.dropout(seen))
        return self.output_norm(state + self.dropout(self.feed_forward(state))), attention
