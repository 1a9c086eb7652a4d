"""The neighbours of posts in a pool, found once and remembered: what R-GCN's two graphs look like to a batch."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mner_core.data.images import image_digest
from mner_core.features.image import Features, ImageFeatures
from mner_core.home import Home
from mner_core.retrieval.pool import Neighbour, Pool, Query, Retriever
from mner_core.text.sentences import sentence_vectors
from mner_core.types import Example

Grids: TypeAlias = Callable[[str], NDArray[np.float16]]
"""The grid [49, grid_width] of a picture by its sha256."""

OnVectors: TypeAlias = Callable[[int, int], None]


def build_pool(
    examples: Sequence[Example], features: Features, text_slot: str, home: Home, progress: OnVectors | None = None
) -> Pool:
    """The posts that have a picture, each with the vector of its caption (Eq. 4) and of its objects (Eq. 9)."""
    looked = [(example, features.features(example)) for example in examples]
    pictured = [(example, picture) for example, picture in looked if picture.image_ok]
    width = looked[0][1].object_vectors.shape[1] if looked else 0
    captions = [picture.caption if example.caption is None else example.caption for example, picture in pictured]
    return Pool(
        keys=tuple(example.id for example, _ in pictured),
        image_digests=tuple(_digest(example) for example, _ in pictured),
        caption_vectors=sentence_vectors(captions, text_slot, home, progress),
        object_vectors=np.stack([mean_object(picture) for _, picture in pictured])
        if pictured
        else np.zeros((0, width), np.float32),
    )


def mean_object(picture: ImageFeatures) -> NDArray[np.float32]:
    """V_I, the mean of the detected objects' vectors [object_width]; zero where nothing was detected (Eq. 9)."""
    if not picture.objects:
        return np.zeros(picture.object_vectors.shape[1], np.float32)
    mean: NDArray[np.float32] = picture.object_vectors.astype(np.float32).mean(axis=0)
    return mean


class PoolNeighbourhood:
    """Who the neighbours of a post are.

    Args:
        pool: among whom they are sought.
        grids: where the neighbours' grids come from.
        features: where the asking posts' objects come from.
        text_slot: the profile's frozen text encoder.
        count: K, how many of each kind.
        home: where sentence vectors of whole splits are kept; None computes them anew.
    """

    def __init__(
        self, pool: Pool, grids: Grids, features: Features, text_slot: str, count: int, home: Home | None = None
    ) -> None:
        self.pool = pool
        self._retriever = Retriever(pool)
        self._digests = dict(zip(pool.keys, pool.image_digests, strict=True))
        self._grids = grids
        self._features = features
        self._text_slot = text_slot
        self._count = count
        self._home = home
        self._found: dict[tuple[str, str], tuple[tuple[Neighbour, ...], tuple[Neighbour, ...]]] = {}

    def prepare(self, examples: Sequence[Example], progress: OnVectors | None = None) -> None:
        """Finds the neighbours of many posts at once and remembers them (Eq. 5, 10)."""
        queries = [Query(example.id, _digest(example)) for example in examples]
        texts = sentence_vectors([example.text for example in examples], self._text_slot, self._home, progress)
        objects = np.stack([mean_object(self._features.features(example)) for example in examples])
        by_text = self._retriever.by_caption(texts, queries, self._count)
        by_image = self._retriever.by_objects(objects, queries, self._count)
        for example, of_text, of_image in zip(examples, by_text, by_image, strict=True):
            self._found[example.id, example.text] = (of_text, of_image)

    def of_text(self, example: Example) -> tuple[Neighbour, ...]:
        """Posts whose images' captions are most like the text, best first."""
        return self._of(example)[0]

    def of_image(self, example: Example) -> tuple[Neighbour, ...]:
        """Posts whose images show objects most like those of this one, best first."""
        return self._of(example)[1]

    def grid(self, neighbour: Neighbour) -> NDArray[Any]:
        """The neighbour's image grid [49, grid_width]."""
        return self._grids(self._digests[neighbour.post])

    def _of(self, example: Example) -> tuple[tuple[Neighbour, ...], tuple[Neighbour, ...]]:
        if (example.id, example.text) not in self._found:
            self.prepare([example])
        return self._found[example.id, example.text]


def _digest(example: Example) -> str:
    """The sha256 of the post's picture, empty where there is none."""
    return image_digest(example.image) if example.image is not None and example.image.is_file() else ""
