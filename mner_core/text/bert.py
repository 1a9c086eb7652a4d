"""BERT as a plain torch module (Devlin et al. 2019): transformers' parameters, outputs and draws without its import.

Importing transformers costs eight CPU seconds, more than an answer. Letters: W inputs, S pieces, H hidden.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mner_core.types import InputError


@dataclass(frozen=True, kw_only=True)
class BertConfig:
    """The shape of a BERT; names and defaults are those of transformers' config.json (BERT-base)."""

    vocab_size: int = 30_522
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-12

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "BertConfig":
        """What a config.json says; an InputError where it describes another kind of encoder."""
        for name, wanted in (("model_type", "bert"), ("hidden_act", "gelu"), ("position_embedding_type", "absolute")):
            if record.get(name, wanted) != wanted:
                raise InputError(f"config.json says {name} = {record[name]!r}; a BERT has {wanted!r}.")
        return cls(**{item.name: record[item.name] for item in fields(cls) if item.name in record})

    def to_json(self) -> dict[str, Any]:
        """A config.json that transformers reads, too."""
        return {"model_type": "bert", "architectures": ["BertModel"], **asdict(self)}


class EncoderOutput(NamedTuple):
    """What an encoder gives: `last_hidden_state` [W, S, H]."""

    last_hidden_state: Tensor


class Bert(nn.Module):
    """The encoder without its pooler; a state dict of transformers' `BertModel` fits."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = _Embeddings(config)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(_Layer(config) for _ in range(config.num_hidden_layers))})
        self.apply(self._draw)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> EncoderOutput:
        """States of the pieces; `attention_mask` [W, S] is True (or 1) where a piece is real."""
        states = self.embeddings(input_ids, token_type_ids)
        mask = None
        if attention_mask is not None and not attention_mask.all():
            mask = attention_mask.bool()[:, None, None, :].expand(-1, 1, input_ids.shape[1], -1)
        for layer in self.encoder["layer"].children():
            states = layer(states, mask)
        return EncoderOutput(states)

    def resize_token_embeddings(self, number: int) -> None:
        """Takes `number` pieces; known vectors stay, new ones are drawn. Fewer: a tokenizer may use no last rows."""
        old, fresh = self.embeddings.word_embeddings, nn.Embedding(number, self.config.hidden_size)
        self._draw(fresh)
        kept = min(number, old.num_embeddings)
        fresh.weight.data[:kept] = old.weight.data[:kept]
        old.weight, old.num_embeddings = fresh.weight, number
        self.config = replace(self.config, vocab_size=number)

    def _draw(self, module: nn.Module) -> None:
        """Weights from N(0, 0.02), biases zero; the vector of padding is zero."""
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding) and module.padding_idx is not None:
            nn.init.zeros_(module.weight[module.padding_idx])


class _Embeddings(nn.Module):
    """Piece, position and segment, added and normalised."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=0)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, ids: Tensor, segments: Tensor | None) -> Tensor:
        segments = ids.new_zeros(ids.shape) if segments is None else segments
        places = torch.arange(ids.shape[1], device=ids.device)[None]
        states = self.word_embeddings(ids) + self.token_type_embeddings(segments) + self.position_embeddings(places)
        return self.dropout(self.LayerNorm(states))


class _SelfAttention(nn.Module):
    """Multi-head attention [W, S, H]; `mask` [W, 1, S, S] is True where a piece may be attended to."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.heads, self.share = config.num_attention_heads, config.attention_probs_dropout_prob
        self.query, self.key, self.value = (nn.Linear(config.hidden_size, config.hidden_size) for _ in range(3))

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        shape, share = (*states.shape[:2], self.heads, -1), self.share if self.training else 0.0
        query, key, value = (part(states).view(shape).transpose(1, 2) for part in (self.query, self.key, self.value))
        found = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=share)
        return found.transpose(1, 2).reshape(states.shape)


class _Residual(nn.Module):
    """LayerNorm(input + dropout(W x))."""

    def __init__(self, width: int, config: BertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(width, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, news: Tensor, states: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(news)) + states)


class _Layer(nn.Module):
    """Attention, then two linear layers with GELU between them, each with its residual."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        attention = {"self": _SelfAttention(config), "output": _Residual(config.hidden_size, config)}
        self.attention = nn.ModuleDict(attention)
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(config.hidden_size, config.intermediate_size)})
        self.output = _Residual(config.intermediate_size, config)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        states = self.attention["output"](self.attention["self"](states, mask), states)
        return self.output(nn.functional.gelu(self.intermediate["dense"](states)), states)
