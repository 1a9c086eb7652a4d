"""The posts of a data set that are most like a post, a picture or a sentence, whatever model reads them.

Posts are compared by one kind of vector, and like with like: the mean of their objects' vectors, the mean of their
picture's 7 x 7 grid, their captions, or their texts. Likeness is the cosine.

What is equal in two posts (a text, a picture) has one vector. A question is compared with every vector, which is exact
and takes 20 to 50 ms of the processor at 100,000 of them: inverted lists would have to be built first.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.retrieval.likeness import By, nothing_to_compare
from mner_core.retrieval.neighbour_cache import mean_object
from mner_core.text.sentences import sentence_vectors
from mner_core.types import Example, InputError

Vectors: TypeAlias = NDArray[np.float32]
Rows: TypeAlias = NDArray[np.int32]
Which: TypeAlias = NDArray[np.bool_] | Sequence[bool]
OnPosts: TypeAlias = Callable[[int, int], None]

_DECIMALS = 6
_ROUNDING = 1e-5  # products of float32 that are computed together lie closer than this to the exact ones
_BLOCK = 8192
"""Vectors that are scaled, or compared with many questions, at once."""


class SimilarPost(NamedTuple):
    """A post, by its place among those that are compared, and the cosine, -1..1, that chose it."""

    place: int
    score: float


class LikeOne(NamedTuple):
    """A post that is like one of several, both by their places, and the cosine with the nearest one."""

    place: int
    score: float
    nearest: int


class PostVectors:
    """What posts are compared by.

    Args:
        by: the kind of vector.
        features: where the features of pictures come from.
        text_slot: the frozen text encoder of a profile.
        home: where the vectors of many texts are kept; None keeps none.
    """

    def __init__(self, by: By, features: FeatureStore, text_slot: str, home: Home | None = None) -> None:
        self.by, self._features = by, features
        self._sentences = partial(sentence_vectors, slot=text_slot, home=home)

    def of(self, posts: Sequence[Example], progress: OnPosts | None = None) -> Vectors:
        """The vectors [posts, width]; zero for a post without such a vector (no picture, no object, no word)."""
        if self.by == "text":
            return self._sentences([post.text for post in posts], progress=progress)
        read = []
        for number, post in enumerate(posts, 1):
            read.append(self._of_picture(post))
            if progress:
                progress(number, len(posts))
        if self.by == "caption":
            return self._sentences([str(caption) for caption in read])
        return np.stack([np.asarray(vector, np.float32) for vector in read])

    def different(self, posts: Sequence[Example], progress: OnPosts | None = None) -> tuple[Vectors, Rows]:
        """The vectors [different, width] of what differs, and which of them each post has [posts], -1 for none."""
        first: dict[Hashable, int] = {}
        things = [self._thing(post) for post in posts]
        for place, thing in enumerate(things):
            if thing is not None:
                first.setdefault(thing, place)
        number = {thing: row for row, thing in enumerate(first)}
        rows = np.array([-1 if thing is None else number[thing] for thing in things], np.int32)
        if not first:
            return np.zeros((0, 0), np.float32), rows
        return self.of([posts[place] for place in first.values()], progress), rows

    def query(self, asked: Example) -> Vectors:
        """The vector [width] of what is asked for: a post, or one of a text or a picture alone.

        Raises:
            InputError: it has no such vector.
        """
        [vector] = self.of([asked])
        if not vector.any():
            raise InputError(nothing_to_compare(self.by))
        return vector

    def _of_picture(self, post: Example) -> str | Vectors:
        picture = self._features.features(post)
        if self.by == "caption":
            return picture.caption
        return mean_object(picture) if self.by == "objects" else picture.grid.astype(np.float32).mean(axis=0)

    def _thing(self, post: Example) -> Hashable | None:
        """What a post's vector follows from, equal in posts of which one is enough; None where it can have none."""
        if self.by == "text":
            return post.text
        if self.by == "caption" and post.caption is not None:
            return "caption", post.caption
        try:
            return None if post.image is None else self._features.key(post)
        except InputError:
            return None  # the file is missing


