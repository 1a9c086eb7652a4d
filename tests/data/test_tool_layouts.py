"""What annotation tools write is read as they mean it; labels that cannot be read leave a post unlabelled."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mner_core.data import conll
from mner_core.data.dataset import Dataset, read_dataset
from mner_core.data.fingerprint import gold_fingerprint
from mner_core.data.jsonl import read
from mner_core.data.lines import Reading
from mner_core.data.tokenize import tokenize
from mner_core.tags import encode
from mner_core.types import Example, Span

TEXT = "Jordan met Ann Lee in Ulm"
GOLD = [(0, 6, "PER"), (11, 18, "PER"), (22, 25, "LOC")]
WORDS = TEXT.split()


def reading(folder: Path, *lines: Any) -> Reading:
    (folder / "train.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return read(folder / "train.jsonl", "train")


def entities(example: Example) -> list[tuple[str, str]] | None:
    return None if example.spans is None else [(example.span_text(span), span.label) for span in example.spans]


def listed(gold: list[tuple[int, int, str]]) -> list[list[Any]]:
    return [list(each) for each in gold]


def offsets(gold: list[tuple[int, int, str]], *names: str) -> list[dict[str, Any]]:
    return [dict(zip(names, each, strict=True)) for each in gold]


PRODIGY = {
    "text": TEXT,
    "tokens": [{"text": t.text, "start": t.start, "end": t.end, "id": n} for n, t in enumerate(tokenize(TEXT))],
    "spans": [{**each, "token_start": 0} for each in offsets(GOLD, "start", "end", "label")],
    "_input_hash": 1,
}
LAYOUTS: dict[str, Any] = {
    "doccano": {"id": 3, "text": TEXT, "label": listed(GOLD), "Comments": []},
    "doccano, older": {"id": 3, "data": TEXT, "labels": listed(GOLD)},
    "doccano with relations": {
        "text": TEXT,
        "entities": offsets(GOLD, "start_offset", "end_offset", "label"),
        "relations": [],
    },
    "spaCy": [TEXT, {"entities": listed(GOLD)}],
    "spaCy with links": [TEXT, {"entities": [[*each, "Q1"] for each in GOLD], "cats": {}}],
    "spaCy's Doc.to_json": {
        "text": TEXT,
        "ents": offsets(GOLD, "start", "end", "label"),
        "tokens": [{"id": n, "start": t.start, "end": t.end} for n, t in enumerate(tokenize(TEXT))],
    },
    "spans as lists": {"text": TEXT, "spans": listed(GOLD)},
    "Prodigy": {**PRODIGY, "answer": "accept"},
    "Prodigy without an answer": PRODIGY,
    "Hugging Face": {"tokens": WORDS, "ner_tags": ["B-PER", "O", "B-PER", "I-PER", "O", "B-LOC"]},
    "Hugging Face, IOB1": {"id": "0", "tokens": WORDS, "tags": ["I-PER", "O", "I-PER", "I-PER", "O", "I-LOC"]},
    "Hugging Face, BIOES": {"text": TEXT, "tokens": WORDS, "ner": ["S-PER", "O", "B-PER", "E-PER", "O", "S-LOC"]},
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_read(tmp_path: Path, name: str) -> None:
    found = reading(tmp_path, LAYOUTS[name])
    ((example, place),) = found.posts
    assert entities(example) == [("Jordan", "PER"), ("Ann Lee", "PER"), ("Ulm", "LOC")]
    assert (example.text, example.words, place.line) == (TEXT, tuple(WORDS), 1)
    assert found.defects == []


PAIRS = [[TEXT, {"entities": listed(GOLD)}], ["Ann left", {"entities": [[0, 3, "PER"]]}], ["ok", {"entities": []}]]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(PAIRS),
        json.dumps(PAIRS, indent=1),
        "[ " + ",\n".join(map(json.dumps, PAIRS)) + "\n]\n",
        "["
        + ", ".join(
            [json.dumps(PAIRS[0]), json.dumps({"text": "Ann left", "label": [[0, 3, "PER"]]}), json.dumps(PAIRS[2])]
        )
        + "]",
        "\n".join(map(json.dumps, PAIRS)),
    ],
    ids=["one line", "indented", "a pair a line", "beside objects", "without the list"],
)
def test_spacys_training_data_are_read_as_a_list_or_a_pair_a_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "train.json").write_text(content, encoding="utf-8")
    data = read_dataset(tmp_path)
    assert [entities(example) for example in data.splits["train"]] == [
        [("Jordan", "PER"), ("Ann Lee", "PER"), ("Ulm", "LOC")],
        [("Ann", "PER")],
        [],
    ]
    assert data.defects == []


@pytest.mark.parametrize("part", [["Ann left", "PER"], [{"entities": []}, "Ann left"], [["Ann left", {}]], "Ann left"])
def test_what_is_no_pair_in_such_a_list_is_named(tmp_path: Path, part: Any) -> None:
    (tmp_path / "train.json").write_text(json.dumps([PAIRS[0], part]), encoding="utf-8")
    found = read(tmp_path / "train.json", "train")
    assert len(found.posts) == 1
    assert [(defect.kind, defect.line) for defect in found.defects] == [("bad-line", 1)]
    assert "not a JSON object" in found.defects[0].detail


@pytest.mark.parametrize(
    "record",
    [
        {"text": TEXT, "label": []},
        [TEXT, {"entities": []}],
        {"text": TEXT, "answer": "accept"},
        {"text": TEXT, "spans": [], "answer": "accept"},
        {"tokens": WORDS, "ner_tags": ["O"] * 6},
    ],
)
def test_somebody_found_no_entity(tmp_path: Path, record: Any) -> None:
    found = reading(tmp_path, record)
    assert (found.posts[0][0].spans, found.defects) == ((), [])


@pytest.mark.parametrize("answer", ["reject", "ignore"])
@pytest.mark.parametrize("record", [PRODIGY, {"text": TEXT}, {"tokens": WORDS, "ner_tags": ["O"] * 6}])
def test_what_was_rejected_or_passed_over_is_no_label(tmp_path: Path, record: dict[str, Any], answer: str) -> None:
    found = reading(tmp_path, {"text": "first", "spans": []}, {**record, "answer": answer})
    assert [example.spans for example, _ in found.posts] == [(), None]
    assert found.posts[1][0].tags is None
    assert [(defect.kind, defect.line) for defect in found.defects] == [("not-accepted", 2)]
    assert f"The answer is {answer}" in found.defects[0].detail


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"spans": [{"start": 0.0, "end": 6.0, "label": "PER"}]}, "spans[0]: expected"),
        ({"spans": [{"start": 0.5, "end": 6, "label": "PER"}]}, "found 0.5..6"),
        ({"spans": [{"start": "0", "end": "6", "label": "PER"}]}, "spans[0]: expected"),
        ({"spans": [{"start": "Jordan", "end": None, "label": "PER"}]}, "spans[0]: expected"),
        ({"spans": [[0, 6]]}, "spans[0]: expected"),
        ({"label": [[0, "6", "PER"]]}, "label[0]: expected"),
        ({"label": ["positive"]}, "label[0]: expected"),
        ({"entities": [{"start_offset": 0, "end_offset": 60, "label": "PER"}]}, "found 0..60"),
        ({"ents": [{"start": 0, "end": 6, "label": ["PER"]}]}, "ents[0].label"),
        ({"spans": {"0": "PER"}}, "spans: expected a list"),
        ({"spans": [[0, 6, "PER"]], "answer": "perhaps"}, "answer: expected accept, reject or ignore"),
        ({"text": None, "tokens": WORDS, "ner_tags": [1, 0, 1, 2, 0, 3]}, "numbers stand for names"),
        ({"text": None, "tokens": WORDS, "ner_tags": ["O", "B-PER"]}, "found 2 for 6 words"),
        ({"text": None, "tokens": WORDS, "ner_tags": ["U-PER", *["O"] * 5]}, "found 'U-PER'"),
        ({"tokens": ["Jordan", "left"], "ner_tags": ["B-PER", "O"]}, "not the words of the text"),
    ],
)
def test_labels_that_cannot_be_read_leave_the_post_unlabelled(
    tmp_path: Path, fields: dict[str, Any], says: str
) -> None:
    found = reading(tmp_path, {"text": "first", "spans": []}, {"text": TEXT, **fields})
    assert [example.spans for example, _ in found.posts] == [(), None]
    ((kind, file, line, detail),) = ((each.kind, each.file, each.line, each.detail) for each in found.defects)
    assert (kind, file, line) == ("bad-line", "train.jsonl", 2)
    assert says in detail
    assert detail.endswith("; the post counts as not labelled.")


@pytest.mark.parametrize("record", [{"text": TEXT, "entities": {"urls": []}}, {"text": TEXT, "label": "positive"}])
def test_fields_of_that_name_that_are_no_lists_speak_of_others(tmp_path: Path, record: dict[str, Any]) -> None:
    found = reading(tmp_path, record)
    assert (found.posts[0][0].spans, found.defects) == (None, [])


def test_words_that_are_not_those_of_the_text_cost_no_spans(tmp_path: Path) -> None:
    found = reading(tmp_path, {"text": TEXT, "tokens": ["Jordan", "left"], "spans": listed(GOLD)})
    assert entities(found.posts[0][0]) == [("Jordan", "PER"), ("Ann Lee", "PER"), ("Ulm", "LOC")]
    assert [each.detail for each in found.defects] == [
        "tokens: they are not the words of the text in order; words are found anew."
    ]


@st.composite
def labelled_words(draw: st.DrawFn) -> tuple[list[str], list[Span]]:
    words = draw(st.lists(st.sampled_from(["Ann", "Ulm", "é", "ab", "Ζωή", "😀", "x1"]), min_size=1, max_size=8))
    spans, start = [], 0
    while start < len(words):
        end = draw(st.integers(start + 1, len(words)))
        if draw(st.booleans()):
            spans.append(Span(start, end, draw(st.sampled_from(["PER", "LOC", "OTHER"]))))
        start = end
    return words, spans


@settings(max_examples=60)
@given(labelled_words(), st.sampled_from([{}, {"OTHER": "PER"}, {"OTHER": "LOC", "PER": "LOC"}]))
def test_the_same_data_in_every_format_is_the_same_gold(
    tmp_path_factory: pytest.TempPathFactory, post: tuple[list[str], list[Span]], mapping: dict[str, str]
) -> None:
    words, spans = post
    text, tokens = conll.join_words(words)
    ranges = [[tokens[span.start].start, tokens[span.end - 1].end, span.label] for span in spans]
    records: list[Any] = [
        {"text": text, "spans": [dict(zip(("start", "end", "label"), each, strict=True)) for each in ranges]},
        {"text": text, "label": ranges},
        [text, {"entities": ranges}],
        {"text": text, "spans": ranges, "answer": "accept"},
        {"tokens": words, "ner_tags": encode(spans, len(words))},
        {"tokens": words, "ner_tags": encode(spans, len(words), "BIOES")},
    ]
    folder = tmp_path_factory.mktemp("layouts")
    example = Example(id="train-1", text=text, tokens=tokens, spans=tuple(spans))
    conll.write([example], folder / "train.txt")
    expected = [(span.start, span.end, mapping.get(span.label, span.label)) for span in spans]
    read_as = [read_dataset(folder / "train.txt", mapping)]
    for record in records:
        (folder / "train.jsonl").write_text(json.dumps(record), encoding="utf-8")
        read_as.append(read_dataset(folder / "train.jsonl", mapping))
    for data in read_as:
        assert [(span.start, span.end, span.label) for span in data.posts[0].spans or ()] == expected


TOUCHING = {
    "three types, one after the other": (["I-OTHER", "I-MISC", "I-MISC", "O"], [(0, 1), (1, 3)]),
    "an entity of each": (["I-OTHER", "I-MISC", "O"], [(0, 1), (1, 2)]),
    "back again": (["B-MISC", "I-OTHER", "I-MISC"], [(0, 1), (1, 2), (2, 3)]),
    "ends": (["I-OTHER", "E-MISC", "O"], [(0, 1), (1, 2)]),
    "well written": (["B-OTHER", "I-OTHER", "B-MISC", "O"], [(0, 2), (2, 3)]),
}


@pytest.mark.parametrize("name", TOUCHING)
def test_renamed_entities_that_touch_stay_apart_in_every_format(tmp_path: Path, name: str) -> None:
    tags, places = TOUCHING[name]
    words = ["English", "County", "Cup", "won"][: len(tags)]

    def mapped(file: str, content: str) -> Dataset:
        (tmp_path / file).write_text(content, encoding="utf-8")
        return read_dataset(tmp_path / file, {"OTHER": "MISC"})

    of_tags = mapped("train.txt", "".join(f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True)))
    of_ranges = mapped("train.jsonl", json.dumps({"tokens": words, "ner_tags": tags}))
    for data in (of_tags, of_ranges):
        assert [(span.start, span.end) for span in data.posts[0].spans or ()] == places
        assert data.labels == ("MISC",)
        conll.write(data.posts, tmp_path / "again.txt")
        (again,) = read_dataset(tmp_path / "again.txt").posts
        assert again.spans == data.posts[0].spans
    assert gold_fingerprint(of_tags.posts) == gold_fingerprint(of_ranges.posts)
