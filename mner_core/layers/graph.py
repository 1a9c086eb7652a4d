"""Graphs whose edges carry labels."""

import torch
from torch import Tensor, nn

from mner_core.layers.gate import AdditiveGate


class RelationalGraphLayer(nn.Module):
    """v'_i = relu(sum over neighbours j of W_r(i,j) v_j, + b), gated onto v_i (HamLearning, Eq. 5-7).

    The sum is not divided by the number of neighbours. A neighbourhood is summed label by label before it is
    multiplied, which is one product for all labels.
    """

    def __init__(self, width: int, labels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(labels, width, width))  # W_r transposed: a row vector times it
        self.bias = nn.Parameter(torch.zeros(width))
        self.gate = AdditiveGate(width)
        bound = width**-0.5
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        """Nodes [batch, n, width] -> [batch, n, width].

        Args:
            nodes: the states; those without edges learn nothing from any other.
            edges: [batch, labels, n, n] boolean, whether i hears j over an edge of that label.
        """
        heard = torch.einsum("brij,bjd->bird", edges.to(nodes.dtype), nodes)
        news = (heard.flatten(-2) @ self.weight.flatten(0, 1) + self.bias).relu()  # Eq. 5
        mixed, _ = self.gate(nodes, news)  # Eq. 6, 7
        return mixed
