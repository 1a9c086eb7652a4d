"""A post has a picture where one opens: a name without a file, or a file that is no picture, is none."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from db.engine import Store
from db.exchange import import_folder
from db.gold_totals import pictures
from db.mistake_cases import CaseFilter, MistakesOf
from db.mistakes import number_of
from db.posts import post_ids
from db.predictions import PostPrediction, record
from db.runs import add_run
from tests.db.test_runs import write_run


def whole() -> bytes:
    """A picture as a file holds it, of 3 kB: half of it is no picture."""
    noise = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


NO_PICTURES = {"not there": None, "empty": b"", "a text": b"<html>404</html>", "half of one": whole()[:1500]}


def write(folder: Path, file: bytes | None) -> Path:
    """Two posts that name a picture, of which the second one's opens, and one that names none."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    lines = [
        {"id": name, "text": "Ann met Bob", "spans": [{"start": 0, "end": 3, "label": "PER"}], **image}
        for name, image in (("a", {"image": "a.png"}), ("b", {"image": "b.png"}), ("c", {}))
    ]
    (folder / "valid.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    (folder / "images" / "b.png").write_bytes(whole())
    if file is not None:
        (folder / "images" / "a.png").write_bytes(file)
    return folder


def number(store: Store, picture: str) -> int:
    """How many posts with a mistake the filter lists."""
    found = number_of(store, MistakesOf(run="run", dataset="set", split="valid"), CaseFilter(picture=picture))
    assert found is not None
    return found[1]


@pytest.mark.parametrize("file", NO_PICTURES)
def test_a_picture_that_does_not_open_is_counted_and_filtered_as_none_until_it_comes(
    store: Store, tmp_path: Path, file: str
) -> None:
    import_folder(store, write(tmp_path / "posts", NO_PICTURES[file]), "set")
    add_run(store, write_run(store.home, "run"))
    record(store, "run", [PostPrediction(post=post, marks=()) for post in post_ids(store, "set").values()])
    assert {name: number(store, name) for name in ("with", "without", "broken")} == {
        "with": 1, "without": 1, "broken": 1
    }  # fmt: skip
    assert pictures(store, "set") == 1
    import_folder(store, write(tmp_path / "posts", whole()), "set")
    assert [number(store, name) for name in ("with", "broken")] == [2, 0]
    assert pictures(store, "set") == 2
