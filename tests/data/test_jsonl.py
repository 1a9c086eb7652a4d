import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mner_core.data import conll, jsonl
from mner_core.data.lines import Reading
from mner_core.data.tokenize import entity_at, split_tokens, tokenize
from mner_core.types import Example, ImageObject, Span


def read(tmp_path: Path, *records: Any) -> Reading:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    (tmp_path / "train.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return jsonl.read(tmp_path / "train.jsonl", "train")


def one(reading: Reading) -> Example:
    ((example, _),) = reading.posts
    return example


def span(start: Any, end: Any, label: Any = "PER") -> dict[str, Any]:
    return {"start": start, "end": end, "label": label}


def test_a_whole_record(tmp_path: Path) -> None:
    text = "😀 Ann meets Bo in Ulm"
    record = {
        "id": "p1",
        "text": text,
        "spans": [span(2, 5), span(12, 14), span(18, 21, "LOC")],
        "image": "a.jpg",
        "caption": "",
        "objects": [{"label": "person", "box": [0, 0.1, 0.5, 1], "score": 0.5}],
        "subsets": {"ambiguous": [span(2, 5)], "none": []},
    }
    reading = read(tmp_path, record)
    example = one(reading)
    assert reading.defects == []
    assert example.words == ("😀", "Ann", "meets", "Bo", "in", "Ulm")
    assert example.spans == (Span(1, 2, "PER"), Span(3, 4, "PER"), Span(5, 6, "LOC"))
    assert example.subsets == {"ambiguous": frozenset({Span(1, 2, "PER")}), "none": frozenset()}
    assert (example.id, example.image_name, example.caption, example.tags) == ("p1", "a.jpg", "", None)
    assert example.objects == (ImageObject("person", (0.0, 0.1, 0.5, 1.0), 0.5),)
    assert (example.source, example.split) == ("train.jsonl", "train")


def test_the_least_that_is_needed(tmp_path: Path) -> None:
    reading = read(tmp_path, {"text": "hi there"}, "", {"text": "x", "spans": None, "id": 7})
    (first, place), (second, _) = reading.posts
    assert (first.id, first.spans, first.image_name, first.caption, first.objects) == (
        "train-1",
        None,
        None,
        None,
        None,
    )
    assert (place.line, place.words) == (1, (1, 1))
    assert second.id == "7"
    assert reading.defects == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("in post-Katrina times", ["post", "Katrina"]),
        ("#NewYorkMets beat the Bostonians", ["NewYork", "Boston"]),
        ("서울에서 만난 김철수는", ["서울", "김철수"]),
        ("בירושלים ובתל אביב", ["ירושלים", "תל אביב"]),
        ("👨‍👩‍👧@ann_b: éa", ["ann", "b"]),
    ],
)
def test_gold_never_shapes_the_words(tmp_path: Path, text: str, parts: list[str]) -> None:
    spans = [span(text.index(part), text.index(part) + len(part)) for part in parts]
    reading = read(tmp_path, {"text": text, "spans": spans}, {"text": text})
    (labelled, _), (raw, _) = reading.posts
    assert labelled.tokens == raw.tokens
    assert [labelled.span_text(each) for each in labelled.spans or ()] == parts
    assert [each.chars for each in labelled.spans or ()] == [(each["start"], each["end"]) for each in spans]
    assert [defect.kind for defect in reading.defects] == ["inside-word"] * len(parts)
    jsonl.write([labelled], tmp_path / "again.jsonl")
    ((again, _),) = jsonl.read(tmp_path / "again.jsonl").posts
    assert again.spans == labelled.spans
    assert jsonl.to_record(again)["spans"] == spans


def test_spaces_at_a_span_s_ends_do_not_count(tmp_path: Path) -> None:
    record = {"text": "one two", "spans": [span(0, 4), span(3, 7, "LOC")], "subsets": {"a": [span(4, 7, "LOC")]}}
    reading = read(tmp_path, record)
    assert one(reading).spans == (Span(0, 1, "PER"), Span(1, 2, "LOC"))
    assert one(reading).subsets == {"a": frozenset({Span(1, 2, "LOC")})}
    assert reading.defects == []


def test_of_nested_spans_the_outer_one_counts(tmp_path: Path) -> None:
    reading = read(tmp_path, {"text": "New York", "spans": [span(0, 3), span(0, 8, "LOC")]})
    assert one(reading).spans == (Span(0, 2, "LOC"),)
    assert [defect.kind for defect in reading.defects] == ["overlapping-spans"]


