"""Topics: two coloured things that only the pictures of a few posts show together, each topic standing for a type."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from random import Random

from mner_core.data.scenes.sketch import COLOURS, PROP_NAMES, Prop, Topic
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
    """Every two coloured things of different names once, in rounds in which each thing comes up once.

    This is how tournaments are drawn: one stays, the others move round it.
    """
    first, *others = [Prop(colour, name) for colour in COLOURS for name in PROP_NAMES]
    rng.shuffle(others)
    for _ in range(len(others)):
        row = [first, *others]
        for one, two in zip(row[: len(row) // 2], reversed(row), strict=False):
            if one.name != two.name:
                yield one, two
        others = [*others[1:], others[0]]
