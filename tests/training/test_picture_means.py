"""The mean region and object of a run's training pictures."""

from pathlib import Path

import numpy as np

from mner_core.training.picture_means import picture_means, read_means, write_means
from tests.fakes import FakeFeatures, post


def test_every_region_and_every_object_counts_once_and_pictures_that_do_not_open_not_at_all(tmp_path: Path) -> None:
    posts = [post(number, ["a"], image=None if number % 3 == 0 else "x.jpg") for number in range(8)]
    features = FakeFeatures()
    found = picture_means(posts, features)
    seen = [features.features(each) for each in posts if each.image_name]
    np.testing.assert_allclose(found.region, np.concatenate([each.grid for each in seen]).mean(axis=0), atol=1e-3)
    things = np.concatenate([each.object_vectors for each in seen])
    assert len({len(each.object_vectors) for each in seen}) > 1, "else a mean of means would do"
    np.testing.assert_allclose(found.thing, things.mean(axis=0), atol=1e-3)
    write_means(tmp_path, found)
    again = read_means(tmp_path)
    assert again is not None
    np.testing.assert_array_equal(again.region, found.region)
    np.testing.assert_array_equal(again.thing, found.thing)


def test_without_any_picture_they_are_zero_and_a_damaged_file_is_none(tmp_path: Path) -> None:
    found = picture_means([post(0, ["a"], image=None)], FakeFeatures())
    assert not found.region.any()
    assert not found.thing.any()
    assert read_means(tmp_path) is None
    (tmp_path / "picture_means.safetensors").write_bytes(b"cut off")
    assert read_means(tmp_path) is None
