"""The likeliest tags of held-out scores are those that the layer itself decodes, with the same confidences."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mner_core.label_errors.crf_marginals import CrfMarginals
from mner_core.label_errors.cross_validation import HeldOutScores
from mner_core.label_errors.held_out_predictions import held_out_predictions
from mner_core.layers.crf import CRF
from mner_core.tags import Scheme, decode, tag_set
from mner_core.types import Span
from tests.fakes import LABELS, post

WORDS = 6


@pytest.mark.parametrize("scheme", ["BIO2", "BIOES"])
@pytest.mark.parametrize("seed", range(5))
def test_they_are_those_of_the_layer(scheme: Scheme, seed: int) -> None:
    torch.manual_seed(seed)
    crf = CRF(LABELS, scheme)
    parts = (crf.chain.transitions, crf.chain.start_transitions, crf.chain.end_transitions)
    steps, starts, ends = (part.detach().double().numpy() for part in parts)
    marginals = CrfMarginals(labels=LABELS, scheme=scheme, steps=steps, starts=starts, ends=ends)
    posts = [post(number, ["word"] * (number + 1)) for number in range(WORDS)]
    emissions = {
        each.key: 3 * np.random.default_rng(seed).normal(size=(len(each.tokens), len(crf.tags))) for each in posts
    }
    scores = [
        HeldOutScores(marginals, {each.key: emissions[each.key] for each in part}) for part in (posts[::2], posts[1::2])
    ]
    for each, found in zip(posts, held_out_predictions(posts, scores), strict=True):
        given = torch.from_numpy(emissions[each.key]).float()[None]
        words = torch.ones(1, len(each.tokens), dtype=torch.bool)
        [tags] = crf.decode(given, words)
        assert found.spans == tuple(decode(tags))
        [confidences] = crf.span_probabilities(given, words, [found.spans])
        assert found.confidences == pytest.approx(confidences, abs=1e-4)


def test_posts_of_two_splits_with_one_id_have_their_own_entities() -> None:
    """Each is tagged by its own scores; a third split's post of that id was scored by nobody."""
    tags = tag_set(("PER",), "BIO2")
    chain = CrfMarginals(labels=("PER",), scheme="BIO2", steps=np.zeros((3, 3)), starts=np.zeros(3), ends=np.zeros(3))
    posts = [replace(post(0, ["Ann", "ran"]), split=split) for split in ("train", "valid", "test")]
    held_out = [
        HeldOutScores(chain, {each.key: np.array([[9.0 * (tag == said) for said in tags] for tag in of_post])})
        for each, of_post in zip(posts, (("B-PER", "O"), ("O", "B-PER")), strict=False)
    ]
    found = [prediction.spans for prediction in held_out_predictions(posts, held_out)]
    assert found == [(Span(0, 1, "PER"),), (Span(1, 2, "PER"),), ()]


def test_a_post_without_words_has_no_entity() -> None:
    [found] = held_out_predictions([post(0, [])], [])
    assert (found.spans, found.confidences) == ((), ())
