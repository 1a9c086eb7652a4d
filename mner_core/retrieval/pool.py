"""The pool of posts in which neighbours are searched: by a sentence against captions, by objects against objects.

Likeness is the cosine. A post never finds itself, nor any post with the very same picture: the papers take images of
*other* posts. Without a vector (no caption, nothing detected) a post is never a neighbour and has none.
"""

import hashlib
import json
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mner_core.code_version import code_digest
from mner_core.files import names_only, write_whole
from mner_core.retrieval.vector_index import EXACT_UP_TO, VectorIndex, Vectors
from mner_core.types import InputError, PostKey

_FILE = "pool.safetensors"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another post and the cosine that chose it, -1..1."""

    key: PostKey
    score: float

    @property
    def item(self) -> dict[str, Any]:
        """The same as an item of evidence: {"post", "split" (where it is known), "score"}."""
        split = {"split": self.key.split} if self.key.split else {}
        return {"post": self.key.post, **split, "score": self.score}


class Query(NamedTuple):
    """The post that asks: it and all posts with its picture are left out. An empty digest stands for no picture."""

    key: PostKey
    image_digest: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Pool:
    """The posts among which neighbours are sought, one row each: [posts, width] vectors, all zeros where there is none.

    In the pools of runs that were trained before splits were kept, every key's split is empty and ids are unique.

    `image_digests` hold the sha256 of each post's picture, empty where it has none.
    """

    keys: tuple[PostKey, ...]
    image_digests: tuple[str, ...]
    caption_vectors: Vectors
    object_vectors: Vectors

    def __post_init__(self) -> None:
        columns = (self.keys, self.image_digests, self.caption_vectors, self.object_vectors)
        if len({len(column) for column in columns}) > 1 or len(set(self.keys)) < len(self.keys):
            raise ValueError("A pool needs one key, digest, caption vector and object vector a post, and no key twice.")

    @cached_property
    def fingerprint(self) -> str:
        """A sha256 of all that the pool holds."""
        digest = hashlib.sha256(json.dumps(list(self._names.values())).encode())
        for vectors in (self.caption_vectors, self.object_vectors):
            digest.update(repr(vectors.shape).encode())
            digest.update(np.ascontiguousarray(vectors, np.float32).tobytes())
        return digest.hexdigest()

    @property
    def _names(self) -> dict[str, Sequence[str]]:
        """What the file's header says of each post; a pool without splits is written as before there were any."""
        names = {"keys": [key.post for key in self.keys], "image_digests": self.image_digests}
        splits = [key.split for key in self.keys]
        return names | {"splits": splits} if any(splits) else names

    def save(self, folder: Path) -> None:
        """Writes `pool.safetensors` into the folder, whole or not at all.

        Raises:
            InputError: it cannot be written; a pool that was there before is untouched.
        """
        vectors = {"caption_vectors": self.caption_vectors, "object_vectors": self.object_vectors}
        content = save(
            {name: np.ascontiguousarray(rows, np.float32) for name, rows in vectors.items()},
            {"fingerprint": self.fingerprint, **{name: json.dumps(each) for name, each in self._names.items()}},
        )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"Cannot write {_FILE} into {folder.name}: {error.strerror or error}.") from error
        write_whole(folder / _FILE, content)

    @classmethod
    def load(cls, folder: Path) -> "Pool":
        """Reads what `save` wrote.

        Raises:
            InputError: the file is missing, is no pool, or does not hold what its fingerprint says.
        """
        try:
            with safe_open(folder / _FILE, framework="numpy") as file:
                names = file.metadata()
                ids = json.loads(names["keys"])
                splits = json.loads(names["splits"]) if "splits" in names else [""] * len(ids)
                pool = cls(
                    keys=tuple(PostKey(*key) for key in zip(splits, ids, strict=True)),
                    image_digests=tuple(json.loads(names["image_digests"])),
                    caption_vectors=file.get_tensor("caption_vectors"),
                    object_vectors=file.get_tensor("object_vectors"),
                )
        except OSError as error:
            raise InputError(f"There is no readable {_FILE} in {folder.name}; build the pool again.") from error
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{_FILE} in {folder.name} is damaged ({names_only(str(error))}); build the pool again."
            ) from error
        if pool.fingerprint != names.get("fingerprint"):
            raise InputError(f"{_FILE} in {folder.name} is damaged (its fingerprint differs); build the pool again.")
        return pool


class Retriever:
    """The two graphs' neighbours in one pool; each index is built when it is first asked.

    Approximate ones are kept below `indexes`, under all that they follow from; None keeps none.
    """

    def __init__(
        self, pool: Pool, *, exact_up_to: int = EXACT_UP_TO, threads: int = 1, indexes: Path | None = None
    ) -> None:
        self.pool = pool
        self._indexes = indexes
        self._build = partial(VectorIndex, exact_up_to=exact_up_to, threads=threads)
        self._row_of = {key: row for row, key in enumerate(pool.keys)}
        self._rows_with: dict[str, set[int]] = {}
        for row, digest in enumerate(pool.image_digests):
            self._rows_with.setdefault(digest, set()).add(row)

    @cached_property
    def captions(self) -> VectorIndex:
        """The pool's captions."""
        return self._build(self.pool.caption_vectors, kept=self._kept("captions"))

    @cached_property
    def objects(self) -> VectorIndex:
        """The pool's mean object vectors."""
        return self._build(self.pool.object_vectors, kept=self._kept("objects"))

    def by_caption(self, sentences: Vectors, queries: Sequence[Query], num: int) -> list[tuple[Neighbour, ...]]:
        """For each sentence vector the `num` other posts with the likest captions, best first (R-GCN, Eq. 5)."""
        return self._neighbours(self.captions, sentences, queries, num)

    def by_objects(self, objects: Vectors, queries: Sequence[Query], num: int) -> list[tuple[Neighbour, ...]]:
        """For each mean object vector the `num` other posts with the likest objects, best first (R-GCN, Eq. 10)."""
        return self._neighbours(self.objects, objects, queries, num)

    def _kept(self, which: str) -> Path | None:
        if self._indexes is None:
            return None
        code = code_digest("mner_core.retrieval.vector_index")
        return self._indexes / f"{which}-{hashlib.sha256(f'{self.pool.fingerprint} {code}'.encode()).hexdigest()}"

    def _neighbours(
        self, index: VectorIndex, vectors: Vectors, queries: Sequence[Query], num: int
    ) -> list[tuple[Neighbour, ...]]:
        if len(vectors) != len(queries):
            raise ValueError(f"There are {len(vectors)} query vectors for {len(queries)} posts.")
        if not self.pool.keys:  # no post has a picture, so nobody knows how wide a vector would be
            return [() for _ in queries]
        found = index.search(vectors, num, [self._own_rows(query) for query in queries])
        return [tuple(Neighbour(self.pool.keys[row], cosine) for row, cosine in rows) for rows in found]

    def _own_rows(self, query: Query) -> Set[int]:
        """The rows of the post itself and of its picture."""
        same_picture = self._rows_with.get(query.image_digest, set()) if query.image_digest else set()
        own = (query.key, PostKey("", query.key.post))  # a pool without splits knows a post by its id alone
        return same_picture | {self._row_of[key] for key in own if key in self._row_of}
