"""Which of very many names is likest to a mention: rapidfuzz's WRatio, on those that share most trigrams with it.

WRatio is the scorer of fuzzywuzzy, which the paper names; on 100,000 names one mention would take it a tenth of a
second. Names that share no run of three characters with a mention are not like it, so only the best few hundred by
that count are scored.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

LEAST = 85.0
"""WRatio from which a name is a candidate: a part of a name ("Kobe" of "Kobe Bryant") has 90."""
_SCORED = 200
_RAREST = 12
"""Trigrams of a mention that are looked at: the commonest say least and have the longest lists."""
_BUCKETS = 1 << 18
_MARKS = re.compile("[\u0300-\u036f]")


class Likeness(NamedTuple):
    """Which name (its place among those given), and how like it is, 0..100."""

    place: int
    score: float


def normal(name: str) -> str:
    """What two spellings of one name share: no case, no accents on letters that have a plain form, no punctuation."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", name)).casefold()
    kept = (
        character if character.isalnum() or unicodedata.category(character)[0] == "M" else " " for character in plain
    )
    return unicodedata.normalize("NFKC", " ".join("".join(kept).split()))


class NameIndex:
    """An index over names; building it takes about a second for 100,000."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = [normal(name) for name in names]
        self._exact: dict[str, list[int]] = {}
        for place, name in enumerate(self._names):
            self._exact.setdefault(name, []).append(place)
        buckets, owners = _trigrams(self._names)
        order = np.argsort(buckets, kind="stable")
        self._owners = owners[order].astype(np.int32)
        self._starts = np.searchsorted(buckets[order], np.arange(_BUCKETS + 1))
        self._lengths = np.array([len(name) for name in self._names], np.float32)

    def likest(self, mention: str, num: int) -> list[Likeness]:
        """Up to `num` names with a WRatio of at least `LEAST`, likest first; of equal ones the earlier first.

        A mention of one or two characters is only ever found as it is.
        """
        asked = normal(mention)
        exact = [Likeness(place, 100.0) for place in self._exact.get(asked, ())]
        if len(asked) < 3:
            return exact[:num]
        near = self._sharing(asked)
        scored = process.cdist([asked], [self._names[place] for place in near], scorer=fuzz.WRatio, score_cutoff=LEAST)
        best = np.argsort(-scored[0], kind="stable")[:num]
        like = [Likeness(int(near[at]), float(scored[0, at])) for at in best if scored[0, at] > 0]
        merged = {each.place: each for each in (*like, *exact)}
        return sorted(merged.values(), key=lambda each: (-each.score, each.place))[:num]

    def _sharing(self, asked: str) -> NDArray[np.int64]:
        """The places of the names that share most of their trigrams, or most of the mention's."""
        buckets = sorted(set(_trigrams([asked])[0].tolist()))  # np.unique's first call imports for 0.1 s
        parts = [self._owners[self._starts[bucket] : self._starts[bucket + 1]] for bucket in buckets]
        parts = sorted(parts, key=len)[:_RAREST]
        shared = np.bincount(np.concatenate(parts))
        places = np.flatnonzero(shared > 1)
        if len(places) <= _SCORED:
            return places
        both = shared[places].astype(np.float32)
        of_name, of_mention = both / self._lengths[places], both / len(parts)
        worth = np.maximum(of_name, of_mention) + 0.1 * (of_name + of_mention)
        return np.sort(places[np.argpartition(-worth, _SCORED)[:_SCORED]])


def _trigrams(names: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The bucket and the name of every run of three characters of every " name "."""
    padded = [f" {name} " for name in names]
    codes = np.frombuffer("".join(padded).encode("utf-32-le"), np.uint32).astype(np.int64)
    lengths = np.array([len(name) for name in padded])
    owners = np.repeat(np.arange(len(padded)), lengths)
    mixed = codes[:-2] * 31_337 + codes[1:-1] * 7_919 + codes[2:]
    inside = owners[:-2] == owners[2:]
    return mixed[inside] % _BUCKETS, owners[:-2][inside]
