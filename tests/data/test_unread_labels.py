"""Labels that cannot be read are said and never half of the gold: in each layout, under any name, in any unit."""

import json
from pathlib import Path
from typing import Any

import pytest

from mner_core.check import check
from mner_core.data.brought import read_brought
from mner_core.data.dataset import read_dataset
from mner_core.data.jsonl import read
from mner_core.data.lines import Reading
from mner_core.data.posts import read_posts, write_posts
from mner_core.data.span_texts import contradiction
from mner_core.data.tokenize import tokenize
from mner_core.types import InputError, Span

TEXT = "Ann left Ulm"
WORDS = TEXT.split()
GOOD, FAR = [0, 3, "PER"], [9, 99, "LOC"]


def reading(folder: Path, *lines: Any) -> Reading:
    (folder / "train.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return read(folder / "train.jsonl", "train")


def offsets(entry: list[Any], *names: str) -> dict[str, Any]:
    return dict(zip(names, entry, strict=True))


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"text": TEXT, "label": [GOOD, FAR]}, "label[1]"),
        ({"text": TEXT, "labels": [FAR, GOOD]}, "labels[0]"),
        (
            {"text": TEXT, "entities": [offsets(each, "start_offset", "end_offset", "label") for each in (GOOD, FAR)]},
            "e",
        ),
        ([TEXT, {"entities": [GOOD, FAR]}], "entities[1]"),
        ({"text": TEXT, "ents": [offsets(each, "start", "end", "label") for each in (GOOD, FAR)]}, "ents[1]"),
        ({"text": TEXT, "spans": [GOOD, FAR], "answer": "accept"}, "spans[1]"),
        ({"text": TEXT, "spans": [GOOD, [9, 12, None]], "answer": "accept"}, "spans[1].label"),
        ({"tokens": WORDS, "ner_tags": ["B-PER", "O", "L0C"]}, "ner_tags: expected tags"),
        ({"tokens": WORDS, "tags": ["B-PER", "O"], "answer": "accept"}, "tags: expected one tag a word"),
        ({"text": TEXT, "spans": {"0": GOOD}, "answer": "accept"}, "spans: expected a list"),
        ({"text": TEXT, "label": [GOOD], "entities": [[9, 12, "LOC"]]}, "label and entities hold different labels"),
    ],
)
def test_half_of_the_labels_are_none_in_every_layout(tmp_path: Path, record: Any, field: str) -> None:
    found = reading(tmp_path, record)
    assert [(example.spans, example.tags) for example, _ in found.posts] == [(None, None)]
    ((kind, line, detail),) = ((each.kind, each.line, each.detail) for each in found.defects)
    assert (kind, line) == ("bad-line", 1)
    assert detail.startswith(field)
    assert detail.endswith("; the post counts as not labelled.")


@pytest.mark.parametrize("rest", [{}, {"answer": "accept"}, {"spans": []}, {"spans": None, "label": "positive"}])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ner", [GOOD]),
        ("ner", {"PER": [[0, 3]]}),
        ("annotations", [{"start": 0, "end": 3, "label": "PER"}]),
        ("annotations", [{"result": [{"value": {"start": 0, "end": 3, "labels": ["PER"]}}]}]),
        ("tags", [{"begin": 0, "end": 3, "tag": "PER"}]),
        ("tags", ["B-PER", "O", "B-LOC"]),
        ("ner_tags", [1, 0, 2]),
        ("named_entities", [["Ann", "PER"]]),
        ("namedEntities", "B-PER O B-LOC"),
        ("entities", {"PER": ["Ann"]}),
    ],
)
def test_labels_under_a_name_that_is_not_read_are_said(
    tmp_path: Path, name: str, value: Any, rest: dict[str, Any]
) -> None:
    good = {"text": TEXT, "spans": [GOOD]}
    found = reading(tmp_path, good, {"text": TEXT, name: value, **rest}, good, {"text": "Bo", name: value, **rest})
    assert [example.spans is None for example, _ in found.posts] == [False, True, False, True]
    ((kind, file, line, detail),) = ((each.kind, each.file, each.line, each.detail) for each in found.defects)
    assert (kind, file, line) == ("unread-labels", "train.jsonl", 2)
    assert detail.startswith(f"{name}: this looks like labels")
    assert '"spans": [{"start"' in detail
    assert detail.endswith("this post and 1 other count as not labelled.")


def test_places_with_types_under_any_name_are_said(tmp_path: Path) -> None:
    found = reading(tmp_path, {"text": TEXT, "people": [{"start": 0, "end": 3, "type": "PER"}]})
    assert [(each.kind, each.line) for each in found.defects] == [("unread-labels", 1)]
    assert found.posts[0][0].spans is None


