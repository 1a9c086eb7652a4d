"""Which posts are read together, and in which order."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mner_core.batches.buckets import MAX_WORDS, length_buckets


def padded_words(rows: list[int], lengths: list[int]) -> int:
    return len(rows) * max(lengths[row] for row in rows)


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_batches_are_as_full_as_size_and_words_allow(seed: int | None) -> None:
    lengths = np.random.default_rng(2).integers(1, 900, 300).tolist()
    batches = length_buckets(lengths, 16, seed)
    assert all(padded_words(rows, lengths) <= MAX_WORDS for rows in batches)
    assert any(len(rows) == 16 for rows in batches)
    assert any(1 < len(rows) < 16 for rows in batches)
    if seed is None:
        for rows, following in itertools.pairwise(batches):
            assert len(rows) == 16 or padded_words([*rows, following[0]], lengths) > MAX_WORDS


def test_without_a_seed_posts_go_by_length() -> None:
    lengths = [5, 3, 0, 9, 3, 1]
    assert length_buckets(lengths, 2) == [[5, 1], [4, 0], [3]]


def test_exactly_as_many_words_as_a_batch_may_hold_are_one_batch() -> None:
    half = MAX_WORDS // 2
    assert length_buckets([half, half], 16) == [[0, 1]]
    assert length_buckets([half, half + 1], 16) == [[0], [1]]


@given(st.lists(st.integers(0, 3000), max_size=400), st.integers(1, 3), st.integers(0, 9))
def test_with_a_seed_chunks_of_fifty_batches_are_sorted_and_the_batches_shuffled(
    lengths: list[int], size: int, seed: int
) -> None:
    """Batches are no wider than the bound, but for a single post; none could have taken the post that follows."""
    sorted_in_chunks(lengths, size, seed)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("chunks", [1.0, 1.5, 3.02])
def test_a_chunk_has_fifty_batches(size: int, chunks: float) -> None:
    lengths = np.random.default_rng(size).integers(1, 900, round(chunks * 50 * size)).tolist()
    sorted_in_chunks(lengths, size, seed=3)


def sorted_in_chunks(lengths: list[int], size: int, seed: int) -> None:
    """Asserts that the batches are those of the definition, written out."""
    generator = np.random.default_rng(seed)
    rows = [row for row, length in enumerate(lengths) if length]
    order = [rows[place] for place in generator.permutation(len(rows))]
    chunks = [order[start : start + 50 * size] for start in range(0, len(order), 50 * size)]
    in_order = [row for chunk in chunks for row in sorted(chunk, key=lambda row: lengths[row])]
    batches = length_buckets(lengths, size, seed)
    by_first = {batch[0]: batch for batch in batches}
    unshuffled = []
    begin = 0
    while begin < len(in_order):
        unshuffled.append(by_first[in_order[begin]])
        begin += len(unshuffled[-1])
    assert [row for batch in unshuffled for row in batch] == in_order
    assert batches == [unshuffled[place] for place in generator.permutation(len(unshuffled))]
    for batch, following in itertools.pairwise(unshuffled):
        assert len(batch) == 1 or padded_words(batch, lengths) <= MAX_WORDS
        assert len(batch) == size or padded_words([*batch, following[0]], lengths) > MAX_WORDS
