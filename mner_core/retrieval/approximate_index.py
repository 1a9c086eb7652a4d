"""The approximate index of many rows: inverted lists of 8-bit codes, read from disk and shared by all who read it.

Rows are sorted into lists by their nearest of some centroids (k-means); a question reads the lists whose centroids are
nearest to it (Jegou, Douze and Schmid 2011, Product Quantization for Nearest Neighbor Search, section 4; here each
number of a row is one byte, in place of product codes). How many lists are read follows from a sample of the rows: as
few as find `RECALL` of their true nearest.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import faiss
import numpy as np
from numpy.typing import NDArray

Unit: TypeAlias = NDArray[np.float32]
"""[rows, width], each of length 1."""

RECALL = 0.985
"""The share of a sampled row's ten nearest that is wanted."""

_LISTS_PER_ROOT = 4  # lists: four times the root of the number of rows
_TAUGHT_BY = 40  # rows a list that k-means learns from
_ROUNDS, _SEED = 10, 17  # of k-means
_SAMPLE, _SAMPLE_NEIGHBOURS = 256, 10
_FILE, _ABOUT = "lists.faiss", "about.json"


@dataclass(frozen=True, slots=True)
class About:
    """What was measured when the index was built: how many lists a question reads, and the recall of the sample."""

    probes: int
    recall: float


class ApproximateIndex:
    """Inverted lists of 8-bit codes.

    Args:
        lists: faiss's own index.
        about: what was measured.
    """

    def __init__(self, lists: Any, about: About) -> None:
        self._lists = lists
        self._about = about

    @property
    def recall(self) -> float:
        """The share of a sampled row's true ten nearest that it finds, 0..1."""
        return self._about.recall

    @classmethod
    def build(cls, blocks: Callable[[], Iterable[Unit]], count: int) -> "ApproximateIndex":
        """Reads the rows block by block, as often as it needs them; equal rows give equal lists.

        Args:
            blocks: gives all rows in order, [any, width] each.
            count: how many rows there are, at least one.
        """
        num_lists = max(1, min(round(_LISTS_PER_ROOT * count**0.5), count // _TAUGHT_BY))
        sample = _every(blocks(), max(1, count // (num_lists * _TAUGHT_BY)))
        width = sample.shape[1]
        lists = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(width), width, num_lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        lists.cp.niter, lists.cp.seed, lists.cp.min_points_per_centroid = _ROUNDS, _SEED, 1
        lists.cp.max_points_per_centroid = 10 * _TAUGHT_BY
        lists.train(sample)
        for block in blocks():
            lists.add(block)
        found = cls(lists, About(1, 0.0))
        found._about = found._measured(blocks, count)
        return found

    def search(self, queries: Unit, num: int, widened: int = 1) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The likeliest `num` rows of each query by the codes' own cosines, best first; -1 where there are no more.

        `widened` times as many lists are read as usual. Returns cosines and row numbers, [queries, num] each.
        """
        return self._read(queries, num, self._about.probes * widened)

    def reads_all(self, widened: int) -> bool:
        """Whether so widened a question reads every list."""
        return bool(self._about.probes * widened >= self._lists.nlist)

    def save(self, folder: Path) -> None:
        """Writes both files into a folder that is there."""
        faiss.write_index(self._lists, str(folder / _FILE))
        (folder / _ABOUT).write_text(json.dumps(asdict(self._about)), encoding="utf-8")

    @classmethod
    def open(cls, folder: Path, count: int, width: int) -> "ApproximateIndex":
        """Maps what `save` wrote into memory: the codes are read when a question needs them.

        Raises:
            OSError, ValueError, TypeError: it is missing or damaged, or is not of `count` rows of this width.
        """
        about = About(**json.loads((folder / _ABOUT).read_text(encoding="utf-8")))
        try:
            lists = faiss.read_index(str(folder / _FILE), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        except RuntimeError as error:  # faiss's own kind of error
            raise ValueError(f"{_FILE} cannot be read: {str(error)[-100:]}") from error
        if (lists.ntotal, lists.d) != (count, width):
            raise ValueError(f"{_FILE} holds {lists.ntotal} rows of {lists.d} numbers, not {count} of {width}.")
        return cls(lists, about)

    def _read(self, queries: Unit, num: int, probes: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        settings = faiss.SearchParametersIVF(nprobe=min(probes, self._lists.nlist))  # type: ignore[call-arg]
        cosines, rows = self._lists.search(queries, num, params=settings)
        return cosines, rows

    def _measured(self, blocks: Callable[[], Iterable[Unit]], count: int) -> About:
        """Doubles the lists that are read until the sample's recall is reached."""
        sample = _every(blocks(), max(1, count // _SAMPLE))[:_SAMPLE]
        num = min(_SAMPLE_NEIGHBOURS, count)
        true = _true_nearest(sample, blocks(), num)
        probes = 1
        while True:
            _, found = self._read(sample, 2 * num, probes)
            recall = float(np.mean([len({*one} & {*other}) / num for one, other in zip(true, found, strict=True)]))
            if recall >= RECALL or probes >= self._lists.nlist:
                return About(probes, recall)
            probes *= 2


def _every(blocks: Iterable[Unit], step: int) -> Unit:
    """Each `step`-th row."""
    kept: list[Unit] = []
    at = 0
    for block in blocks:
        kept.append(block[-at % step :: step])
        at += len(block)
    return np.concatenate(kept)


def _true_nearest(sample: Unit, blocks: Iterable[Unit], num: int) -> NDArray[np.int64]:
    """The row numbers of the `num` nearest of each sampled row, by comparing all: [sample, num]."""
    best = np.zeros((len(sample), 0), np.float32)
    rows = np.zeros((len(sample), 0), np.int64)
    for start, block in _numbered(blocks):
        cosines, found = faiss.knn(sample, block, min(num, len(block)), metric=faiss.METRIC_INNER_PRODUCT)
        best, rows = np.hstack([best, cosines]), np.hstack([rows, found + start])
        order = np.argsort(-best, axis=1, kind="stable")[:, :num]
        best, rows = np.take_along_axis(best, order, 1), np.take_along_axis(rows, order, 1)
    return rows


def _numbered(blocks: Iterable[Unit]) -> Iterator[tuple[int, Unit]]:
    start = 0
    for block in blocks:
        yield start, block
        start += len(block)
