"""Folders as published sets and people lay them out: what is read, under which names, and what is named as left out."""

import bz2
import gzip
import io
import json
import lzma
import re
import tarfile
from pathlib import Path

import pytest

from mner_core.check import check
from mner_core.data.dataset import read_dataset
from mner_core.types import Example, InputError

TAGS = "Ann\tB-PER\nwon\tO\n"
CSV = "Ann,B-PER\nwon,O\n"
JSON = json.dumps({"text": "Ann won", "spans": [{"start": 0, "end": 3, "label": "PER"}]})


def labels(post: Example) -> list[str]:
    return [span.label for span in post.spans or ()]


def laid_out(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@pytest.mark.parametrize("ending", [".txt", ".tsv", ".conll", ".bio", ".csv", ".jsonl", ".json"])
@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("dev", "valid"),
        ("VAL", "valid"),
        ("Validation", "valid"),
        ("valid", "valid"),
        ("test", "test"),
        ("Testing", "test"),
    ],
)
def test_names_and_endings_of_splits(tmp_path: Path, name: str, split: str, ending: str) -> None:
    content = JSON if "json" in ending else CSV if ending == ".csv" else TAGS
    laid_out(tmp_path, {f"{name}{ending.upper() if name == 'VAL' else ending}": content})
    dataset = read_dataset(tmp_path)
    assert [(post.split, post.words, labels(post)) for post in dataset.posts] == [(split, ("Ann", "won"), ["PER"])]
    assert (dataset.defects, dataset.left_out) == ([], ())


def test_old_endings_are_read_where_there_are_two(tmp_path: Path) -> None:
    laid_out(tmp_path, {"train.csv": CSV, "train.txt": TAGS, "train.json": JSON})
    dataset = read_dataset(tmp_path)
    assert dataset.posts[0].source == "train.txt"
    assert dataset.left_out == ("train.csv", "train.json")
    assert [defect.kind for defect in dataset.defects] == ["extra-file", "extra-file"]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (f"[{JSON}, {JSON}]", [1, 1]),
        (f"[\n{JSON},\n{JSON}\n]\n", [2, 3]),
        (json.dumps([json.loads(JSON)] * 2, indent=2), [2, 12]),
        (f"\n\n[\n\n{JSON}\n,\n{JSON}]", [5, 7]),
    ],
)
def test_a_list_of_posts(tmp_path: Path, content: str, lines: list[int]) -> None:
    dataset = read_dataset(laid_out(tmp_path, {"train.json": content}))
    assert [(post.words, labels(post)) for post in dataset.posts] == [(("Ann", "won"), ["PER"])] * 2
    assert [dataset.places[post.id].line for post in dataset.posts] == lines
    assert dataset.defects == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{\n"text": "Ann"\n}', r"train\.json, line 1: one JSON object is no list"),
        (f"[\n{JSON},\n{JSON[:20]}", r"train\.json, line 3: the JSON list is broken here"),
        (f"[{JSON}", r"train\.json, line 1: the JSON list is broken here"),
        (f"[{JSON}]\n\n[{JSON}]", r"train\.json, line 3: the JSON list ends before"),
        (f"[\n{JSON}\n]\n{JSON}", r"train\.json, line 4: the JSON list ends before"),
        (f"[]{JSON}", r"train\.json, line 1: the JSON list ends before"),
    ],
)
def test_json_that_is_no_list_of_posts_is_refused(tmp_path: Path, content: str, why: str) -> None:
    laid_out(tmp_path, {"train.json": content})
    with pytest.raises(InputError, match=why):
        read_dataset(tmp_path)


@pytest.mark.parametrize("content", ["[]", "[ ]\n", "\n[\n\n]"])
def test_an_empty_list_is_called_one(tmp_path: Path, content: str) -> None:
    dataset = read_dataset(laid_out(tmp_path, {"train.json": content}))
    assert [(each.kind, each.file, each.line, each.detail) for each in dataset.defects] == [
        ("empty-list", "train.json", 1, "The JSON list is empty.")
    ]


