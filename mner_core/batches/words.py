"""Spelling features of words: the shape and the characters."""

import unicodedata
from functools import lru_cache

from mner_core.batches.tensors import MAX_CHARACTERS, NUM_CHARACTERS

_KEPT = 50_000
"""Words whose shape and characters are remembered: most of a post's words were in an earlier one."""


@lru_cache(_KEPT)
def word_shape(word: str) -> tuple[float, ...]:
    """What an uncased encoder cannot see: capitals, digits, marks of tweets, punctuation."""
    letters = [character for character in word if character.isalpha()]
    return (
        float(word[:1].isupper()),
        float(bool(letters) and all(letter.isupper() for letter in letters)),
        float(any(letter.isupper() for letter in word[1:])),
        float(any(character.isdigit() for character in word)),
        float(word.startswith("#")),
        float(word.startswith("@")),
        float(word.lower().startswith(("http:", "https:", "www."))),
        float(not letters and all(unicodedata.category(character)[0] in "PSC" for character in word)),
    )


@lru_cache(_KEPT)
def character_ids(word: str) -> tuple[int, ...]:
    """Rows of the character table: Latin, IPA and its marks by code point, every other script hashed."""
    codes = [ord(character) for character in word[:MAX_CHARACTERS]]
    return tuple(1 + code if code < 591 else 592 + code % (NUM_CHARACTERS - 592) for code in codes)
