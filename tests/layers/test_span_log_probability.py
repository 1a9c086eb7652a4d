"""The logarithm of a span's probability: the same as the confidence, with the gradient that differences show."""

import pytest
import torch

from mner_core.layers.crf import CRF
from mner_core.tags import Scheme
from mner_core.types import Span


@pytest.mark.parametrize("scheme", ["BIO2", "BIOES"])
def test_it_is_the_logarithm_of_the_confidence_and_its_gradient_is_right(scheme: Scheme) -> None:
    torch.manual_seed(0)
    crf = CRF(["LOC", "PER"], scheme).double()
    torch.nn.init.normal_(crf.chain.transitions)
    emissions = torch.randn(2, 4, len(crf.tags), dtype=torch.float64)
    words = torch.tensor([[True] * 4, [True, True, True, False]])
    spans = [Span(1, 3, "PER"), Span(2, 3, "LOC")]
    found = crf.span_log_probabilities(emissions, words, spans)
    shares = crf.span_probabilities(emissions, words, [[span] for span in spans])
    assert found.exp().tolist() == pytest.approx([share for (share,) in shares], abs=1e-6)
    at = emissions.float().requires_grad_()
    [gradient] = torch.autograd.grad(crf.float().span_log_probabilities(at, words, spans).sum(), at)
    step = 1e-2
    for place in ((0, 1, 0), (0, 2, 3), (1, 2, 1), (1, 3, 2)):
        up, down = at.detach().clone(), at.detach().clone()
        up[place] += step
        down[place] -= step
        both = [crf.span_log_probabilities(each, words, spans).sum() for each in (up, down)]
        assert float(gradient[place]) == pytest.approx((both[0] - both[1]).item() / (2 * step), abs=2e-3)
    assert gradient[1, 3].abs().max() == 0, "a word that is not there changes nothing"


def test_while_choices_are_held_the_first_post_decides_for_all() -> None:
    torch.manual_seed(1)
    crf = CRF(["LOC"], "BIO2")
    words = torch.ones(3, 5, dtype=torch.bool)
    emissions = torch.randn(3, 5, 3) * 5
    free = crf.decode(emissions, words)
    assert len({tuple(each) for each in free}) > 1
    with crf.holding():
        assert crf.decode(emissions[1:2], words[:1]) == free[1:2]
        assert crf.decode(emissions, words) == [free[1]] * 3
    assert crf.decode(emissions, words) == free
