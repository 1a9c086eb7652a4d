"""The Transformer parts against PyTorch's own attention and layer, and where there is nothing to look at."""

import numpy as np
import pytest
import torch
from torch import nn

from mner_core.layers.positions import sinusoidal
from mner_core.layers.transformer import MultiHeadAttention, TransformerLayer
from mner_core.types import InputError

WIDTH, HEADS, INNER = 12, 3, 20


def states(places: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(2, places, WIDTH, generator=torch.Generator().manual_seed(seed))


def as_torchs(own: MultiHeadAttention) -> nn.MultiheadAttention:
    """PyTorch's attention with the same numbers."""
    known = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    parts = (own.of_query, own.of_key, own.of_value)
    with torch.no_grad():
        known.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        known.in_proj_bias.copy_(torch.cat([own.of_query.bias, torch.zeros(WIDTH), own.of_value.bias]))
    known.out_proj.load_state_dict(own.of_output.state_dict())
    return known


def test_attention_is_pytorchs() -> None:
    torch.manual_seed(0)
    own = MultiHeadAttention(WIDTH, HEADS, 0.0)
    query, memory = states(4), states(5, 1)
    real = torch.tensor([[True] * 5, [True, False, True, False, False]])
    wanted, weights = as_torchs(own)(query, memory, memory, key_padding_mask=~real, average_attn_weights=False)
    seen, attention = own(query, memory, real, weights=True)
    assert attention is not None
    assert torch.allclose(seen, wanted, atol=1e-6)
    assert torch.allclose(attention, weights, atol=1e-6)
    in_pairs, _ = own(query, memory, real[:, None, :].expand(2, 4, 5))
    assert torch.allclose(in_pairs, wanted, atol=1e-6)


def test_the_layer_is_pytorchs() -> None:
    torch.manual_seed(0)
    own = TransformerLayer(WIDTH, HEADS, INNER, 0.0)
    known = nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, dropout=0.0, batch_first=True)
    known.self_attn = as_torchs(own.attention.attention)
    known.linear1, known.linear2 = own.feed_forward.inner, own.feed_forward.outer
    nn.init.normal_(own.attention.norm.weight)
    known.norm1, known.norm2 = own.attention.norm, own.feed_forward.norm
    assert torch.allclose(own(states(4), states(4))[0], known(states(4)), atol=1e-6)


def test_without_mixing_a_head_sees_its_slice_as_it_is() -> None:
    own = MultiHeadAttention(WIDTH, HEADS, 0.0, mixing=False)
    assert {name.split(".")[0] for name, _ in own.named_parameters()} == {"of_query", "of_key"}
    memory = states(3, 1)
    seen, attention = own(states(2), memory, weights=True)
    assert attention is not None
    for head in range(HEADS):
        part = slice(4 * head, 4 * head + 4)
        assert torch.allclose(seen[..., part], attention[:, head] @ memory[..., part], atol=1e-6)


def test_who_finds_nobody_receives_zero_and_a_gradient_without_nan() -> None:
    own = MultiHeadAttention(WIDTH, HEADS, 0.0)
    nn.init.normal_(own.of_output.bias)
    memory = states(3, 1).requires_grad_()
    pairs = torch.ones(2, 4, 3, dtype=torch.bool)
    pairs[0, 1] = False
    pairs[1] = False
    seen, attention = own(states(4), memory, pairs, weights=True)
    assert attention is not None
    assert (seen[0, 1] == 0).all()
    assert (seen[1] == 0).all()
    assert (attention.sum(-1)[pairs.any(-1)[:, None].expand(2, HEADS, 4)] - 1).abs().max() < 1e-6
    assert (attention[1] == 0).all()
    seen.square().sum().backward()  # type: ignore[no-untyped-call]
    assert memory.grad is not None
    assert torch.isfinite(memory.grad).all()
    assert (memory.grad[1] == 0).all()


def test_heads_divide_the_width() -> None:
    with pytest.raises(InputError, match="heads must divide the model's width 12, got 5"):
        MultiHeadAttention(12, 5, 0.0)


@pytest.mark.parametrize("width", [6, 7])
def test_positions_are_the_papers_waves(width: int) -> None:
    waves = sinusoidal(5, width, torch.zeros(1)).numpy()
    for position in range(5):
        for column in range(width):
            angle = position / 10_000 ** (2 * (column // 2) / width)
            assert waves[position, column] == pytest.approx(np.cos(angle) if column % 2 else np.sin(angle), abs=1e-6)