def test_given_tokens_are_kept(tmp_path: Path) -> None:
    reading = read(tmp_path, {"text": "NewYork!", "tokens": [[0, 3], [3, 7], [7, 8]], "spans": [span(0, 7, "LOC")]})
    assert one(reading).words == ("New", "York", "!")
    assert one(reading).spans == (Span(0, 2, "LOC"),)
    assert reading.defects == []


WORDS = [[0, 3], [4, 7]]
"""The words of "Ann sat", whatever stands behind them."""


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"text": "Ann sat in Rome", "tokens": WORDS}, "'in Rome'"),
        ({"text": "Ann sat in Rome", "tokens": [[0, 3], [11, 15]]}, "'sat in'"),
        ({"text": "Ann sat.", "tokens": WORDS}, "'.'"),
        ({"text": "Ann sat in Rome", "tokens": [[8, 10]]}, "'Ann sat' and 1 more part of the text"),
        ({"text": "a b c d e", "tokens": [[2, 3], [6, 7]]}, "'a' and 2 more parts of the text"),
        ({"text": "Ann sat in Rome", "tokens": ["Ann", "sat"]}, "'in Rome'"),
        ({"text": "Ann sat in Rome", "tokens": ["Ann", "sat"], "ner_tags": ["B-PER", "O"]}, "'in Rome'"),
        ({"text": "Ann sat 🙂", "tokens": [{"start": 0, "end": 3}, {"start": 4, "end": 7}]}, "'🙂'"),
    ],
)
def test_words_that_leave_out_a_part_of_the_text_are_told(tmp_path: Path, record: dict[str, Any], said: str) -> None:
    reading = read(tmp_path, record)
    assert [(defect.kind, defect.line) for defect in reading.defects] == [("uncovered-text", 1)]
    assert reading.defects[0].detail == f"tokens: they leave out {said}, which no model reads."
    assert one(reading).text == record["text"]
    assert len(one(reading).tokens) == len(record["tokens"])


@pytest.mark.parametrize(
    "text", ["Ann sat ", "Ann\u3000sat\u00a0\n", "Ann sat\u200b", "Ann\u200dsat\ufe0f", "Ann\tsat\u2060"]
)
def test_spaces_and_what_nobody_sees_need_no_word(tmp_path: Path, text: str) -> None:
    reading = read(tmp_path, {"text": text, "tokens": WORDS})
    assert (one(reading).words, reading.defects) == (("Ann", "sat"), [])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[1]", "not a JSON object"),
        ('{"id": "x"}', "text: there is none"),
        ('{"text": 3}', "text: expected a string, found int"),
    ],
)
def test_a_line_that_is_no_post(tmp_path: Path, line: str, says: str) -> None:
    reading = read(tmp_path, {"text": "a"}, line, {"text": "b"})
    assert [example.text for example, _ in reading.posts] == ["a", "b"]
    ((defect),) = reading.defects
    assert (defect.kind, defect.file, defect.line) == ("bad-line", "train.jsonl", 2)
    assert says in defect.detail


