"""The index of similar posts: its neighbours beside cosines compared one by one, what is equal, and what is kept."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mner_core.catalog.profiles import profile
from mner_core.data.tokenize import tokenize
from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.retrieval.likeness import KINDS
from mner_core.retrieval.similar import PostVectors, SimilarIndex
from mner_core.types import Example, ImageObject
from tests.retrieval.test_retrieval import brute_force, clustered, coarse

TINY = profile("tiny")


def index_of(rows: np.ndarray) -> SimilarIndex:
    """An index in which each post has a vector of its own, but for zeros."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return SimilarIndex(unit, np.where(length[:, 0] > 0, np.arange(len(rows)), -1).astype(np.int32))


def post(name: str, text: str = "Ann in Rome", image: Path | None = None) -> Example:
    return Example(id=name, text=text, tokens=tokenize(text), image=image, image_name=image and image.name)


def vectors(by: str, home: Path) -> PostVectors:
    return PostVectors(by, FeatureStore(TINY, Home(home)), TINY.slots["text"])  # type: ignore[arg-type]


@given(coarse, st.tuples(*[st.sampled_from([0, 1, -1])] * 3), st.integers(0, 12), st.data())
def test_the_nearest_are_those_of_brute_force(rows: list, query: tuple, number: int, data: st.DataObject) -> None:
    posts, asked = np.array(rows, np.float32).reshape(-1, 3), np.array(query, np.float32)
    without = set(data.draw(st.lists(st.integers(0, 59), max_size=30)))
    among = [place not in without for place in range(len(posts))]
    found = index_of(posts).nearest(asked, number, among)
    if not asked.any():
        assert {score for _, score in found} <= {0.0}, "zeros are like nothing"
        return
    expected = brute_force(posts, asked, number, without)
    assert [place for place, _ in found] == [place for place, _ in expected]
    np.testing.assert_allclose([score for _, score in found], [score for _, score in expected], atol=1e-5)


def test_cosines_are_those_of_numbers_that_are_exact() -> None:
    """Sums of float32 differ from them in the seventh decimal, which turns around the sixth of every tenth or so."""
    index, query = index_of(clustered(3000, width=64, size=3000)), clustered(1, seed=3, width=64)[0]
    unit = (query / np.linalg.norm(query.astype(np.float64))).astype(np.float32)
    cosines = (index.vectors.astype(np.float64) @ unit.astype(np.float64)).round(6)
    expected = np.argsort(-cosines, kind="stable")[:500]
    found = index.nearest(query, 500)
    assert [score for _, score in found] == pytest.approx(cosines[expected].tolist(), abs=1e-12)
    assert [place for place, _ in found] == expected.tolist()


@pytest.mark.parametrize("number", [1, 7, 1000])
def test_what_is_like_any_is_what_is_likest_to_one(number: int) -> None:
    rows = clustered(300)
    rows[5] = rows[40] = 0
    asked, among = [5, 7, 40, 120, 121], np.arange(300) % 3 > 0
    among[asked] = False
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    best = {place: max((float(unit[place] @ unit[one]), one) for one in (7, 120, 121)) for place in range(300)}
    wanted = sorted((place for place in np.flatnonzero(among) if rows[place].any()), key=lambda it: -best[it][0])
    found = index_of(rows).like_any(asked, number, among)
    assert [each.place for each in found] == wanted[:number]
    assert [each.nearest for each in found] == [best[place][1] for place in wanted[:number]]
    np.testing.assert_allclose([each.score for each in found], [best[place][0] for place in wanted[:number]], atol=1e-5)


def test_nothing_is_like_what_has_no_vector() -> None:
    index = index_of(np.array([[0, 0], [1, 0]], np.float32))
    assert index.vector(0) is None
    assert index.like_any([0], 5, np.array([False, True])) == []


@pytest.mark.parametrize("by", KINDS)
def test_what_is_equal_has_one_vector_and_the_others_their_own(by: str, tmp_path: Path) -> None:
    """Texts by their characters, pictures by their bytes and the objects that came with them, captions as given."""
    one, copy, other, broken = (tmp_path / name for name in ("one.png", "copy.png", "other.png", "broken.png"))
    picture = Image.effect_noise((80, 60), 90).convert("RGB")
    picture.save(one)
    copy.write_bytes(one.read_bytes())
    picture.rotate(180).save(other)
    broken.write_bytes(b"none")
    box = ImageObject("dog", (0.1, 0.1, 0.6, 0.9), 0.9)
    pictured = [
        replace(post(name, f"Ann {place % 2} here", image), objects=(box,))
        for place, (name, image) in enumerate([("a", one), ("b", copy), ("c", other)])
    ]
    posts = [*pictured, post("d", "Ann 0 here"), post("e", "Ann 1 here", broken), post("f", "", tmp_path / "gone.png")]
    found, rows = vectors(by, tmp_path / "home").different(posts)
    if by == "text":
        assert rows.tolist() == [0, 1, 0, 0, 1, 2]
    else:
        assert rows.tolist() == [0, 0, 1, -1, 2, -1]
    index = SimilarIndex.build(posts, vectors(by, tmp_path / "home"))
    assert index.rows.tolist() == [row if row >= 0 and found[row].any() else -1 for row in rows.tolist()]
    assert (index.rows[[4, 5]] < 0).tolist() == ([False, True] if by == "text" else [True, True])
    lengths = np.linalg.norm(index.vectors, axis=1)
    np.testing.assert_allclose(lengths[lengths > 0], 1, atol=1e-6)


def test_captions_that_came_with_posts_are_compared_as_they_are(tmp_path: Path) -> None:
    said = [replace(post(str(place)), caption=caption) for place, caption in enumerate(["a dog", "a cat", "a dog", ""])]
    index = SimilarIndex.build(said, vectors("caption", tmp_path))
    assert index.rows.tolist() == [0, 1, 0, -1]


def test_an_index_is_mapped_from_its_folder_and_says_the_same(tmp_path: Path) -> None:
    index = index_of(clustered(200))
    index.save(tmp_path)
    again = SimilarIndex.open(tmp_path, 200)
    assert isinstance(again.vectors, np.memmap)
    assert again.nearest(index.vectors[3], 9) == index.nearest(index.vectors[3], 9)
    assert again.like_any([3, 4], 9, np.ones(200, bool)) == index.like_any([3, 4], 9, np.ones(200, bool))


@pytest.mark.parametrize("harm", ["other posts", "too many rows", "cut off", "gone", "one row of numbers"])
def test_what_does_not_fit_is_not_opened(harm: str, tmp_path: Path) -> None:
    index_of(clustered(50)).save(tmp_path)
    if harm == "too many rows":
        np.save(tmp_path / "rows.npy", np.arange(1, 51, dtype=np.int32))
    elif harm == "cut off":
        (tmp_path / "vectors.npy").write_bytes((tmp_path / "vectors.npy").read_bytes()[:1000])
    elif harm == "gone":
        (tmp_path / "rows.npy").unlink()
    elif harm == "one row of numbers":
        np.save(tmp_path / "vectors.npy", np.zeros(50, np.float32))
    with pytest.raises((OSError, ValueError)):
        SimilarIndex.open(tmp_path, 49 if harm == "other posts" else 50)


def test_an_index_of_no_posts_finds_none(tmp_path: Path) -> None:
    index = SimilarIndex.build([], vectors("text", tmp_path))
    index.save(tmp_path)
    assert SimilarIndex.open(tmp_path, 0).nearest(np.ones(32, np.float32), 3) == []
