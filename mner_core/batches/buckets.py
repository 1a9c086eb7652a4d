"""Posts of like length together, so that little of a batch is padding."""

from collections.abc import Sequence

import numpy as np

MAX_WORDS = 4096
"""Words of a batch, padding counted: a post far longer than others is read alone, not with fifteen padded to it."""


def length_buckets(lengths: Sequence[int], size: int, seed: int | None = None) -> list[list[int]]:
    """Row numbers in batches of at most `size` posts of like length; posts without words are left out.

    With a seed: shuffled, sorted by length inside chunks of 50 batches, and the batches shuffled again.
    """
    rows = [row for row, length in enumerate(lengths) if length > 0]
    if seed is None:
        return _cut(sorted(rows, key=lambda row: lengths[row]), lengths, size)
    generator = np.random.default_rng(seed)
    rows = [rows[place] for place in generator.permutation(len(rows))]
    chunk = 50 * size
    for start in range(0, len(rows), chunk):
        rows[start : start + chunk] = sorted(rows[start : start + chunk], key=lambda row: lengths[row])
    batches = _cut(rows, lengths, size)
    return [batches[place] for place in generator.permutation(len(batches))]


def _cut(rows: Sequence[int], lengths: Sequence[int], size: int) -> list[list[int]]:
    """Rows in their order, in batches of at most `size` posts and MAX_WORDS words; a post is never cut."""
    batches: list[list[int]] = []
    longest = 0
    for row in rows:
        longest = max(longest, lengths[row])
        if not batches or len(batches[-1]) == size or longest * (len(batches[-1]) + 1) > MAX_WORDS:
            batches.append([])
            longest = lengths[row]
        batches[-1].append(row)
    return batches
