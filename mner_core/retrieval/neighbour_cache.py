"""The neighbours of posts in a pool, each searched once and cached: the nodes of R-GCN's two graphs."""

import hashlib
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mner_core.caches import LruCache
from mner_core.catalog.system import Needs
from mner_core.data.images import image_digest
from mner_core.features.image import Features, ImageFeatures
from mner_core.home import Home
from mner_core.retrieval.pool import Neighbour, Pool, Query, Retriever
from mner_core.text.sentences import sentence_vectors
from mner_core.types import Example, PostKey

Grids: TypeAlias = Callable[[str], NDArray[np.float16]]
"""The grid [49, grid_width] of a picture by its sha256."""

OnVectors: TypeAlias = Callable[[int, int], None]
Found: TypeAlias = tuple[Neighbour, ...]

REMEMBERED = 20_000
"""Answers that are remembered of each kind, besides those of the posts that were prepared; about 1 KB each."""


def build_pool(
    examples: Sequence[Example],
    features: Features,
    text_slot: str,
    needs: Needs,
    home: Home,
    progress: OnVectors | None = None,
) -> Pool:
    """The posts that have a picture, each with the vector of its caption (Eq. 4) and of its objects (Eq. 9).

    Vectors of a graph that is switched off have no numbers.
    """
    keys, digests, captions, objects = [], [], [], []
    for example in examples:
        picture = features.features(example)
        if picture.image_ok:
            keys.append(example.key)
            digests.append(_digest(example))
            captions.append(picture.caption if example.caption is None else example.caption)
            objects.append(mean_object(picture))
    nothing = np.zeros((len(keys), 0), np.float32)
    return Pool(
        keys=tuple(keys),
        image_digests=tuple(digests),
        caption_vectors=sentence_vectors(captions, text_slot, home, progress) if needs.text_neighbours else nothing,
        object_vectors=np.stack(objects) if needs.image_neighbours and objects else nothing,
    )


def mean_object(picture: ImageFeatures) -> NDArray[np.float32]:
    """V_I, the mean of the detected objects' vectors [object_width]; zero where nothing was detected (Eq. 9)."""
    if not picture.objects:
        return np.zeros(picture.object_vectors.shape[1], np.float32)
    mean: NDArray[np.float32] = picture.object_vectors.astype(np.float32).mean(axis=0)
    return mean


class PoolNeighbourhood:
    """Which posts of a pool are the neighbours of a post.

    An answer is remembered under all that it follows from: which post asks (it is left out), its picture (so are posts
    with that one), and the text, or the mean object vector, that is compared. So one neighbourhood serves any number of
    evaluations with other pictures.

    Args:
        pool: among which posts they are sought.
        grids: where the neighbours' grids come from.
        text_slot: the profile's frozen text encoder.
        needs: how many of each kind.
        remembered: how many answers of each kind are kept.
        indexes: the folder in which an index of a large pool is kept; None for none.
    """

    def __init__(
        self,
        pool: Pool,
        grids: Grids,
        text_slot: str,
        needs: Needs,
        *,
        remembered: int = REMEMBERED,
        indexes: Path | None = None,
    ) -> None:
        self.pool = pool
        self.needs = needs
        self._retriever = Retriever(pool, indexes=indexes)
        self._digests = dict(zip(pool.keys, pool.image_digests, strict=True))
        self._grids = grids
        self._text_slot = text_slot
        self._of_text: LruCache[Hashable, Found] = LruCache(remembered)
        self._of_image: LruCache[Hashable, Found] = LruCache(remembered)

    def prepare(
        self,
        examples: Sequence[Example],
        features: Features,
        home: Home,
        progress: OnVectors | None = None,
    ) -> None:
        """Finds the neighbours of many posts at once and remembers them all (Eq. 5, 10).

        The texts' vectors are kept in the home: the same posts are quick the next time.
        """
        for known in (self._of_text, self._of_image):
            known.limit += len(examples)
        if self.needs.text_neighbours:
            texts = sentence_vectors([example.text for example in examples], self._text_slot, home, progress)
            self._texts_asked(examples, lambda: texts)
        if self.needs.image_neighbours:
            self._objects_asked(examples, [mean_object(features.features(example)) for example in examples])

    def of_text(self, examples: Sequence[Example]) -> list[Found]:
        """For each post those whose images' captions are most like its text, best first."""
        return self._texts_asked(
            examples, lambda: sentence_vectors([example.text for example in examples], self._text_slot)
        )

    def of_image(self, examples: Sequence[Example], pictures: Sequence[ImageFeatures]) -> list[Found]:
        """For each post those whose images show objects most like those of its picture, best first."""
        return self._objects_asked(examples, [mean_object(picture) for picture in pictures])

    def grid(self, neighbour: Neighbour) -> NDArray[Any]:
        """The neighbour's image grid [49, grid_width]."""
        return self._grids(self._digests[neighbour.key])

    def image_digest(self, key: PostKey) -> str:
        """The sha256 of the picture of a post in the pool; empty for a post that is not there."""
        return self._digests.get(key, "")

    def _texts_asked(self, examples: Sequence[Example], vectors: Callable[[], NDArray[np.float32]]) -> list[Found]:
        queries = [_query(example) for example in examples]
        keys = [(query, example.text) for query, example in zip(queries, examples, strict=True)]
        count = self.needs.text_neighbours
        return self._answers(self._of_text, keys, lambda: self._retriever.by_caption(vectors(), queries, count))

    def _objects_asked(self, examples: Sequence[Example], means: Sequence[NDArray[np.float32]]) -> list[Found]:
        queries = [_query(example) for example in examples]
        keys = [(query, hashlib.sha256(mean.tobytes()).digest()) for query, mean in zip(queries, means, strict=True)]
        count = self.needs.image_neighbours
        return self._answers(self._of_image, keys, lambda: self._retriever.by_objects(np.stack(means), queries, count))

    def _answers(
        self, known: LruCache[Hashable, Found], keys: Sequence[Hashable], search: Callable[[], list[Found]]
    ) -> list[Found]:
        """The answers to all these questions; where one is new all are sought, as if none had been asked before.

        So no answer depends on what was asked earlier: the encoder's last digits follow from what it reads at once.
        """
        if all(key in known for key in keys):
            return [known[key] for key in keys]
        found = search()
        known.add(dict(zip(keys, found, strict=True)))
        return found


def _query(example: Example) -> Query:
    return Query(example.key, _digest(example))


def _digest(example: Example) -> str:
    """The sha256 of the post's picture, empty where there is none."""
    return image_digest(example.image) if example.image is not None and example.image.is_file() else ""
