"""The nearest rows of a matrix by cosine, through FAISS, in an order that nothing but the numbers decides.

FAISS proposes candidates; their cosines are then computed one by one and rounded to six decimals, and equal ones go by
row number. So a result depends neither on what else is asked at the same time nor on the number of threads.

faiss and torch each bring an OpenMP library of their own (seen in the Linux wheels; both import orders work there), so
torch's number of threads does not reach faiss: it is set here, before each use.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import faiss
import numpy as np
from numpy.typing import NDArray

from mner_core.caches import read_kept
from mner_core.files import fresh_folder, one_at_a_time
from mner_core.retrieval.approximate_index import ApproximateIndex

Vectors: TypeAlias = NDArray[np.float32]
"""[rows, width], of any length: they are scaled to length 1 here. A row of zeros is nobody's neighbour."""

EXACT_UP_TO = 50_000
"""Different rows that are still compared one by one; beyond, exact search of all against all grows with the square."""

_BLOCK = 1024  # queries answered at once
_ROWS = 16_384  # rows read at once
_SLACK = 16  # candidates beyond the wanted number, for the excluded and the equal ones
_ROUNDING = 1e-5  # float32 cosines of faiss lie closer than this to the exact ones
_DECIMALS = 6


class Groups(NamedTuple):
    """Equal rows count as one: `first` is a row of each group [groups]; the rows of group g, in the matrix's order, are
    order[starts[g] : starts[g + 1]].
    """

    first: NDArray[np.int64]
    order: NDArray[np.int64]
    starts: NDArray[np.int64]


class VectorIndex:
    """The nearest rows of a matrix by cosine: exact, or above `exact_up_to` different rows by inverted lists.

    `recall` is the share of the true ten nearest that the index finds for a sample of its own rows; 1 where exact.
    """

    def __init__(
        self, vectors: Vectors, *, exact_up_to: int = EXACT_UP_TO, threads: int = 1, kept: Path | None = None
    ) -> None:
        """Builds the index on one thread, so that equal vectors give equal lists; `threads` answer questions.

        The vectors stay where they are (they may be mapped from a file), and must not change. An approximate index is
        read from the folder `kept`, which belongs to these very vectors, or built and written there; None keeps none.

        Raises:
            InputError: the folder cannot be written.
        """
        self._vectors, self._width, self._threads = vectors, vectors.shape[-1], threads
        self._groups = _grouped(vectors)
        self.is_exact = len(self._groups.first) <= exact_up_to
        faiss.omp_set_num_threads(1)
        self._index: Any = self._flat() if self.is_exact else self._approximate(kept)
        self.recall = 1.0 if self.is_exact else self._index.recall

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
        asking = np.flatnonzero(has_length) if num > 0 and len(self._groups.first) else np.empty(0, np.int64)
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
        waiting, wanted, widened = list(range(len(unit))), num + _SLACK, 1
        while waiting:
            wanted = min(wanted, len(self._groups.first))
            cosines, candidates = self._candidates(unit[waiting], wanted, widened)
            unsure = []
            for query, bound, groups in zip(waiting, cosines[:, -1], candidates, strict=True):
                ranked = self._ranked(unit[query], groups[groups >= 0], num, excluded[query])
                results[query] = ranked
                is_full = len(ranked) == num and (not self.is_exact or bound < ranked[-1][1] - _ROUNDING)
                if not is_full and not (wanted == len(self._groups.first) and self._reads_all(widened)):
                    unsure.append(query)
            waiting, wanted = unsure, 4 * wanted
            widened *= 4
        return results

    def _candidates(self, unit: Vectors, wanted: int, widened: int) -> tuple[Vectors, NDArray[np.int64]]:
        found: tuple[Vectors, NDArray[np.int64]] = (
            self._index.search(unit, wanted) if self.is_exact else self._index.search(unit, wanted, widened)
        )
        return found

    def _reads_all(self, widened: int) -> bool:
        return self.is_exact or self._index.reads_all(widened)

    def _ranked(
        self, query: Vectors, groups: NDArray[np.int64], num: int, excluded: Set[int]
    ) -> list[tuple[int, float]]:
        rows, _ = _unit(self._vectors[self._groups.first[groups]])
        cosines = (rows * query).sum(axis=1, dtype=np.float64).round(_DECIMALS).tolist()
        enough = num + len(excluded)
        ranked = sorted(
            (-cosine, row)
            for group, cosine in zip(groups.tolist(), cosines, strict=True)
            for row in self._members(group)[:enough].tolist()
            if row not in excluded
        )
        return [(row, -negative) for negative, row in ranked[:num]]

    def _members(self, group: int) -> NDArray[np.int64]:
        """The rows of a group of equal ones, in the matrix's order."""
        return self._groups.order[self._groups.starts[group] : self._groups.starts[group + 1]]

    def _blocks(self) -> Iterator[Vectors]:
        """A row of each group, of length 1."""
        for start in range(0, len(self._groups.first), _ROWS):
            yield _unit(self._vectors[self._groups.first[start : start + _ROWS]])[0]

    def _flat(self) -> Any:
        index = faiss.IndexFlatIP(self._width)
        for block in self._blocks():
            index.add(block)
        return index

    def _approximate(self, kept: Path | None) -> ApproximateIndex:
        num = len(self._groups.first)
        if kept is None:
            return ApproximateIndex.build(self._blocks, num)
        with one_at_a_time(kept.with_name(f"{kept.name}.lock")):  # who comes second reads what the first one has built
            found = read_kept(kept, lambda folder: ApproximateIndex.open(folder, num, self._width))
            if found is None:
                shutil.rmtree(kept, ignore_errors=True)  # it is damaged, or of other rows
                found = ApproximateIndex.build(self._blocks, num)
                with fresh_folder(kept) as folder:
                    found.save(folder)
        return found


