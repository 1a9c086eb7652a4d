"""Neighbours are remembered under all that they follow from."""

import gc
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mner_core.catalog.profiles import profile
from mner_core.catalog.system import Needs
from mner_core.features.grounding import Grounding
from mner_core.features.image import ImageFeatures
from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.retrieval.neighbour_cache import REMEMBERED, PoolNeighbourhood, build_pool, mean_object
from mner_core.retrieval.pool import Neighbour
from mner_core.text.sentences import sentence_vectors
from mner_core.types import Example, PostKey
from tests.fakes import post

NEEDS = Needs(text_neighbours=3, image_neighbours=3)


@pytest.fixture
def features(tmp_path: Path) -> FeatureStore:
    return FeatureStore(profile("tiny"), Home(tmp_path / "home"))


@pytest.fixture
def posts(tmp_path: Path) -> list[Example]:
    """Twelve posts, each with a picture in which boxes of its own colours stand at its own places."""
    random = np.random.default_rng(0)
    made = []
    for number in range(12):
        picture = np.full((96, 96, 3), 230, np.uint8)
        for _ in range(3):
            left, top = random.integers(0, 60, 2)
            picture[top : top + 30, left : left + 30] = random.integers(0, 255, 3)
        path = tmp_path / f"{number}.png"
        Image.fromarray(picture).save(path)
        words = [f"word{number}", "in", f"place{number % 4}"]
        made.append(replace(post(number, words), image=path, image_name=path.name, split="train"))
    return made


def neighbourhood(posts: list[Example], features: FeatureStore, tmp_path: Path, **changes: Any) -> PoolNeighbourhood:
    pool = build_pool(posts, features, "tiny-text", NEEDS, Home(tmp_path / "home"))
    return PoolNeighbourhood(pool, lambda digest: np.zeros((49, 16), np.float16), "tiny-text", NEEDS, **changes)


def asked(made: PoolNeighbourhood, features: FeatureStore, example: Example) -> list[tuple[Neighbour, ...]]:
    return [*made.of_text([example]), *made.of_image([example], [features.features(example)])]


def test_the_same_post_with_another_picture_has_the_neighbours_of_that_picture(
    posts: list[Example], features: FeatureStore, tmp_path: Path
) -> None:
    """In any order: what was asked before decides nothing, be it with another picture or with none."""
    shown = [posts[0], replace(posts[0], image=posts[5].image), replace(posts[0], image=None)]
    fresh = [asked(neighbourhood(posts, features, tmp_path), features, each) for each in shown]
    assert len({str(each) for each in fresh}) == 3
    used = neighbourhood(posts, features, tmp_path)
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 1, 2)):
        for place in order:
            assert asked(used, features, shown[place]) == fresh[place]


def test_changed_features_change_the_neighbours_though_the_file_is_the_same(
    posts: list[Example], features: FeatureStore, tmp_path: Path
) -> None:
    used = neighbourhood(posts, features, tmp_path)
    whole, other = (features.features(each) for each in (posts[0], posts[5]))
    before = used.of_image([posts[0]], [whole])
    for changed in (
        replace(whole, objects=(), object_vectors=whole.object_vectors[:0]),  # without its objects
        replace(whole, objects=other.objects, object_vectors=other.object_vectors),
    ):
        fresh = neighbourhood(posts, features, tmp_path).of_image([posts[0]], [changed])
        assert used.of_image([posts[0]], [changed]) == fresh
        assert fresh != before
        assert used.of_image([posts[0]], [whole]) == before


def test_the_same_id_in_another_split_is_another_post(
    posts: list[Example], features: FeatureStore, tmp_path: Path
) -> None:
    used = neighbourhood(posts, features, tmp_path)
    other = replace(posts[3], split="valid", image=None)
    assert posts[3].key not in {each.key for each in used.of_text([replace(posts[3], image=None)])[0]}
    fresh = neighbourhood(posts, features, tmp_path).of_text([other])
    assert used.of_text([other]) == fresh


