import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mner_core.data.dataset import (
    Dataset,
    data_fingerprint,
    gold_fingerprint,
    pictures_below,
    read_dataset,
    read_posts,
    write_posts,
)
from mner_core.data.tokenize import character_offsets
from mner_core.tags import decode
from mner_core.types import Example, ImageObject, InputError, Span

REAL = Path("../shared/data")


def folder(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path


def found(dataset: Dataset, *kinds: str) -> list[tuple[str, str, int | None]]:
    return [(d.kind, d.file, d.line) for d in dataset.defects if not kinds or d.kind in kinds]


def post(dataset: Dataset, id: str) -> Example:
    return next(example for example in dataset.posts if example.id == id)


ONE = "IMGID:1\nAnn\tB-OTHER\n"


def test_a_folder_with_everything(tmp_path: Path) -> None:
    objects = {"image": "1", "objects": [{"label": "dog", "box": [0, 0, 1, 0.5]}]}
    folder(
        tmp_path,
        {
            "dataset.json": json.dumps({"name": "Mine", "labels": {"OTHER": "MISC"}, "licence": "CC0"}),
            "test.txt": "IMGID:3\nCy\tB-LOC\n",
            "dev.jsonl": '{"text": "Bo", "image": "2.png", "spans": [{"start": 0, "end": 2, "label": "OTHER"}]}',
            "train.txt": ONE,
            "images/1.JPG": "",
            "images/2.png": "",
            "captions_x.tsv": "1\ta cat\n2.png\ta  dog\n3.jpg\t\n",
            "objects.jsonl": json.dumps(objects),
            "notes.txt": "not a split",
        },
    )
    dataset = read_dataset(tmp_path)
    assert (dataset.name, dataset.labels, list(dataset.splits)) == ("Mine", ("LOC", "MISC"), ["train", "valid", "test"])
    first = post(dataset, "1")
    assert (first.tags, first.spans) == (("B-MISC",), (Span(0, 1, "MISC"),))
    assert first.image == tmp_path / "images" / "1.JPG"
    assert (first.caption, first.objects) == ("a cat", (ImageObject("dog", (0.0, 0.0, 1.0, 0.5)),))
    second = post(dataset, "dev-1")
    assert (second.split, second.source, second.caption, second.objects) == ("valid", "dev.jsonl", "a dog", None)
    assert second.spans == (Span(0, 1, "MISC"),)
    assert second.image == tmp_path / "images" / "2.png"
    third = post(dataset, "3")
    assert (third.image, third.image_name, third.caption) == (None, "3", "")
    assert found(dataset) == [("empty-caption", "captions_x.tsv", 3), ("missing-image", "test.txt", 1)]
    assert dataset.places["1"].line == 1


def test_a_single_file_with_what_lies_beside(tmp_path: Path) -> None:
    folder(
        tmp_path,
        {"mine.txt": ONE, "train.txt": ONE, "images/1.png": "", "captions.tsv": "1\ta\n7\tb\n"},
    )
    dataset = read_dataset(tmp_path / "mine.txt")
    assert list(dataset.splits) == ["mine"]
    assert post(dataset, "1").image is not None
    assert post(dataset, "1").caption == "a"
    assert dataset.defects == []
    assert list(read_dataset(tmp_path / "mine.txt", {"OTHER": "MISC"}).labels) == ["MISC"]


def test_labels_that_are_passed_win(tmp_path: Path) -> None:
    folder(tmp_path, {"train.txt": ONE, "dataset.json": '{"labels": {"OTHER": "MISC"}}'})
    assert read_dataset(tmp_path, {"OTHER": "THING"}).labels == ("THING",)
    assert read_dataset(tmp_path).labels_map == {"OTHER": "MISC"}


def test_renamed_tags_and_spans_say_the_same(tmp_path: Path) -> None:
    folder(tmp_path, {"train.txt": "a\tB-OTHER\nb\tI-OTHER\nc\tS-OTHER\n"})
    (example,) = read_dataset(tmp_path, {"OTHER": "MISC"}).split("train")
    assert example.tags == ("B-MISC", "I-MISC", "S-MISC")
    assert example.spans == (Span(0, 2, "MISC"), Span(2, 3, "MISC"))


@pytest.mark.parametrize(
    ("tags", "spans", "wanted"),
    [
        ("I-OTHER I-MISC", [(0, 1, "OTHER"), (1, 2, "MISC")], "I-MISC B-MISC"),
        ("B-OTHER I-MISC S-OTHER", [(0, 1, "OTHER"), (1, 2, "MISC"), (2, 3, "OTHER")], "B-MISC B-MISC S-MISC"),
        ("B-MISC I-OTHER I-OTHER", [(0, 1, "MISC"), (1, 3, "OTHER")], "B-MISC B-MISC I-MISC"),
        ("B-OTHER I-OTHER B-MISC", [(0, 2, "OTHER"), (2, 3, "MISC")], "B-MISC I-MISC B-MISC"),
        ("I-OTHER E-MISC O", [(0, 1, "OTHER"), (1, 2, "MISC")], "I-MISC S-MISC O"),
        ("I-OTHER O I-MISC", [(0, 1, "OTHER"), (2, 3, "MISC")], "I-MISC O I-MISC"),
    ],
)
def test_entities_that_touch_stay_two_under_one_name_in_every_format(
    tmp_path: Path, tags: str, spans: list[tuple[int, int, str]], wanted: str
) -> None:
    """Each word has one letter, so that word k stands at the character 2k."""
    words = "abc"[: len(tags.split())]
    lines = "".join(f"{word}\t{tag}\n" for word, tag in zip(words, tags.split(), strict=True))
    ranges = [{"start": 2 * start, "end": 2 * end - 1, "label": label} for start, end, label in spans]
    folder(tmp_path, {"train.txt": lines, "valid.jsonl": json.dumps({"text": " ".join(words), "spans": ranges})})
    dataset = read_dataset(tmp_path, {"OTHER": "MISC"})
    of_tags, of_ranges = dataset.posts
    assert of_tags.spans == of_ranges.spans == tuple(Span(start, end, "MISC") for start, end, _ in spans)
    assert of_tags.tags == tuple(wanted.split())
    assert decode(of_tags.tags) == list(of_tags.spans)


@pytest.mark.parametrize("where", ["images", "twitter_images", "../pictures"])
def test_picture_folders(tmp_path: Path, where: str) -> None:
    home = tmp_path / "set"
    folder(home, {"train.txt": ONE, f"{where}/1.webp": ""})
    if where.startswith(".."):
        folder(home, {"dataset.json": json.dumps({"images": where})})
    (example,) = read_dataset(home).split("train")
    assert example.image is not None
    assert example.image.name == "1.webp"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("1", "1.jpeg"),
        ("1.jpg", "1.png"),
        ("17_06.5", "17_06.5.gif"),
        ("a b", "a b.PNG"),
        ("caf\u00e9", "cafe\u0301.jpg"),
        ("cafe\u0301", "caf\u00e9.jpg"),
        ("sub/1", "sub/1.jpg"),
        ("images/1.jpg", "1.jpg"),
        ("odd.bin", "odd.bin"),
    ],
)
def test_pictures_are_found(tmp_path: Path, name: str, file: str) -> None:
    folder(tmp_path, {"train.txt": f"IMGID:{name}\na\tO\n", f"images/{file}": ""})
    dataset = read_dataset(tmp_path)
    assert dataset.split("train")[0].image == tmp_path / "images" / file
    assert dataset.defects == []


