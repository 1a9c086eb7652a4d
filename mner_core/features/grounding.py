"""Which of a picture's objects a post's words speak of: the edges between UMGF's words and objects.

The paper asks a visual grounding model for each noun phrase and for four general words. Where a profile has one, its
objects are called by what was asked for, and each is joined to just that. Else names are compared: a phrase finds the
objects that are called most like it, if that is much; each general word finds the one object that is called most like
it, as a grounding model answers every question.
"""

import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mner_core.caches import LruCache
from mner_core.catalog.profiles import Profile
from mner_core.features.image import Features, ImageFeatures
from mner_core.home import Home
from mner_core.text.noun_phrases import GENERAL, NounPhrases
from mner_core.text.sentences import sentence_vectors
from mner_core.types import Example

Vectors = NDArray[np.float32]

_TIE = 1e-4
"""Likenesses of the same two names, computed in another order, differ by less."""
REMEMBERED = 20_000
"""Names whose vectors are remembered besides those of a sweep; 1.5 KB each."""


class Names(Protocol):
    """Says how alike two names are: the cosine of their vectors, edges from `threshold` on."""

    threshold: float

    def vectors(self, names: Sequence[str], home: Home | None) -> Vectors:
        """Unit vectors [names, width], zero for a name that says nothing."""
        ...


class EncodedNames:
    """By a sentence encoder, which knows that a puppy is a dog.

    The threshold lies between the cosines, read for 31 pairs and 21 names, of phrases with the class they mean ("a
    small brown dog" 0.49, "puppies" 0.65) and of names with any class ("God" and "dog" 0.41, "Madrid" and "tower"
    0.40). What is looser ("New York City" and "skyline" 0.29, a person's name and "person" 0.3) is for general words.
    """

    threshold = 0.45

    def __init__(self, slot: str) -> None:
        self._slot = slot

    def vectors(self, names: Sequence[str], home: Home | None) -> Vectors:
        """As `Names`."""
        return sentence_vectors(names, self._slot, home)


class SpelledNames:
    """The tiny profile's: by the words that two names share, each word a fixed random direction."""

    threshold = 0.5
    _WIDTH = 64

    def vectors(self, names: Sequence[str], home: Home | None) -> Vectors:  # noqa: ARG002 (nothing worth keeping)
        """As `Names`."""
        vectors = np.zeros((len(names), self._WIDTH), np.float32)
        for row, name in enumerate(names):
            for word in re.findall(r"\w+", name.lower()):
                random = np.random.RandomState(zlib.crc32(word.encode(errors="surrogatepass")))
                vectors[row] += random.standard_normal(self._WIDTH)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.maximum(norms, np.finfo(np.float32).tiny)


class AskedNames(SpelledNames):
    """For objects that were asked for by name: only the very same words mean them."""

    threshold = 0.999


_NAMES = {"tiny-names": SpelledNames, "asked-names": AskedNames}


def _names(slot: str) -> Names:
    return _NAMES[slot]() if slot in _NAMES else EncodedNames(slot)


@dataclass(frozen=True)
class Grounded:
    """The edges of one post: whether word and object are joined, and by which likeness. Both [words, objects]."""

    joined: NDArray[np.bool_]
    likeness: Vectors


class Grounding:
    """Joins words to objects by a profile's slots `phrases` and `grounding`.

    Args:
        profile: names both.
        home: where phrases and vectors of swept posts are kept; None computes them anew.
        general: whether general words find objects, too, to which every word is joined.
    """

    def __init__(self, profile: Profile, home: Home | None, general: bool = True) -> None:
        self._general = GENERAL if general else ()
        self._phrases = NounPhrases(profile.phrases, home)
        self._names = _names(profile.grounding)
        self._home = home
        self._vectors: LruCache[str, Vectors] = LruCache(REMEMBERED)

    def sweep(
        self,
        examples: Sequence[Example],
        features: Features,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        """Reads the phrases of all these posts, and learns the vectors of every name they ask for.

        Raises:
            InputError: weights are missing.
        """
        shown, names = [], set(self._general)
        for example in examples:
            picture = features.features(example)
            if picture.objects:
                shown.append(example)
                names.update(_named(picture))
        self._phrases.sweep([example.words for example in shown], progress)
        for example in shown:
            names.update(self._said(example))
        new = sorted(name for name in names if name not in self._vectors) if shown else []
        self._vectors.add_for_good(dict(zip(new, self._names.vectors(new, self._home), strict=True)))

    def links(self, example: Example, picture: ImageFeatures) -> Grounded:
        """Which words are joined to which of the picture's objects (`UMGF`, edge construction).

        A phrase's words are joined to the objects found for it, every word to those found for general words.
        """
        joined = np.zeros((len(example.tokens), len(picture.objects)), bool)
        likeness = np.zeros(joined.shape, np.float32)
        if not joined.size:
            return Grounded(joined, likeness)
        names = [*self._said(example), *self._general, *_named(picture)]
        vectors = self._vectors.answers(names, lambda new: self._names.vectors(new, None))
        for start, end in self._phrases.of(example.words):
            close = _likeness(_text(example, start, end), picture, vectors)
            # "The red frame" is called much like a blue frame too, but means the red one; "dogs" means every dog.
            found = close >= max(self._names.threshold, close.max() - _TIE)
            joined[start:end] |= found
            likeness[start:end] = np.maximum(likeness[start:end], np.where(found, close, 0))
        for word in self._general:
            close = _likeness(word, picture, vectors)
            best = int(close.argmax())
            joined[:, best] = True
            likeness[:, best] = np.maximum(likeness[:, best], close[best])
        return Grounded(joined, likeness)

    def _said(self, example: Example) -> Iterable[str]:
        """The noun phrases of a post."""
        return (_text(example, start, end) for start, end in self._phrases.of(example.words))


def _likeness(name: str, picture: ImageFeatures, vectors: Mapping[str, Vectors]) -> Vectors:
    """How much the name is like each object's class or, times its probability, an attribute of the picture [N]."""
    asked = vectors[name]
    by_class = np.array([vectors[thing.label] @ asked for thing in picture.objects], np.float32)
    by_picture = max((sure * float(vectors[shown] @ asked) for shown, sure in picture.attributes), default=0)
    likeness: Vectors = np.maximum(by_class, np.float32(by_picture))
    return likeness


def _named(picture: ImageFeatures) -> Iterable[str]:
    """Every name that a picture gives: its objects' and its attributes'."""
    yield from (thing.label for thing in picture.objects)
    yield from (shown for shown, _ in picture.attributes)


def _text(example: Example, start: int, end: int) -> str:
    return " ".join(example.words[start:end])
