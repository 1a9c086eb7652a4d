"""How much an index looks at: the numbers at which its recall and its speed were measured, seen in what it does."""

from typing import Any

import faiss
import numpy as np
import pytest

from mner_core.retrieval import approximate_index, vector_index
from mner_core.retrieval.approximate_index import About, ApproximateIndex
from mner_core.retrieval.vector_index import EXACT_UP_TO, VectorIndex


def rows(number: int, width: int = 4, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(number, width)).astype(np.float32)


@pytest.mark.parametrize(("number", "lists"), [(1, 1), (79, 1), (80, 2), (1600, 40), (30_000, 693)])
def test_there_are_four_times_as_many_lists_as_the_root_and_forty_rows_to_teach_each(number: int, lists: int) -> None:
    index = VectorIndex(rows(number, width=3), exact_up_to=0)._index._lists
    assert (index.nlist, index.ntotal) == (lists, number)
    assert (index.cp.niter, index.cp.seed, index.sq.qtype) == (10, 17, faiss.ScalarQuantizer.QT_8bit)
    assert (index.cp.min_points_per_centroid, index.cp.max_points_per_centroid) == (1, 400)


def test_as_few_lists_are_read_as_reach_the_recall(monkeypatch: pytest.MonkeyPatch) -> None:
    many = rows(4000, width=8)
    usual = VectorIndex(many, exact_up_to=0)._index
    assert usual.recall >= approximate_index.RECALL
    assert 1 < usual._about.probes < usual._lists.nlist
    half = ApproximateIndex(usual._lists, About(usual._about.probes // 2, 0.0))
    sample = many[::100] / np.linalg.norm(many[::100], axis=1, keepdims=True)
    _, one = usual.search(sample, 10)
    _, other = half.search(sample, 10, widened=2)
    assert np.array_equal(one, other), "twice half as many are as many"
    monkeypatch.setattr(approximate_index, "RECALL", 1.1)
    every = VectorIndex(many, exact_up_to=0)._index
    assert every._about.probes >= every._lists.nlist
    assert every.reads_all(1)
    assert not usual.reads_all(1)


@pytest.mark.parametrize(("different", "is_exact"), [(9, True), (10, True), (11, False)])
def test_so_many_different_rows_are_still_compared_one_by_one(different: int, is_exact: bool) -> None:
    some = rows(different)
    index = VectorIndex(np.concatenate([some, some]), exact_up_to=10)
    assert index.is_exact == is_exact
    assert isinstance(index._index, ApproximateIndex) != is_exact
    assert EXACT_UP_TO == 50_000


@pytest.mark.parametrize(("number", "blocks"), [(1, [1]), (1024, [1024]), (1025, [1024, 1]), (2049, [1024, 1024, 1])])
def test_questions_are_answered_in_blocks_of_1024(
    monkeypatch: pytest.MonkeyPatch, number: int, blocks: list[int]
) -> None:
    asked: list[int] = []
    whole = VectorIndex._nearest

    def counted(self: VectorIndex, unit: Any, *rest: Any) -> Any:
        asked.append(len(unit))
        return whole(self, unit, *rest)

    monkeypatch.setattr(VectorIndex, "_nearest", counted)
    found = VectorIndex(rows(3)).search(rows(number, seed=1), 1, [set()] * number)
    assert asked == blocks
    assert all(len(each) == 1 for each in found)


class Watched:
    """An index that notes how many candidates it is asked for."""

    def __init__(self, index: Any) -> None:
        self.index = index
        self.asked: list[tuple[int, int]] = []

    def search(self, queries: Any, wanted: int) -> Any:
        self.asked.append((len(queries), wanted))
        return self.index.search(queries, wanted)


def test_more_candidates_are_sought_only_where_those_left_out_could_be_nearer() -> None:
    many = rows(400)
    index = VectorIndex(many)
    watched = Watched(index._index)
    index._index = watched
    order = [row for row, _ in index.search(many[:1], 400, [set()])[0]]
    watched.asked.clear()
    index.search(many[:2], 3, [set(), set()])
    assert len(watched.asked) == 1, "the first candidates are enough"
    assert watched.asked[0][0] == 2
    assert 3 < watched.asked[0][1] < 400
    watched.asked.clear()
    index.search(many[:2], 3, [set(order[:60]), set()])
    assert len(watched.asked) > 1
    assert [queries for queries, _ in watched.asked][1:] == [1] * (len(watched.asked) - 1), "for the one question alone"
    sought = [wanted for _, wanted in watched.asked]
    assert sought == sorted(set(sought))


@pytest.mark.parametrize(("number", "sample"), [(100, 100), (256, 256), (300, 256), (600, 256), (2560, 256)])
def test_the_recall_is_that_of_ten_neighbours_of_up_to_256_rows_from_everywhere(
    monkeypatch: pytest.MonkeyPatch, number: int, sample: int
) -> None:
    seen: list[tuple[Any, int]] = []
    true = faiss.knn

    def watched(queries: Any, base: Any, k: int, **rest: Any) -> Any:
        seen.append((queries, k))
        return true(queries, base, k, **rest)

    monkeypatch.setattr(approximate_index.faiss, "knn", watched)
    index = VectorIndex(rows(number), exact_up_to=0)
    [(queries, count)] = seen
    assert (len(queries), count) == (sample, 10)
    step = max(1, number // 256)
    assert np.array_equal(queries, next(index._blocks())[::step][:256])
    assert 0.9 < index.recall <= 1.0


def test_an_index_answers_on_the_threads_it_was_given_and_is_built_on_one(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    monkeypatch.setattr(vector_index.faiss, "omp_set_num_threads", threads.append)
    index = VectorIndex(rows(3), threads=3)
    assert threads == [1]
    index.search(rows(1), 1, [set()])
    assert threads == [1, 3]
    VectorIndex(rows(3)).search(rows(1), 1, [set()])
    assert threads[2:] == [1, 1]


def test_cosines_are_told_to_six_digits_and_equal_ones_go_by_row() -> None:
    close = np.array([[1.0, 2e-7], [1.0, 0.0], [1.0, 0.01]], np.float32)
    [found] = VectorIndex(close).search(np.array([[1.0, 0.0]], np.float32), 3, [set()])
    assert found == [(0, 1.0), (1, 1.0), (2, 0.99995)]
    third = np.array([[1.0, 1.0, 1.0]], np.float32)
    [[(_, cosine)]] = VectorIndex(np.array([[1.0, 0.0, 0.0]], np.float32)).search(third, 1, [set()])
    assert cosine == 0.57735