@pytest.mark.parametrize(("name", "file"), [("1", "1.txt"), ("1", "11.jpg"), ("1", "sub/1.jpg"), ("A", "a.jpg")])
def test_never_another_picture(tmp_path: Path, name: str, file: str) -> None:
    folder(tmp_path, {"train.txt": f"a\tO\n\nIMGID:{name}\na\tO\n", f"images/{file}": ""})
    dataset = read_dataset(tmp_path)
    assert dataset.split("train")[1].image is None
    assert found(dataset) == [("missing-image", "train.txt", 3)]


def test_the_exact_name_goes_before_the_id(tmp_path: Path) -> None:
    folder(tmp_path, {"train.txt": "IMGID:1.png\na\tO\n", "images/1.jpg": "", "images/1.png": ""})
    dataset = read_dataset(tmp_path)
    assert dataset.split("train")[0].image == tmp_path / "images" / "1.png"
    assert found(dataset) == [("ambiguous-image", "images/1.png", None)]


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "..\\x", "C:\\x", "a/../../x", "..", "a\x07b"])
def test_ids_that_lead_out(tmp_path: Path, name: str) -> None:
    home = tmp_path / "one" / "set"
    folder(home, {"train.txt": f"IMGID:{name}\na\tO\n", "images/1.png": ""})
    folder(tmp_path, {"x.png": "", "x": "", "one/x.png": ""})
    dataset = read_dataset(home)
    (example,) = dataset.split("train")
    assert (example.image_name, example.image) == (name, None)
    assert found(dataset) == [("bad-id", "train.txt", 1)]
    assert (home / example.id).resolve().parent == home.resolve()
    assert example.id.isprintable()


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    home = tmp_path / "set"
    folder(home, {"train.txt": "IMGID:1\na\tO\n\nIMGID:2\nb\tO\n", "images/real.png": ""})
    folder(tmp_path, {"secret.png": ""})
    (home / "images" / "1.png").symlink_to("../../secret.png")
    (home / "images" / "2.png").symlink_to("real.png")
    first, second = read_dataset(home).split("train")
    assert first.image is None
    assert second.image == home / "images" / "2.png"


