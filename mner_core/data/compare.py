"""Two labellings of the same posts, word by word."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace

from mner_core.data.conll import tags_of
from mner_core.data.dataset import Dataset, Defect
from mner_core.data.tokenize import character_offsets, entity_at, split_tokens
from mner_core.tags import split_tag
from mner_core.types import Box, Example, Span


def label_differences(dataset: Dataset, other: Dataset) -> Iterator[Defect]:
    """A `label-differs` for each word that `other` tags otherwise, an `unmatched-post` for each post that only one has.

    Posts belong together when they have the same words and picture, or else the same words, or else the same text;
    repeated ones in their order. A text that is cut into other words (a label that ends inside a word cuts it) is
    compared in the finer words of both. Of `dataset` only the splits that `other` has posts of are looked at. Where one
    post is BIOES and the other is not, both are compared in BIO2.
    """
    partners = _Partners(dataset.posts)
    pairs = [(partners.take(theirs), theirs) for theirs in other.posts]
    for ours, theirs in pairs:
        there = other.places[theirs.id]
        if ours is None:
            yield Defect("unmatched-post", there.file, there.line, "The data set has no post with these words.")
            continue
        here = dataset.places[ours.id]
        one, two = on_common_words(ours, theirs)
        for word, (our_tag, their_tag) in enumerate(zip(*_comparable(one, two), strict=True)):
            if our_tag != their_tag:
                our_line = here.words[_word_at(ours, one.tokens[word].start) if one is not ours else word]
                their_line = there.words[_word_at(theirs, two.tokens[word].start) if two is not theirs else word]
                detail = f"{one.words[word]!r} is {our_tag} here, {their_tag} in {there.file} line {their_line}."
                yield Defect("label-differs", here.file, our_line, detail)
    splits = {ours.split for ours, _ in pairs if ours is not None}
    for ours in partners.left():
        if ours.split in splits:
            here = dataset.places[ours.id]
            yield Defect("unmatched-post", here.file, here.line, f"{other.name} has no post with these words.")


def on_common_words(one: Example, two: Example) -> tuple[Example, Example]:
    """Two labellings of one text in words that are cut wherever a word or an entity of either side begins or ends.

    Unchanged where the words are equal and no entity ends inside one. A post that had to be cut anew loses its own
    tags: its spans say the same.
    """
    if one.words == two.words:
        two = on_words_of(one, two)
    cuts = [span.chars for post in (one, two) for span in post.spans or () if span.chars]
    if one.words == two.words and not cuts:
        return one, two
    tokens = one.tokens
    for start, end in [*((token.start, token.end) for token in two.tokens), *cuts]:
        tokens = split_tokens(tokens, start, end)

    def recut(post: Example) -> Example:
        places = [(*character_offsets(post.tokens, span), span.label) for span in post.spans or ()]
        spans = tuple(entity_at(tokens, *place) for place in places)
        new = None if post.spans is None else spans
        return replace(post, tokens=tokens, spans=new, tags=None, subsets={}, boxes=_moved(post, spans))

    return recut(one), recut(two)


def on_words_of(post: Example, other: Example) -> Example:
    """Another labelling of the same post, its spans counted in the words of `post` and in the characters of its text.

    The two have the same text, or the same words.
    """
    if post.tokens == other.tokens or other.spans is None:
        return other
    if post.text == other.text:
        places = [(*character_offsets(other.tokens, span), span.label) for span in other.spans]
        spans = tuple(entity_at(post.tokens, *place) for place in places)
        tags = other.tags if post.words == other.words else None
        return replace(other, tokens=post.tokens, spans=spans, tags=tags, subsets={}, boxes=_moved(other, spans))

    def moved(span: Span) -> Span:
        if not span.chars:
            return span
        first, last = span.start, span.end - 1
        start = post.tokens[first].start + span.chars[0] - other.tokens[first].start
        end = post.tokens[last].start + span.chars[1] - other.tokens[last].start
        return replace(span, chars=(start, end))

    spans = tuple(map(moved, other.spans))
    return replace(other, text=post.text, tokens=post.tokens, spans=spans, subsets={}, boxes=_moved(other, spans))


def _moved(post: Example, spans: Sequence[Span]) -> dict[Span, tuple[Box, ...]]:
    """The post's boxes at its spans as they are counted now, in the order of `post.spans`."""
    return {new: post.boxes[old] for old, new in zip(post.spans or (), spans, strict=True) if old in post.boxes}


def _word_at(post: Example, offset: int) -> int:
    """Which of the post's words the character at `offset` is in."""
    return next(word for word, token in enumerate(post.tokens) if offset < token.end)


class _Partners:
    """Posts that wait for the same post of another file."""

    def __init__(self, posts: Iterable[Example]) -> None:
        self._left = {example.id: example for example in posts}
        self._ids: dict[tuple[str | None, Hashable], list[str]] = defaultdict(list)
        for example in reversed(self._left.values()):
            for key in _keys(example):
                self._ids[key].append(example.id)

    def take(self, wanted: Example) -> Example | None:
        """The first post that is still left with the same words, and the same picture if there is one; or the text."""
        for key in _keys(wanted):
            ids = self._ids[key]
            while ids:
                if found := self._left.pop(ids.pop(), None):
                    return found
        return None

    def left(self) -> list[Example]:
        """The posts that nobody took."""
        return list(self._left.values())


def _keys(example: Example) -> list[tuple[str | None, Hashable]]:
    """What the same post has in common with this one, the surest first."""
    images = dict.fromkeys((example.image_name, None))
    return [(image, content) for content in (example.words, example.text) for image in images]


def _comparable(ours: Example, theirs: Example) -> tuple[list[str], list[str]]:
    tags = tags_of(ours), tags_of(theirs)
    if _is_bioes(tags[0]) == _is_bioes(tags[1]):
        return tags
    return tags_of(ours, "BIO2"), tags_of(theirs, "BIO2")


def _is_bioes(tags: Iterable[str]) -> bool:
    return any(split_tag(tag)[0] in {"E", "S"} for tag in tags)
