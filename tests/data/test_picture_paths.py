"""A picture's path as another machine writes it finds the picture that lies in the data set, and never another one."""

import json
from pathlib import Path

import pytest

from db.engine import open_store
from db.exchange import export_folder, import_folder
from mner_core.data.dataset import Dataset, read_dataset
from mner_core.home import Home
from tests.data.test_dataset import folder

FOREIGN = [
    "C:\\pics\\a1.png",
    "c:/Users/Ann/pics/a1.png",
    "\\\\server\\share\\pics\\a1.png",
    "/home/ann/pics/a1.png",
    "file:///home/ann/pics/a1.png",
    "../pics/a1.png",
    "..\\..\\pics\\a1.png",
    "D:a1.png",
    "C:\\pics\\A1.PNG",
]


def reading(home: Path, name: str, ending: str, *pictures: str) -> Dataset:
    line = {"jsonl": json.dumps({"text": "a", "image": name}), "txt": f"IMGID:{name}\na\tO"}[ending]
    return read_dataset(folder(home, {f"train.{ending}": f"{line}\n", **dict.fromkeys(pictures, "")}))


@pytest.mark.parametrize("ending", ["jsonl", "txt"])
@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("there", ["images/a1.png", "a1.png", "photos/pics/a1.png"])
def test_a_path_of_another_machine_finds_the_picture(tmp_path: Path, name: str, ending: str, there: str) -> None:
    data = reading(tmp_path, name, ending, there, "images/b.png")
    (post,) = data.posts
    if there.count("/") == 2 and name == "D:a1.png":  # a file name alone does not look into folders of folders
        assert (post.image, post.image_name) == (None, name)
        return
    assert post.image == tmp_path / there
    assert post.image_name in {"a1.png", "A1.PNG", "pics/a1.png", "pics/A1.PNG"}
    assert data.defects == []


@pytest.mark.parametrize("name", ["C:\\train\\1.png", "/data/set/1.png", "../../1.png"])
def test_a_file_name_that_several_pictures_have_finds_none(tmp_path: Path, name: str) -> None:
    data = reading(tmp_path, name, "jsonl", "images/1.png", "images/other/1.png")
    (post,) = data.posts
    assert (post.image, post.image_name) == (None, name)
    assert [(each.kind, each.line) for each in data.defects] == [("bad-id", 1)]
    assert "no picture called 1.png, or several, lie in it; put the picture into images" in data.defects[0].detail


def test_the_longest_end_of_the_path_goes_first(tmp_path: Path) -> None:
    data = reading(tmp_path, "C:\\set\\valid\\1.png", "jsonl", "images/train/1.png", "images/valid/1.png")
    assert (data.posts[0].image, data.posts[0].image_name) == (tmp_path / "images/valid/1.png", "valid/1.png")


@pytest.mark.parametrize("name", ["train/1.png", "pics\\1.png"])
def test_a_path_within_the_set_is_no_path_of_another_machine(tmp_path: Path, name: str) -> None:
    data = reading(tmp_path, name, "jsonl", "images/valid/1.png")
    assert data.posts[0].image is None
    assert [each.kind for each in data.defects] == ["missing-image"]


def test_the_pictures_beside_the_set_are_found_from_above(tmp_path: Path) -> None:
    folder(tmp_path, {"images/a1.png": ""})
    data = reading(tmp_path / "data", "../images/a1.png", "jsonl")
    assert data.posts[0].image == tmp_path / "images" / "a1.png"


def test_such_a_set_is_imported_and_exported_with_its_pictures(tmp_path: Path) -> None:
    reading(tmp_path / "set", "C:\\pics\\a1.png", "jsonl", "images/a1.png")
    store = open_store(Home(tmp_path / "home"))
    import_folder(store, tmp_path / "set", "mine")
    again = import_folder(store, tmp_path / "set", "mine")
    assert (again.added, again.updated, again.unchanged) == (0, 0, 1)
    export_folder(store, tmp_path / "out", "mine")
    assert [post.image_name for post in read_dataset(tmp_path / "out").posts] == ["a1.png"]
    assert (tmp_path / "out" / "images" / "a1.png").is_file()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("images", ["a.png", "b.png"]),
        ("images", ["a.png"]),
        ("img", "a.png"),
        ("image_id", 17),
        ("imgid", "17_06"),
        ("Image_Path", "pics/a.png"),
        ("picture", "a.png"),
        ("photo_url", "https://x.org/a.png"),
        ("media", ["a.png"]),
    ],
)
@pytest.mark.parametrize("image", [{}, {"image": None}])
def test_pictures_under_a_name_that_is_not_read_are_said_once(
    tmp_path: Path, name: str, value: object, image: dict[str, None]
) -> None:
    rows = [{"text": "a"}, {"text": "b", name: value, **image}, {"text": "c", name: value, **image}]
    data = read_dataset(folder(tmp_path, {"train.jsonl": "\n".join(map(json.dumps, rows))}))
    assert [post.image_name for post in data.posts] == [None] * 3
    ((kind, line, detail),) = ((each.kind, each.line, each.detail) for each in data.defects)
    assert (kind, line) == ("unread-pictures", 2)
    assert detail.startswith(f"{name}: this looks like pictures")
    assert detail.endswith('name one as "image": "a1.png"; 2 posts have no picture.')


@pytest.mark.parametrize(
    "rest",
    [
        {"images": []},
        {"picture": None},
        {"photo": {"credit": "Ann"}},
        {"image": "a1.png", "image_id": 3},
        {"imagery": "vivid"},
        {"photographer": "Ann", "caption": "a photo"},
    ],
)
def test_what_names_no_picture_is_passed_over(tmp_path: Path, rest: dict[str, object]) -> None:
    line = json.dumps({"text": "a", **rest})
    assert read_dataset(folder(tmp_path, {"train.jsonl": line, "images/a1.png": ""})).defects == []