def test_what_a_text_finds_follows_from_who_asks_and_with_which_picture(
    posts: list[Example], features: FeatureStore, tmp_path: Path
) -> None:
    """Every post's caption is its own text, so the post itself is the likest one wherever it is not left out."""
    told = [replace(each, caption=each.text) for each in posts]
    away = replace(told[0], split="valid")
    shown = {
        "itself": (told[0], False),
        "itself without a picture": (replace(told[0], image=None), False),
        "the same id elsewhere, with that picture": (away, False),
        "the same id elsewhere, with another picture": (replace(away, image=told[5].image), True),
        "the same id elsewhere, without a picture": (replace(away, image=None), True),
        "another id with that picture": (replace(away, id="other"), False),
        "another text": (replace(away, image=None, text=told[7].text), False),
    }
    used = neighbourhood(told, features, tmp_path)
    for order in (list(shown), list(reversed(shown))):
        for name in order:
            asking, is_found = shown[name]
            [found] = used.of_text([asking])
            assert (found[0].key == told[0].key) == is_found, name
            assert [found] == neighbourhood(told, features, tmp_path).of_text([asking]), name


def test_what_objects_find_follows_from_who_asks_and_with_which_picture(
    posts: list[Example], features: FeatureStore, tmp_path: Path
) -> None:
    """The objects are those of the first post's picture all along, whatever the file is: that post is the likest."""
    away, seen = replace(posts[0], split="valid"), features.features(posts[0])
    assert seen.objects
    shown = {
        "itself": (posts[0], False),
        "the same id elsewhere, with that picture": (away, False),
        "the same id elsewhere, with another picture": (replace(away, image=posts[5].image), True),
        "the same id elsewhere, without a picture": (replace(away, image=None), True),
        "another id with that picture": (replace(away, id="other"), False),
    }
    used = neighbourhood(posts, features, tmp_path)
    for order in (list(shown), list(reversed(shown))):
        for name in order:
            asking, is_found = shown[name]
            [found] = used.of_image([asking], [seen])
            assert (found[0].key == posts[0].key) == is_found, name
            assert [found] == neighbourhood(posts, features, tmp_path).of_image([asking], [seen]), name


