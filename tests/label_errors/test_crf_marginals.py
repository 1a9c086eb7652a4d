"""All spans at once, against the CRF that clamps one after the other."""

from typing import cast

import numpy as np
import pytest
import torch

from mner_core.label_errors.crf_marginals import CrfMarginals, SpanTable, mean
from mner_core.layers.crf import CRF
from mner_core.tags import Scheme
from mner_core.types import Span
from tests.layers.test_crf import marginals


def marginals_of(crf: CRF, labels: tuple[str, ...]) -> CrfMarginals:
    parts = (crf.chain.transitions, crf.chain.start_transitions, crf.chain.end_transitions)
    steps, starts, ends = (part.detach().double().numpy() for part in parts)
    return CrfMarginals(labels=labels, scheme=crf.scheme, steps=steps, starts=starts, ends=ends)


@pytest.mark.parametrize("scheme", ["BIO2", "BIOES"])
@pytest.mark.parametrize("words", [1, 6])
def test_every_spans_probability_is_the_crfs(scheme: str, words: int) -> None:
    torch.manual_seed(words)
    crf = CRF(("A", "B"), cast(Scheme, scheme))
    emissions, real = 2 * torch.randn(1, words, len(crf.tags)), torch.ones(1, words, dtype=torch.bool)
    table = marginals_of(crf, ("A", "B")).table(emissions[0].double().numpy(), 4)
    spans = [
        Span(start, end, label)
        for label in "AB"
        for start in range(words)
        for end in range(start + 1, min(start + 4, words) + 1)
    ]
    (wanted,) = crf.span_probabilities(emissions, real, [spans])
    assert [table.probability(span) for span in spans] == pytest.approx(wanted, abs=1e-5)
    outside = marginals(crf, emissions, real)[0, :, 0]
    assert table.outside[:, 0] == pytest.approx(outside.numpy(), abs=1e-5)
    assert np.count_nonzero(table.spans) == len(spans), "nothing runs over the end"


def test_what_a_table_does_not_hold_is_impossible() -> None:
    table = SpanTable(("A",), np.full((3, 2, 1), 0.5), np.zeros((3, 2)))
    assert table.probability(Span(0, 1, "B")) == 0
    assert table.probability(Span(0, 3, "A")) == 0
    other = SpanTable(("A",), np.zeros((3, 2, 1)), np.zeros((3, 2)))
    assert mean([table, other]).probability(Span(0, 1, "A")) == 0.25
