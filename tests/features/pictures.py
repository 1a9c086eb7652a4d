"""Posts with drawn pictures, for tests of features."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from mner_core.catalog.profiles import profile
from mner_core.data.images import open_image
from mner_core.features.extract import ExtractionReport, extract
from mner_core.features.image import ImageFeatures
from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.text.noun_phrases import GENERAL
from mner_core.types import Example, ImageObject

TINY = profile("tiny")
HAT = ImageObject("hat", (0.1, 0.2, 0.6, 0.9), 0.8)

COLOURS = ("red", "green", "blue", "yellow", "white", "brown", "black", "orange")


def draw(path: Path, number: int) -> Path:
    """A picture unlike any other number's: a coloured shape somewhere on a coloured ground."""
    image = Image.new("RGB", (64 + number % 7, 48), COLOURS[number % 8])
    left = 4 + number % 29
    paint = ImageDraw.Draw(image)
    shape = paint.ellipse if number % 2 else paint.rectangle
    shape((left, 8, left + 20, 30 + number % 11), fill=COLOURS[(number // 8 + number + 1) % 8])
    image.putpixel((0, 0), (number % 256, number // 256, 7))
    image.save(path)
    return path


def post(image: Path | None, objects: tuple[ImageObject, ...] | None = None, caption: str | None = None) -> Example:
    name = None if image is None else image.name
    return Example(id=str(name), text="", tokens=(), image=image, image_name=name, objects=objects, caption=caption)


def features_of(
    store: FeatureStore, image: Image.Image | bytes | Path, objects: Sequence[ImageObject] | None = None
) -> ImageFeatures:
    """The features of one picture as the store's extractor computes them now: what kept ones are compared with."""
    picture = image.convert("RGB") if isinstance(image, Image.Image) else open_image(image)
    return store.extractor.describe(picture, objects, GENERAL if store.extractor.profile.asks else ())


def posts(folder: Path, count: int) -> list[Example]:
    folder.mkdir(parents=True, exist_ok=True)
    return [post(draw(folder / f"{number}.png", number)) for number in range(count)]


def same(one: ImageFeatures, other: ImageFeatures) -> bool:
    """Whether all numbers and words are equal."""
    return (
        (one.image_ok, one.objects, one.attributes, one.caption, one.aspect)
        == (other.image_ok, other.objects, other.attributes, other.caption, other.aspect)
        and np.array_equal(one.grid, other.grid)
        and np.array_equal(one.object_vectors, other.object_vectors)
    )


def sweep(examples: Sequence[Example], home: Home) -> ExtractionReport:
    return extract(examples, TINY, home)