@pytest.mark.parametrize(
    ("fields", "kind", "says"),
    [
        ({"spans": 3}, "bad-line", "spans: expected a list"),
        ({"spans": [span(0, 3), 3]}, "bad-line", "spans[1]: expected"),
        ({"spans": [span(2.0, 5)]}, "bad-line", "spans[0]: expected"),
        ({"spans": [span(True, 5)]}, "bad-line", "spans[0]: expected"),
        ({"spans": [span(5, 2)]}, "bad-line", "found 5..2"),
        ({"spans": [span(0, 99)]}, "bad-line", "<= 12"),
        ({"spans": [span(3, 4)]}, "bad-line", "spans[0]: there is no word between 3 and 4"),
        ({"spans": [span(0, 3, "")]}, "bad-line", "spans[0].label"),
        ({"spans": [span(0, 3, "A\tB")]}, "bad-line", "spans[0].label"),
        ({"spans": [span(0, 7), span(4, 12)]}, "overlapping-spans", "4..12 PER overlaps 0..7 PER"),
        ({"spans": [span(0, 3), span(0, 3, "LOC")]}, "overlapping-spans", "0..3 LOC overlaps 0..3 PER"),
        ({"tokens": 5}, "bad-line", "tokens[0]"),
        ({"tokens": []}, "bad-line", "tokens: the list is empty"),
        ({"tokens": [[0, 3], [2, 5]]}, "bad-line", "tokens[1]"),
        ({"tokens": [[0, 30]]}, "bad-line", "tokens[0]"),
        ({"image": 5}, "bad-line", "image: expected a string"),
        ({"caption": ["x"]}, "bad-line", "caption: expected a string"),
        ({"id": ["x"]}, "bad-line", "id: expected a string"),
        ({"caption": "\ud83d"}, "bad-line", "caption: half of a UTF-16 pair"),
        ({"objects": {}}, "bad-line", "objects: expected a list"),
        ({"objects": [{"box": [0, 0, 1, 1]}]}, "bad-line", "objects[0].label"),
        ({"objects": [{"label": "a", "box": [0, 0, 1, 1], "score": 3}]}, "bad-line", "objects[0].score"),
        ({"objects": [{"label": "a", "box": [0, 0, 640, 480]}]}, "bad-box", "objects[0].box"),
        ({"objects": [{"label": "a", "box": [0.5, 0, 0.5, 1]}]}, "bad-box", "objects[0].box"),
        ({"objects": [{"label": "a", "box": [0, 0, float("nan"), 1]}]}, "bad-box", "objects[0].box"),
        ({"spans": [], "subsets": []}, "bad-line", "subsets: expected an object"),
        ({"spans": [], "subsets": {"a": 1}}, "bad-line", "subsets.a: expected a list"),
        ({"spans": [], "subsets": {"a": [span(0, 3)]}}, "bad-line", "subsets.a: 0..3 PER is none of the post's spans"),
    ],
)
def test_a_bad_field_is_named_and_costs_only_itself(
    tmp_path: Path, fields: dict[str, Any], kind: str, says: str
) -> None:
    reading = read(tmp_path, {"text": "first"}, {"text": "one two four", **fields})
    assert [example.text for example, _ in reading.posts] == ["first", "one two four"]
    (defect,) = reading.defects
    assert (defect.kind, defect.line) == (kind, 2)
    assert says in defect.detail
    example = reading.posts[1][0]
    assert example.words == ("one", "two", "four")


@pytest.mark.parametrize("bad", [span(9, 99), "x", span(3, 4), span(0, 3, 7), span(0.0, 3)])
@pytest.mark.parametrize("place", [0, 1])
def test_one_label_that_cannot_be_read_costs_all_labels_of_its_post(tmp_path: Path, bad: Any, place: int) -> None:
    spans = [span(4, 8)]
    spans.insert(place, bad)
    reading = read(tmp_path, {"text": "one two four", "spans": [span(4, 7)]}, {"text": "one two four", "spans": spans})
    assert [example.spans for example, _ in reading.posts] == [(Span(1, 2, "PER"),), None]
    (defect,) = reading.defects
    assert (defect.kind, defect.file, defect.line) == ("bad-line", "train.jsonl", 2)
    assert defect.detail.startswith(f"spans[{place}]")
    assert defect.detail.endswith("; the post counts as not labelled.")


def test_a_post_without_words(tmp_path: Path) -> None:
    reading = read(tmp_path, {"text": " \n"}, {"text": "a"})
    assert one(reading).text == "a"
    assert [(defect.kind, defect.line) for defect in reading.defects] == [("empty-post", 1)]


def test_half_a_pair_keeps_the_offsets(tmp_path: Path) -> None:
    example = one(read(tmp_path, '{"text": "\\ud83d Ann", "spans": [{"start": 2, "end": 5, "label": "PER"}]}'))
    assert (example.text, example.span_text(Span(1, 2, "PER"))) == ("\ufffd Ann", "Ann")


PIECES = [
    "Ann",
    "👨‍👩‍👧",
    "👍🏽",
    "🇩🇪",
    "e\u0301",
    "שלום",
    "مرحبا",
    "北京",
    "\u200d",
    "\u2028",
    " ",
    "\n",
    "don't",
    "@x",
]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), min_size=1, max_size=10).map("".join)
boxes = st.tuples(st.floats(0, 0.4), st.floats(0, 0.4), st.floats(0.5, 1), st.floats(0.5, 1))