def _unit(vectors: Vectors) -> tuple[Vectors, NDArray[np.bool_]]:
    """Rows scaled to length 1, and which of them have a length at all."""
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise ValueError(
            f"Expected finite vectors of shape [posts, width], got shape {vectors.shape} or numbers beyond."
        )
    length = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    unit = np.divide(vectors, length, out=np.zeros(vectors.shape), where=length > 0)
    return unit.astype(np.float32), length[:, 0] > 0


def _grouped(vectors: Vectors) -> Groups:
    """Rows that point the same way, found by a number made of each; rows of zeros are in no group."""
    candidates = (_with_equal(*_codes(vectors, seed)) for seed in count())
    return next(groups for groups in candidates if _is_right(vectors, groups))


def _with_equal(codes: NDArray[np.uint64], has_length: NDArray[np.bool_]) -> Groups:
    """The rows that have a length, grouped by their numbers."""
    rows = np.flatnonzero(has_length)
    _, first, group = np.unique(codes[has_length], return_index=True, return_inverse=True)
    order = rows[np.argsort(group, kind="stable")]
    starts = np.concatenate([[0], np.bincount(group, minlength=len(first)).cumsum()]).astype(np.int64)
    return Groups(rows[first], order, starts)


def _codes(vectors: Vectors, seed: int) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """A number of 64 bits for each row that is equal for equal unit rows, and which rows have a length."""
    factors = np.random.default_rng(seed).integers(1, 2**63, vectors.shape[-1], dtype=np.uint64) | np.uint64(1)
    codes = np.zeros(len(vectors), np.uint64)
    has_length = np.zeros(len(vectors), bool)
    for start in range(0, max(1, len(vectors)), _ROWS):
        unit, has_length[start : start + _ROWS] = _unit(vectors[start : start + _ROWS])
        bits = np.ascontiguousarray(unit + 0.0).view(np.uint32)  # + 0.0: there is one zero
        codes[start : start + _ROWS] = np.einsum("nd,d->n", bits.astype(np.uint64), factors)
    return codes, has_length


def _is_right(vectors: Vectors, groups: Groups) -> bool:
    """Whether all rows of each group are equal; two different rows have the same number once in 2^64."""
    sizes = np.diff(groups.starts)
    doubled = np.flatnonzero(sizes > 1)
    members: Iterable[tuple[int, NDArray[np.int64]]] = (
        (int(groups.first[group]), groups.order[groups.starts[group] : groups.starts[group + 1]]) for group in doubled
    )
    return all(
        bool((_unit(vectors[rows[start : start + _ROWS]])[0] == _unit(vectors[[first]])[0]).all())
        for first, rows in members
        for start in range(0, len(rows), _ROWS)
    )
