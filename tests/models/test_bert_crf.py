"""The text side of every system written out in NumPy with loops: pieces, spelling, shape, emissions, CRF."""

import itertools

import numpy as np
import pytest
import torch

from mner_core.batches.words import character_ids, word_shape
from mner_core.models.base import Progress
from mner_core.tags import encode, may_follow
from mner_core.types import Example, Span
from tests.fakes import make_batcher, make_model, post, settings_of
from tests.models.equations import Array, Weights, in_double, linear, relu, shaken, weights_of

POSTS = [
    post(0, ["Kim", "met", "abcdefghijkl"], [Span(0, 1, "PER"), Span(2, 3, "LOC")]),
    post(1, ["#Rio", "\u200b", "\N{CJK UNIFIED IDEOGRAPH-98CE}2"], [Span(0, 2, "LOC")], image=None),
    post(2, ["NBA"]),
]


def spelling(w: Weights, word: str) -> Array:
    """The largest answer of each filter over every three neighbouring characters."""
    rows = [w["words.spelling.table.weight"][each] for each in character_ids(word)]
    nothing = np.zeros_like(rows[0])
    kernel, bias = w["words.spelling.convolution.weight"], w["words.spelling.convolution.bias"]
    answers = []
    for before, here, behind in zip([nothing, *rows], rows, [*rows[1:], nothing], strict=False):
        answers.append(relu(kernel[:, :, 0] @ before + kernel[:, :, 1] @ here + kernel[:, :, 2] @ behind + bias))
    return np.max(answers, axis=0)


def emissions_of(w: Weights, example: Example, states: Array, pieces: list[int], pooling: str) -> Array:
    """Eq. 1 and the tagger's linear layer, word by word; `states` are the encoder's, [CLS] first."""
    rows, place = [], 1
    for word, count in zip(example.words, pieces, strict=True):
        own = states[place : place + count]
        place += count
        pooled = np.zeros(states.shape[1])
        if count:
            pooled = {"first": own[0], "sum": own.sum(axis=0), "mean": own.sum(axis=0) / count}[pooling]
        surface = np.concatenate([word_shape(word), spelling(w, word)])
        rows.append(linear(w, "emissions", pooled + linear(w, "words.surface", surface)))
    return np.stack(rows)


def sequences(w: Weights, tags: tuple[str, ...], emissions: Array) -> dict[tuple[str, ...], float]:
    """The score of every tag sequence that the scheme allows."""
    start, step, end = (
        w[f"crf.chain.parametrizations.{name}.original"]
        for name in ("start_transitions", "transitions", "end_transitions")
    )
    found = {}
    for way in itertools.product(range(len(tags)), repeat=len(emissions)):
        names = [None, *(tags[each] for each in way), None]
        if all(may_follow(before, then, "BIO2") for before, then in itertools.pairwise(names)):
            score = start[way[0]] + end[way[-1]] + sum(emissions[word, tag] for word, tag in enumerate(way))
            found[tuple(tags[each] for each in way)] = score + sum(step[pair] for pair in itertools.pairwise(way))
    return found


@pytest.mark.parametrize("pooling", ["first", "sum", "mean"])
@pytest.mark.parametrize("variant", ["", "captions as context"])
def test_loss_and_answer_equal_the_equations_written_out(pooling: str, variant: str) -> None:
    settings = settings_of("bert-crf", variant, pooling=pooling)
    model = shaken(make_model("bert-crf", settings))
    torch.nn.init.zeros_(model.words.spelling.table.weight[0])  # behind the last character there is nothing
    batcher = make_batcher("bert-crf", settings)
    batch = in_double(batcher.labelled(POSTS))
    w = weights_of(model)
    with torch.no_grad():
        states = model.words.encoder(
            input_ids=batch.pieces.ids, attention_mask=batch.pieces.real, token_type_ids=batch.pieces.segment
        ).last_hidden_state.numpy()
        loss = float(model.loss(batch, Progress()))
    losses = []
    for row, (example, said) in enumerate(zip(POSTS, model.predict(batch), strict=True)):
        counts = [len(pieces) for pieces in batcher.pieces.pieces(example.words)]
        emissions = emissions_of(w, example, states[row], counts, pooling)
        scores = sequences(w, model.crf.tags, emissions)
        whole = np.logaddexp.reduce(list(scores.values()))
        losses.append(whole - scores[tuple(encode(example.spans or (), len(example.tokens), "BIO2"))])
        best = max(scores, key=lambda way: scores[way])
        assert encode(said.spans, len(example.tokens), "BIO2") == list(best)
        assert said.confidence_source == "crf"
    assert loss == pytest.approx(np.mean(losses), rel=1e-5)
    assert {len(batcher.pieces.pieces([word])[0]) for word in POSTS[0].words} > {1}, "a word of several pieces"
