"""The Python half of the evidence view and the text view, under AppTest and by themselves."""

import base64
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from mner_core.types import Evidence
from pages.components.evidence_view import NeighbourPost, _array, item_text
from pages.shared.pictures import picture_uri

DEMO = Path(__file__).parents[1] / "browser" / "component_demo.py"


@pytest.mark.parametrize(
    ("axis", "index", "item", "words"),
    [
        ("word", 0, {"text": "Ann", "start": 0, "end": 3}, "Ann"),
        ("region", 19, {"box": [0, 0, 1, 1]}, "row 3, column 6"),
        ("object", 1, {"label": "dog", "box": [0, 0, 1, 1]}, "2 dog"),
        ("object", 1, {"box": [0, 0, 1, 1]}, "2"),
        ("head", 3, {"index": 3}, "head 4"),
        ("neighbour", 0, {"post": "p7", "score": 0.5}, "p7"),
        ("attribute", 0, {"name": "barn"}, "barn"),
        ("knowledge", 2, {}, "knowledge 3"),
    ],
)
def test_every_place_of_an_axis_has_words(axis, index, item, words):
    assert item_text(axis, index, item) == words


def test_numbers_travel_whole_and_neighbours_get_their_text():
    values = np.array([[0.25, 0.75], [np.nan, 1.0]], np.float32)
    items = (({"text": "a"}, {"text": "b"}), ({"post": "p1", "score": 0.5}, {"post": "p2"}))
    evidence = Evidence(name="n", kind="attention", axes=("word", "neighbour"), items=items, values=values)
    record = _array(evidence, {"p1": NeighbourPost(text="first", picture="data:x")})
    sent = np.frombuffer(base64.b64decode(record["values"]), "<f4")
    np.testing.assert_array_equal(sent, [0.25, 0.75, 0.0, 1.0])
    assert record["items"][1] == [
        {"text": "first", "picture": "data:x", "score": 0.5},
        {"text": "p2", "picture": None, "score": None},
    ]


def test_pictures_are_made_small_and_broken_ones_are_none(tmp_path):
    Image.new("RGB", (3000, 2000), "red").save(tmp_path / "large.png")
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    uri = picture_uri(tmp_path / "large.png", 100)
    assert uri is not None
    (tmp_path / "small.jpg").write_bytes(base64.b64decode(uri.partition(",")[2]))
    with Image.open(tmp_path / "small.jpg") as small:
        assert small.size == (150, 100)
    assert picture_uri(tmp_path / "broken.jpg") is None
    assert picture_uri(tmp_path / "absent.jpg") is None
    assert picture_uri(None) is None


@pytest.mark.parametrize("show", ["annotator", "evidence", "texts", "all"])
def test_every_component_mounts(show):
    app = AppTest.from_file(str(DEMO), default_timeout=30)
    app.query_params["show"] = show
    app.run()
    assert not app.exception