@pytest.mark.parametrize(
    "rest",
    [
        {"tags": ["news", "sport"]},
        {"label": "positive"},
        {"entities": {"urls": [], "hashtags": []}},
        {"meta": {"entities": [GOOD]}},
        {"scores": [0.1, 0.2], "user": {"id": 3, "start": 4}},
        {"sents": [{"start": 0, "end": 12}], "ents": [], "spans": None},
        {"relations": [{"start": 1, "type": "x"}], "Comments": []},
    ],
)
def test_what_is_no_label_is_passed_over(tmp_path: Path, rest: dict[str, Any]) -> None:
    assert reading(tmp_path, {"text": TEXT, **rest}).defects == []


@pytest.mark.parametrize("name", ["labels", "label", "ner", "tags"])
def test_one_tag_a_word_is_read_under_each_of_its_names(tmp_path: Path, name: str) -> None:
    found = reading(tmp_path, {"tokens": WORDS, name: ["B-PER", "O", "B-LOC"]})
    (example, _), *_ = found.posts
    assert [(example.span_text(span), span.label) for span in example.spans or ()] == [("Ann", "PER"), ("Ulm", "LOC")]
    assert found.defects == []


@pytest.mark.parametrize("record", [{"label": [], "entities": [GOOD]}, {"label": ["greeting"], "entities": [GOOD]}])
def test_an_empty_list_or_a_topic_hides_no_labels(tmp_path: Path, record: dict[str, Any]) -> None:
    found = reading(tmp_path, {"text": TEXT, **record})
    assert [span.label for span in found.posts[0][0].spans or ()] == ["PER"]
    assert found.defects == []


EMOJI = "😀😀 Ann é Ulm"


@pytest.mark.parametrize(
    ("text", "item", "unit"),
    [
        (EMOJI, {"start": 5, "end": 8, "label": "PER", "text": "Ann"}, "UTF-16 code units"),
        (EMOJI, {"start": 11, "end": 14, "label": "LOC", "surface": "Ulm"}, "UTF-16 code units"),
        (EMOJI, {"start": 9, "end": 12, "label": "PER", "token text": "Ann"}, "bytes of UTF-8"),
        ("é Ann", {"start_offset": 3, "end_offset": 6, "label": "PER", "word": "Ann"}, "bytes of UTF-8"),
        (TEXT, {"start": 0, "end": 2, "label": "PER", "text": "Ann"}, "offsets whose end is included"),
        (TEXT, {"start": 10, "end": 13, "label": "LOC", "mention": "Ulm"}, "offsets that begin at 1"),
        (TEXT, {"start": 10, "end": 12, "label": "LOC", "mention": "Ulm"}, "offsets that begin at 1, end included"),
        (TEXT, {"start": 4, "end": 8, "label": "LOC", "surfaceForm": "Ulm"}, ""),
    ],
)
def test_a_label_whose_own_text_is_another_is_refused(
    tmp_path: Path, text: str, item: dict[str, Any], unit: str
) -> None:
    found = reading(tmp_path, {"text": text, "spans": [item]}, {"text": text, "entities": [item], "spans": None})
    assert [example.spans for example, _ in found.posts] == [None, None]
    assert [(each.kind, each.line) for each in found.defects] == [("bad-line", 1), ("bad-line", 2)]
    for defect in found.defects:
        assert "as it says; offsets count characters" in defect.detail
        assert defect.detail.endswith("; the post counts as not labelled.")
        assert (f"these fit as {unit};" in defect.detail) == bool(unit)


@pytest.mark.parametrize("said", ["Ann", "ANN", " Ann ", "", None, 7])
def test_a_label_whose_own_text_is_the_same_is_read(tmp_path: Path, said: Any) -> None:
    found = reading(tmp_path, {"text": "so Ann é", "spans": [{"start": 3, "end": 6, "label": "PER", "text": said}]})
    assert [span.label for span in found.posts[0][0].spans or ()] == ["PER"]
    assert found.defects == []


def test_how_letters_are_composed_and_spaced_makes_no_difference() -> None:
    assert contradiction({"text": "Zo\u00e9 Ann"}, "Zoe\u0301\nAnn", 0, 8) == ""
    assert contradiction({"text": "Zo\u00e9"}, "Zoe\u0301\nAnn", 0, 3) != ""


