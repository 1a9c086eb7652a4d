"""The nearest rows of a matrix by cosine, through FAISS, in an order that nothing but the numbers decides.

FAISS proposes candidates; their cosines are then computed one by one and rounded to six decimals, and equal ones go by
row number. So a result depends neither on what else is asked at the same time nor on the number of threads.

faiss and torch each bring an OpenMP library of their own (seen in the Linux wheels; both import orders work there), so
torch's number of threads does not reach faiss: it is set here, before each use.
"""

from collections.abc import Sequence, Set
from typing import Any, TypeAlias

import faiss
import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float32]
"""[rows, width], of any length: they are scaled to length 1 here. A row of zeros is nobody's neighbour."""

EXACT_UP_TO = 50_000
"""Different rows that are still compared one by one. All against all at this size, 384 wide, on one thread: 41 s exact,
58 s through the graph, 31 of them to build it; beyond, exact search grows with the square."""

_LINKS, _BUILD_EFFORT, _SEARCH_EFFORT = 32, 80, 128  # of HNSW; recall@5 0.9999 on 50,000 rows with 24 latent dimensions
_SAMPLE, _SAMPLE_NEIGHBOURS = 256, 10
_BLOCK = 1024  # queries answered at once
_SLACK = 16  # candidates beyond the wanted number, for the excluded and the equal ones
_ROUNDING = 1e-5  # float32 cosines of faiss lie closer than this to the exact ones
_DECIMALS = 6


class VectorIndex:
    """The nearest rows of a matrix by cosine: exact, or above `exact_up_to` different rows by a graph (HNSW).

    `recall` is the share of the true ten nearest that the index finds for a sample of its own rows; 1 where exact.
    """

    def __init__(self, vectors: Vectors, *, exact_up_to: int = EXACT_UP_TO, threads: int = 1) -> None:
        """Builds the index on one thread, so that equal vectors give equal graphs; `threads` answer questions."""
        unit, has_length = _unit(vectors)
        self._rows, group = np.unique(unit[has_length], axis=0, return_inverse=True)
        self._members = _members(np.flatnonzero(has_length), group.reshape(-1), len(self._rows))
        self._width = vectors.shape[1]
        self._threads = threads
        self.is_exact = len(self._rows) <= exact_up_to
        faiss.omp_set_num_threads(1)
        self._index = _flat(self._width) if self.is_exact else _graph(self._width)
        self._index.add(self._rows)
        self.recall = 1.0 if self.is_exact else self._measured_recall()

    def search(self, queries: Vectors, num: int, excluded: Sequence[Set[int]]) -> list[list[tuple[int, float]]]:
        """For each query the `num` nearest rows as (row number, cosine), best first; fewer where there are no more.

        Args:
            queries: [queries, width].
            num: how many are wanted.
            excluded: for each query the row numbers that it must not find.
        """
        if queries.shape[1] != self._width:
            raise ValueError(f"The index holds vectors of {self._width} numbers, the queries have {queries.shape[1]}.")
        unit, has_length = _unit(queries)
        results: list[list[tuple[int, float]]] = [[] for _ in unit]
        asking = np.flatnonzero(has_length) if num > 0 and len(self._rows) else np.empty(0, np.int64)
        faiss.omp_set_num_threads(self._threads)
        for start in range(0, len(asking), _BLOCK):
            block = asking[start : start + _BLOCK]
            found = self._nearest(unit[block], num, [excluded[query] for query in block])
            for query, rows in zip(block, found, strict=True):
                results[query] = rows
        return results

    def _nearest(self, unit: Vectors, num: int, excluded: Sequence[Set[int]]) -> list[list[tuple[int, float]]]:
        """Asks for more candidates until those left out cannot be nearer than, or as near as, the last one taken."""
        results: list[list[tuple[int, float]]] = [[] for _ in unit]
        waiting, wanted = list(range(len(unit))), num + _SLACK
        while waiting:
            wanted = min(wanted, len(self._rows))
            cosines, candidates = self._index.search(unit[waiting], wanted)
            unsure = []
            for query, bound, groups in zip(waiting, cosines[:, -1], candidates, strict=True):
                ranked = self._ranked(unit[query], groups[groups >= 0], num, excluded[query])
                results[query] = ranked
                is_full = len(ranked) == num and bound < ranked[-1][1] - _ROUNDING
                if wanted < len(self._rows) and not is_full:
                    unsure.append(query)
            waiting, wanted = unsure, 4 * wanted
        return results

    def _ranked(
        self, query: Vectors, groups: NDArray[np.int64], num: int, excluded: Set[int]
    ) -> list[tuple[int, float]]:
        products = self._rows[groups] * query
        cosines = products.sum(axis=1, dtype=np.float64).round(_DECIMALS).tolist()
        enough = num + len(excluded)
        ranked = sorted(
            (-cosine, row)
            for group, cosine in zip(groups, cosines, strict=True)
            for row in self._members[group][:enough]
            if row not in excluded
        )
        return [(row, -negative) for negative, row in ranked[:num]]

    def _measured_recall(self) -> float:
        sample = self._rows[:: max(1, len(self._rows) // _SAMPLE)][:_SAMPLE]
        _, true = faiss.knn(sample, self._rows, _SAMPLE_NEIGHBOURS, metric=faiss.METRIC_INNER_PRODUCT)
        _, found = self._index.search(sample, _SAMPLE_NEIGHBOURS)
        return float(np.mean([len(set(one) & set(other)) / len(one) for one, other in zip(true, found, strict=True)]))


def _unit(vectors: Vectors) -> tuple[Vectors, NDArray[np.bool_]]:
    """Rows scaled to length 1, and which of them have a length at all."""
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise ValueError(
            f"Expected finite vectors of shape [posts, width], got shape {vectors.shape} or numbers beyond."
        )
    length = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    unit = np.divide(vectors, length, out=np.zeros(vectors.shape), where=length > 0)
    return unit.astype(np.float32), length[:, 0] > 0


def _members(rows: NDArray[np.int64], group: NDArray[np.int64], num_groups: int) -> list[list[int]]:
    """For each group of equal vectors its rows, in the pool's order."""
    members: list[list[int]] = [[] for _ in range(num_groups)]
    for row, place in zip(rows.tolist(), group.tolist(), strict=True):
        members[place].append(row)
    return members


def _flat(width: int) -> Any:
    return faiss.IndexFlatIP(width)


def _graph(width: int) -> Any:
    index = faiss.IndexHNSWFlat(width, _LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = _BUILD_EFFORT
    index.hnsw.efSearch = _SEARCH_EFFORT
    return index
