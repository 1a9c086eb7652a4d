"""A set of posts divided into parts by shares and a seed; posts that belong together stay together."""

import random
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence

from mner_core.types import InputError

SPLITS = ("train", "valid", "test")
"""What the parts are called, in this order."""


def read_shares(text: str) -> tuple[float, ...]:
    """The shares in "80/10/10" (train, valid, test) or "80/20" (train, valid), in percent.

    Raises:
        InputError: these are no two or three numbers that add up to 100, or the first is 0.
    """
    try:
        shares = tuple(float(part) for part in text.split("/"))
    except ValueError:
        shares = ()
    if not 2 <= len(shares) <= len(SPLITS) or not all(0 <= share <= 100 for share in shares) or not shares[0]:
        raise InputError(f"{text!r} are no shares: write train/valid/test in percent, as in 80/10/10.")
    if abs(sum(shares) - 100) > 1e-6:
        raise InputError(f"The shares {text} add up to {sum(shares):g}, not to 100: write them as in 80/10/10.")
    return shares


def groups_of(keys: Sequence[Sequence[Hashable]]) -> list[list[int]]:
    """The places of posts that share a key with each other, directly or through others; `keys` has those of each post.

    In the order of their first posts.
    """
    parent = list(range(len(keys)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = place = parent[parent[place]]
        return place

    first: dict[Hashable, int] = {}
    for place, of_post in enumerate(keys):
        for key in of_post:
            one, other = sorted((root(place), root(first.setdefault(key, place))))
            parent[other] = one
    groups: dict[int, list[int]] = defaultdict(list)
    for place in range(len(keys)):
        groups[root(place)].append(place)
    return list(groups.values())


def divide(
    keys: Sequence[Sequence[Hashable]], shares: Sequence[float], seed: int, placed: Mapping[int, int] | None = None
) -> list[int]:
    """The part of each post, such that groups stay together and the parts' sizes are as close to the shares as those
    allow: no group could move to another part and bring them closer.

    `keys` are what must not be torn apart: a post's text, its picture's content. `placed` says for some posts, by their
    places, where they already are; posts that share a key with them follow the first of them. Equal arguments give
    equal parts.
    """
    parts: list[int] = [-1] * len(keys)
    sizes = [0] * len(shares)
    free: list[list[int]] = []
    for group in groups_of(keys):
        part = next((placed[place] for place in group if placed and place in placed), -1)
        if part < 0:
            free.append(group)
        for place in group:
            parts[place] = (placed or {}).get(place, part)
            if parts[place] >= 0:
                sizes[parts[place]] += 1
    random.Random(seed).shuffle(free)
    free.sort(key=len, reverse=True)  # stable: groups of one size stay in the order that the seed gave
    goals = [len(keys) * share / sum(shares) for share in shares]
    of_group = [_neediest(sizes, goals, len(group)) for group in free]
    for group, part in zip(free, of_group, strict=True):
        for place in group:
            parts[place] = part
    return parts


def _neediest(sizes: list[int], goals: Sequence[float], size: int) -> int:
    """The part that lacks most posts; the group is counted there.

    Largest groups first, no group can then move and bring the sizes closer. Say the part of a group of size s lacks x
    posts without it, and another lacks y. A move gains f(y) - f(x) with f(z) = |z| - |z - s|, which never falls; and
    x >= y, for x is at least what the part lacked before its last, smallest group, when no other lacked more.
    """
    part = max(range(len(goals)), key=lambda each: (goals[each] - sizes[each], -each))
    sizes[part] += size
    return part
