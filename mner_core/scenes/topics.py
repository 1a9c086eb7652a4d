"""Topics: two coloured things that only the pictures of a few posts show together, each topic standing for a type."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from random import Random

from mner_core.scenes.sketch import COLOURS, PROP_NAMES, Prop, Topic
from mner_core.types import InputError

_TURN = ("train", "train", "train", "train", "valid", "test")
"""Whose the next group of four topics is; so no split's topics depend on how many another one needs."""


def topics_by_split(groups: Mapping[str, int], seed: int) -> dict[str, list[Sequence[Topic]]]:
    """For each split that many groups of four topics, one for each entity type in order; no topic comes twice.

    The order of the topics is chance, so nothing but the pictures tells which one stands for which type.

    Raises:
        InputError: there are not that many topics.
    """
    found: dict[str, list[Sequence[Topic]]] = {split: [] for split in groups}
    rng = Random(f"topics of scenes {seed}")
    pairs, turn = _pairs(rng), 0
    while any(len(found[split]) < wanted for split, wanted in groups.items()):
        four = list(islice(pairs, 4))
        split = _TURN[turn % len(_TURN)]
        if len(four) < 4:
            raise InputError("There are too few things to draw for so many absent or blurred posts; take fewer posts.")
        rng.shuffle(four)
        if len(found[split]) < groups[split]:
            found[split].append(four)
        turn += 1
    return found


def _pairs(rng: Random) -> Iterator[Topic]:
    """Every two coloured things of different names once; no two names come together again before all others have.

    So few topics differ in their colours alone, which sentence encoders and object vectors hardly see.
    """
    names = _rounds(rng.sample(PROP_NAMES, len(PROP_NAMES)))
    colours = rng.sample([*product(COLOURS, repeat=2)], len(COLOURS) ** 2)
    for turn in range(len(colours)):
        for place, (one, two) in enumerate(names):
            first, second = colours[(turn + place) % len(colours)]
            yield Prop(first, one), Prop(second, two)


def _rounds(names: Sequence[str]) -> list[tuple[str, str]]:
    """Every two of an even number of names once, in rounds in which each comes up once.

    This is how tournaments are drawn: one stays, the others move round it.
    """
    first, *others = names
    pairs = []
    for _ in others:
        row = [first, *others]
        pairs += list(zip(row[: len(row) // 2], reversed(row), strict=False))
        others = [*others[1:], others[0]]
    return pairs
