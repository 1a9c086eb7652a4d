"""Where a word stands, as a vector."""

import math

import torch
from torch import Tensor


def sinusoidal(length: int, width: int, like: Tensor) -> Tensor:
    """Sine and cosine of the position in geometric wave lengths (Vaswani et al. 2017, 3.5) [length, width].

    Even columns are sines, odd ones cosines; dtype and device are those of `like`.
    """
    steps = torch.arange(0, width, 2, device=like.device)
    rates = torch.exp(steps * (-math.log(10_000) / width))
    angles = torch.arange(length, device=like.device)[:, None] * rates
    waves = torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :width]
    return waves.to(like.dtype)