@st.composite
def posts(draw: st.DrawFn) -> Example:
    text = draw(texts.filter(lambda text: text.strip() != ""))
    tokens = tokenize(text)
    for _ in range(draw(st.integers(0, 2))):
        cuts = sorted(draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
        tokens = split_tokens(tokens, *cuts)
    borders = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    labels = draw(st.lists(st.sampled_from(["PER", "LOC", "Work of art"]), min_size=3, max_size=3))
    places = [(a, b) for a, b in zip(borders[::2], borders[1::2], strict=False) if text[a:b].strip()]
    spans = tuple(entity_at(tokens, a, b, label) for (a, b), label in zip(places, labels, strict=False))
    labelled = draw(st.booleans())
    return Example(
        id=draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1)),
        text=text,
        tokens=tokens,
        spans=spans if labelled else None,
        image_name=draw(st.none() | st.just("a.jpg")),
        caption=draw(st.none() | st.just("") | texts),
        objects=draw(st.none() | st.lists(st.builds(ImageObject, st.just("dog"), boxes)).map(tuple)),
        source="out.jsonl",
        split="train",
        subsets={"ambiguous": frozenset(spans[:1])} if labelled and draw(st.booleans()) else {},
    )


@given(st.lists(posts(), min_size=1, max_size=4))
@settings(max_examples=200)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, wanted: list[Example]) -> None:
    file = tmp_path_factory.mktemp("jsonl") / "out.jsonl"
    jsonl.write(wanted, file)
    reading = jsonl.read(file, "train")
    assert [example for example, _ in reading.posts] == wanted
    assert {defect.kind for defect in reading.defects} <= {"inside-word"}


def test_a_tag_file_keeps_its_words_in_json(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a\u00a0b\tB-PER\n \tI-PER\nc\tO\n\ufe0f\tB-LOC\n", encoding="utf-8")
    ((example, _),) = conll.read(tmp_path / "train.txt").posts
    jsonl.write([example], tmp_path / "out.jsonl")
    ((again, _),) = jsonl.read(tmp_path / "out.jsonl").posts
    assert (again.words, again.spans) == (example.words, example.spans)


BOXED: list[tuple[Any, tuple[Any, ...] | None]] = [
    ([[0, 0, 0.5, 1]], ((0.0, 0.0, 0.5, 1.0),)),
    ([[0, 0, 0.5, 1], [0.25, 0.5, 1, 1]], ((0.0, 0.0, 0.5, 1.0), (0.25, 0.5, 1.0, 1.0))),
    ([], ()),
    (None, None),
]


@pytest.mark.parametrize(("boxes", "read"), BOXED)
def test_an_entity_keeps_its_boxes(tmp_path: Path, boxes: Any, read: Any) -> None:
    """Beside one that overlaps it and is left out, with spaces at its ends, and through writing."""
    first = {"start": 0, "end": 4, "label": "PER", "boxes": boxes}
    other = {"start": 0, "end": 3, "label": "ORG", "boxes": [[0, 0, 1, 1]]}
    (tmp_path / "train.jsonl").write_text(json.dumps({"text": "Ann won", "spans": [other, first]}) + "\n")
    found = jsonl.read(tmp_path / "train.jsonl")
    ((post, _),) = found.posts
    assert post.spans == (Span(0, 1, "ORG"),)
    (tmp_path / "train.jsonl").write_text(json.dumps({"text": "Ann won", "spans": [first]}) + "\n")
    ((post, _),) = jsonl.read(tmp_path / "train.jsonl").posts
    assert post.boxes == ({} if read is None else {Span(0, 1, "PER"): read})
    jsonl.write([post], tmp_path / "again.jsonl")
    ((again, _),) = jsonl.read(tmp_path / "again.jsonl").posts
    assert again.boxes == post.boxes
    assert post.with_spans(post.spans).boxes == {}, "other gold has other places"


@pytest.mark.parametrize("bad", ["no", {}, [[0, 0, 1]], [[0, 0, 2, 1]], [[0.5, 0, 0.5, 1]], [None], [[0, 0, 1, True]]])
def test_boxes_that_cannot_be_read_cost_only_themselves(tmp_path: Path, bad: Any) -> None:
    spans = [{"start": 0, "end": 3, "label": "PER", "boxes": bad}]
    (tmp_path / "train.jsonl").write_text(json.dumps({"text": "Ann won", "spans": spans}) + "\n")
    found = jsonl.read(tmp_path / "train.jsonl")
    ((post, _),) = found.posts
    assert (post.spans, post.boxes) == ((Span(0, 1, "PER"),), {})
    ((kind, detail),) = [(each.kind, each.detail) for each in found.defects]
    assert kind == "bad-line"
    assert detail.startswith("spans[0]")
    assert "box" in detail or "four numbers" in detail
