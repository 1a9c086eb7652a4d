"""Gold boxes: both formats, read back by hand, and what is wrong in them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.ops import box_iou

from mner_core.data.boxes import ENTITY_BOXES, iou, read_entity_boxes, with_own_boxes
from mner_core.data.dataset import read_dataset
from mner_core.data.target_match import at_target
from mner_core.data.tokenize import tokenize
from mner_core.types import Box, Example, InputError, Span

REAL = Path("../shared/data")


def post(name: str, text: str, spans: list[Span], image: str) -> Example:
    return Example(id=name, text=text, tokens=tokenize(text), spans=tuple(spans), image_name=image)


POSTS = [
    post("a", "Kourtney K and #Dallas", [Span(0, 2, "PER"), Span(3, 4, "LOC")], "17.jpg"),
    post("b", "Kourtney K again", [Span(0, 2, "PER")], "18"),
]


def file_of(tmp_path: Path, name: str, content: str) -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


def test_lines_by_post_and_words(tmp_path: Path) -> None:
    lines = [
        {"post": "a", "start": 0, "end": 2, "label": "PER", "box": [0.1, 0.2, 0.3, 0.4]},
        {"post": "a", "start": 0, "end": 2, "label": "PER", "box": [0, 0, 1, 1]},
        {"post": "a", "start": 0, "end": 1, "label": "PER", "box": [0, 0, 1, 1]},
        {"post": "elsewhere", "start": 0, "end": 1, "label": "PER", "box": [0, 0, 1, 1]},
    ]
    file = file_of(tmp_path, "boxes.jsonl", "\n".join(map(json.dumps, lines)) + "\n\n")
    found = read_entity_boxes(file, POSTS)
    assert found.boxes == {(POSTS[0].key, Span(0, 2, "PER")): ((0.1, 0.2, 0.3, 0.4), (0, 0, 1, 1))}
    assert found.unmatched == 1


def test_an_id_of_two_splits_stands_for_the_post_that_has_the_entity(tmp_path: Path) -> None:
    """In both formats; an entity that both posts have is in both."""
    kim, rio = Span(0, 1, "PER"), Span(1, 2, "LOC")
    train = replace(post("0", "Kim Rio", [kim], "1.jpg"), split="train")
    valid = replace(post("0", "Kim Rio", [kim, rio], "1.jpg"), split="valid")
    lines = [
        {"post": "0", "start": span.start, "end": span.end, "label": span.label, "box": [0, 0, 1, 1]}
        for span in (kim, rio)
    ]
    by_post = file_of(tmp_path, "boxes.jsonl", "\n".join(map(json.dumps, lines)))
    pixels = {"1": {"size": [10, 10], "boxes": [["Kim", 0, 0, 10, 10], ["Rio", 0, 0, 10, 10]]}}
    by_image = file_of(tmp_path, "boxes.json", json.dumps(pixels))
    for file in (by_post, by_image):
        found = read_entity_boxes(file, [train, valid])
        assert set(found.boxes) == {(train.key, kim), (valid.key, kim), (valid.key, rio)}
        assert all(boxes == ((0, 0, 1, 1),) for boxes in found.boxes.values())
        assert found.unmatched == 0


def test_pixels_by_image_and_name(tmp_path: Path) -> None:
    """A picture's id is enough, hashtags lose their sign, and pictures of no post are passed over."""
    record = {
        "17": {"size": [200, 100], "boxes": [["kourtney  K", 20, 10, 100, 100], ["Dallas", 0, 0, 200, 100]]},
        "18": {"size": [10, 10], "boxes": [["Somebody", 0, 0, 5, 5]]},
        "99": {"size": [10, 10], "boxes": [["Kourtney K", 0, 0, 5, 5]]},
    }
    found = read_entity_boxes(file_of(tmp_path, "boxes.json", json.dumps(record)), POSTS)
    assert found.boxes == {
        (POSTS[0].key, Span(0, 2, "PER")): ((0.1, 0.1, 0.5, 1.0),),
        (POSTS[0].key, Span(3, 4, "LOC")): ((0.0, 0.0, 1.0, 1.0),),
    }
    assert found.unmatched == 1


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("b.jsonl", "{", "b.jsonl, line 1: not valid JSON"),
        ("b.jsonl", "\n[1]", "line 2: expected a JSON object"),
        (
            "b.jsonl",
            '{"post": "a", "start": 2, "end": 1, "label": "PER", "box": [0, 0, 1, 1]}',
            "line 1: expected post",
        ),
        ("b.jsonl", '{"post": "a", "start": "0", "end": 1, "label": "PER", "box": [0, 0, 1, 1]}', "expected post"),
        ("b.jsonl", '{"post": "a", "start": 0, "end": 1, "label": "PER", "box": [0, 0, 7, 1]}', "line 1: box is not"),
        ("b.json", "[]", "b.json: expected a JSON object"),
        ("b.json", '{"17": {"size": [0, 9], "boxes": [["x", 1, 1, 2, 2]]}}', "image 17: expected"),
        ("b.json", '{"17": {"size": [9, 9], "boxes": [["x", 1, 1, 2]]}}', "image 17: expected"),
        ("b.json", '{"17": {"boxes": []}}', "image 17: expected"),
        ("b.json", '{"17": 3}', "image 17: expected"),
        ("b.json", '{"17": {"size": [9, 9], "boxes": [["x", 1, 1, 20, 2]]}}', "image 17: the box of 'x' does not lie"),
    ],
)
def test_what_is_no_box_gets_a_sentence(tmp_path: Path, name: str, content: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read_entity_boxes(file_of(tmp_path, name, content), POSTS)


def test_a_missing_or_binary_file_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Cannot read boxes.json"):
        read_entity_boxes(tmp_path / "boxes.json", POSTS)
    (tmp_path / "boxes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_entity_boxes(tmp_path / "boxes.json", POSTS)


@pytest.mark.skipif(not REAL.exists(), reason="needs ../shared/data")
def test_most_hand_drawn_boxes_find_their_entity() -> None:
    found = [
        read_entity_boxes(REAL / "twitter_gold_boxes.json", read_dataset(REAL / f"twitter{year}").posts)
        for year in ("2015", "2017")
    ]
    boxes = sum(len(places) for of_year in found for places in of_year.boxes.values())
    assert boxes > 5500
    assert sum(of_year.unmatched for of_year in found) < 0.07 * boxes


sides = st.floats(0, 1, width=32)
boxes_of = st.tuples(sides, sides, sides, sides).map(lambda b: (min(b[:2]), min(b[2:]), max(b[:2]), max(b[2:])))


@given(boxes_of, boxes_of)
def test_overlap_is_symmetric_and_one_only_for_the_same_box(one: Box, other: Box) -> None:
    assert iou(one, other) == iou(other, one)
    assert 0 <= iou(one, other) <= 1
    if one[0] < one[2] and one[1] < one[3]:
        assert iou(one, one) == pytest.approx(1)


def test_overlap_by_hand() -> None:
    assert iou((0, 0, 0.5, 1), (0.25, 0, 0.75, 1)) == pytest.approx(1 / 3)
    assert iou((0, 0, 0.5, 0.5), (0.5, 0.5, 1, 1)) == 0


@given(st.lists(boxes_of, min_size=1, max_size=5), st.lists(boxes_of, min_size=1, max_size=5))
def test_overlaps_of_many_boxes_are_torchvisions(some: list[Box], others: list[Box]) -> None:
    wanted = box_iou(torch.tensor(some, dtype=torch.float64), torch.tensor(others, dtype=torch.float64)).nan_to_num(0)
    np.testing.assert_allclose(iou(np.array(some)[:, None], np.array(others)), wanted.numpy(), rtol=1e-9)
    assert iou(np.array(some, np.float32)[:, None], np.array(others, np.float32)).dtype == np.float32


def test_boxes_without_area_overlap_nothing_and_whole_numbers_do() -> None:
    assert iou((0.5, 0.5, 0.5, 0.5), (0.5, 0.5, 0.5, 0.5)) == 0
    assert iou((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)


def test_what_a_file_says_of_entities_without_a_box(tmp_path: Path) -> None:
    """A file speaks of the posts that it lists, a data set's own of all its posts."""
    listed, other = POSTS
    line = {"post": "a", "start": 0, "end": 2, "label": "PER", "box": [0, 0, 1, 1]}
    by_post = file_of(tmp_path, ENTITY_BOXES, json.dumps(line))
    pixels = {"17": {"size": [10, 10], "boxes": [["Kourtney K", 0, 0, 10, 10]]}}
    by_image = file_of(tmp_path, "boxes.json", json.dumps(pixels))
    kourtney, dallas = listed.spans or ()
    seen = {kourtney: ((0, 0, 1, 1),), dallas: ()}
    for file in (by_post, by_image):
        assert [post.boxes for post in read_entity_boxes(file, POSTS).tied_to(POSTS)] == [seen, {}]
        whole = read_entity_boxes(file, POSTS, of_all=True).tied_to(POSTS)
        assert [post.boxes for post in whole] == [seen, dict.fromkeys(other.spans or (), ())]
    assert [post.boxes for post in with_own_boxes(POSTS, tmp_path)] == [seen, dict.fromkeys(other.spans or (), ())]
    said = [replace(post, boxes={(post.spans or ())[0]: ()}) for post in POSTS]
    assert with_own_boxes(said, tmp_path / "elsewhere") == said


def target(iid: str, sentence: str, aspect: str, relation: str, *boxes: list[float]) -> str:
    record = {"iid": iid, "sentence": sentence, "aspect": aspect, "relation": relation, "boxes": boxes}
    return json.dumps(record) + "\n"


@pytest.fixture
def pictured(tmp_path: Path) -> list[Example]:
    """Two posts of one name twice, the second without its picture."""
    Image.new("RGB", (200, 100)).save(tmp_path / "17.png")
    spans = [Span(0, 1, "PER"), Span(2, 3, "LOC"), Span(4, 5, "PER")]
    here = post("a", "Kim in Rio-Tinto, Kim", spans, "17.png")
    gone = post("b", "Kim and Rio and Kim", spans, "18.png")
    return [replace(here, image=tmp_path / "17.png"), replace(gone, image=tmp_path / "18.png")]


def test_targets_of_sentences_are_placed_in_their_picture(tmp_path: Path, pictured: list[Example]) -> None:
    """The second Kim is not the first one; nothing is said of what has no line, no picture or another text."""
    lines = [
        target("17", "$T$ in Rio - Tinto , Kim", "Kim", "1", [20, 10, 100, 100], [0, 0, 200, 100]),
        target("17", "Kim in Rio - Tinto , $T$", "Kim", "0"),
        target("18", "$T$ and Rio and Kim", "Kim", "1", [0, 0, 10, 10]),
        target("18", "Kim and $T$ and Kim", "Rio", "0"),
        target("17", "$T$ in another text", "Kim", "0"),
        target("99", "$T$", "Kim", "0"),
    ]
    found = read_entity_boxes(file_of(tmp_path, "match.jsonl", "".join(lines)), pictured)
    here, gone = found.tied_to(pictured)
    assert here.boxes == {Span(0, 1, "PER"): ((0.1, 0.1, 0.5, 1.0), (0.0, 0.0, 1.0, 1.0)), Span(4, 5, "PER"): ()}
    assert gone.boxes == {}
    shown_somewhere = target("17", "Kim in $T$, Kim", "Rio-Tinto", "1")
    found = read_entity_boxes(file_of(tmp_path, "match.jsonl", shown_somewhere), pictured)
    assert (found.boxes, found.absent) == ({}, frozenset())


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ({"iid": "17", "sentence": "no target", "aspect": "Kim", "boxes": []}, "line 1: expected iid, a sentence"),
        ({"iid": 17, "sentence": "$T$", "aspect": "Kim", "boxes": []}, "line 1: expected iid, a sentence"),
        ({"iid": "17", "sentence": "$T$", "aspect": "Kim"}, "line 1: expected iid, a sentence"),
        ({"iid": "17", "sentence": "$T$", "aspect": "Kim", "boxes": [[0, 0, 300, 9]]}, "does not lie in the picture"),
        ({"iid": "17", "sentence": "$T$", "aspect": "Kim", "boxes": [[0, 0]]}, "does not lie in the picture"),
        ({"iid": "17", "sentence": "$T$", "aspect": "Kim", "boxes": [["a", 0, 1, 1]]}, "does not lie in the picture"),
    ],
)
def test_what_is_no_target_gets_a_sentence(
    tmp_path: Path, pictured: list[Example], line: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        read_entity_boxes(file_of(tmp_path, "match.jsonl", json.dumps(line)), pictured)


@pytest.mark.skipif(not REAL.exists(), reason="needs ../shared/data")
def test_every_target_of_the_published_file_is_found_in_its_post() -> None:
    """As if all pictures were there: 1,925 targets, each at one entity."""
    file = REAL / "sidecars/twitter2017/image_target_match.jsonl"
    posts = read_dataset(REAL / "twitter2017").posts
    by_image: dict[str, list[Example]] = {}
    for each in posts:
        by_image.setdefault(Path(each.image_name or "").stem, []).append(each)
    records = [json.loads(line) for line in file.read_text().splitlines()]
    found = [
        at_target(post, record["sentence"], record["aspect"]) for record in records for post in by_image[record["iid"]]
    ]
    assert len([spans for spans in found if spans]) == len(records) == 1925