def test_a_question_searches_once_and_no_more_is_remembered_than_said(
    posts: list[Example], features: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = neighbourhood(posts, features, tmp_path, remembered=5)
    searched: list[int] = []
    search = used._retriever.by_caption
    monkeypatch.setattr(used._retriever, "by_caption", lambda *parts: searched.append(len(parts[1])) or search(*parts))
    for example in (posts[0], posts[0], *posts, posts[0]):
        used.of_text([example])
    assert searched == [1] * 13, "once each; the first one was forgotten in between"
    assert len(used._of_text) == 5
    assert len(used.of_text(posts)) == 12, "more at once than are remembered"
    assert len(used._of_text) == 5
    used.prepare(posts, features, Home(tmp_path / "home"))
    searched.clear()
    used.of_text(posts)
    assert searched == [], "what was prepared stays"


def test_the_pool_has_the_posts_with_a_picture_and_what_is_compared_of_them(
    posts: list[Example], features: FeatureStore, tmp_path: Path
) -> None:
    """A post's own caption comes before the extractor's; a picture without objects has zeros (Eq. 4, 9)."""
    home = Home(tmp_path / "home")
    told = replace(posts[1], caption="a green door")
    mixed = [posts[0], replace(posts[2], image=None, image_name=None), told, replace(posts[3], image=tmp_path / "lost")]
    pool = build_pool(mixed, features, "tiny-text", NEEDS, home)
    assert pool.keys == (posts[0].key, told.key)
    digests = [hashlib.sha256(each.image.read_bytes()).hexdigest() for each in (posts[0], told) if each.image]
    assert list(pool.image_digests) == digests
    captions = [features.features(posts[0]).caption, "a green door"]
    np.testing.assert_array_equal(pool.caption_vectors, sentence_vectors(captions, "tiny-text", home))
    for row, example in enumerate((posts[0], told)):
        seen = features.features(example).object_vectors.astype(np.float32)
        np.testing.assert_allclose(pool.object_vectors[row], seen.mean(axis=0) if len(seen) else 0 * seen.sum(axis=0))


def test_the_mean_of_objects_is_over_objects_and_of_nothing_is_zero(
    posts: list[Example], features: FeatureStore
) -> None:
    whole = features.features(posts[0])
    three = replace(whole, objects=whole.objects[:1] * 2, object_vectors=np.array([[1, 2, 3], [3, 6, 9]], np.float16))
    assert mean_object(three).tolist() == [2, 4, 6]
    assert mean_object(three).dtype == np.float32
    none = replace(whole, objects=(), object_vectors=np.zeros((0, 3), np.float16))
    assert mean_object(none).tolist() == [0, 0, 0]


@pytest.mark.parametrize(("texts", "images"), [(3, 0), (0, 3)])
def test_a_graph_that_is_switched_off_costs_nothing(
    posts: list[Example],
    features: FeatureStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    texts: int,
    images: int,
) -> None:
    needs, home = Needs(text_neighbours=texts, image_neighbours=images), Home(tmp_path / "home")
    pool = build_pool(posts, features, "tiny-text", needs, home)
    assert (pool.caption_vectors.shape[1] > 0, pool.object_vectors.shape[1] > 0) == (texts > 0, images > 0)
    assert len(pool.caption_vectors) == len(pool.object_vectors) == len(posts)
    made = PoolNeighbourhood(pool, lambda digest: np.zeros((49, 16), np.float16), "tiny-text", needs)
    made.prepare(posts, features, home)
    asked_for = []
    monkeypatch.setattr(made._retriever, "by_caption", lambda *_: asked_for.append("texts"))
    monkeypatch.setattr(made._retriever, "by_objects", lambda *_: asked_for.append("images"))
    if texts:
        assert {len(found) for found in made.of_text(posts)} == {3}
    else:
        assert max(len(found) for found in made.of_image(posts, [features.features(each) for each in posts])) == 3
    assert asked_for == [], "what is used was prepared"


def test_a_neighbour_is_shown_with_its_own_picture(
    posts: list[Example], features: FeatureStore, tmp_path: Path
) -> None:
    asked_for: list[str] = []
    pool = build_pool(posts, features, "tiny-text", NEEDS, Home(tmp_path / "home"))

    def grids(digest: str) -> np.ndarray[Any, Any]:
        asked_for.append(digest)
        return np.full((49, 16), len(asked_for), np.float16)

    made = PoolNeighbourhood(pool, grids, "tiny-text", NEEDS)
    [found] = made.of_text([posts[0]])
    assert made.grid(found[0])[0, 0] == 1
    assert asked_for == [made.image_digest(found[0].key)]
    assert made.image_digest(found[0].key) == dict(zip(pool.keys, pool.image_digests, strict=True))[found[0].key]
    assert made.image_digest(PostKey("valid", found[0].key.post)) == ""


def test_the_oldest_answers_are_forgotten_first(
    posts: list[Example], features: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = neighbourhood(posts, features, tmp_path, remembered=2)
    searched: list[str] = []
    search = used._retriever.by_objects

    def noted(*parts: Any) -> list[tuple[Neighbour, ...]]:
        searched.append(parts[1][0].key.post)
        return search(*parts)

    monkeypatch.setattr(used._retriever, "by_objects", noted)
    for number in (0, 1, 2, 1, 2, 0, 2, 1):
        used.of_image([posts[number]], [features.features(posts[number])])
    assert searched == ["post-0", "post-1", "post-2", "post-0", "post-1"]


class Counting:
    """Features that remember how many of them were in memory at once."""

    def __init__(self, features: FeatureStore) -> None:
        self._features, self.most = features, 0

    def features(self, example: Example) -> ImageFeatures:
        found = self._features.features(example)
        self.most = max(self.most, sum(type(each) is ImageFeatures for each in gc.get_objects()))
        return found


def test_pictures_are_looked_at_one_after_the_other_however_many_there_are(
    posts: list[Example], features: FeatureStore, tmp_path: Path
) -> None:
    gc.collect()
    counting = Counting(features)
    pool = build_pool(posts, counting, "tiny-text", NEEDS, Home(tmp_path / "home"))
    made = PoolNeighbourhood(pool, lambda digest: np.zeros((49, 16), np.float16), "tiny-text", NEEDS)
    made.prepare(posts, counting, Home(tmp_path / "home"))
    Grounding(profile("tiny"), Home(tmp_path / "home")).sweep(posts, counting)
    assert 1 <= counting.most <= 3, "the one at hand, the one before, and the extractor's own nothing"


def test_twenty_thousand_answers_of_a_kilobyte_are_twenty_megabytes() -> None:
    """What the serving process may hold of each kind."""
    assert REMEMBERED == 20_000
