"""Which posts of the store are like a post, a picture or a sentence: indexes built once, opened when they are asked.

`similar` {"dataset", "by", "profile", "k", "split" (null: all), and "post", or "text" and "image" as in `predict`}:
    {"by", "compared": how many other posts have such a vector, "neighbours": [{"post": number, "score": cosine}]}, or
    {"by", "problem": sentence} where what is asked for has nothing to compare, or
    {"by", "is_built": false} where the posts have not been compared yet (a job of the kind `similar` does that)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.change_token import change_token
from db.engine import Store
from db.posts import posts as posts_of
from db.similar_indexes import ComparedPosts, compared_posts, index_folder, index_lock, new_index
from mner_core.caches import LruCache, read_kept, used
from mner_core.catalog.profiles import Profile, profile
from mner_core.features.extract import extract
from mner_core.features.extractor import extractor
from mner_core.features.store import FeatureStore
from mner_core.files import one_at_a_time
from mner_core.retrieval.likeness import KINDS, By, nothing_to_compare
from mner_core.retrieval.similar import PostVectors, SimilarIndex, Vectors
from mner_core.text.encoder import encoder_version
from mner_core.types import Example, InputError

OnPosts = Callable[[str, int, int], None]
"""Is told what is done, how many of it, and of how many."""
_OPEN = 4
"""Indexes that are held open; their vectors stay in files."""
LONGEST = 100
"""Neighbours that are told at most."""


@dataclass(frozen=True, slots=True)
class Compared:
    """An index and the posts that it is of, in its order: their numbers [posts] and splits [posts]."""

    index: SimilarIndex
    numbers: NDArray[np.int64]
    splits: NDArray[np.str_]

    def place(self, post: int) -> int | None:
        """Where a post stands, by its number."""
        return next(iter(np.flatnonzero(self.numbers == post).tolist()), None)

    def among(self, split: str | None) -> NDArray[np.bool_]:
        """Which posts [posts] are of a split, or all."""
        return np.ones(len(self.numbers), bool) if split is None else self.splits == split


class SimilarQuestions:
    """Answers from indexes, of which the last used are held open; `example` reads what a question asks for."""

    def __init__(self, store: Store, example: Callable[[Mapping[str, Any]], Example]) -> None:
        self.store, self._example = store, example
        self._open: LruCache[tuple[str, ...], Compared] = LruCache(_OPEN)

    def answer(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The posts that are most like what is asked for.

        Raises:
            InputError: there is no such data set, post, picture, profile or kind of vector.
        """
        by, chosen = kind_named(payload.get("by")), profile(str(payload.get("profile")))
        found = self._compared(str(payload.get("dataset")), by, chosen)
        if found is None:
            return {"by": by, "is_built": False}
        own = None if payload.get("post") is None else found.place(int(payload["post"]))
        among = found.among(payload.get("split"))
        try:
            query = self._query(payload, by, chosen) if own is None else found.index.vector(own)
        except InputError as error:
            return {"by": by, "problem": str(error)}
        if query is None:
            return {"by": by, "problem": nothing_to_compare(by)}
        if own is not None:
            among[own] = False
        nearest = found.index.nearest(query, min(int(payload.get("k", 10)), LONGEST), among)
        return {
            "by": by,
            "compared": int((among & (found.index.rows >= 0)).sum()),
            "neighbours": [{"post": int(found.numbers[place]), "score": score} for place, score in nearest],
        }

    def _query(self, payload: Mapping[str, Any], by: By, chosen: Profile) -> Vectors:
        return post_vectors(self.store, by, chosen).query(self._example(payload))

    def _compared(self, dataset: str, by: By, chosen: Profile) -> Compared | None:
        key = (dataset, by, chosen.name, change_token(self.store, dataset))
        if key not in self._open:
            found = compared_posts(self.store, dataset, by)
            folder = index_folder(self.store.home, found, encoders(by, chosen))
            opened = _opened(folder, found)
            if opened is None:
                return None
            self._open.add({key: opened})
        return self._open[key]


def compare(store: Store, dataset: str, by: By, chosen: Profile, progress: OnPosts) -> Compared:
    """The data set's index, built where there is none; what a killed process has extracted of pictures is kept.

    Raises:
        InputError: there is no such data set, weights are missing, or the disk is full.
    """
    with store.frozen() as still:
        found = compared_posts(still, dataset, by)
        examples = [each.example for each in posts_of(still, dataset)]
    folder = index_folder(store.home, found, encoders(by, chosen))
    with one_at_a_time(index_lock(folder)):
        opened = _opened(folder, found)
        if opened is None:
            if by != "text":
                extract(examples, chosen, store.home, lambda done, total: progress("pictures", done, total))
            vectors = post_vectors(store, by, chosen)
            index = SimilarIndex.build(examples, vectors, lambda done, total: progress("vectors", done, total))
            with new_index(folder, found) as beside:
                index.save(beside)
            opened = _with_posts(index, found)
    return opened


def kind_named(by: object) -> By:
    """The kind of vector of that name.

    Raises:
        InputError: there is none.
    """
    found = next((kind for kind in KINDS if kind == by), None)
    if found is None:
        raise InputError(f"Posts cannot be compared by {by!r}; choose one of {', '.join(KINDS)}.")
    return found


def post_vectors(store: Store, by: By, chosen: Profile) -> PostVectors:
    """What the posts of the store are compared by."""
    return PostVectors(by, FeatureStore(chosen, store.home), chosen.slots["text"])


def encoders(by: By, chosen: Profile) -> list[str]:
    """The names and versions of what computes such vectors."""
    said = [encoder_version(chosen.slots["text"])] if by in ("text", "caption") else []
    seen = [] if by == "text" else [extractor(chosen).version]
    return [*said, *seen]


def _opened(folder: Path, found: ComparedPosts) -> Compared | None:
    index = read_kept(folder, lambda folder: SimilarIndex.open(folder, len(found.numbers)))
    if index is None:
        return None
    used(folder)
    return _with_posts(index, found)


def _with_posts(index: SimilarIndex, found: ComparedPosts) -> Compared:
    return Compared(index, np.array(found.numbers, np.int64), np.array(found.splits, np.str_))
