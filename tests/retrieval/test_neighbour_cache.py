"""Neighbours are remembered under all that they follow from."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mner_core.catalog.profiles import profile
from mner_core.catalog.system import Needs
from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.retrieval.neighbour_cache import PoolNeighbourhood, build_pool
from mner_core.retrieval.pool import Neighbour
from mner_core.types import Example
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
    used.prepare(posts, [features.features(each) for each in posts], Home(tmp_path / "home"))
    searched.clear()
    used.of_text(posts)
    assert searched == [], "what was prepared stays"
