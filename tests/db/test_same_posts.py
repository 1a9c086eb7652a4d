"""Importing again, in part, in another order or with posts in front changes nothing that did not change."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from db import gold, posts
from db.annotations import history, save
from db.character_spans import Mark
from db.engine import Store
from db.exchange import export_folder, import_folder
from db.imports import ImportReport, import_examples
from db.posts import post_ids
from db.splits import move_posts
from mner_core.types import Example, Span
from tests.db.samples import sample_post

PARIS = "IMGID:1\nParis\tB-LOC\nis\tO\nfun\tO\n"
ROME = "IMGID:2\nRome\tB-LOC\nis\tO\n"
ANN = "IMGID:1\nAnn\tB-PER\nwon\tO\n"


def brought(store: Store, folder: Path, files: dict[str, str], name: str = "set") -> tuple[int, int, int]:
    """Imports a folder of just these files; how many posts were added, updated and unchanged."""
    for old in [*folder.glob("*")]:
        old.unlink() if old.is_file() else None
    folder.mkdir(exist_ok=True)
    for file, content in files.items():
        (folder / file).write_text(content)
    return counts(import_folder(store, folder, name))


def counts(report: ImportReport) -> tuple[int, int, int]:
    return report.added, report.updated, report.unchanged


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"train.txt": ANN, "test.txt": f"{PARIS}\n{ROME}"}, {"test.txt": f"{PARIS}\n{ROME}"}),
        ({"train.txt": f"{ANN}\n{ROME}"}, {"train.txt": f"{ROME}\n{ANN}"}),
        ({"train.txt": "a\tO\n\nb\tB-PER\n\na\tO\n"}, {"train.txt": "b\tB-PER\n\na\tO\n\na\tO\n"}),
        ({"train.jsonl": '{"text": "Ann"}\n{"text": "Bob"}'}, {"train.jsonl": '{"text": "Bob"}'}),
        (
            {"train.jsonl": '{"id": "1", "text": "Ann"}', "test.jsonl": '{"id": "1", "text": "Bob"}'},
            {"test.jsonl": '{"id": "1", "text": "Bob"}'},
        ),
        (
            {"train.jsonl": '{"id": "t", "text": "a"}\n{"id": "t", "text": "b"}'},
            {"train.jsonl": '{"id": "t", "text": "b"}'},
        ),
        ({"train.txt": "a\tB-PER\n\na\tO\n"}, {"train.txt": "a\tO\n"}),
    ],
)  # fmt: skip
def test_a_part_of_it_in_any_order_is_there_already(
    store: Store, tmp_path: Path, first: dict[str, str], again: dict[str, str]
) -> None:
    added, *_ = brought(store, tmp_path / "in", first)
    before = gold.examples(store, "set")
    for files in (again, first):
        assert brought(store, tmp_path / "in", files)[:2] == (0, 0)
        assert {each.kind for each in posts.defects(store, "set")} <= {"missing-image", "duplicate-id"}
    assert gold.examples(store, "set") == before
    assert len(before) == added


@pytest.mark.parametrize(
    ("first", "more"),
    [
        ({"train.txt": ANN}, {"train.txt": f"{PARIS}\n{ANN}"}),
        ({"train.jsonl": '{"text": "Ann"}'}, {"train.jsonl": '{"text": "new"}\n{"text": "Ann"}'}),
        ({"train.txt": "a\tO\n"}, {"train.txt": "a\tO\n\na\tO\n"}),
        ({"train.txt": "a\tO\n"}, {"test.txt": "a\tO\n"}),
        ({"train.jsonl": '{"id": "1", "text": "a"}'}, {"train.jsonl": '{"id": "2", "text": "a"}'}),
    ],
)
def test_one_post_that_is_new_is_added_and_no_other_changes(
    store: Store, tmp_path: Path, first: dict[str, str], more: dict[str, str]
) -> None:
    brought(store, tmp_path / "in", first)
    (number,) = post_ids(store, "set").values()
    posts.add_labels(store, "set", ["PER"])
    marks = [Mark(start=0, end=1, label="PER")]
    save(store, number, "gold", base=len(history(store, number)), marks=marks, author="anna")
    before = posts.post(store, number).example
    assert brought(store, tmp_path / "in", more)[:2] == (1, 0)
    assert posts.post(store, number).example == before
    assert history(store, number)[-1].author == "anna"
    assert len(post_ids(store, "set")) == 2


ONE_ID = {
    "train.jsonl": '{"id": 1, "text": "Ann won", "spans": []}',
    "test.jsonl": '{"id": 1, "text": "so what", "spans": []}',
}


@pytest.mark.parametrize("files", [["test.jsonl"], ["train.jsonl", "test.jsonl"]])
@pytest.mark.parametrize(
    ("fields", "wanted", "kinds"),
    [
        ({"image": "p.png"}, (0, 1), set()),
        ({"caption": "rain"}, (0, 1), set()),
        ({"text": "what else"}, (0, 0), {"changed-post"}),
        ({"id": "1", "spans": None}, (0, 0), set()),
    ],
)
def test_an_id_of_two_splits_names_the_post_of_its_own(
    store: Store, tmp_path: Path, files: list[str], fields: dict[str, str], wanted: tuple[int, int], kinds: set[str]
) -> None:
    """The second one is called 1-2 here; whatever changes of it, it is neither new nor another."""
    brought(store, tmp_path / "in", ONE_ID)
    changed = {**ONE_ID, "test.jsonl": json.dumps({**json.loads(ONE_ID["test.jsonl"]), **fields})}
    assert brought(store, tmp_path / "in", {name: changed[name] for name in files})[:2] == wanted
    assert {each.kind for each in posts.defects(store, "set")} - {"missing-image", "duplicate-id"} == kinds
    assert brought(store, tmp_path / "in", {name: changed[name] for name in files})[:2] == (0, 0)
    assert [(each.split, each.id) for each in gold.examples(store, "set")] == [("train", "1"), ("test", "1-2")]


@pytest.mark.parametrize("format", ["jsonl", "conll"])
def test_what_was_exported_comes_back_as_what_it_was(store: Store, tmp_path: Path, format: str) -> None:
    text = {"text": "Ann, won", "spans": [{"start": 0, "end": 3, "label": "PER"}]}
    brought(store, tmp_path / "in", {"train.jsonl": "\n".join([json.dumps(text)] * 2), "test.txt": f"{PARIS}\n{ROME}"})
    numbers = list(post_ids(store, "set").values())
    move_posts(store, "set", {numbers[0]: "valid", numbers[2]: "train"})
    before = gold.examples(store, "set")
    export_folder(store, tmp_path / "out", "set", format=format)  # type: ignore[arg-type]
    report = import_folder(store, tmp_path / "out", "set")
    assert counts(report) == (0, 0, 4)
    assert {each.kind for each in report.defects} <= {"missing-image", "duplicate-text"}
    assert gold.examples(store, "set") == before
    assert brought(store, tmp_path / "in", {"test.txt": f"{PARIS}\n{ROME}"})[:2] == (0, 0), "they moved split here"


@pytest.mark.parametrize(("first", "second"), [("red", "blue"), ("blue", "red")])
def test_two_pictures_of_one_name_stay_two(store: Store, tmp_path: Path, first: str, second: str) -> None:
    def posts_with(colour: str, split: str) -> Example:
        path = tmp_path / f"{colour}.png"
        Image.new("RGB", (4, 4), colour).save(path)
        return replace(sample_post("1", "Ann won", (), split), image=path, image_name="a.png", has_own_id=False)

    for colour in (first, second):
        assert counts(import_examples(store, "set", [posts_with(colour, "train")])) == (1, 0, 0)
    import_examples(store, "set", [posts_with(second, "test")])
    before = [(each.example.split, each.example.id, each.image_sha256) for each in posts.posts(store, "set")]
    assert len({sha256 for _, _, sha256 in before}) == 2
    export_folder(store, tmp_path / "out", "set")
    assert counts(import_folder(store, tmp_path / "out", "set"))[0] == 0
    assert [(it.example.split, it.example.id, it.image_sha256) for it in posts.posts(store, "set")] == before
    assert counts(import_folder(store, tmp_path / "out", "other")) == (3, 0, 0)
    assert [each.image_sha256 for each in posts.posts(store, "other")] == [sha256 for _, _, sha256 in before]


def universe(folder: Path) -> list[Example]:
    """Posts with and without ids of their own, some the same, some with one picture's name and two pictures."""
    for colour in ("red", "blue"):
        Image.new("RGB", (4, 4), colour).save(folder / f"{colour}.png")
    made: list[Example] = []
    for split in ("train", "test"):
        plain = sample_post("", "Ann won", (Span(0, 1, "PER"),), split)
        made += [plain, plain, replace(plain, spans=()), sample_post("", "so what", None, split)]
        made += [replace(plain, image=folder / f"{colour}.png", image_name="a.png") for colour in ("red", "blue")]
        made += [replace(plain, image_name=name) for name in ("gone.png", "lost.png")]
    unnamed = [replace(each, has_own_id=False) for each in made]
    return unnamed + [replace(each, id=f"own-{place}") for place, each in enumerate(made[:3])]


