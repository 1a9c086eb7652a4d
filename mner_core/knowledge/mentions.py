"""Parts of a post that may name an entity: capitalised words and runs of them, hashtags, handles (ours).

The paper takes recognised entities without saying how; this needs no tagger, and what it finds too much, the picture
has to confirm.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

LONGEST = 4
"""Words of a mention at most."""
MOST = 32
"""Mentions of a post that are looked up: a text of thousands of words names nothing that its picture shows."""

_JOINING = frozenset("& 's and at da de del der di du for in la le of on the to van von y".split(" "))  # noqa: SIM905
_NO_NAMES = """
a all am an and any are as at be but by can come day do for from get go good got had happy has have he her here his how
i if in is it its just let like me more my new no not now of oh on one or our out please rt see she so thank thanks
that the their them they this to today tonight us was we what when where who why will with you your
"""
_WORDS = frozenset(_NO_NAMES.split())
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|_+")


class Mention(NamedTuple):
    """Words `start` to `end` (exclusive), and what is looked up for them."""

    start: int
    end: int
    text: str


def mentions(words: Sequence[str]) -> list[Mention]:
    """In the order of the text, longer ones before those inside them; each text once, `MOST` at most."""
    found = sorted([*_marked(words), *_capitalised(words)], key=lambda mention: (mention.start, -mention.end))
    distinct = {mention.text.casefold(): mention for mention in reversed(found)}
    return [mention for mention in found if distinct[mention.text.casefold()] is mention][:MOST]


def _marked(words: Sequence[str]) -> Iterator[Mention]:
    """Hashtags and handles, whether their mark is part of the word or a word of its own; CamelCase is cut."""
    for place, word in enumerate(words):
        mark, name = word[:1], word[1:]
        end = place + 1
        if mark in {"#", "@"} and not name and end < len(words):
            name, end = words[place + 1], place + 2
        if mark in {"#", "@"} and any(character.isalnum() for character in name):
            yield Mention(place, end, " ".join(_HUMPS.sub(" ", name).split()))


def _capitalised(words: Sequence[str]) -> Iterator[Mention]:
    """All runs of up to four words that begin and end with a capitalised one; small words may join them."""
    capital = [_has_capital(word) for word in words]
    for start in (place for place, is_capital in enumerate(capital) if is_capital):
        for end in range(start + 1, min(start + LONGEST, len(words)) + 1):
            last = words[end - 1]
            if not capital[end - 1] and last.casefold() not in _JOINING:
                break
            if not capital[end - 1] or (end == start + 1 and last.casefold() in _WORDS):
                continue
            yield Mention(start, end, " ".join(words[start:end]))


def _has_capital(word: str) -> bool:
    return word[:1] not in {"#", "@"} and not word.startswith("http") and any(map(str.isupper, word))