def test_ids_are_unique(tmp_path: Path) -> None:
    folder(
        tmp_path,
        {
            "train.txt": ONE + "\n" + ONE + "\nIMGID:1-2\na\tO\n",
            "valid.txt": ONE,
            "test.jsonl": '{"id": "t", "text": "a"}\n{"id": "t", "text": "b"}\n{"id": "../t", "text": "c"}\n',
        },
    )
    dataset = read_dataset(tmp_path)
    assert [example.id for example in dataset.posts] == ["1", "1-2", "1-2-2", "1-3", "t", "t-2", "t-3"]
    assert found(dataset, "duplicate-id", "bad-id") == [("duplicate-id", "test.jsonl", 2), ("bad-id", "test.jsonl", 3)]
    assert set(dataset.places) == {example.id for example in dataset.posts}


def test_an_id_that_looks_like_a_repeated_one(tmp_path: Path) -> None:
    folder(tmp_path, {"train.txt": "IMGID:1-2\na\tO\n\n" + (ONE + "\n") * 2})
    assert [example.id for example in read_dataset(tmp_path).posts] == ["1-2", "1", "1-3"]


def test_a_thousand_posts_of_one_picture(tmp_path: Path) -> None:
    folder(tmp_path, {"train.txt": (ONE + "\n") * 1000})
    ids = [example.id for example in read_dataset(tmp_path).split("train")]
    assert (ids[0], ids[-1], len(set(ids))) == ("1", "1-1000", 1000)


