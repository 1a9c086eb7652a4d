"""Two labellings of the same posts, word by word."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from mner_core.data.conll import tags_of
from mner_core.data.dataset import Dataset, Defect
from mner_core.tags import split_tag
from mner_core.types import Example


def label_differences(dataset: Dataset, other: Dataset) -> Iterator[Defect]:
    """A `label-differs` for each word that `other` tags otherwise, an `unmatched-post` for each post that only one has.

    Posts belong together when they have the same words and picture, or else the same words; repeated ones in their
    order. Of `dataset` only the splits that `other` has posts of are looked at. Where one post is BIOES and the other
    is not, both are compared in BIO2.
    """
    partners = _Partners(dataset.posts)
    pairs = [(partners.take(theirs), theirs) for theirs in other.posts]
    for ours, theirs in pairs:
        there = other.places[theirs.id]
        if ours is None:
            yield Defect("unmatched-post", there.file, there.line, "The data set has no post with these words.")
            continue
        here = dataset.places[ours.id]
        for word, (our_tag, their_tag) in enumerate(zip(*_comparable(ours, theirs), strict=True)):
            if our_tag != their_tag:
                detail = (
                    f"{ours.words[word]!r} is {our_tag} here, {their_tag} in {there.file} line {there.words[word]}."
                )
                yield Defect("label-differs", here.file, here.words[word], detail)
    splits = {ours.split for ours, _ in pairs if ours is not None}
    for ours in partners.left():
        if ours.split in splits:
            here = dataset.places[ours.id]
            yield Defect("unmatched-post", here.file, here.line, f"{other.name} has no post with these words.")


class _Partners:
    """Posts that wait for the same post of another file."""

    def __init__(self, posts: Iterable[Example]) -> None:
        self._left = {example.id: example for example in posts}
        self._ids: dict[tuple[str | None, tuple[str, ...]], list[str]] = defaultdict(list)
        for example in reversed(self._left.values()):
            for image in {example.image_name, None}:
                self._ids[image, example.words].append(example.id)

    def take(self, wanted: Example) -> Example | None:
        """The first post that is still left with the same words, and the same picture if there is one."""
        for image in (wanted.image_name, None):
            ids = self._ids[image, wanted.words]
            while ids:
                if found := self._left.pop(ids.pop(), None):
                    return found
        return None

    def left(self) -> list[Example]:
        """The posts that nobody took."""
        return list(self._left.values())


def _comparable(ours: Example, theirs: Example) -> tuple[list[str], list[str]]:
    tags = tags_of(ours), tags_of(theirs)
    if _is_bioes(tags[0]) == _is_bioes(tags[1]):
        return tags
    return tags_of(ours, "BIO2"), tags_of(theirs, "BIO2")


def _is_bioes(tags: Iterable[str]) -> bool:
    return any(split_tag(tag)[0] in {"E", "S"} for tag in tags)
