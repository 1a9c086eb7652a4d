"""The compact profile's real nets on public-domain and CC0 photographs that scikit-image ships."""

from pathlib import Path

import numpy as np
import pytest
import skimage
import torch
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray
from PIL import Image

from mner_core.catalog.profiles import profile
from mner_core.data.images import open_image
from mner_core.features.extract import extract
from mner_core.features.extractor import Extractor, extractor
from mner_core.features.nets.efficientdet import EfficientDetLite0
from mner_core.features.nets.efficientnet import EfficientNet, EfficientNetLite0, normalised
from mner_core.features.pixels import squares
from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.types import ImageObject, InputError
from mner_core.weights.packages import weight_file
from mner_core.weights.tflite import layers
from tests.features.pictures import features_of, post

PHOTOS = Path(skimage.__file__).parent / "data"
COMPACT = profile("compact")
SHARED = Path(__file__).parents[3] / "shared/data"

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def nets() -> Extractor:
    try:
        for name in ("efficientnet-lite0", "efficientdet-lite0"):
            weight_file(name)
    except InputError as error:
        pytest.skip(f"needs the compact profile's weights: {error}")
    return extractor(COMPACT)


# What LiteRT says of the same squares: likeliest class, its probability, the grid's mean, the middle region's sum,
# and what the detector sees with its score there (in int8; it differs by up to .09).
LITERT = {
    "astronaut.png": ("bobsled", 0.2889, 0.24805, 540.002, [("person", 0.83)]),
    "chelsea.png": ("Egyptian cat", 0.7912, 0.13984, 314.692, [("cat", 0.77)]),
    "coffee.png": ("espresso", 0.8994, 0.16949, 611.279, [("dining table", 0.64), ("cup", 0.47)]),
    "motorcycle_left.png": ("moped", 0.4856, 0.17114, 877.330, [("motorcycle", 0.90)]),
}


@pytest.mark.parametrize("name", LITERT)
def test_nets_agree_with_litert(nets: Extractor, name: str) -> None:
    label, probability, mean, middle, objects = LITERT[name]
    known = nets.describe(open_image(PHOTOS / name))
    assert known.attributes[0] == (label, pytest.approx(probability, abs=2e-3))
    assert len(known.attributes) == 5
    assert float(known.grid.astype(float).mean()) == pytest.approx(mean, rel=2e-3)
    assert float(known.grid[24].astype(float).sum()) == pytest.approx(middle, rel=5e-3)
    assert [thing.label for thing in known.objects] == [thing for thing, _ in objects]
    assert [thing.score for thing in known.objects] == pytest.approx([score for _, score in objects], abs=0.09)
    assert known.grid.shape == (49, COMPACT.grid_width)
    assert known.object_vectors.shape == (len(objects), COMPACT.object_width)


def litert(name: str, photo: Image.Image, size: int, tensors: list[str]) -> list[NDArray[np.float32]]:
    """What LiteRT computes for the tensors that end so, from a file and a picture stretched to a square."""
    with pytest.warns(UserWarning, match="preserve_all_tensors"):
        interpreter = Interpreter(
            str(weight_file(name)),
            num_threads=1,
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN,
        )
    interpreter.allocate_tensors()
    (wanted,) = interpreter.get_input_details()
    pixels = squares([photo], size)
    given = pixels if wanted["dtype"] == np.uint8 else (pixels.astype(np.float32) - 127) / 128
    interpreter.set_tensor(wanted["index"], given)
    interpreter.invoke()
    indices = {each["name"]: each["index"] for each in interpreter.get_tensor_details()}
    found = [next(index for full, index in indices.items() if full.endswith(end)) for end in tensors]
    return [interpreter.get_tensor(index)[0] for index in found]


