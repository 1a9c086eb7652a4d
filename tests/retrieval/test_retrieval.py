"""Retrieval: NumPy by brute force as the oracle."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from mner_core.retrieval import approximate_index, vector_index
from mner_core.retrieval.approximate_index import ApproximateIndex
from mner_core.retrieval.pool import Neighbour, Pool, Query, Retriever
from mner_core.retrieval.vector_index import VectorIndex, Vectors
from mner_core.types import InputError, PostKey


def brute_force(rows: Vectors, query: Vectors, num: int, excluded: set[int]) -> list[tuple[int, float]]:
    """Every cosine, sorted; among equals the row that comes first."""
    found = []
    for row, vector in enumerate(rows.astype(float)):
        lengths = np.linalg.norm(vector) * np.linalg.norm(query.astype(float))
        if lengths > 0 and row not in excluded:
            found.append((-round(float(vector @ query / lengths), 5), row))
    return [(row, -negative) for negative, row in sorted(found)[:num]]


# Few directions and whole numbers: ties, zero vectors, copies and opposite vectors all the time.
coarse = st.lists(st.tuples(*[st.sampled_from([0, 0, 1, 1, -1])] * 3), min_size=0, max_size=60)


@given(coarse, coarse, st.integers(0, 12), st.data())
def test_the_nearest_are_those_of_brute_force(rows: list, queries: list, num: int, data: st.DataObject) -> None:
    pool, asked = (np.array(each, np.float32).reshape(-1, 3) for each in (rows, queries))
    excluded = [set(data.draw(st.lists(st.integers(0, 59), max_size=30))) for _ in queries]
    found = VectorIndex(pool).search(asked, num, excluded)
    assert len(found) == len(asked)
    for query, rows_found, without in zip(asked, found, excluded, strict=True):
        expected = brute_force(pool, query, num, without)
        assert [row for row, _ in rows_found] == [row for row, _ in expected]
        np.testing.assert_allclose([c for _, c in rows_found], [c for _, c in expected], atol=1e-5)


def clustered(number: int, seed: int = 0, width: int = 32, size: int = 40) -> Vectors:
    """Vectors in clusters of about `size`, not of length 1."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(max(1, number // size), width))
    near = centres[random.integers(len(centres), size=number)] + 0.7 * random.normal(size=(number, width))
    return near.astype(np.float32)


def test_many_equal_rows_go_by_their_order_even_behind_a_wall_of_excluded_ones() -> None:
    same = np.ones((3000, 4), np.float32)
    same[1000] = (1, 1, 1, 1.2)  # next to the others, and before them for itself alone
    found = VectorIndex(same).search(same[:1], 5, [set(range(2500))])
    assert [row for row, _ in found[0]] == [2500, 2501, 2502, 2503, 2504]
    found = VectorIndex(same).search(same[[1000]], 2, [set()])
    assert [row for row, _ in found[0]] == [1000, 0]


def test_rows_that_are_different_but_equally_near_go_by_their_order() -> None:
    circle = np.zeros((400, 401), np.float32)
    circle[:, 0] = 1
    circle[np.arange(400), np.arange(1, 401)] = 1  # each has the cosine 0.7071 with the first axis
    axis = np.eye(1, 401, dtype=np.float32)
    found = VectorIndex(circle).search(axis, 3, [set()])
    assert found == [[(0, 0.707107), (1, 0.707107), (2, 0.707107)]]


def test_a_question_alone_is_answered_as_among_others_and_by_any_number_of_threads() -> None:
    rows = clustered(700)
    everybody = [{row} for row in range(700)]
    together = VectorIndex(rows).search(rows, 7, everybody)
    assert VectorIndex(rows, threads=2).search(rows, 7, everybody) == together
    alone = VectorIndex(rows)
    for row in range(0, 700, 97):
        assert alone.search(rows[[row]], 7, [{row}])[0] == together[row]


