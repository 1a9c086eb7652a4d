import json

import pytest
from PIL import Image

from mner_core.check import check
from mner_core.data.dataset import read_dataset
from mner_core.data.photos import write_photos
from mner_core.types import InputError


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos") / "set"
    return folder, write_photos(folder)


def test_posts_are_read_back_with_their_pictures(photos):
    folder, count = photos
    dataset = read_dataset(folder)
    assert count == len(dataset.posts) >= 12
    assert check(folder).defects == ()
    assert dataset.labels == ("LOC", "MISC", "ORG", "PER")
    sizes = {split: len(posts) for split, posts in dataset.splits.items()}
    assert 0 < sizes["train"] < sizes["valid"] < sizes["test"]
    with_picture = [post for post in dataset.posts if post.image_name]
    assert all(post.image.is_file() for post in with_picture)
    assert 0 < len(dataset.posts) - len(with_picture) < 3


def test_the_slots_of_caption_and_objects_are_left_to_the_extractors(photos):
    folder, _ = photos
    assert all(post.caption is None and post.objects is None for post in read_dataset(folder).posts)
    assert {path.name for path in folder.iterdir()} == {"dataset.json", "images", *SPLITS}


SPLITS = ("train.jsonl", "valid.jsonl", "test.jsonl")


def test_spans_are_the_names_that_were_written_down(photos):
    folder, _ = photos
    names = {(post.span_text(span), span.label) for post in read_dataset(folder).posts for span in post.spans}
    assert {("Eileen Collins", "PER"), ("Montréal", "LOC"), ("SpaceX", "ORG"), ("Chelsea", "MISC")} <= names


def test_every_name_of_the_source_occurs_once_in_its_text():
    from mner_core.data import photos as module

    for post in json.loads(module._SOURCE.read_text(encoding="utf-8"))["posts"]:
        for name, _ in [*post.get("entities", []), *post.get("ambiguous", [])]:
            assert post["text"].count(name) == 1


def test_every_photograph_opens_and_is_credited_with_a_free_licence(photos):
    folder, _ = photos
    credits = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))["credits"].splitlines()
    pictures = {path.name for path in (folder / "images").iterdir()}
    assert {line.split(":")[0] for line in credits} == pictures
    assert all(("public domain" in line) != ("CC0" in line) and "http" in line for line in credits)
    for name in pictures:
        with Image.open(folder / "images" / name) as picture:
            assert min(picture.size) >= 300


def test_an_existing_folder_is_left_alone(photos):
    folder, _ = photos
    with pytest.raises(InputError, match="exists already"):
        write_photos(folder)


def test_a_missing_scikit_image_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("mner_core.data.photos.find_spec", lambda name: None)
    with pytest.raises(InputError, match="scikit-image"):
        write_photos(tmp_path / "set")
    assert not any(tmp_path.iterdir())
