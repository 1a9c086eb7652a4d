"""Answers that are kept in memory: which are forgotten, and what is computed again."""

from hypothesis import given
from hypothesis import strategies as st

from mner_core.caches import LruCache


@given(st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=40), st.integers(0, 5))
def test_every_key_is_answered_and_those_used_last_are_kept(steps: list[list[int]], limit: int) -> None:
    cache: LruCache[int, int] = LruCache(limit)
    used: list[int] = []  # in the order of their last use
    for step in steps:
        asked = list(dict.fromkeys(step))
        known = [key for key in asked if key in used]
        computed: list[list[int]] = []

        def compute(new: list[int], computed: list[list[int]] = computed) -> list[int]:
            computed.append(new)
            return [-key for key in new]

        assert cache.answers(step, compute) == {key: -key for key in step}
        missing = [key for key in asked if key not in known]
        assert computed == ([missing] if missing else []), "what is missing is computed together, each once"
        used = [key for key in used if key not in asked] + known + missing
        used = used[max(0, len(used) - limit) :]
        assert [key for key in range(10) if key in cache] == sorted(used)
        assert len(cache) == len(used)


def test_what_is_added_for_good_takes_no_room_from_the_others() -> None:
    cache: LruCache[str, int] = LruCache(2)
    cache.add({"a": 1, "b": 2})
    cache.add_for_good({"b": 2, "x": 3, "y": 4})
    assert cache.limit == 4, "one of the three was there"
    assert all(key in cache for key in "abxy")
    cache.add({"c": 5})
    assert "a" not in cache, "unused for longest"
    assert (len(cache), cache["c"]) == (4, 5)
