"""Posts divided by shares: groups together, shares as close as groups allow, the same again from the same seed."""

from collections import Counter
from collections.abc import Hashable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mner_core.data.division import divide, groups_of, read_shares
from mner_core.types import InputError

KEYS = st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=2), min_size=1, max_size=60)
SHARES = st.sampled_from([(80.0, 10.0, 10.0), (50.0, 25.0, 25.0), (90.0, 10.0), (34.0, 33.0, 33.0), (100.0, 0.0, 0.0)])


def distance(parts: list[int], shares: tuple[float, ...]) -> float:
    sizes = Counter(parts)
    return sum(abs(sizes[part] - len(parts) * share / sum(shares)) for part, share in enumerate(shares))


@given(KEYS, SHARES, st.integers(0, 99))
def test_what_shares_a_key_is_in_one_part(keys: list[list[int]], shares: tuple[float, ...], seed: int) -> None:
    parts = divide(keys, shares, seed)
    of_key: dict[int, set[int]] = {}
    for part, of_post in zip(parts, keys, strict=True):
        for key in of_post:
            of_key.setdefault(key, set()).add(part)
    assert all(len(found) == 1 for found in of_key.values())


@given(KEYS, SHARES, st.integers(0, 99))
def test_no_group_could_move_and_bring_the_shares_closer(
    keys: list[list[int]], shares: tuple[float, ...], seed: int
) -> None:
    parts = divide(keys, shares, seed)
    found = distance(parts, shares)
    for group in groups_of(keys):
        for other in range(len(shares)):
            moved = [other if place in group else part for place, part in enumerate(parts)]
            assert distance(moved, shares) >= found - 1e-9


@given(st.integers(1, 200), SHARES, st.integers(0, 99))
def test_single_posts_meet_the_shares(number: int, shares: tuple[float, ...], seed: int) -> None:
    sizes = Counter(divide([[place] for place in range(number)], shares, seed))
    for part, share in enumerate(shares):
        assert abs(sizes[part] - number * share / 100) < 1
        assert share or not sizes[part], "a part without a share gets nothing"


@given(KEYS, SHARES, st.integers(0, 99))
def test_equal_seeds_give_equal_parts(keys: list[list[int]], shares: tuple[float, ...], seed: int) -> None:
    assert divide(keys, shares, seed) == divide(keys, shares, seed)


def test_the_seed_decides() -> None:
    keys = [[place] for place in range(100)]
    found = {tuple(divide(keys, (80, 10, 10), seed)) for seed in range(10)}
    assert len(found) == 10


@given(KEYS, SHARES, st.integers(0, 99), st.dictionaries(st.integers(0, 59), st.integers(0, 1), max_size=20))
def test_posts_that_are_placed_stay_and_their_like_follow(
    keys: list[list[int]], shares: tuple[float, ...], seed: int, placed: dict[int, int]
) -> None:
    placed = {place: part for place, part in placed.items() if place < len(keys)}
    parts = divide(keys, shares, seed, placed)
    assert all(parts[place] == part for place, part in placed.items())
    for group in groups_of(keys):
        there = [placed[place] for place in group if place in placed]
        if there:
            assert {parts[place] for place in group if place not in placed} <= {there[0]}


def test_new_posts_make_up_for_what_is_there() -> None:
    parts = divide([[place] for place in range(100)], (80, 10, 10), 0, dict.fromkeys(range(75), 0))
    assert Counter(parts) == {0: 80, 1: 10, 2: 10}


@pytest.mark.parametrize(
    ("keys", "groups"),
    [
        ([["a"], ["b"], ["a"]], [[0, 2], [1]]),
        ([["a", 1], ["b", 1], ["b", 2], ["c", 2], ["d"]], [[0, 1, 2, 3], [4]]),
        ([["d"], ["a", 1], ["b", 2], ["a", 2]], [[0], [1, 2, 3]]),
        ([], []),
    ],
)
def test_groups_go_through_others(keys: list[list[Hashable]], groups: list[list[int]]) -> None:
    assert groups_of(keys) == groups


def test_shares_are_read() -> None:
    assert read_shares("80/10/10") == (80, 10, 10)
    assert read_shares("87.5/12.5") == (87.5, 12.5)
    for text, why in [
        ("80/10", "add up to 90"), ("80", "no shares"), ("a/b/c", "no shares"), ("0/50/50", "no shares"),
        ("120/-20", "no shares"), ("50/20/20/10", "no shares"), ("", "no shares"), ("nan/50/50", "no shares"),
    ]:  # fmt: skip
        with pytest.raises(InputError, match=why):
            read_shares(text)