@pytest.mark.parametrize("exact_up_to", [50_000, 0])
def test_nothing_comes_from_nothing(exact_up_to: int) -> None:
    empty = VectorIndex(np.zeros((0, 4), np.float32), exact_up_to=exact_up_to)
    assert empty.search(np.ones((2, 4), np.float32), 3, [set(), set()]) == [[], []]
    zeros = VectorIndex(np.zeros((5, 4), np.float32), exact_up_to=exact_up_to)
    assert zeros.search(np.ones((1, 4), np.float32), 3, [set()]) == [[]]
    some = VectorIndex(np.eye(4, dtype=np.float32), exact_up_to=exact_up_to)
    assert some.search(np.zeros((1, 4), np.float32), 3, [set()]) == [[]]
    assert some.search(np.ones((1, 4), np.float32), 0, [set()]) == [[]]
    assert len(some.search(np.ones((1, 4), np.float32), 99, [{0}])[0]) == 3


def test_the_lists_find_what_brute_force_finds_on_20000_rows() -> None:
    rows = clustered(20_000)
    lists, exact = VectorIndex(rows, exact_up_to=10_000), VectorIndex(rows)
    assert (lists.is_exact, exact.is_exact, exact.recall) == (False, True, 1.0)
    asked = rows[::40]
    own = [{row} for row in range(0, 20_000, 40)]
    pairs = list(zip(lists.search(asked, 7, own), exact.search(asked, 7, own), strict=True))
    recall = np.mean([len({row for row, _ in one} & {row for row, _ in other}) / 7 for one, other in pairs])
    assert recall >= 0.98
    assert lists.recall >= 0.98
    assert all(row not in without for (one, _), without in zip(pairs, own, strict=True) for row, _ in one)


def test_the_same_rows_give_the_same_lists() -> None:
    rows = clustered(3000, width=8)
    one, other = (VectorIndex(rows, exact_up_to=0, threads=threads) for threads in (1, 2))
    queries = clustered(200, seed=1, width=8)
    nobody: list[set[int]] = [set()] * 200
    assert one.recall == other.recall
    assert one.search(queries, 5, nobody) == other.search(queries, 5, nobody)


@pytest.mark.parametrize("wrong", [np.ones((2, 3)), np.ones(4), np.full((2, 4), np.nan), np.full((2, 4), np.inf)])
def test_vectors_of_another_shape_or_not_finite_are_refused(wrong: Vectors) -> None:
    index = VectorIndex(np.eye(4, dtype=np.float32))
    with pytest.raises((ValueError, IndexError)):
        index.search(wrong.astype(np.float32), 1, [set(), set()])


@pytest.mark.parametrize("wrong", [np.ones(4), np.ones((2, 2, 2)), np.full((2, 4), np.nan), np.full((2, 4), -np.inf)])
def test_an_index_is_made_of_finite_vectors_only(wrong: Vectors) -> None:
    with pytest.raises(ValueError, match="Expected finite vectors"):
        VectorIndex(wrong.astype(np.float32))


def test_an_index_says_how_wide_its_vectors_are() -> None:
    with pytest.raises(ValueError, match="holds vectors of 4 numbers, the queries have 3"):
        VectorIndex(np.eye(4, dtype=np.float32)).search(np.ones((1, 3), np.float32), 1, [set()])


