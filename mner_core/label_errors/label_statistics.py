"""How words and names are labelled in all other posts: the strongest evidence of an inconsistent label.

Words are compared case folded. What a post itself says of its words is always taken out first.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from mner_core.tags import of_whole_words
from mner_core.types import Example, Span

MAX_FORM = 4
"""Longer word sequences are only counted where they are entities."""


class Elsewhere(NamedTuple):
    """How often the words of a span are, in other posts, an entity of its type, of others, or none."""

    same: int
    other: int
    none: int


class LabelStatistics:
    """Counts over labelled posts; every answer leaves out the asking post."""

    def __init__(self, posts: Sequence[Example]) -> None:
        self.forms: Counter[tuple[str, ...]] = Counter()
        self.labels: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        self.words: dict[str, Counter[str]] = defaultdict(Counter)
        for post in posts:
            words = _folded(post)
            for length in range(1, MAX_FORM + 1):
                self.forms.update(_sequences(words, length))
            for form, label in _entities(post, words):
                self.labels[form][label] += 1
            for word, label in _word_labels(post, words):
                self.words[word][label] += 1

    def others_of(self, post: Example) -> "OtherPosts":
        """The statistics as this post may see it."""
        return OtherPosts(self, post)

    def types(self, form: tuple[str, ...]) -> Counter[str]:
        """How often the words are an entity of each type, in all posts."""
        return self.labels.get(form, Counter())


class OtherPosts:
    """What the other posts say of one post's words."""

    def __init__(self, statistics: LabelStatistics, post: Example) -> None:
        self._statistics = statistics
        self._words = _folded(post)
        self._own_labels: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for form, label in _entities(post, self._words):
            self._own_labels[form][label] += 1
        own: dict[str, Counter[str]] = defaultdict(Counter)
        for word, label in _word_labels(post, self._words):
            own[word][label] += 1
        self._of_word = {word: statistics.words[word] - counts for word, counts in own.items()}

    def types(self, start: int, end: int) -> Counter[str]:
        """How often these words are an entity of each type in other posts."""
        form = self._words[start:end]
        return self._statistics.types(form) - self._own_labels[form]

    def elsewhere(self, span: Span) -> Elsewhere:
        """How other posts label the span's words."""
        types = self.types(span.start, span.end)
        labelled = types.total()
        form = self._words[span.start : span.end]
        seen = labelled
        if len(form) <= MAX_FORM:
            seen = self._statistics.forms[form] - sum(each == form for each in _sequences(self._words, len(form)))
        return Elsewhere(types[span.label], labelled - types[span.label], max(seen - labelled, 0))

    def entity_odds(self, word: int) -> float:
        """Log of the odds that other posts have this word inside an entity; low beyond the post's ends."""
        if not 0 <= word < len(self._words):
            return -2.0
        counts = self._of_word[self._words[word]]
        inside = counts.total() - counts[""]
        return math.log((inside + 0.3) / (counts[""] + 0.6))

    def label_odds(self, word: int, label: str) -> float:
        """Log of the odds that the word, where other posts have it inside an entity, is in one of this type."""
        counts = self._of_word[self._words[word]]
        inside = counts.total() - counts[""]
        return math.log((counts[label] + 0.3) / (inside - counts[label] + 0.6))


def _folded(post: Example) -> tuple[str, ...]:
    return tuple(word.casefold() for word in post.words)


def _sequences(words: tuple[str, ...], length: int) -> list[tuple[str, ...]]:
    return [words[start : start + length] for start in range(len(words) - length + 1)]


def _entities(post: Example, words: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    return [(words[span.start : span.end], span.label) for span in of_whole_words(post.spans or ())]


def _word_labels(post: Example, words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each word with the type of its entity, "" outside."""
    labels = [""] * len(words)
    for span in of_whole_words(post.spans or ()):
        labels[span.start : span.end] = [span.label] * (span.end - span.start)
    return list(zip(words, labels, strict=True))
