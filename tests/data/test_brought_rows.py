"""Predictions that were made elsewhere: each field of a row, on both sides of every bound, and the sentence it gets."""

import json
from pathlib import Path
from typing import Any

import pytest

from mner_core.data.brought import BroughtRow, BroughtSpan, read_brought
from mner_core.types import InputError

SPAN = {"start": 0, "end": 3, "label": "PER"}
BOX = [0.0, 0.25, 0.5, 1.0]


def rows(folder: Path, *records: Any, ending: str = "jsonl") -> list[BroughtRow]:
    file = folder / f"found.{ending}"
    lines = [each if isinstance(each, str) else json.dumps(each) for each in records]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_brought(file)


def of_span(**more: Any) -> dict[str, Any]:
    return {"id": "a", "spans": [SPAN, {**SPAN, "start": 4, "end": 7, **more}]}


def test_a_row_with_everything(tmp_path: Path) -> None:
    span = {**SPAN, "label": " PER ", "confidence": 0.5, "boxes": [BOX], "text": "Ann"}
    [row] = rows(tmp_path, {"id": "a", "split": "test", "text": "Ann sat", "spans": [span]})
    whole = BroughtSpan(start=0, end=3, label="PER", confidence=0.5, boxes=((0.0, 0.25, 0.5, 1.0),), text="Ann")
    place = "found.jsonl, line 1"
    assert row == BroughtRow(id="a", split="test", text="Ann sat", spans=(whole,), place=place)
    assert (row.words, row.has_own_id) == (None, True)
    assert row.spans_in("Ann sat") == (whole,)


def test_the_least_of_a_row_and_a_number_as_a_name(tmp_path: Path) -> None:
    empty, named = rows(tmp_path, {"id": 7, "spans": []}, "", {"id": "b", "spans": [[0, 3, "PER"]]})
    assert (empty.id, empty.spans, empty.split, empty.text) == ("7", (), None, None)
    assert (named.id, named.place, named.spans) == (
        "b",
        "found.jsonl, line 3",
        (BroughtSpan(start=0, end=3, label="PER"),),
    )


@pytest.mark.parametrize("ending", ["json", "JSON", "JSONL"])
def test_a_list_is_read_and_endings_in_capitals_too(tmp_path: Path, ending: str) -> None:
    [row] = rows(tmp_path, json.dumps([{"id": "a", "spans": [SPAN]}]), ending=ending)
    assert (row.id, row.place) == ("a", f"found.{ending}, line 1")


def test_spans_are_sorted_and_of_equal_ones_the_first_stays(tmp_path: Path) -> None:
    later, twice, sure = {**SPAN, "start": 4, "end": 7}, {**SPAN, "confidence": 0.1}, {**SPAN, "confidence": 0.9}
    [row] = rows(tmp_path, {"id": "a", "spans": [later, sure, twice, {**SPAN, "label": "LOC"}]})
    assert [(each.start, each.label, each.confidence) for each in row.spans] == [
        (0, "LOC", None),
        (0, "PER", 0.9),
        (4, "PER", None),
    ]


@pytest.mark.parametrize(
    "more", [{"confidence": 0}, {"confidence": 1}, {"confidence": 1.0}, {"boxes": []}, {"boxes": [[0, 0, 1, 1]]}]
)
def test_both_ends_of_what_a_number_may_be_are_taken(tmp_path: Path, more: dict[str, Any]) -> None:
    [row] = rows(tmp_path, of_span(**more))
    found = row.spans[1]
    assert found.confidence == more.get("confidence")
    assert [list(box) for box in found.boxes] == more.get("boxes", [])