def _tar() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("train.txt"))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (gzip.compress(b"Ann B-PER"), "packed (gzip)"),
        (bz2.compress(b"Ann B-PER"), "packed (bzip2)"),
        (lzma.compress(b"Ann B-PER"), "packed (xz)"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "packed (7z)"),
        (_tar(), "packed (tar)"),
        (b"PAR1\x15\0\x15PAR1", "Parquet"),
        ("Ann B-PER".encode("utf-32"), "not UTF-8"),
    ],
)
def test_what_is_no_text_is_named_with_a_way_out(tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "train.txt").write_bytes(content)
    [defect] = read_dataset(tmp_path).defects
    assert (defect.kind, defect.file) == ("not-text", "train.txt")
    assert f"The file is {kind}" in defect.detail
    assert re.search("unpack it|write its posts as .jsonl|save it as UTF-8", defect.detail)


@pytest.mark.parametrize("inner", ["t15/train.txt", "data/Dev.JSONL", "x/test.json"])
def test_posts_a_folder_deeper_are_pointed_to(tmp_path: Path, inner: str) -> None:
    laid_out(tmp_path, {"a/notes.txt": "x", inner: JSON})
    with pytest.raises(InputError, match=f"has no posts; {inner.split('/')[0]} in it has some: name that folder"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("a1", "a1.png"),
        ("a1", "Images/a1.PNG"),
        ("a1.png", "IMAGES/a1.PNG"),
        ("A1.JPG", "images/a1.jpg"),
        ("a1.png", "pics/a1.png"),
        ("a1.png", "whatever/a1.png"),
        ("images/a1.png", "Images/A1.png"),
        ("./images/a1.png", "images/a1.png"),
        ("images//a1.png", "images/a1.png"),
        ("images/./a1.png", "images/a1.png"),
        ("images\\a1.png", "images/a1.png"),
        (".\\images\\a1.png", "images/a1.png"),
        ("./a1.png", "a1.png"),
        ("a1.png", "../images/a1.png"),
        ("images/a1.png", "../images/a1.png"),
        ("a1", "../my_images/a1.jpg"),
        ("train/a1.png", "train/a1.png"),
        ("a1", "train/a1.png"),
        ("a1.png", "images/train/a1.png"),
    ],
)
def test_where_pictures_may_lie(tmp_path: Path, name: str, file: str) -> None:
    home = laid_out(tmp_path / "set", {"train.jsonl": json.dumps({"text": "Ann", "image": name}), file: ""})
    (post,) = read_dataset(home).posts
    assert post.image is not None
    assert post.image.resolve() == (home / file).resolve()


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("a1", ["images/A1.png", "images/sub/a1.png"]),
        ("x/a1.png", ["images/a1.png"]),
        ("a1.png", ["images/B1.png"]),
        ("aB.png", ["images/ab.png", "images/AB.png"]),
        ("a1.png", ["test/a1.png"]),
        ("a1.png", ["../other/a1.png"]),
        ("https://x.org/a1.png", ["images/a1.png"]),
    ],
)
def test_never_another_picture(tmp_path: Path, name: str, files: list[str]) -> None:
    posts = {"train.jsonl": json.dumps({"text": "Ann", "image": name})}
    (post,) = read_dataset(laid_out(tmp_path / "set", posts | dict.fromkeys(files, ""))).posts
    assert post.image is None


def test_pictures_of_one_name_belong_to_their_split(tmp_path: Path) -> None:
    post = json.dumps({"text": "Ann", "image": "a1.png"})
    laid_out(tmp_path, {"train.jsonl": post, "test.jsonl": post, "train/a1.png": "", "test/a1.png": ""})
    found = {it.split: it.image for it in read_dataset(tmp_path).posts}
    assert found == {"train": tmp_path / "train/a1.png", "test": tmp_path / "test/a1.png"}


def test_what_nobody_reads_is_named(tmp_path: Path) -> None:
    laid_out(
        tmp_path,
        {
            "train.txt": TAGS,
            "captions_x.tsv": "",
            "objects.jsonl": "",
            "dataset.json": "{}",
            "images/1.png": "",
            "2.png": "",
            "knowledge/entities.tsv": "",
            ".git/x": "",
            ".DS_Store": "",
            "notes.txt": "a",
            "more/test.jsonl": JSON,
            "images/list.csv": "",
            "all.zip": "",
        },
    )
    wanted = ("all.zip", "images/list.csv", "more/test.jsonl", "notes.txt")
    assert read_dataset(tmp_path).left_out == wanted
    report = check(tmp_path)
    assert (report.left_out, report.to_json()["left_out"]) == (wanted, list(wanted))
