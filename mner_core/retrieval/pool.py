"""Other posts whose images are likest: a sentence against their captions, an image's objects against their objects.

Likeness is the cosine. A post never finds itself, nor any post with the very same picture: the papers take images of
*other* posts. Without a vector (no caption, nothing detected) a post is never a neighbour and has none.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mner_core.retrieval.vector_index import EXACT_UP_TO, VectorIndex, Vectors
from mner_core.types import InputError

_FILE = "pool.safetensors"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another post and the cosine that chose it, -1..1."""

    post: str
    score: float


class Query(NamedTuple):
    """The post that asks: it and all posts with its picture are left out. An empty digest stands for no picture."""

    post: str
    image_digest: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Pool:
    """The posts among which neighbours are sought, one row each: [posts, width] vectors, all zeros where there is none.

    `image_digests` hold the sha256 of each post's picture, empty where it has none.
    """

    keys: tuple[str, ...]
    image_digests: tuple[str, ...]
    caption_vectors: Vectors
    object_vectors: Vectors

    def __post_init__(self) -> None:
        sizes = {len(self.keys), len(self.image_digests), len(self.caption_vectors), len(self.object_vectors)}
        if len(sizes) > 1 or len(set(self.keys)) < len(self.keys):
            raise ValueError("A pool needs one key, digest, caption vector and object vector a post, and no key twice.")

    @cached_property
    def fingerprint(self) -> str:
        """A sha256 of all that the pool holds."""
        digest = hashlib.sha256(json.dumps([self.keys, self.image_digests]).encode())
        for vectors in (self.caption_vectors, self.object_vectors):
            digest.update(repr(vectors.shape).encode())
            digest.update(np.ascontiguousarray(vectors, np.float32).tobytes())
        return digest.hexdigest()

    def save(self, folder: Path) -> None:
        """Writes `pool.safetensors` into the folder, whole or not at all.

        Raises:
            InputError: it cannot be written; a pool that was there before is untouched.
        """
        vectors = {"caption_vectors": self.caption_vectors, "object_vectors": self.object_vectors}
        names = {"keys": self.keys, "image_digests": self.image_digests}
        content = save(
            {name: np.ascontiguousarray(rows, np.float32) for name, rows in vectors.items()},
            {"fingerprint": self.fingerprint, **{name: json.dumps(each) for name, each in names.items()}},
        )
        partial = folder / f".{_FILE}.{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(folder / _FILE)
        except OSError as error:
            if partial.exists():
                partial.unlink()
            raise InputError(f"Cannot write {_FILE} into {folder.name}: {error.strerror or error}.") from error

    @classmethod
    def load(cls, folder: Path) -> "Pool":
        """Reads what `save` wrote.

        Raises:
            InputError: the file is missing, is no pool, or does not hold what its fingerprint says.
        """
        try:
            with safe_open(folder / _FILE, framework="numpy") as file:
                names = file.metadata()
                pool = cls(
                    keys=tuple(json.loads(names["keys"])),
                    image_digests=tuple(json.loads(names["image_digests"])),
                    caption_vectors=file.get_tensor("caption_vectors"),
                    object_vectors=file.get_tensor("object_vectors"),
                )
        except OSError as error:
            raise InputError(f"There is no readable {_FILE} in {folder.name}; build the pool again.") from error
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{_FILE} in {folder.name} is damaged ({error}); build the pool again.") from error
        if pool.fingerprint != names.get("fingerprint"):
            raise InputError(f"{_FILE} in {folder.name} is damaged (its fingerprint differs); build the pool again.")
        return pool


class Retriever:
    """The two graphs' neighbours in one pool."""

    def __init__(self, pool: Pool, *, exact_up_to: int = EXACT_UP_TO, threads: int = 1) -> None:
        self.pool = pool
        self.captions = VectorIndex(pool.caption_vectors, exact_up_to=exact_up_to, threads=threads)
        self.objects = VectorIndex(pool.object_vectors, exact_up_to=exact_up_to, threads=threads)
        self._row_of = {key: row for row, key in enumerate(pool.keys)}
        self._rows_with: dict[str, set[int]] = {}
        for row, digest in enumerate(pool.image_digests):
            self._rows_with.setdefault(digest, set()).add(row)

    def by_caption(self, sentences: Vectors, queries: Sequence[Query], num: int) -> list[tuple[Neighbour, ...]]:
        """For each sentence vector the `num` other posts with the likest captions, best first (R-GCN, Eq. 5)."""
        return self._neighbours(self.captions, sentences, queries, num)

    def by_objects(self, objects: Vectors, queries: Sequence[Query], num: int) -> list[tuple[Neighbour, ...]]:
        """For each mean object vector the `num` other posts with the likest objects, best first (R-GCN, Eq. 10)."""
        return self._neighbours(self.objects, objects, queries, num)

    def _neighbours(
        self, index: VectorIndex, vectors: Vectors, queries: Sequence[Query], num: int
    ) -> list[tuple[Neighbour, ...]]:
        if len(vectors) != len(queries):
            raise ValueError(f"There are {len(vectors)} query vectors for {len(queries)} posts.")
        found = index.search(vectors, num, [self._own_rows(query) for query in queries])
        return [tuple(Neighbour(self.pool.keys[row], cosine) for row, cosine in rows) for rows in found]

    def _own_rows(self, query: Query) -> set[int]:
        same_picture = self._rows_with.get(query.image_digest, set()) if query.image_digest else set()
        return same_picture | {self._row_of[query.post]} if query.post in self._row_of else same_picture