def test_words_whose_own_texts_are_others_are_found_anew_and_cost_the_labels(tmp_path: Path) -> None:
    places = [(0, 2, "😀"), (3, 6, "Ann")]
    tokens = [{"start": start, "end": end, "text": text} for start, end, text in places]
    labelled = {"text": "😀 Ann", "tokens": tokens, "spans": [{"start": 3, "end": 6, "label": "PER"}]}
    found = reading(tmp_path, labelled, {**labelled, "spans": []})
    assert [(example.words, example.spans) for example, _ in found.posts] == [
        (("😀", "Ann"), None),
        (("😀", "Ann"), ()),
    ]
    assert [each.detail.split(":")[0] for each in found.defects] == ["tokens[1]", "tokens[1]"]
    assert "UTF-16" in found.defects[0].detail
    assert "words are found anew; the post counts as not labelled." in found.defects[0].detail


def test_prodigys_words_are_compared_with_the_text(tmp_path: Path) -> None:
    tokens = [{"text": each.text, "start": each.start, "end": each.end} for each in tokenize(EMOJI)]
    found = reading(tmp_path, {"text": EMOJI, "tokens": tokens, "spans": [{"start": 3, "end": 6, "label": "PER"}]})
    assert found.defects == []
    assert found.posts[0][0].words == tuple(each.text for each in tokenize(EMOJI))


@pytest.mark.parametrize(
    ("start", "end", "said", "unit"), [(11, 14, "Ulm", "UTF-16"), (9, 11, "Ann", "included"), (4, 8, "Bo", "")]
)
def test_brought_predictions_whose_own_text_is_another_are_refused(
    tmp_path: Path, start: int, end: int, said: str, unit: str
) -> None:
    span = {"start": start, "end": end, "label": "LOC", "text": said, "confidence": 0.5}
    (tmp_path / "p.jsonl").write_text(json.dumps({"id": "1", "spans": [span]}), encoding="utf-8")
    text = f"{EMOJI}, so" if unit == "UTF-16" else "so, met 'Ann ?"
    (row,) = read_brought(tmp_path / "p.jsonl")
    with pytest.raises(InputError, match=rf"p.jsonl, line 1, spans\[0\]: .*as it says.*{unit}"):
        row.spans_in(text)


def test_check_data_counts_such_posts_as_not_labelled(tmp_path: Path) -> None:
    lines = [{"text": TEXT, "spans": [GOOD]}, {"text": "Bo", "ner": [[0, 2, "PER"]]}, {"text": "x", "spans": [FAR]}]
    reading(tmp_path, *lines)
    report = check(tmp_path)
    assert (report.posts, report.labelled, report.types) == (3, 1, {"PER": 1})
    assert report.counts == {"unread-labels": 1, "bad-line": 1}
    assert [post.spans is None for post in read_dataset(tmp_path).posts] == [False, True, True]


TAGGED = {
    "a tag file": "Ann\tB-PER\nleft\tO\nUlm{}\n\nBo\tB-PER\nran\tO\n",
    "commas": "word,tag\nAnn,B-PER\nleft,O\nUlm{}\n\nBo,B-PER\nran,O\n",
    "BIOES": "Ann S-PER\nleft O\nUlm{}\n\nBo S-PER\nran O\n",
}


@pytest.mark.parametrize("tag", ["", "PERSON", "B-", "?"])
@pytest.mark.parametrize("name", TAGGED)
def test_a_tag_that_cannot_be_read_leaves_its_post_unlabelled(tmp_path: Path, name: str, tag: str) -> None:
    between = {"a tag file": "\t", "commas": ",", "BIOES": " "}[name]
    file = tmp_path / ("train.csv" if name == "commas" else "train.txt")
    file.write_text(TAGGED[name].format(f"{between}{tag}" if tag else ""), encoding="utf-8")
    data = read_dataset(tmp_path)
    assert [(post.words, post.spans is None, post.tags is None) for post in data.posts] == [
        (("Ann", "left", "Ulm"), True, True),
        (("Bo", "ran"), False, False),
    ]
    (defect,) = data.defects
    assert (defect.kind, defect.file, defect.line) == ("bad-line", file.name, 4 if name == "commas" else 3)
    assert defect.detail.endswith("; the post counts as not labelled.")


