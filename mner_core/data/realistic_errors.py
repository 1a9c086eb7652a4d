"""Wrong labels as annotators make them, for `corrupt --realistic`: which ways a span of a post can go wrong.

Which types are taken for one another, which names are rare and which words look like names is read off the posts
themselves, so that nothing here knows a label set. Where a text gives no such way (a script without capitals), the
way of plain corruption is taken, after all others.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import permutations

from mner_core.types import Example, Span

ARTICLES = frozenset({"the", "a", "an"})
LONGEST_INVENTED = 3
COMMON = 0.01
"""Words in more than this share of the posts ("RT") are taken for a name by nobody."""
Way = tuple[Span, str]
"""A wrong span, and in a word or two how it came about."""


class RealisticErrors:
    """The ways in which labels of these posts go wrong, and how likely each label is hit."""

    def __init__(self, posts: Sequence[Example]) -> None:
        self.labels = Counter(span.label for post in posts for span in post.spans or ())
        self._names: Counter[str] = Counter()
        self._types: dict[str, Counter[str]] = defaultdict(Counter)
        self._posts_with: Counter[str] = Counter()
        self._small: Counter[str] = Counter()
        self._most = max(3.0, COMMON * len(posts))
        for post in posts:
            self._posts_with.update({word.casefold() for word in post.words})
            self._small.update(word for word in post.words if word == word.casefold())
            for span in post.spans or ():
                self._names[_folded(post, span)] += 1
                for part in _parts(post, span):
                    self._types[part][span.label] += 1
        self._pairs = _pairs(self._types.values())

    def retyped(self, post: Example, span: Span, rng: random.Random) -> Way | None:
        """Another type, by how often it and this one share names in the set, and share this name's words."""
        others = sorted(label for label in self.labels if label != span.label)
        if not others:
            return None
        weights = [(1 + self._pairs[span.label, label]) * (1 + self._shared(post, span, label)) for label in others]
        return Span(span.start, span.end, rng.choices(others, weights)[0]), "usual pair"

    def moved(self, post: Example, span: Span, taken: Collection[Span], rng: random.Random) -> Way | None:
        """Other borders: an article taken in or left out, a part of the name, a neighbouring title word or hashtag."""
        ways = [way for way in self._borders(post, span) if not any(way[0].overlaps(other) for other in taken)]
        return rng.choice(ways) if ways else None

    def invented(self, post: Example, taken: Collection[Span], rng: random.Random) -> Way | None:
        """A run of words that look like a name and are none, with a type drawn by its frequency."""
        runs = [run for run in self._runs(post) if not any(Span(*run, "-").overlaps(other) for other in taken)]
        if not runs:
            return None
        labels = sorted(self.labels)
        label = rng.choices(labels, [self.labels[label] for label in labels])[0]
        return Span(*rng.choice(runs), label), "looks like a name"

    def weight(self, kind: str, post: Example, span: Span) -> float:
        """How likely the span is hit by a kind of error, against others; never 0."""
        if kind == "dropped":
            return self._overlooked(post, span)
        if kind == "boundary":
            return 1.0 if self._borders(post, span) else 1e-6
        return 1.0 + 2.0 * any(self._shared(post, span, label) for label in self.labels if label != span.label)

    def _overlooked(self, post: Example, span: Span) -> float:
        """Names in small letters, in hashtags, and those that occur once are the ones that annotators miss."""
        words = post.words[span.start : span.end]
        in_small_letters = not any(word[:1].isupper() for word in words)
        in_hashtag = words[0][:1] in {"#", "@"} or (span.start > 0 and post.words[span.start - 1] in {"#", "@"})
        return 1.0 + 3.0 * in_small_letters + 3.0 * in_hashtag + (self._names[_folded(post, span)] == 1)

    def _borders(self, post: Example, span: Span) -> list[Way]:
        """The realistic borders that differ from the span's, each once."""
        ways = {(way.start, way.end): (way, how) for way, how in self._candidates(post.words, span)}
        return [ways[place] for place in sorted(ways)]

    def _candidates(self, words: Sequence[str], span: Span) -> Iterator[Way]:
        start, end, label = span.start, span.end, span.label
        if start > 0 and self._is_neighbour(words[start - 1]):
            yield Span(start - 1, end, label), "neighbour"
        if end < len(words) and self._is_neighbour(words[end]):
            yield Span(start, end + 1, label), "neighbour"
        if start > 0 and words[start - 1].casefold() in ARTICLES:
            yield Span(start - 1, end, label), "article"
        if end - start > 1:
            yield Span(start, start + 1, label), "partial name"
            yield Span(end - 1, end, label), "partial name"
            if words[start].casefold() in ARTICLES:
                yield Span(start + 1, end, label), "article"

    def _is_neighbour(self, word: str) -> bool:
        """A word that is taken into a name beside it: a title word, a hashtag, or the sign before one."""
        return word == "#" or self._looks_like_name(word)

    def _shared(self, post: Example, span: Span, label: str) -> int:
        return sum(self._types[part][label] for part in _parts(post, span) if part in self._types)

    def _runs(self, post: Example) -> list[tuple[int, int]]:
        """Runs of words that look like a name, at most `LONGEST_INVENTED` long, from left to right."""
        runs = []
        start = 0
        for place, word in enumerate([*post.words, ""]):
            full = place - start == LONGEST_INVENTED
            if not self._looks_like_name(word) or full:
                if place > start:
                    runs.append((start, place))
                start = place + (not self._looks_like_name(word))
        return runs

    def _looks_like_name(self, word: str) -> bool:
        folded = word.casefold()
        seen = self._posts_with[folded]
        return _is_title(word) and seen <= self._most and 2 * self._small[folded] <= seen


def _pairs(types: Collection[Counter[str]]) -> Counter[tuple[str, str]]:
    """How often two types share a name or a word of one: each counts by its rarer type."""
    pairs: Counter[tuple[str, str]] = Counter()
    for counts in types:
        for one, other in permutations(counts, 2):
            pairs[one, other] += min(counts[one], counts[other])
    return pairs


def _parts(post: Example, span: Span) -> list[str]:
    """The whole name, and each title word of a longer one."""
    words = post.words[span.start : span.end]
    single = [word.casefold() for word in words if _is_title(word)] if len(words) > 1 else []
    return [_folded(post, span), *single]


def _folded(post: Example, span: Span) -> str:
    return " ".join(post.words[span.start : span.end]).casefold()


def _is_title(word: str) -> bool:
    """A word or hashtag of at least two letters that begins with a capital one."""
    bare = word.removeprefix("#")
    return bare[:1].isupper() and bare.isalnum() and len(bare) > 1