@pytest.mark.parametrize("name", [*LITERT, "rocket.jpg"])
def test_the_classifier_computes_what_litert_computes(nets: Extractor, name: str) -> None:
    photo = open_image(PHOTOS / name)
    maps, shares = EfficientNetLite0(layers(weight_file("efficientnet-lite0")))(normalised([photo], 224))
    wanted_maps, wanted_shares = litert("efficientnet-lite0", photo, 224, ["head/conv2d/Conv2D1", "Softmax"])
    assert np.abs(maps[0].permute(1, 2, 0).numpy() - wanted_maps).max() < 1e-4
    assert np.abs(shares[0].numpy() - wanted_shares).max() < 1e-5


@pytest.mark.parametrize("name", [*LITERT, "rocket.jpg"])
def test_the_detector_computes_nearly_what_litert_computes_in_int8(nets: Extractor, name: str) -> None:
    photo = open_image(PHOTOS / name)
    scores, boxes = EfficientDetLite0(layers(weight_file("efficientdet-lite0")))(normalised([photo], 320))
    tensors = ["StatefulPartitionedCall:1", "StatefulPartitionedCall:0"]
    wanted_scores, wanted_boxes = litert("efficientdet-lite0", photo, 320, tensors)
    sure = wanted_scores > 0.3
    assert np.abs(scores[0].numpy() - wanted_scores)[sure].max(initial=0) < 0.09
    assert np.abs(boxes[0].numpy() - wanted_boxes)[sure.any(axis=1)].max(initial=0) < 0.5
    assert np.corrcoef(scores[0].flatten(), wanted_scores.ravel())[0, 1] > 0.95


def test_boxes_lie_on_the_objects(nets: Extractor) -> None:
    cup = nets.describe(open_image(PHOTOS / "coffee.png")).objects[1]
    assert cup.box == pytest.approx((0.285, 0.05, 0.69, 0.76), abs=0.03)


def test_no_object_is_found_in_a_rocket(nets: Extractor) -> None:
    known = nets.describe(open_image(PHOTOS / "rocket.jpg"))
    assert known.objects == ()
    assert known.object_vectors.shape == (0, 1280)


def test_vector_of_an_object_is_that_of_its_crop(nets: Extractor) -> None:
    photo = open_image(PHOTOS / "coffee.png")
    half = ImageObject("half", (0.0, 0.0, 0.5, 1.0))
    known = nets.describe(photo, [half] * 18)  # more than one batch of the net
    alone = nets.describe(photo.crop((0, 0, 300, 400)), []).grid.astype(np.float32).mean(axis=0)
    np.testing.assert_allclose(known.object_vectors.astype(np.float32), np.tile(alone, (18, 1)), atol=2e-3)
    assert known.caption == "a picture of 18 halfs; looks like an espresso"


def test_nets_take_a_batch_and_keep_threads_as_they_are(nets: Extractor) -> None:
    threads = torch.get_num_threads()
    photos = [open_image(PHOTOS / name) for name in LITERT]
    together = EfficientNet().look(photos)[0]
    assert np.allclose(together[2], EfficientNet().look(photos[2:3])[0][0], atol=1e-4)
    assert torch.get_num_threads() == threads


def test_cached_is_live_bit_for_bit(nets: Extractor, tmp_path: Path) -> None:
    examples = [post(PHOTOS / name) for name in ("chelsea.png", "coffee.png", "rocket.jpg")]
    report = extract(examples, COMPACT, Home(tmp_path))
    assert (report.images, report.broken) == (3, [])
    store = FeatureStore(COMPACT, Home(tmp_path))
    for example in examples:
        assert example.image is not None
        kept, live = store.features(example), features_of(store, example.image)
        assert kept.objects == live.objects
        assert kept.attributes == live.attributes
        assert np.array_equal(kept.grid, live.grid)
        assert np.array_equal(kept.object_vectors, live.object_vectors)


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data")
def test_real_tweet_pictures_all_go_through(nets: Extractor, tmp_path: Path) -> None:
    pictures = sorted((SHARED / "tweets_with_images/images").iterdir())
    report = extract([post(path) for path in pictures], COMPACT, Home(tmp_path))
    assert (report.images, report.broken) == (29, [])