def test_the_recall_that_is_said_is_that_of_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads one list misses many: what it says of a sample is about what it misses of all rows."""
    monkeypatch.setattr(approximate_index, "RECALL", 0.1)
    rows = clustered(3000, width=16)
    poor = VectorIndex(rows, exact_up_to=100)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    true = np.argsort(-(unit @ unit.T), axis=1)[:, :10]
    _, places = poor._index.search(unit, 20)  # the sample's nearest are sought among twice as many
    row_of = poor._groups.first  # no two rows are equal here
    found = [set(row_of[each].tolist()) for each in places]
    recall = np.mean([len(set(one) & other) / 10 for one, other in zip(true.tolist(), found, strict=True)])
    assert 0.02 < recall < 0.9, "else the test says nothing"
    assert poor.recall == pytest.approx(recall, abs=0.1)


@pytest.mark.parametrize("kind", ["exact", "lists"])
def test_there_are_always_as_many_neighbours_as_wanted_where_there_are_so_many(kind: str) -> None:
    """However many of the nearest are excluded: those behind them are found, and in the right order."""
    rows = clustered(2500, width=8)
    index = VectorIndex(rows, exact_up_to=50_000 if kind == "exact" else 100)
    unit = rows.astype(float) / np.linalg.norm(rows.astype(float), axis=1, keepdims=True)
    for asking, num, without in ((0, 5, 3), (1, 1, 300), (2, 30, 1200 if kind == "exact" else 60), (3, 17, 0)):
        order = np.argsort(-(unit @ unit[asking]), kind="stable")
        [found] = index.search(rows[[asking]], num, [set(order[:without].tolist())])
        assert len(found) == num
        assert [cosine for _, cosine in found] == sorted((cosine for _, cosine in found), reverse=True)
        assert not {row for row, _ in found} & set(order[:without].tolist())
        if kind == "exact":
            assert [row for row, _ in found] == order[without : without + num].tolist()


@given(coarse, coarse, st.integers(0, 12), st.data())
def test_an_approximate_index_gives_as_many_as_there_are(
    rows: list, queries: list, num: int, data: st.DataObject
) -> None:
    pool, asked = (np.array(each, np.float32).reshape(-1, 3) for each in (rows, queries))
    excluded = [set(data.draw(st.lists(st.integers(0, 59), max_size=30))) for _ in queries]
    found = VectorIndex(pool, exact_up_to=0).search(asked, num, excluded)
    for query, rows_found, without in zip(asked, found, excluded, strict=True):
        every = dict(brute_force(pool, query, len(pool), without))
        assert len(rows_found) == min(num, len(every))
        assert rows_found == sorted(rows_found, key=lambda each: (-each[1], each[0]))
        for row, cosine in rows_found:
            assert cosine == pytest.approx(every[row], abs=2e-5)


def test_an_approximate_index_is_built_once_and_read_from_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, nobody = clustered(3000, width=16), [set()] * 50
    built = VectorIndex(rows, exact_up_to=100, kept=tmp_path / "kept")
    monkeypatch.setattr(ApproximateIndex, "build", lambda *_: pytest.fail("it was built again"))
    again = VectorIndex(rows, exact_up_to=100, kept=tmp_path / "kept")
    assert again.recall == built.recall
    assert again.search(rows[:50], 7, nobody) == built.search(rows[:50], 7, nobody)
    lists = faiss.downcast_InvertedLists(again._index._lists.invlists)
    assert isinstance(lists, faiss.OnDiskInvertedLists), "mapped, so that processes share it"
    assert lists.read_only


@pytest.mark.parametrize("file", ["lists.faiss", "about.json"])
@pytest.mark.parametrize("content", [b"", b"no index at all", None])
def test_a_damaged_index_is_built_again(tmp_path: Path, file: str, content: bytes | None) -> None:
    rows, nobody = clustered(500, width=16), [set()] * 9
    wanted = VectorIndex(rows, exact_up_to=100, kept=tmp_path / "kept").search(rows[:9], 4, nobody)
    if content is None:
        (tmp_path / "kept" / file).unlink()
    else:
        (tmp_path / "kept" / file).write_bytes(content)
    assert VectorIndex(rows, exact_up_to=100, kept=tmp_path / "kept").search(rows[:9], 4, nobody) == wanted
    assert (tmp_path / "kept" / file).stat().st_size > 20


def test_of_what_faiss_says_the_last_hundred_characters_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    VectorIndex(clustered(200, width=4), exact_up_to=100, kept=tmp_path / "kept")

    def broken(*_: object) -> None:
        raise RuntimeError("a" * 50 + "b" * 100)

    monkeypatch.setattr(faiss, "read_index", broken)
    with pytest.raises(ValueError, match=r"^lists\.faiss cannot be read: b{100}$"):
        ApproximateIndex.open(tmp_path / "kept", 200, 4)


@pytest.mark.parametrize("exists", [False, True])
def test_an_index_is_kept_in_folders_that_are_there_or_not(tmp_path: Path, exists: bool) -> None:
    kept = tmp_path / "home" / "indexes" / "kept"
    if exists:
        kept.parent.mkdir(parents=True)
    VectorIndex(clustered(200, width=4), exact_up_to=100, kept=kept)
    assert [each.name for each in kept.parent.iterdir()] == ["kept"]
    assert sorted(each.name for each in kept.iterdir()) == ["about.json", "lists.faiss"]


@pytest.mark.parametrize(("number", "width"), [(499, 16), (500, 12)])
def test_an_index_of_other_rows_is_not_taken(tmp_path: Path, number: int, width: int) -> None:
    VectorIndex(clustered(500, width=16), exact_up_to=100, kept=tmp_path / "kept")
    rows = clustered(number, width=width, seed=4)
    nobody = [set()] * 9
    found = VectorIndex(rows, exact_up_to=100, kept=tmp_path / "kept").search(rows[:9], 4, nobody)
    assert found == VectorIndex(rows, exact_up_to=100).search(rows[:9], 4, nobody)


def test_a_retriever_keeps_its_indexes_by_what_the_pool_holds(tmp_path: Path) -> None:
    for seed in (0, 1, 0):
        keys, digests = tuple(PostKey("train", str(row)) for row in range(300)), ("",) * 300
        pool = Pool(
            keys=keys, image_digests=digests,
            caption_vectors=clustered(300, width=8, seed=seed), object_vectors=clustered(300, width=6, seed=5),
        )  # fmt: skip
        retriever = Retriever(pool, exact_up_to=50, indexes=tmp_path)
        retriever.by_caption(pool.caption_vectors[:3], [Query(key) for key in keys[:3]], 2)
        retriever.by_objects(pool.object_vectors[:3], [Query(key) for key in keys[:3]], 2)
    assert (
        sorted(each.name.partition("-")[0] for each in tmp_path.iterdir() if each.is_dir())
        == ["captions"] * 2 + ["objects"] * 2
    )


def test_rows_that_point_the_same_way_count_as_one() -> None:
    rows = np.array([[1, 0, 0], [0, 2, 0], [3, -0.0, 0], [0, 0, 0], [-0.0, 0.5, -0.0], [1, 1, 0]], np.float32)
    groups = vector_index._grouped(rows)
    assert sorted(
        groups.order[one:other].tolist() for one, other in zip(groups.starts, groups.starts[1:], strict=False)
    ) == [[0, 2], [1, 4], [5]]


def test_two_different_rows_with_one_number_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    real = vector_index._codes
    asked = []

    def unlucky(vectors: Vectors, seed: int):
        asked.append(seed)
        codes, has_length = real(vectors, seed)
        return (codes * np.uint64(0) if seed == 0 else codes), has_length

    monkeypatch.setattr(vector_index, "_codes", unlucky)
    rows = clustered(40)
    found = VectorIndex(rows).search(rows, 3, [set()] * 40)
    assert asked == [0, 1]
    assert [each[0][0] for each in found] == list(range(40))


def test_more_questions_than_are_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = clustered(90)
    everybody = [{row} for row in range(90)]
    wanted = VectorIndex(rows).search(rows, 4, everybody)
    assert all(wanted)
    monkeypatch.setattr(vector_index, "_BLOCK", 7)
    assert VectorIndex(rows).search(rows, 4, everybody) == wanted


def a_pool(number: int = 5) -> Pool:
    """Posts p0.. on a circle: the neighbours of p0 by caption are p1, p2, ...; objects run the other way round."""
    turn = np.linspace(0, 1, number)
    vectors = np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
    keys = tuple(PostKey("train", f"p{row}") for row in range(number))
    return Pool(
        keys=keys,
        image_digests=tuple(f"picture {key.post}" for key in keys),
        caption_vectors=vectors,
        object_vectors=np.concatenate([vectors[::-1], np.zeros((number, 1), np.float32)], axis=1),
    )


def key(post: str, split: str = "train") -> PostKey:
    return PostKey(split, post)


def posts(neighbours: tuple[Neighbour, ...]) -> list[str]:
    return [neighbour.key.post for neighbour in neighbours]


def test_a_sentence_asks_captions_and_objects_ask_objects() -> None:
    retriever = Retriever(a_pool())
    stranger = Query(key("q"), "another picture")
    (text,) = retriever.by_caption(np.array([[2.0, 0.0]], np.float32), [stranger], 2)
    assert posts(text) == ["p0", "p1"]
    assert text[0].score == 1.0
    assert text[1].score == pytest.approx(np.cos(0.25), abs=1e-6)
    (image,) = retriever.by_objects(np.array([[2.0, 0.0, 0.0]], np.float32), [stranger], 2)
    assert posts(image) == ["p4", "p3"]


def test_a_post_never_finds_itself_nor_its_own_picture() -> None:
    pool = a_pool()
    shared = Pool(
        keys=pool.keys,
        image_digests=("same", "same", "", "", "x"),
        caption_vectors=pool.caption_vectors,
        object_vectors=pool.object_vectors,
    )
    retriever = Retriever(shared)
    first = np.array([[1.0, 0.0]], np.float32)

    def found(query: Query) -> list[str]:
        return posts(retriever.by_caption(first, [query], 9)[0])

    assert found(Query(key("p0"), "same")) == ["p2", "p3", "p4"]
    assert found(Query(key("p0"))) == ["p1", "p2", "p3", "p4"]
    assert found(Query(key("elsewhere"), "same")) == ["p2", "p3", "p4"]
    assert found(Query(key("p2"), "")) == ["p0", "p1", "p3", "p4"]  # no picture is nobody's same picture
    assert found(Query(key("elsewhere"), "unknown")) == ["p0", "p1", "p2", "p3", "p4"]
    assert found(Query(key("p0", "valid"))) == ["p0", "p1", "p2", "p3", "p4"], "another post with the same id"


def test_two_splits_may_call_their_posts_alike(tmp_path: Path) -> None:
    """Two imports that both count from 0: each post is left out for itself alone."""
    pool = a_pool(4)
    both = Pool(
        keys=(key("0"), key("1"), key("0", "valid"), key("1", "valid")),
        image_digests=pool.image_digests,
        caption_vectors=pool.caption_vectors,
        object_vectors=pool.object_vectors,
    )
    both.save(tmp_path)
    again = Pool.load(tmp_path)
    assert (again.keys, again.fingerprint) == (both.keys, both.fingerprint)
    moved = tuple(key(each.post, "test" if each.split == "valid" else each.split) for each in both.keys)
    assert replace(both, keys=moved).fingerprint != both.fingerprint
    first = np.array([[1.0, 0.0]], np.float32)
    for asking in both.keys:
        (found,) = Retriever(again).by_caption(first, [Query(asking)], 9)
        assert [each.key for each in found] == [other for other in both.keys if other != asking]


def test_a_pool_without_splits_opens_and_knows_its_posts_by_their_ids(tmp_path: Path) -> None:
    """As it was written before splits were kept: header and fingerprint of that time."""
    pool = a_pool(3)
    ids, digests = ["p0", "p1", "p2"], list(pool.image_digests)
    vectors = {"caption_vectors": pool.caption_vectors, "object_vectors": pool.object_vectors}
    named = hashlib.sha256(json.dumps([ids, digests]).encode())
    for rows in vectors.values():
        named.update(repr(rows.shape).encode() + rows.tobytes())
    header = {"fingerprint": named.hexdigest(), "keys": json.dumps(ids), "image_digests": json.dumps(digests)}
    (tmp_path / "pool.safetensors").write_bytes(save(vectors, header))
    old = Pool.load(tmp_path)
    assert old.keys == tuple(PostKey("", each) for each in ids)
    assert old.fingerprint == named.hexdigest()
    first = np.array([[1.0, 0.0]], np.float32)
    (found,) = Retriever(old).by_caption(first, [Query(key("p0", "valid"))], 9)
    assert posts(found) == ["p1", "p2"], "by id alone, as it did"
    assert found[0].item == {"post": "p1", "score": found[0].score}
    old.save(tmp_path / "again")
    assert Pool.load(tmp_path / "again").fingerprint == old.fingerprint


def test_an_empty_pool_gives_no_neighbours() -> None:
    nothing = np.zeros((0, 3), np.float32)
    empty = Pool(keys=(), image_digests=(), caption_vectors=nothing, object_vectors=nothing)
    assert Retriever(empty).by_caption(np.ones((2, 3), np.float32), [Query(key("a")), Query(key("b"))], 5) == [(), ()]


def test_a_saved_pool_is_the_same_pool(tmp_path: Path) -> None:
    pool = a_pool()
    pool.save(tmp_path / "run" / "pool")
    again = Pool.load(tmp_path / "run" / "pool")
    assert (again.keys, again.image_digests, again.fingerprint) == (pool.keys, pool.image_digests, pool.fingerprint)
    np.testing.assert_array_equal(again.caption_vectors, pool.caption_vectors)
    np.testing.assert_array_equal(again.object_vectors, pool.object_vectors)
    assert [file.name for file in (tmp_path / "run" / "pool").iterdir()] == ["pool.safetensors"]
    queries = [Query(each, digest) for each, digest in zip(pool.keys, pool.image_digests, strict=True)]
    expected = Retriever(pool).by_caption(pool.caption_vectors, queries, 3)
    assert Retriever(again).by_caption(again.caption_vectors, queries, 3) == expected


def test_an_empty_pool_and_odd_names_survive_saving(tmp_path: Path) -> None:
    odd = Pool(
        keys=(key("\ud800"), key("\U0001f600 \u202e", "")),
        image_digests=("", ""),
        caption_vectors=np.zeros((2, 0), np.float32),
        object_vectors=np.zeros((2, 3), np.float32),
    )
    odd.save(tmp_path)
    assert Pool.load(tmp_path).keys == odd.keys


def test_the_fingerprint_names_the_content() -> None:
    pool, bigger = a_pool(), a_pool(6)
    vectors = pool.caption_vectors.copy()
    vectors[2, 1] += 1e-6
    fields = {
        "keys": pool.keys,
        "image_digests": pool.image_digests,
        "caption_vectors": pool.caption_vectors,
        "object_vectors": pool.object_vectors,
    }
    moved = Pool(**fields | {"caption_vectors": vectors})  # type: ignore[arg-type]
    renamed = Pool(**fields | {"keys": (key("q"), *pool.keys[1:])})  # type: ignore[arg-type]
    seen = Pool(**fields | {"object_vectors": pool.object_vectors * 2})  # type: ignore[arg-type]
    painted = Pool(**fields | {"image_digests": ("another picture", *pool.image_digests[1:])})  # type: ignore[arg-type]
    elsewhere = Pool(**fields | {"keys": (key("p0", "test"), *pool.keys[1:])})  # type: ignore[arg-type]
    assert a_pool().fingerprint == pool.fingerprint
    assert len({each.fingerprint for each in (pool, bigger, moved, renamed, seen, painted, elsewhere)}) == 7


def test_a_pool_that_does_not_fit_together_is_refused() -> None:
    rows = np.zeros((2, 3), np.float32)
    with pytest.raises(ValueError, match="no key twice"):
        Pool(keys=(key("a"), key("a")), image_digests=("", ""), caption_vectors=rows, object_vectors=rows)
    with pytest.raises(ValueError, match="one key, digest"):
        Pool(keys=(key("a"), key("b")), image_digests=("",), caption_vectors=rows, object_vectors=rows)
    with pytest.raises(ValueError, match="1 query vectors for 2 posts"):
        Retriever(a_pool()).by_caption(np.ones((1, 2), np.float32), [Query(key("a")), Query(key("b"))], 1)


def test_a_missing_damaged_or_altered_pool_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no readable pool\.safetensors in ") as caught:
        Pool.load(tmp_path)
    assert str(tmp_path) not in str(caught.value)
    a_pool().save(tmp_path)
    file = tmp_path / "pool.safetensors"
    content = file.read_bytes()
    file.write_bytes(content[:-3])
    with pytest.raises(InputError, match="damaged"):
        Pool.load(tmp_path)
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InputError, match="fingerprint"):
        Pool.load(tmp_path)
    file.write_bytes(b"not a pool")
    with pytest.raises(InputError, match="damaged"):
        Pool.load(tmp_path)


def test_a_pool_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"^Cannot write pool\.safetensors into file: File exists\.$"):
        a_pool().save(tmp_path / "file")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("order", [("torch", "faiss"), ("faiss", "torch")])
def test_retrieval_and_torch_live_in_one_process_in_either_order(order: tuple[str, str]) -> None:
    program = f"""
import {order[0]}, {order[1]}
import numpy as np, torch
from mner_core.retrieval.vector_index import VectorIndex
rows = np.random.default_rng(0).normal(size=(2000, 16)).astype(np.float32)
torch.set_num_threads(2)
a = torch.from_numpy(rows)
before = a @ a.T
found = VectorIndex(rows, threads=2).search(rows, 1, [set()] * 2000)
assert [row for ((row, _),) in found] == list(range(2000))
assert torch.equal(a @ a.T, before)
assert torch.get_num_threads() == 2
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
