"""Posts drawn by chance: their texts, their gold, and what a run of a wanted F1 says of them. Every benchmark's own.

Words are made of syllables, the frequent ones far more frequent than the rest, as in any language; some texts end with
an emoji or in a script without spaces. Places count code points.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

LABELS = ("LOC", "MISC", "ORG", "PER")
Entity: TypeAlias = tuple[int, int, str]
"""Start, end (exclusive), label."""
Said: TypeAlias = tuple[int, int, str, float]
"""The same, and the confidence in it."""

_WORDS, _NAMES = 20_000, 5_000
_SYLLABLES = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
_ENDINGS = (
    "🔥",
    "👩‍🚀 😂",
    "กรุงเทพมหานคร",
    "北京很大",
    "東京タワー",
    "في القاهرة أمس",
    "“quoted”",
    "#x100",
    "50% AND more",
)
_ENDED = 0.05
"""The share of the texts that have such an ending."""


@dataclass(frozen=True, slots=True)
class DrawnPost:
    """A text of 8 to 40 words, and an ending for some, with up to three names of one to three words."""

    text: str
    gold: tuple[Entity, ...]


def draw_post(chance: random.Random) -> DrawnPost:
    """One post."""
    words = chance.choices(_VOCABULARY, cum_weights=_FREQUENCIES, k=chance.randint(8, 40))
    names = sorted(chance.sample(range(len(words)), k=chance.choice((0, 1, 1, 2, 3))))
    for place in names:
        words[place] = chance.choice(_NAMED)
    starts = [0, *accumulate(len(word) + 1 for word in words)]
    gold = tuple((starts[place], starts[place] + len(words[place]), chance.choice(LABELS)) for place in names)
    if chance.random() < _ENDED:
        words.append(chance.choice(_ENDINGS))
    return DrawnPost(" ".join(words), gold)


def draw_prediction(post: DrawnPost, right: float, chance: random.Random) -> list[Said]:
    """What a run says that gets the share `right` of the entities: as many are made up as missed, so F1 is the same.

    Of the others half are missed, a quarter have another type, a quarter end a word later or earlier.
    """
    said: list[Said] = []
    for start, end, label in post.gold:
        luck = chance.random()
        if luck < right:
            said.append((start, end, label, chance.betavariate(6, 2)))
        elif luck < right + (1 - right) / 4:
            others = [each for each in LABELS if each != label]
            said.append((start, end, chance.choice(others), chance.betavariate(3, 3)))
        elif luck < right + (1 - right) / 2:
            said.append((start, _other_end(post.text, start, end), label, chance.betavariate(3, 3)))
        else:
            said.extend(_made_up(post, chance))
    return said


def _other_end(text: str, start: int, end: int) -> int:
    """One word less, or one more where the name is a single word; the same end where the text ends there."""
    shorter = text.rfind(" ", start, end)
    if shorter > 0:
        return shorter
    return end if end == len(text) else _word_end(text, end + 1)


def _made_up(post: DrawnPost, chance: random.Random) -> Iterator[Said]:
    """A word that is no name's."""
    starts = [0, *(place + 1 for place, char in enumerate(post.text) if char == " ")]
    free = [start for start in starts if all(not begin <= start < end for begin, end, _ in post.gold)]
    if free:
        start = chance.choice(free)
        yield start, _word_end(post.text, start), chance.choice(LABELS), chance.betavariate(2, 3)


def _word_end(text: str, start: int) -> int:
    found = text.find(" ", start)
    return len(text) if found < 0 else found


def _vocabulary(number: int) -> list[str]:
    chance, found = random.Random("words"), dict[str, None]()
    while len(found) < number:
        found["".join(chance.choices(_SYLLABLES, k=chance.choice((1, 2, 2, 3, 3, 4))))] = None
    return list(found)


def _names(number: int, words: Sequence[str]) -> list[str]:
    chance = random.Random("names")
    return [
        " ".join(word.capitalize() for word in chance.choices(words, k=chance.choice((1, 1, 2, 2, 3))))
        for _ in range(number)
    ]


_VOCABULARY = _vocabulary(_WORDS)
_FREQUENCIES = list(accumulate(1 / (rank + 3) for rank in range(_WORDS)))
_NAMED = _names(_NAMES, _VOCABULARY)