def as_read(some: Sequence[Example]) -> list[Example]:
    """The posts with the ids that a reader makes: by their place, or by the picture's name."""
    taken: set[str] = set()
    read: list[Example] = []
    for place, each in enumerate(some, 1):
        name = each.id or each.image_name or f"{each.split}-{place}"
        unique = next(it for it in (name, *(f"{name}-{n}" for n in range(2, 99))) if it not in taken)
        taken.add(unique)
        read.append(replace(each, id=unique))
    return read


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_parts_in_any_order_twice_change_nothing(store: Store, tmp_path: Path, data: st.DataObject) -> None:
    everything = universe(tmp_path)
    places = st.lists(st.sampled_from(range(len(everything))), unique=True, max_size=12)
    imports = data.draw(st.lists(places, min_size=1, max_size=3))
    name = f"set {len(posts.datasets(store))}"
    for some in imports:
        import_examples(store, name, as_read([everything[place] for place in some]))
    posts.add_labels(store, name, ["PER"])
    numbers = list(post_ids(store, name).values())
    texts = {number: posts.post(store, number).example.text for number in numbers}
    for number in numbers:
        base = len(history(store, number))
        save(store, number, "gold", base=base, marks=[Mark(start=0, end=2, label="PER")], author=f"of {number}")
    before = gold.examples(store, name)
    again = [*imports, [place for some in imports for place in some if some is imports[-1]][::-1]]
    for some in data.draw(st.permutations(again)):
        report = import_examples(store, name, as_read([everything[place] for place in some]))
        assert (report.added, report.updated) == (0, 0)
    assert gold.examples(store, name) == before
    assert {number: posts.post(store, number).example.text for number in post_ids(store, name).values()} == texts
    assert all(history(store, number)[-1].author == f"of {number}" for number in numbers)
    there = Counter(map(content, before))
    for some in imports:
        assert Counter(content(everything[place]) for place in some) <= there, "no post of an import is lost"


def content(post: Example) -> tuple[object, ...]:
    """What a post is, without its id and its labels."""
    return post.split, post.text, post.image_name, post.image and hashlib.sha256(post.image.read_bytes()).hexdigest()