@pytest.mark.parametrize(
    ("tags", "letters", "line"),
    [
        (["U-PER", "O", "S-LOC"], "the tag U- here, S- in line 3", 1),
        (["B-PER", "L-PER", "O", "B-LOC", "E-LOC"], "the tag L- here, E- in line 5", 2),
        (["B-PER", "M-PER", "E-PER", "B-LOC", "I-LOC", "E-LOC"], "the tag M- here, I- in line 5", 2),
        (["PER-W", "O", "LOC-S"], "the tag W- here, S- in line 3", 1),
        (["s-per", "O", "u-loc"], "the tag S- here, U- in line 3", 1),
    ],
)
def test_letters_of_two_schemes_in_one_file_are_said_and_read(
    tmp_path: Path, tags: list[str], letters: str, line: int
) -> None:
    (tmp_path / "train.txt").write_text("".join(f"w{n}\t{tag}\n" for n, tag in enumerate(tags)), encoding="utf-8")
    data = read_dataset(tmp_path)
    assert [span.label.upper() for span in data.posts[0].spans or ()] == ["PER", "LOC"]
    ((kind, place, detail),) = ((each.kind, each.line, each.detail) for each in data.defects)
    assert (kind, place) == ("mixed-schemes", line)
    assert f"Schemes are mixed: {letters};" in detail


@pytest.mark.parametrize(
    ("first", "second", "kinds"),
    [
        ("a\tB-PER\nb\tI-PER\n", "c\tS-LOC\n", {"mixed-schemes": 1}),
        ("a\tB-PER\nb\tE-PER\n", "c\tB-LOC\n", {"mixed-schemes": 1}),
        ("a\tB-PER\nb\tE-PER\n", "c\tS-LOC\nd\tO\n", {}),
        ("a\tB-PER\nb\tI-PER\n", "c\tB-LOC\nd\tO\n", {}),
        ("a\tO\nb\tO\n", "c\tS-LOC\nd\tO\n", {}),
    ],
)
def test_check_data_says_where_posts_of_bio_stand_beside_bioes(
    tmp_path: Path, first: str, second: str, kinds: dict[str, int]
) -> None:
    (tmp_path / "train.txt").write_text(f"{first}\n{second}", encoding="utf-8")
    assert check(tmp_path).counts == kinds


@pytest.mark.parametrize("own", [("B-PER", "E-PER", "O"), ("S-PER", "O", "O")])
def test_a_corrected_post_is_written_in_the_scheme_of_its_file(tmp_path: Path, own: tuple[str, ...]) -> None:
    (tmp_path / "train.txt").write_text(
        "".join(f"w{n}\t{tag}\n" for n, tag in enumerate(own)) + "\nx\tO\ny\tO\n", encoding="utf-8"
    )
    one, other = read_dataset(tmp_path).posts
    write_posts([one, other.with_spans([Span(0, 2, "LOC")])], tmp_path / "out.txt")
    again, defects = read_posts(tmp_path / "out.txt")
    assert [post.tags for post in again] == [own, ("B-LOC", "E-LOC")]
    assert defects == []


@pytest.mark.parametrize("renamed", ["OTHER", "other", "Ort"])
def test_a_renamed_label_that_no_post_has_is_said(tmp_path: Path, renamed: str) -> None:
    reading(tmp_path, {"text": TEXT, "spans": [GOOD]})
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": {renamed: "MISC", "PER": "PERSON"}}))
    data = read_dataset(tmp_path)
    assert (data.labels, data.written) == (("PERSON",), ("PER",))
    assert [(each.kind, each.file) for each in data.defects] == [("unknown-label", "dataset.json")]
    assert f"no post has the label {renamed}" in data.defects[0].detail
    assert data.defects[0].detail.endswith("there are PER.")


@pytest.mark.parametrize("answer", [["accept"], {"a": 1}, 1, None])
def test_an_answer_of_another_kind_is_said(tmp_path: Path, answer: Any) -> None:
    found = reading(tmp_path, {"text": TEXT, "spans": [GOOD], "answer": answer})
    assert [example.spans for example, _ in found.posts] == [None]
    assert [(each.kind, each.line) for each in found.defects] == [("bad-line", 1)]
    assert f"found {answer!r}" in found.defects[0].detail


@pytest.mark.parametrize("tag", ["B-PER\u200b", "S-\u00a0LOC", "B-\u2028", "B-PE\u00adR"])
def test_a_type_with_invisible_characters_is_no_other_type(tmp_path: Path, tag: str) -> None:
    """Such a label could be imported and not be exported as JSON lines, whose reader refuses it, too."""
    (tmp_path / "train.txt").write_text(f"a\tB-PER\nb\tO\n\nc\t{tag}\nd\tO\n", encoding="utf-8")
    data = read_dataset(tmp_path)
    assert data.labels == ("PER",)
    assert [post.spans is None for post in data.posts] == [False, True]
    assert [(each.kind, each.line) for each in data.defects] == [("bad-line", 4)]
