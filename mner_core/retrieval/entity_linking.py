"""Knowledge about posts' pictures from one graph, looked up once and remembered; and phrases as vectors.

A run's graph lies below the home by its fingerprint, pictures included, and an exported run brings it along:

    entities.jsonl, triples.tsv, graph.json, images/    the graph, as docs/knowledge.md describes it
    vectors.safetensors                                 its pictures as the run's extractor saw them
"""

import hashlib
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from mner_core.caches import LruCache, read_kept
from mner_core.features.image import Features, ImageFeatures
from mner_core.files import fresh_folder, write_whole
from mner_core.home import Home
from mner_core.knowledge.graph import Graph
from mner_core.knowledge.graph_files import copy_pictures, read_graph, write_files
from mner_core.knowledge.search import Knowledge, KnowledgeSearch
from mner_core.types import Example, InputError

_VECTORS = "vectors.safetensors"
REMEMBERED = 200_000
"""Posts whose knowledge is remembered: a training asks for that of each in every epoch; half a KB each."""


def graph_posts(graph: Graph) -> list[Example]:
    """The graph's pictures as posts without words, so that they are looked at as posts' pictures are."""
    return [Example(id=each, text="", tokens=(), image=graph.picture(each), image_name=each) for each in graph.images]


def pooled(picture: ImageFeatures) -> NDArray[np.float32]:
    """The mean over the grid's 49 regions [grid_width] (ours): by it pictures are compared."""
    mean: NDArray[np.float32] = picture.grid.astype(np.float32).mean(axis=0)
    return mean


class GraphKnowledge:
    """Knowledge about any post from one graph.

    Args:
        graph: where it is looked up.
        vectors: [images, grid_width] unit vectors of its pictures, zero where one does not open.
        least: the cosine from which two pictures show the same.
    """

    def __init__(self, graph: Graph, vectors: NDArray[np.float32], least: float) -> None:
        self.graph = graph
        self._search = KnowledgeSearch(graph, vectors)
        self._least = least
        self._found: LruCache[bytes, Knowledge | None] = LruCache(REMEMBERED)

    @classmethod
    def build(cls, graph: Graph, features: Features, least: float) -> "GraphKnowledge":
        """Knowledge from a graph whose pictures the extractor of `features` has seen, or sees now."""
        rows = [pooled(features.features(each)) for each in graph_posts(graph)]
        vectors = np.stack(rows) if rows else np.zeros((0, 1), np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return cls(graph, (vectors / np.maximum(lengths, 1e-12)).astype(np.float32), least)

    @property
    def fingerprint(self) -> str:
        """sha256 of the graph and of what its pictures look like."""
        digest = hashlib.sha256(self.graph.fingerprint.encode())
        digest.update(np.ascontiguousarray(self._search.vectors).tobytes())
        return digest.hexdigest()

    def of(self, example: Example, picture: ImageFeatures) -> Knowledge | None:
        """What is known about the picture that these features describe, given the post's words; None for nothing."""
        if not picture.image_ok:
            return None
        vector = pooled(picture)
        key = hashlib.sha256("\0".join(example.words).encode(errors="surrogatepass") + vector.tobytes()).digest()
        found = self._found.answers([key], lambda _: [self._search.find(example.words, vector, self._least)])
        return found[key]

    def save(self, folder: Path) -> None:
        """Writes the graph with its pictures and their vectors into `folder`, whole or not at all; once.

        One that lies there damaged is written again.

        Raises:
            InputError: it cannot be written.
        """
        if self._lies_in(folder):
            return
        shutil.rmtree(folder, ignore_errors=True)
        try:
            with fresh_folder(folder) as work:
                write_files(self.graph, work)
                copy_pictures(self.graph, work)
                self._write_vectors(work)
        except InputError:
            if not self._lies_in(folder):  # else another process has written the same meanwhile
                raise

    @classmethod
    def load(cls, folder: Path, fingerprint: str, least: float, features: Features) -> "GraphKnowledge":
        """Reads what `save` wrote; vectors that are damaged are made again from the graph's pictures.

        Raises:
            InputError: it is not there, or is not the graph of that fingerprint.
        """
        graph, _ = read_graph(folder)
        vectors = read_kept(folder / _VECTORS, lambda file: _vectors(file, graph))
        found = cls.build(graph, features, least) if vectors is None else cls(graph, vectors, least)
        if found.fingerprint != fingerprint:
            raise InputError(
                f"The knowledge graph {folder.name[:12]} is not the one of the run any more; train the run again."
            )
        if vectors is None:
            found._write_vectors(folder)
        return found

    def _lies_in(self, folder: Path) -> bool:
        graph = read_kept(folder, lambda folder: read_graph(folder)[0])
        vectors = read_kept(folder / _VECTORS, lambda file: _vectors(file, self.graph))
        same = graph is not None and graph.fingerprint == self.graph.fingerprint
        return same and vectors is not None and np.array_equal(vectors, self._search.vectors)

    def _write_vectors(self, folder: Path) -> None:
        write_whole(folder / _VECTORS, save({"vectors": np.ascontiguousarray(self._search.vectors)}))


def _vectors(file: Path, graph: Graph) -> NDArray[np.float32]:
    vectors: NDArray[np.float32] = load(file.read_bytes())["vectors"]
    if vectors.ndim != 2 or len(vectors) != len(graph.images):
        raise ValueError(f"it holds {vectors.shape} numbers for {len(graph.images)} pictures")
    return vectors


def graph_folder(home: Home, fingerprint: str) -> Path:
    """Where the graph of that fingerprint lies in a home."""
    return home.root / "knowledge" / fingerprint