NUMBERS = "expected the four numbers [left, top, right, bottom]"
SOME = [BOX[:3], [*BOX, 1], [0, 0, True, 1], [0, "0", 1, 1], "box!", None]
OUTSIDE = [[-0.1, 0, 1, 1], [0, -0.1, 1, 1], [0, 0, 1.1, 1], [0, 0, 1, 1.1]]
EMPTY = [[0.5, 0, 0.5, 1], [0, 0.5, 1, 0.5], [1, 0, 0, 1], [0, 1, 1, 0]]
CONFIDENCE = "confidence has to lie in 0..1, found"
PLACES = [(4, 4), (5, 4), (-1, 3), (0.0, 3), (0, True), (None, 3)]
NO_LIST = "spans has to be a list; an empty one says that there is no entity"
CORNERS = "the corners of a box are shares of the picture, 0..1, left < right, top < bottom"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        *(({"confidence": value}, f"{CONFIDENCE} {value!r}") for value in (1.01, -0.01, True, "1", 2)),
        *(({"start": one, "end": two}, f"0 <= start < end, found {one!r}..{two!r}") for one, two in PLACES),
        *(({"label": value}, "label has to be a name such as PER") for value in ("", "  ", None, 3, "a\nb")),
        *(({"boxes": value}, "boxes has to be a list of boxes") for value in ({}, "no", 1)),
        *(({"boxes": [BOX, value]}, f"boxes[1]: {NUMBERS}") for value in SOME),
        *(({"boxes": [value]}, f"boxes[0]: {CORNERS}") for value in OUTSIDE + EMPTY),
    ],
)  # fmt: skip
def test_what_a_span_may_not_be_is_named_with_its_place(tmp_path: Path, more: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as caught:
        rows(tmp_path, {"id": "0", "spans": []}, of_span(**more))
    assert str(caught.value).startswith("found.jsonl, line 2, spans[1]")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        *(({"id": name, "spans": []}, "a row needs the id of its post") for name in ("", None, 1.5, True, ["a"])),
        ({"spans": []}, "a row needs the id of its post"),
        *(({"id": "a", "spans": value}, NO_LIST) for value in (None, {}, "x")),
        ({"id": "a"}, "spans has to be a list"),
        ({"id": "a", "spans": [], "split": 1}, "split has to be a text"),
        ({"id": "a", "spans": [], "text": ["Ann"]}, "text has to be a text"),
        ("no json", "not valid JSON"),
        *(
            (line, f'This is {what}, not a JSON object such as {{"id": "...", "spans": []}}.')
            for line, what in (
                ("[1, 2]", "a list"), ("[]", "an empty list"), ("[[]]", "a list"), ("7", "a number"),
                ("0.5", "a number"), ('"Ann"', "a text"), ("true", "true or false"), ("null", "null"),
            )
        ),
    ],
)  # fmt: skip
def test_what_a_row_may_not_be_is_named_with_its_line(tmp_path: Path, record: Any, says: str) -> None:
    with pytest.raises(InputError) as caught:
        rows(tmp_path, {"id": "0", "spans": []}, record)
    assert str(caught.value).startswith("found.jsonl, line 2: ")
    assert says in str(caught.value)


def test_a_file_that_says_nothing_is_refused(tmp_path: Path) -> None:
    for empty in ("[\n]", "[]", " [ ] "):
        with pytest.raises(InputError, match=r"^found\.json, line 1: The JSON list is empty\.$"):
            rows(tmp_path, empty, ending="json")
    with pytest.raises(InputError, match=r"^found\.json, line 1: This is an empty list, not a JSON object such as"):
        rows(tmp_path, "[[]]", ending="json")
    with pytest.raises(InputError, match=r"^found\.json, line 2: This is a list, not a JSON object such as"):
        rows(tmp_path, '[{"id": "a", "spans": []},\n[{"id": "b", "spans": []}]]', ending="json")
    with pytest.raises(InputError, match=r"^found\.jsonl: The file holds no text\.$"):
        rows(tmp_path, "")


def test_spans_that_do_not_fit_the_posts_text_are_named(tmp_path: Path) -> None:
    [row, own] = rows(tmp_path, of_span(), {"id": "b", "text": "Ann sat", "spans": [{**SPAN, "text": "Ann"}]})
    assert row.spans_in("Ann sat") == row.spans
    with pytest.raises(
        InputError, match=r"line 1, spans\[1\]: 4\.\.7 lies outside the text of the post 'a', which has 6 "
    ):
        row.spans_in("Ann sa")
    with pytest.raises(InputError, match=r"^found\.jsonl, line 2: the text is not that of the post 'b'"):
        own.spans_in("Ann  sat")
    [other] = rows(tmp_path, {"id": "c", "spans": [{**SPAN, "text": "Bob"}]})
    with pytest.raises(InputError, match=r"^found\.jsonl, line 1, spans\[0\]: 0\.\.3 is 'Ann' and not 'Bob'"):
        other.spans_in("Ann sat")


TAGGED = "IMGID:7\nAnn\tB-PER\nLee\tI-PER\nsat\tO\n\nin\tO\nUlm\tB-LOC\n"


def tagged(folder: Path, text: str = TAGGED) -> list[BroughtRow]:
    (folder / "found.txt").write_text(text, encoding="utf-8")
    return read_brought(folder / "found.txt")


def test_a_tag_file_brings_its_words(tmp_path: Path) -> None:
    first, second = tagged(tmp_path)
    assert (first.words, first.text, first.place) == (("Ann", "Lee", "sat"), "Ann Lee sat", "found.txt, line 1")
    assert first.spans == (BroughtSpan(start=0, end=7, label="PER"),)
    assert (second.words, second.spans) == (("in", "Ulm"), (BroughtSpan(start=3, end=6, label="LOC"),))
    assert (first.split, first.has_own_id, second.has_own_id) == (None, True, False)


@pytest.mark.parametrize(
    ("text", "found"),
    [("Ann Lee sat", (0, 7)), ("AnnLee sat", (0, 6)), ("  Ann   Lee sat ", (2, 11)), ("Ann Leesat", (0, 7))],
)
def test_its_words_are_found_in_a_text_with_other_spaces(tmp_path: Path, text: str, found: tuple[int, int]) -> None:
    [span] = tagged(tmp_path)[0].spans_in(text)
    assert ((span.start, span.end), span.label) == (found, "PER")


@pytest.mark.parametrize(
    "text", ["Ann Lee", "Ann Lee sat down", "Ann Lee did sat", "Lee Ann sat", "so Ann Lee sat", ""]
)
def test_other_words_are_another_post(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"^found\.txt, line 1: the words are not those of the post '7'"):
        tagged(tmp_path)[0].spans_in(text)
