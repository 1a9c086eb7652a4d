"""The store of features, on the tiny profile."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mner_core.features.nets.tiny import TinyGrid
from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.types import ImageObject, InputError
from tests.features.pictures import HAT, TINY, draw, features_of, post, posts, same, sweep


def test_cached_features_are_the_computed_ones(tmp_path: Path, home: Home) -> None:
    examples = posts(tmp_path / "images", 12)
    for number in range(6):  # in the order of a sweep, which is the process's own, some come before others
        examples.append(post(examples[number].image, objects=(HAT,) * number))
    report = sweep(examples, home)
    assert (report.images, report.computed, report.broken) == (12, 18, [])
    store = FeatureStore(TINY, home)
    for example in examples:
        assert example.image is not None
        known = store.features(example)
        assert same(known, features_of(store, example.image, example.objects))
        assert known.grid.shape == (49, 16)
        assert known.grid.dtype == known.object_vectors.dtype == np.float16
        assert known.object_vectors.shape == (len(known.objects), 16)
        with Image.open(example.image) as picture:
            assert known.aspect == picture.width / picture.height != 1


def test_all_pictures_differ(tmp_path: Path, home: Home) -> None:
    examples = posts(tmp_path / "images", 40)
    store = FeatureStore(TINY, home)
    assert len({store.features(example).grid.tobytes() for example in examples}) == 40


def test_changed_file_of_the_same_name_is_looked_at_again(tmp_path: Path, home: Home) -> None:
    example = post(draw(tmp_path / "a.png", 1))
    store = FeatureStore(TINY, home)
    before = store.features(example)
    draw(tmp_path / "a.png", 2)
    os.utime(tmp_path / "a.png", ns=(1, 1))  # even where the clock's steps are too coarse to show it
    after = store.features(example)
    assert not same(before, after)
    assert same(after, features_of(store, tmp_path / "a.png"))


def test_objects_from_the_data_replace_the_detector(tmp_path: Path, home: Home) -> None:
    path = draw(tmp_path / "a.png", 3)
    store = FeatureStore(TINY, home)
    own, given, none = (store.features(post(path, objects)) for objects in (None, (HAT,), ()))
    assert [thing.label for thing in own.objects] == ["thing"]
    assert given.objects == (HAT,)
    assert given.caption.startswith("a picture of a hat")
    assert none.objects == ()
    assert none.object_vectors.shape == (0, 16)
    part = Image.open(path).crop((6, 9, 41, 44))  # floor and ceil of the box on 67 x 48 pixels
    assert np.array_equal(given.object_vectors[0], TinyGrid().look([part])[1][0].astype(np.float16))
    renamed = store.features(post(path, (ImageObject("cap", HAT.box, HAT.score),)))
    assert renamed.objects[0].label == "cap"


@pytest.mark.parametrize(
    "box", [(0.5, 0.5, 0.5, 0.5), (0.9, 0.9, 0.1, 0.1), (1.0, 1.0, 1.0, 1.0), (-3.0, 0.0, 9.0, 0.0)]
)
def test_box_without_area_is_one_pixel_at_least(tmp_path: Path, home: Home, box: Any) -> None:
    known = FeatureStore(TINY, home).features(post(draw(tmp_path / "a.png", 3), (ImageObject("dot", box),)))
    assert np.isfinite(known.object_vectors).all()


def test_caption_from_the_data_wins_even_if_empty(tmp_path: Path, home: Home) -> None:
    path = draw(tmp_path / "a.png", 3)
    store = FeatureStore(TINY, home)
    assert store.features(post(path)).caption.startswith("a picture of a thing")
    assert store.features(post(path, caption="Kim at a game")).caption == "Kim at a game"
    assert store.features(post(path, caption="")).caption == ""
    assert store.features(post(None, caption="no picture")).caption == "no picture"


def test_picture_live_from_path_bytes_and_image(tmp_path: Path, home: Home) -> None:
    path = draw(tmp_path / "a.png", 5)
    store = FeatureStore(TINY, home)
    of_path = features_of(store, path, (HAT,))
    assert same(of_path, features_of(store, path.read_bytes(), (HAT,)))
    with Image.open(path) as image:
        assert same(of_path, features_of(store, image, (HAT,)))
    assert not home.features.exists()
    with pytest.raises(InputError, match="not a picture"):
        features_of(store, b"no picture at all")


def test_kept_features_by_digest(tmp_path: Path, home: Home) -> None:
    examples = [*posts(tmp_path / "images", 2), post(draw(tmp_path / "given.png", 9), (HAT,))]
    store = FeatureStore(TINY, home)
    sweep(examples, home)  # through another store: this one learns of it when asked
    for example in examples:
        kept = store.of_picture(store.key(example).partition("-")[0])
        assert kept is not None
        assert same(kept, store.features(example))
    assert store.of_picture("0" * 64) is None


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc to see what is mapped")
def test_features_are_mapped_not_loaded(tmp_path: Path, home: Home) -> None:
    sweep(posts(tmp_path / "images", 2), home)
    store = FeatureStore(TINY, home)
    [shard] = home.features.rglob("*.safetensors")
    assert len(store.shards) == 2
    assert str(shard) in Path("/proc/self/maps").read_text()