@dataclass(frozen=True, slots=True)
class SimilarIndex:
    """The posts of a data set, ready to be searched: vectors [different, width], each of length 1 or zero, and which
    of them each post has, rows [posts], -1 for none. Posts go by their places in what the index was built from.
    """

    vectors: Vectors
    rows: Rows

    @classmethod
    def build(cls, posts: Sequence[Example], vectors: PostVectors, progress: OnPosts | None = None) -> "SimilarIndex":
        """Compares posts by these vectors; `progress` is told how many of how many vectors are there."""
        found, rows = vectors.different(posts, progress)
        has_length = found.any(axis=1)
        return cls(_unit(found), np.where((rows >= 0) & np.append(has_length, False)[rows], rows, -1).astype(np.int32))

    @classmethod
    def open(cls, folder: Path, posts: int) -> "SimilarIndex":
        """Maps what `save` wrote into memory: vectors are read when a question needs them.

        Raises:
            OSError, ValueError: it is missing or damaged, or is not of so many posts.
        """
        vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
        rows = np.load(folder / "rows.npy", allow_pickle=False)
        if rows.shape != (posts,) or vectors.ndim != 2 or rows.max(initial=-1) >= len(vectors):
            raise ValueError(f"it holds {vectors.shape} vectors of {rows.shape} posts, not of {posts}")
        return cls(vectors, rows)

    def save(self, folder: Path) -> None:
        """Writes both files into a folder that is there."""
        np.save(folder / "vectors.npy", self.vectors, allow_pickle=False)
        np.save(folder / "rows.npy", self.rows, allow_pickle=False)

    def vector(self, place: int) -> Vectors | None:
        """That of a post [width], None for one without."""
        row = self.rows[place]
        return None if row < 0 else self.vectors[row]

    def nearest(self, query: Vectors, number: int, among: Which | None = None) -> list[SimilarPost]:
        """The `number` posts most like a vector [width], the likest first; equal ones in the order of the posts.

        `among` [posts] says which ones count; posts without a vector are nobody's like.
        """
        [unit] = _unit(query[None])
        rough = self._of_posts(self.vectors @ unit if len(self.vectors) else np.zeros(0), among)
        if not (best := _highest(rough, number)):
            return []
        near = np.flatnonzero(rough >= rough[best[-1]] - _ROUNDING)
        exact = (self.vectors[self.rows[near]].astype(np.float64) * unit).sum(axis=1).round(_DECIMALS)
        return [SimilarPost(int(near[at]), float(exact[at])) for at in _highest(exact, number)]

    def like_any(self, asked: Sequence[int], number: int, among: Which) -> list[LikeOne]:
        """The `number` posts among some that are most like any of the asked ones, each with the nearest of these."""
        first = {int(self.rows[place]): place for place in reversed(asked) if self.rows[place] >= 0}
        if not first:
            return []
        asked_rows = np.array(sorted(first))
        best, nearest = np.zeros(len(self.vectors)), np.zeros(len(self.vectors), np.int64)
        for start in range(0, len(self.vectors), _BLOCK):
            cosines = self.vectors[start : start + _BLOCK] @ self.vectors[asked_rows].T
            nearest[start : start + _BLOCK] = cosines.argmax(axis=1)
            best[start : start + _BLOCK] = cosines.max(axis=1)
        scores = self._of_posts(best, among)
        return [
            LikeOne(place, float(scores[place]), first[int(asked_rows[nearest[self.rows[place]]])])
            for place in _highest(scores, number)
        ]

    def _of_posts(self, cosines: NDArray[np.floating], among: Which | None) -> NDArray[np.float64]:
        """Rounded cosines [posts]; less than any for a post that has none or does not count."""
        counts = self.rows >= 0 if among is None else (self.rows >= 0) & np.asarray(among, bool)
        scores = np.full(len(self.rows), -np.inf)
        scores[counts] = cosines[self.rows[counts]].astype(np.float64).round(_DECIMALS)
        return scores


def _highest(scores: NDArray[np.float64], number: int) -> list[int]:
    best = np.argsort(-scores, kind="stable")[: max(number, 0)]
    return [int(place) for place in best if np.isfinite(scores[place])]


def _unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; those of zeros stay so."""
    unit = np.zeros(vectors.shape, np.float32)
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK].astype(np.float64)
        length = np.linalg.norm(block, axis=1, keepdims=True)
        unit[start : start + _BLOCK] = np.divide(block, length, out=np.zeros(block.shape), where=length > 0)
    return unit
