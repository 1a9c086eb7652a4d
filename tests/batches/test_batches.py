"""From words to tensors: windows, pooling, buckets."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mner_core.batches.batcher import Batcher
from mner_core.batches.buckets import length_buckets
from mner_core.batches.feature_providers import FeatureProviders
from mner_core.batches.tensors import NUM_CHARACTERS
from mner_core.batches.words import character_ids, word_shape
from mner_core.layers.words import WordEncoder
from mner_core.text.encoder import text_encoder
from tests.fakes import LABELS, FakeFeatures, make_batcher, post, settings_of


def batcher(longest: int = 128, **changes: object) -> Batcher:
    settings = settings_of("bert-crf", **changes)
    providers = FeatureProviders(features=FakeFeatures())
    return Batcher(settings, LABELS, text_encoder("tiny-text").pieces, longest, providers)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=60), st.sampled_from(["first", "sum", "mean"]))
def test_every_piece_stands_for_its_word_exactly_once(lengths: list[int], pooling: str) -> None:
    """Also where the text needs several overlapping windows (room for 14 pieces here)."""
    words = ["x" * (4 * length) for length in lengths]
    made = batcher(longest=16, pooling=pooling)
    pieces = made.batch([post(0, words)]).pieces
    standing = pieces.word[pieces.word >= 0].tolist()
    wanted = [word for word, length in enumerate(lengths) for _ in range(1 if pooling == "first" else length)]
    assert sorted(standing) == wanted
    assert pieces.ids.shape[1] <= 16
    assert bool((pieces.ids[pieces.word >= 0] > 2).all()), "neither [CLS] nor [SEP] stands for a word"


def test_a_piece_in_two_windows_counts_where_it_has_most_context() -> None:
    made = batcher(longest=10, pooling="sum")  # room for 8 pieces, windows begin every 4
    pieces = made.batch([post(0, ["abcd"] * 14)]).pieces
    starts = [row.index(min(word for word in row if word >= 0)) for row in pieces.word.tolist()]
    assert len(starts) == 3
    owned = [[word for word in row if word >= 0] for row in pieces.word.tolist()]
    assert owned == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9], [10, 11, 12, 13]]


def test_a_long_post_has_a_vector_for_each_word_and_equals_itself_in_one_window() -> None:
    """What fits into one window is not cut; what does not still reaches every word."""
    settings = settings_of("bert-crf")
    encoder = text_encoder("tiny-text")
    words = WordEncoder(encoder, settings.pooling, 0.0).eval()
    long = post(0, [f"word{number}" for number in range(500)])
    short = post(1, ["word1", "word2"])
    batch = make_batcher("bert-crf", settings).batch([long, short])
    assert batch.pieces.ids.shape[0] > 2, "several windows"
    with torch.no_grad():
        together, alone = words(batch), words(make_batcher("bert-crf", settings).batch([short]))
    assert bool((together[0].abs().sum(-1) > 0).all())
    assert torch.allclose(together[1, :2], alone[0], atol=1e-5)
    assert float(together[1, 2:].abs().sum()) == 0


@pytest.mark.parametrize("pooling", ["first", "sum", "mean"])
def test_pooling_is_what_its_name_says(pooling: str) -> None:
    settings = settings_of("bert-crf", pooling=pooling)
    torch.manual_seed(0)
    encoder = text_encoder("tiny-text")
    words = WordEncoder(encoder, pooling, 0.0).eval()
    torch.nn.init.zeros_(words.surface.weight)
    torch.nn.init.zeros_(words.surface.bias)
    batch = make_batcher("bert-crf", settings).batch([post(0, ["abcdefghij", "xy"])])  # three pieces and one
    with torch.no_grad():
        states = encoder.model(input_ids=batch.pieces.ids, attention_mask=batch.pieces.real).last_hidden_state[0]
        found = words(batch)[0]
    wanted = {"first": states[1], "sum": states[1:4].sum(0), "mean": states[1:4].mean(0)}[pooling]
    assert torch.allclose(found[0], wanted, atol=1e-5)
    assert torch.allclose(found[1], states[4], atol=1e-5)


def test_a_word_without_pieces_keeps_its_spelling() -> None:
    settings = settings_of("bert-crf")
    words = WordEncoder(text_encoder("tiny-text"), "first", 0.0).eval()
    batch = make_batcher("bert-crf", settings).batch([post(0, ["\u200b", "Rio"])])
    assert 0 not in batch.pieces.word.tolist()[0]
    with torch.no_grad():
        assert float(words(batch)[0, 0].abs().sum()) > 0


def test_a_caption_is_read_behind_the_post_and_stands_for_no_word() -> None:
    plain, captioned = batcher(), batcher(context="caption")
    example = replace(post(0, ["Rio", "wins"]), caption="two people and a dog")
    without, with_caption = plain.batch([example]).pieces, captioned.batch([example]).pieces
    assert with_caption.ids.shape[1] > without.ids.shape[1]
    assert sorted(set(with_caption.word.flatten().tolist())) == [-1, 0, 1]
    assert with_caption.segment[0, without.ids.shape[1] :].all()
    composed = captioned.batch([post(0, ["Rio", "wins"])]).pieces
    assert composed.ids.shape[1] > without.ids.shape[1], "no caption in the data: the extractor's is read"


@given(st.lists(st.integers(0, 50), max_size=200), st.integers(1, 17), st.one_of(st.none(), st.integers(0, 99)))
def test_buckets_hold_every_post_with_words_once(lengths: list[int], size: int, seed: int | None) -> None:
    batches = length_buckets(lengths, size, seed)
    assert sorted(row for batch in batches for row in batch) == [row for row, length in enumerate(lengths) if length]
    assert all(0 < len(batch) <= size for batch in batches)
    assert batches == length_buckets(lengths, size, seed)


@pytest.mark.parametrize("seed", [None, 1])
def test_a_post_far_longer_than_others_is_read_alone(seed: int | None) -> None:
    lengths = [20] * 40 + [4000, 10_000]
    batches = length_buckets(lengths, 16, seed)
    assert [40] in batches
    assert [41] in batches
    assert sorted(row for batch in batches for row in batch) == list(range(42))


def test_shuffled_batches_have_posts_of_like_length() -> None:
    lengths = np.random.default_rng(0).integers(1, 60, 2000).tolist()
    spread = [
        max(lengths[row] for row in rows) - min(lengths[row] for row in rows) for rows in length_buckets(lengths, 16, 1)
    ]
    assert np.mean(spread) < 5
    assert length_buckets(lengths, 16, 1) != length_buckets(lengths, 16, 2)


@given(st.text(max_size=40))
def test_any_word_has_a_shape_and_characters(word: str) -> None:
    assert set(word_shape(word)) <= {0.0, 1.0}
    assert all(0 < row < NUM_CHARACTERS for row in character_ids(word))


def test_shapes_tell_what_an_uncased_encoder_cannot_see() -> None:
    shapes = {
        word: word_shape(word) for word in ("rio", "Rio", "RIO", "iPhone", "4th", "#Rio", "@rio", "https://x.y", "!!")
    }
    assert len({tuple(shape) for shape in shapes.values()}) == len(shapes)
