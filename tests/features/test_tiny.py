"""The tiny nets: equal everywhere, different for different drawings."""

import hashlib

import numpy as np
from PIL import Image, ImageDraw

from mner_core.features.captions import compose
from mner_core.features.nets.tiny import TinyDetector, TinyGrid


def drawing() -> Image.Image:
    image = Image.new("RGB", (160, 120), "white")
    ImageDraw.Draw(image).rectangle((40, 30, 99, 89), fill=(200, 30, 30))
    return image


def test_numbers_are_the_same_on_every_machine() -> None:
    grids, vectors, attributes = TinyGrid().look([drawing()])
    numbers = np.concatenate([grids.ravel(), vectors.ravel()]).astype(np.float16)
    assert hashlib.sha256(numbers.tobytes()).hexdigest()[:16] == "1a7dcbed3574b053"
    assert [name for name, _ in attributes[:2]] == ["white picture", "red picture"]


def test_pictures_do_not_depend_on_each_other() -> None:
    other = Image.new("RGB", (30, 90), "blue")
    together, alone = TinyGrid().look([drawing(), other]), TinyGrid().look([other])
    assert np.array_equal(together[0][1], alone[0][0])
    assert np.allclose(together[1][1], alone[1][0], atol=1e-12)


def test_detector_boxes_what_stands_out() -> None:
    [thing] = TinyDetector().detect(drawing())
    np.testing.assert_allclose(thing.box, (40 / 160, 30 / 120, 100 / 160, 90 / 120), atol=1.5 / 64)
    assert TinyDetector().detect(Image.new("RGB", (1, 1), "red")) == ()
    assert compose([thing], ()) == "a picture of a thing"