def test_sidecar_defects(tmp_path: Path) -> None:
    box = {"label": "dog", "box": [0, 0, 640, 480]}
    good = {"label": "cat", "box": [0, 0, 1, 1.0004], "score": 1}
    folder(
        tmp_path,
        {
            "train.txt": ONE,
            "images/1.png": "",
            "captions.tsv": "1\tfirst\n1.jpg\tsecond\nno tab\n9\tunknown\n",
            "objects.jsonl": "\n".join(
                [
                    json.dumps({"image": "1", "objects": [box, good]}),
                    json.dumps({"image": "1.png", "objects": []}),
                    json.dumps({"image": 5, "objects": []}),
                    json.dumps({"image": "8", "objects": 5}),
                    "{",
                    json.dumps({"image": "9", "objects": []}),
                ]
            ),
        },
    )
    dataset = read_dataset(tmp_path)
    assert sorted(found(dataset)) == [
        ("bad-box", "objects.jsonl", 1),
        ("bad-line", "captions.tsv", 3),
        ("bad-line", "objects.jsonl", 3),
        ("bad-line", "objects.jsonl", 4),
        ("bad-line", "objects.jsonl", 5),
        ("duplicate-id", "captions.tsv", 2),
        ("duplicate-id", "objects.jsonl", 2),
        ("unknown-id", "captions.tsv", 4),
        ("unknown-id", "objects.jsonl", 6),
    ]
    (example,) = dataset.split("train")
    assert example.caption == "first"
    assert example.objects == (ImageObject("cat", (0.0, 0.0, 1.0, 1.0), 1.0),)


def test_what_a_post_brings_itself_wins(tmp_path: Path) -> None:
    own = {"text": "a", "image": "1", "caption": "own", "objects": []}
    folder(
        tmp_path,
        {
            "train.jsonl": json.dumps(own),
            "captions.tsv": "1\tbeside\n",
            "objects.jsonl": json.dumps({"image": "1", "objects": [{"label": "dog", "box": [0, 0, 1, 1]}]}),
        },
    )
    (example,) = read_dataset(tmp_path).split("train")
    assert (example.caption, example.objects) == ("own", ())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "not valid JSON"),
        ("[]", "not a JSON object"),
        ('{"labels": ["OTHER"]}', "labels:"),
        ('{"labels": {"OTHER": ""}}', "labels:"),
        ('{"images": "gone"}', "images:"),
        ('{"images": "/tmp"}', "images:"),
        ('{"images": 5}', "images:"),
    ],
)
def test_a_bad_dataset_json_is_named(tmp_path: Path, content: str, says: str) -> None:
    folder(tmp_path, {"train.txt": ONE, "images/1.png": "", "dataset.json": content})
    dataset = read_dataset(tmp_path)
    assert found(dataset) == [("bad-line", "dataset.json", None)]
    assert says in dataset.defects[0].detail
    assert (dataset.name, dataset.labels) == (tmp_path.name, ("OTHER",))
    assert dataset.split("train")[0].image is not None


def test_two_files_for_one_split(tmp_path: Path) -> None:
    folder(tmp_path, {"dev.txt": ONE, "valid.txt": ONE, "images/1.png": ""})
    dataset = read_dataset(tmp_path)
    assert found(dataset) == [("extra-file", "valid.txt", None)]
    assert dataset.split("valid")[0].source == "dev.txt"


def test_folders_without_posts(tmp_path: Path) -> None:
    folder(tmp_path, {"images/b.png": "", "images/x/a.JPG": "", "images/notes.txt": ""})
    with pytest.raises(InputError, match=r"has no posts; put train\.txt"):
        read_dataset(tmp_path)
    with pytest.raises(InputError, match="There is no gone"):
        read_dataset(tmp_path / "gone")
    images = tmp_path / "images"
    assert pictures_below(images) == [images / "b.png", images / "x" / "a.JPG"]


def test_asking_for_posts_that_are_not_there(tmp_path: Path) -> None:
    folder(tmp_path, {"train.txt": "", "valid.txt": ONE})
    dataset = read_dataset(tmp_path)
    with pytest.raises(InputError, match=r"split train \(with posts: valid\)\. train\.txt: The file holds no text\."):
        dataset.split("train")
    with pytest.raises(InputError, match="split test"):
        dataset.split("test")


