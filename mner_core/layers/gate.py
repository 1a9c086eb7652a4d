"""Gates: how much of something new a state takes in."""

import torch
from torch import Tensor, nn


class AdditiveGate(nn.Module):
    """state + g * news, g = sigmoid(W [state ; news]) (R-GCN, Eq. 7-8 and 12-13).

    W stands as two halves, W [a ; b] = W1 a + W2 b: the same number without building the concatenation.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.of_state = nn.Linear(width, width, bias=False)
        self.of_news = nn.Linear(width, width, bias=False)

    def forward(self, state: Tensor, news: Tensor) -> tuple[Tensor, Tensor]:
        """State [batch, n, width], news [batch, n or 1, width] -> mixed state and gate, both [batch, n, width]."""
        gate = torch.sigmoid(self.of_state(state) + self.of_news(news))  # Eq. 8, 13
        return state + gate * news, gate  # Eq. 7, 12


class ConvexGate(nn.Module):
    """g * news + (1 - g) * state, g = sigmoid(W1 news + W2 state) (GEI, Eq. 9-12), + b (IAIK, Eq. 10, 11, 13, 14)."""

    def __init__(self, width: int, bias: bool = False) -> None:
        super().__init__()
        self.of_news = nn.Linear(width, width, bias=False)
        self.of_state = nn.Linear(width, width, bias=bias)

    def forward(self, state: Tensor, news: Tensor, real: Tensor) -> Tensor:
        """State and news [batch, n, width] -> mixed state, same shape.

        Args:
            state, news: what was known and what is new.
            real: [batch, n or 1] where there is news at all; elsewhere the state stays as it is.
        """
        gate = torch.sigmoid(self.of_news(news) + self.of_state(state)) * real.unsqueeze(-1)  # Eq. 9, 11
        return gate * news + (1 - gate) * state  # Eq. 10, 12
