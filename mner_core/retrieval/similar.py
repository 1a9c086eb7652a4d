"""The posts of a data set that are most like a post, a picture or a sentence, whatever model reads them.

Posts are compared by one kind of vector, and like with like: the mean of their objects' vectors, the mean of their
picture's 7 x 7 grid, their captions, or their texts. Likeness is the cosine.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from mner_core.features.image import Features
from mner_core.home import Home
from mner_core.retrieval.neighbour_cache import mean_object
from mner_core.retrieval.vector_index import VectorIndex, Vectors
from mner_core.text.sentences import sentence_vectors
from mner_core.types import Example, InputError

By: TypeAlias = Literal["objects", "grid", "caption", "text"]

OnPosts: TypeAlias = Callable[[int, int], None]
_LACKS: Mapping[By, str] = {
    "objects": "it has no picture that opens, or no object is known in it",
    "grid": "it has no picture that opens",
    "caption": "it has no caption, and no picture that opens of which one could be made",
    "text": "it has no text",
}


class SimilarPost(NamedTuple):
    """A post and the cosine, -1..1, that chose it."""

    post: Example
    score: float


class PostVectors:
    """What posts are compared by.

    Args:
        by: the kind of vector.
        features: where the features of pictures come from.
        text_slot: the frozen text encoder of a profile.
        home: where the vectors of many texts are kept; None keeps none.
    """

    def __init__(self, by: By, features: Features, text_slot: str, home: Home | None = None) -> None:
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

    def query(self, asked: Example) -> Vectors:
        """The vector [1, width] of what is asked for: a post, or one of a text or a picture alone.

        Raises:
            InputError: it has no such vector.
        """
        vector = self.of([asked])
        if not vector.any():
            raise InputError(f"There is nothing to compare by {self.by}: {_LACKS[self.by]}.")
        return vector

    def _of_picture(self, post: Example) -> str | Vectors:
        picture = self._features.features(post)
        if self.by == "caption":
            return picture.caption
        return mean_object(picture) if self.by == "objects" else picture.grid.astype(np.float32).mean(axis=0)


class SimilarPosts:
    """A data set's posts, ready to be searched.

    Args:
        posts: among which the like are sought.
        vectors: what they are compared by.
        progress: is told how many of how many posts have their vectors.
    """

    def __init__(self, posts: Sequence[Example], vectors: PostVectors, progress: OnPosts | None = None) -> None:
        self.posts, self._vectors = posts, vectors
        self._index = VectorIndex(vectors.of(posts, progress), threads=1) if posts else None
        self._rows = {post.key: row for row, post in enumerate(posts)}

    def like(self, asked: Example, number: int) -> list[SimilarPost]:
        """The `number` posts most like the one asked for, the likest first; a post of the set never finds itself.

        Equal ones stand in the order of the posts. Posts without such a vector are nobody's like.

        Raises:
            InputError: what is asked for has no such vector itself.
        """
        query = self._vectors.query(asked)
        if self._index is None:
            return []
        own = {self._rows[asked.key]} if asked.key in self._rows else set()
        [found] = self._index.search(query, number, [own])
        return [SimilarPost(self.posts[row], score) for row, score in found]