def test_read_posts_and_write_posts(tmp_path: Path) -> None:
    folder(tmp_path, {"train.txt": ONE + "\nbroken\n"})
    examples, defects = read_posts(tmp_path / "train.txt")
    assert [(defect.kind, defect.line) for defect in defects] == [("bad-line", 4)]
    for name in ("out.txt", "out.jsonl"):
        write_posts(examples, tmp_path / name)
        again, none = read_posts(tmp_path / name)
        assert none == []
        assert [(example.words, example.spans) for example in again] == [(e.words, e.spans) for e in examples]


def test_fingerprints_name_the_content_and_not_the_place(tmp_path: Path) -> None:
    first = folder(tmp_path / "a", {"train.txt": ONE + "\nIMGID:2\nBo\tB-PER\n", "images/1.png": ""})
    shutil.copytree(first, tmp_path / "b")
    posts = read_dataset(first).split("train")
    moved = read_dataset(tmp_path / "b").split("train")
    assert data_fingerprint(posts) == data_fingerprint(moved)
    assert gold_fingerprint(posts) == gold_fingerprint(moved) == gold_fingerprint(posts[::-1])
    assert data_fingerprint(posts) != data_fingerprint(posts[::-1])
    corrected = [posts[0].with_spans([Span(0, 1, "PER")]), posts[1]]
    assert gold_fingerprint(corrected) != gold_fingerprint(posts)
    assert data_fingerprint(corrected) != data_fingerprint(posts)
    assert len({gold_fingerprint([post.with_spans(spans)]) for post in posts for spans in (None, [])}) == 4


def test_gold_fingerprint_depends_on_what_scoring_depends_on(tmp_path: Path) -> None:
    def gold(content: str, name: str = "train.txt") -> str:
        return gold_fingerprint(read_dataset(folder(tmp_path, {name: content}) / name).posts)

    plain = gold("IMGID:1\na\tB-PER\nb\tI-PER\n")
    assert gold("IMGID:2\na\tS-PER\nb\tO\n") != plain
    assert gold("a\tB-PER\nb\tE-PER\n") == plain  # BIOES says the same
    assert gold("a\tI-PER\nb\tI-PER\n") != plain  # a strict scorer does not count the orphan
    span = {"start": 0, "end": 3, "label": "PER"}
    assert gold(json.dumps({"text": "a b", "spans": [span]}), "x.jsonl") == plain
    assert gold(json.dumps({"text": "a b", "spans": [span], "subsets": {"ambiguous": [span]}}), "x.jsonl") != plain
    assert gold(json.dumps({"text": "a b", "spans": []}), "x.jsonl") != plain


@pytest.mark.parametrize(("start", "end"), [(0, 6), (4, 11), (1, 3)])
def test_a_renamed_label_keeps_the_characters_that_it_had(tmp_path: Path, start: int, end: int) -> None:
    span = {"start": start, "end": end, "label": "OTHER"}
    line = json.dumps({"text": "abcdefg hij", "spans": [span], "subsets": {"ambiguous": [span]}})
    file = folder(tmp_path, {"train.jsonl": line}) / "train.jsonl"
    [before], [after] = (read_dataset(file, mapping).posts for mapping in ({}, {"OTHER": "MISC"}))
    assert before.spans is not None
    assert after.spans == tuple(replace(each, label="MISC") for each in before.spans)
    assert character_offsets(after.tokens, after.spans[0]) == (start, end)
    assert after.subsets == {"ambiguous": frozenset(after.spans)}


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="needs ../shared/data")
def test_real_folders() -> None:
    older = read_dataset(REAL / "twitter2015", {"OTHER": "MISC"})
    assert {name: len(posts) for name, posts in older.splits.items()} == {"train": 4000, "valid": 1000}
    assert older.labels == ("LOC", "MISC", "ORG", "PER")
    assert sum(example.caption is None for example in older.posts) == 0
    assert sum(example.caption == "" for example in older.posts) == 2
    chinese = read_dataset(REAL / "cp_mner")
    assert len(chinese.labels) == 16
    assert sum(example.image is None for example in chinese.posts) == 4
    assert found(chinese, "missing-image") == found(chinese)
