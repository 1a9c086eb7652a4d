"""Names for data hold all that an answer follows from: each part of a post makes another one, the rest does not."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mner_core.data.fingerprint import data_fingerprint, gold_fingerprint, pictures_fingerprint, pictures_found
from mner_core.data.images import image_digest, opens
from mner_core.data.tokenize import entity_at, tokenize
from mner_core.types import Example, ImageObject, Span, Token

TEXT = "Ann in Rome"
DOG = ImageObject("dog", (0.0, 0.0, 1.0, 1.0), 0.5)
POST = Example(
    id="a", text=TEXT, tokens=tokenize(TEXT), spans=(Span(0, 1, "PER"), Span(2, 3, "LOC")), image_name="1.png",
    caption="a dog", objects=(DOG,), split="train", source="train.jsonl",
)  # fmt: skip
OTHERS: list[dict[str, Any]] = [
    {"id": "b"},
    {"text": "Ann  in Rome"},
    {"tokens": (Token("An", 0, 2), Token("n", 2, 3), *tokenize(TEXT)[1:])},
    {"spans": None},
    {"spans": ()},
    {"spans": (Span(0, 1, "PER"),)},
    {"spans": (Span(0, 1, "PER"), Span(2, 3, "ORG"))},
    {"spans": (Span(0, 1, "PER"), Span(1, 3, "LOC"))},
    {"spans": (Span(0, 1, "PER"), entity_at(tokenize(TEXT), 7, 9, "LOC"))},
    {"spans": (Span(0, 1, "PER"), entity_at(tokenize(TEXT), 7, 10, "LOC"))},
    {"tags": ("I-PER", "O", "B-LOC")},
    {"subsets": {"ambiguous": frozenset({Span(0, 1, "PER")})}},
    {"subsets": {"ambiguous": frozenset()}},
    {"image_name": None},
    {"image_name": "2.png"},
    {"caption": None},
    {"caption": "a cat"},
    {"objects": None},
    {"objects": ()},
    {"objects": (DOG, DOG)},
    {"objects": (replace(DOG, label="cat"),)},
    {"objects": (replace(DOG, box=(0.0, 0.0, 1.0, 0.5)),)},
    {"objects": (replace(DOG, score=0.6),)},
]
OF_GOLD = {"tokens", "spans", "tags", "subsets"}


@pytest.mark.parametrize("changed", OTHERS, ids=lambda each: next(iter(each)))
def test_whatever_a_model_reads_makes_other_data(changed: dict[str, Any]) -> None:
    other = replace(POST, **changed)
    assert data_fingerprint([other]) != data_fingerprint([POST])
    assert (gold_fingerprint([other]) != gold_fingerprint([POST])) == (changed.keys() <= OF_GOLD)


def test_all_of_these_differ_from_each_other_too() -> None:
    assert len({data_fingerprint([replace(POST, **each)]) for each in OTHERS}) == len(OTHERS)


@pytest.mark.parametrize(
    "changed", [{"image": Path("elsewhere/1.png")}, {"source": "posts.jsonl"}, {"tags": ("S-PER", "O", "S-LOC")}]
)
def test_where_posts_lie_and_which_scheme_says_the_same_makes_no_difference(changed: dict[str, Any]) -> None:
    assert data_fingerprint([replace(POST, **changed)]) == data_fingerprint([POST])


def painted(file: Path, content: bytes, second: int) -> None:
    """Another content in the same file: name, inode and size stay, only the time tells."""
    with file.open("r+b" if file.exists() else "w+b") as kept:
        kept.write(content)
    os.utime(file, ns=(0, 1_000_000_000 + second))


def test_a_picture_that_was_painted_over_is_another_one_though_name_and_size_are_the_same(tmp_path: Path) -> None:
    """A server that runs for weeks remembers digests; what it remembers goes by the file's state."""
    file, found = tmp_path / "1.bmp", []
    for second, colour in enumerate(("red", "blue")):
        Image.new("RGB", (8, 8), colour).save(tmp_path / "fresh.bmp")
        painted(file, (tmp_path / "fresh.bmp").read_bytes(), second)
        found.append((image_digest(file), pictures_fingerprint([replace(POST, image=file)])))
    assert found[0][0] != found[1][0]
    assert found[0][1] != found[1][1]


@pytest.mark.parametrize("first", [True, False])
def test_whether_a_picture_opens_is_asked_again_once_the_file_is_another(tmp_path: Path, first: bool) -> None:
    file = tmp_path / "1.bmp"
    Image.new("RGB", (8, 8), "red").save(file)
    good = file.read_bytes()
    for second, whole in enumerate((first, not first)):
        painted(file, good if whole else b"x" * len(good), second)
        assert opens(file) == whole
        assert pictures_found([replace(POST, image=file)]) == whole
