"""The CRF against plain enumeration of every tag sequence."""

import itertools
import math

import pytest
import torch

from mner_core.layers.crf import CRF
from mner_core.tags import SCHEMES, Scheme, decode, may_follow
from mner_core.types import Span

LABELS = ("PER", "LOC")


def random_crf(scheme: Scheme) -> tuple[CRF, torch.Tensor, torch.Tensor]:
    torch.manual_seed(7)
    crf = CRF(LABELS, scheme)
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    words = torch.tensor([[True, True, True], [True, True, False]])
    return crf, torch.randn(2, 3, len(crf.tags)), words


@torch.no_grad()
def sequence_score(crf: CRF, emissions: torch.Tensor, sequence: tuple[int, ...]) -> float:
    """start + emissions + transitions + end, in plain lines."""
    chain = crf.chain
    total = float(chain.start_transitions[sequence[0]] + chain.end_transitions[sequence[-1]])
    for word, tag in enumerate(sequence):
        total += float(emissions[word, tag])
    for before, after in itertools.pairwise(sequence):
        total += float(chain.transitions[before, after])
    return total


def allowed(crf: CRF, sequence: tuple[int, ...]) -> bool:
    names = [None, *(crf.tags[tag] for tag in sequence), None]
    return all(may_follow(before, after, crf.scheme) for before, after in itertools.pairwise(names))


def enumerated(crf: CRF, emissions: torch.Tensor, length: int) -> dict[tuple[int, ...], float]:
    """exp(score) of every allowed sequence."""
    every = itertools.product(range(len(crf.tags)), repeat=length)
    return {each: math.exp(sequence_score(crf, emissions, each)) for each in every if allowed(crf, each)}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_loss_is_minus_log_probability_of_the_gold(scheme: Scheme) -> None:
    crf, emissions, words = random_crf(scheme)
    gold = torch.tensor([[0, 0, 0], [0, 0, 1]])
    wanted = []
    for row, length in enumerate((3, 2)):
        weights = enumerated(crf, emissions[row], length)
        wanted.append(-math.log(weights[(0,) * length] / sum(weights.values())))
    assert crf.loss(emissions, gold, words).item() == pytest.approx(sum(wanted) / 2, abs=1e-4)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_decode_is_the_best_of_all_allowed_sequences(scheme: Scheme) -> None:
    crf, emissions, words = random_crf(scheme)
    for row, (length, found) in enumerate(zip((3, 2), crf.decode(emissions, words), strict=True)):
        weights = enumerated(crf, emissions[row], length)
        assert [crf.tags.index(tag) for tag in found] == list(max(weights, key=lambda each: weights[each]))


def marginals(crf: CRF, emissions: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """p(word i has tag c) [batch, words, C], as the gradient of the log-partition; padded words are zero."""
    leaf = emissions.detach().float().requires_grad_()
    (gradient,) = torch.autograd.grad(crf.log_partition(leaf, words).sum(), leaf)
    return gradient


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_log_partition_is_that_of_pytorch_crf_to_the_last_bit(scheme: Scheme) -> None:
    """Confidences of runs that are there already stay what they are."""
    crf, emissions, words = random_crf(scheme)
    theirs = crf.chain._compute_normalizer(emissions.transpose(0, 1), words.transpose(0, 1))
    assert torch.equal(crf.log_partition(emissions, words), theirs)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_marginals_are_shares_of_all_sequences(scheme: Scheme) -> None:
    crf, emissions, words = random_crf(scheme)
    shares = marginals(crf, emissions, words)
    for row, length in enumerate((3, 2)):
        weights = enumerated(crf, emissions[row], length)
        for word, tag in itertools.product(range(length), range(len(crf.tags))):
            share = sum(value for each, value in weights.items() if each[word] == tag) / sum(weights.values())
            assert float(shares[row, word, tag]) == pytest.approx(share, abs=1e-4)
    assert float(shares[1, 2].abs().sum()) == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_span_probability_is_the_share_of_sequences_with_exactly_that_span(scheme: Scheme) -> None:
    crf, emissions, words = random_crf(scheme)
    for row, length in enumerate((3, 2)):
        weights = enumerated(crf, emissions[row], length)
        borders = [(start, end) for start in range(length) for end in range(start + 1, length + 1)]
        spans = [Span(start, end, label) for start, end in borders for label in LABELS]
        asked = [spans, []] if row == 0 else [[], spans]
        found = crf.span_probabilities(emissions, words, asked)
        assert found[1 - row] == ()
        for span, probability in zip(spans, found[row], strict=True):
            having = [v for each, v in weights.items() if span in decode([crf.tags[tag] for tag in each])]
            assert probability == pytest.approx(sum(having) / sum(weights.values()), abs=1e-4)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_decoded_sequence_breaks_the_scheme(scheme: Scheme) -> None:
    torch.manual_seed(3)
    crf = CRF(("A", "B", "C"), scheme)
    emissions = torch.randn(20, 9, len(crf.tags)) * 8
    for sequence in crf.decode(emissions, torch.ones(20, 9, dtype=torch.bool)):
        assert all(may_follow(before, after, scheme) for before, after in itertools.pairwise([None, *sequence, None]))
