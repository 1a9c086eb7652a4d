"""Posts as JSON lines (or one JSON list), with labels as character ranges: code points of the text, end exclusive.

`{"id", "text", "spans": [{"start", "end", "label", "boxes"?}] | null, "tokens": [[start, end], ..],
"image": name | null, "caption", "objects": [{"label", "box", "score"}], "subsets": {name: [spans]}}`; only `text` is
needed. The `boxes` of a span are where it is to be seen, corners in 0..1; an empty list: it is not in the picture.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from mner_core.data.label_fields import of_unread
from mner_core.data.lines import FilePlace, Reading, Report, json_records, read_lines
from mner_core.data.picture_paths import of_unread_pictures, unread_picture
from mner_core.data.ranges import labels_of
from mner_core.data.sidecars import parse_objects
from mner_core.data.tokenize import character_offsets
from mner_core.data.tool_layouts import OwnLayout, own_layout
from mner_core.files import write_whole
from mner_core.types import Example, InputError, Span


def read(file: Path, split: str = "") -> Reading:
    """The posts of a JSON lines file.

    What annotation tools write is read as well (`tool_layouts`). A field that cannot be used is a `bad-line` that names
    it and costs only itself; a line without a text costs the post. A label that cannot be read costs all labels of its
    post, which is then unlabelled, as it is where labels stand under a name that is not read (`unread-labels`).
    Pictures under such a name are `unread-pictures`.
    The words follow from the text, or from `tokens`, and never from spans: one that begins or ends inside a word
    is kept as written (`inside-word`, see `Span.chars`). Spaces at a span's ends do not count; of two that overlap
    the later one is left out (`overlapping-spans`).

    Raises:
        InputError: the file cannot be opened.
    """
    lines, defects = read_lines(file)
    reading = Reading(defects=defects)
    unread: dict[str, list[int]] = defaultdict(list)
    pictures: dict[str, list[int]] = defaultdict(list)
    for number, written in json_records(lines, reading, file.name):
        found = own_layout(written, reading.reporter(file.name, number))
        example = _example(found, file.stem, len(reading.posts) + 1, reading.reporter(file.name, number))
        if example is None:
            continue
        if found.unread:
            unread[found.unread].append(number)
        if unread_field := unread_picture(written):
            pictures[unread_field].append(number)
        example = replace(example, source=file.name, split=split)
        reading.posts.append((example, FilePlace(file.name, number, (number,) * len(example.tokens))))
    reading.defects += [*of_unread(file.name, unread), *of_unread_pictures(file.name, pictures)]
    return reading


def write(examples: Iterable[Example], file: Path) -> None:
    """Writes posts as JSON lines, whole or not at all. Tokens are written too, so that words come back as they were.

    Raises:
        InputError: a post would be read as something else (see `_must_come_back`), or the file cannot be written.
    """
    examples = list(examples)
    for example in examples:
        _must_come_back(example)
    write_whole(file, "".join(f"{json.dumps(to_record(example), ensure_ascii=False)}\n" for example in examples))


def _must_come_back(example: Example) -> None:
    """Refuses what the reader would take for something else: half characters, labels and spans that cannot be.

    A post without any word is written: its reader names it as an `empty-post`.
    """
    labels = [span.label for span in example.spans or ()]
    words = "".join((example.id, example.text, example.image_name or "", example.caption or "", *labels))
    spans = sorted(example.spans or ())
    if any("\ud800" <= char <= "\udfff" for char in words):
        why = "it holds half of a UTF-16 pair"
    elif any(not label.isprintable() or label != label.strip() for label in labels):
        why = "a label of it has spaces at its ends or characters that cannot be seen"
    elif any(before.overlaps(after) for before, after in pairwise(spans)):
        why = "two of its spans overlap"
    else:
        return
    name = example.id.encode(errors="replace").decode()
    raise InputError(f"Post {name} cannot be written as JSONL: {why}.")


def to_record(example: Example) -> dict[str, Any]:
    """The JSON object of one post, without the fields that have nothing to say."""
    record: dict[str, Any] = {
        "id": example.id,
        "text": example.text,
        "spans": None if example.spans is None else [_entity_record(example, span) for span in example.spans],
        "tokens": [[token.start, token.end] for token in example.tokens],
        "image": example.image_name,
    }
    if example.caption is not None:
        record["caption"] = example.caption
    if example.objects is not None:
        record["objects"] = [
            {"label": item.label, "box": list(item.box), "score": item.score} for item in example.objects
        ]
    if example.subsets:
        record["subsets"] = {
            name: [_span_record(example, span) for span in sorted(part)] for name, part in example.subsets.items()
        }
    return record


def _entity_record(example: Example, span: Span) -> dict[str, Any]:
    """A span with its boxes, where the post has them."""
    boxes = example.boxes.get(span)
    record = _span_record(example, span)
    return record if boxes is None else record | {"boxes": [list(box) for box in boxes]}


def _span_record(example: Example, span: Span) -> dict[str, Any]:
    start, end = character_offsets(example.tokens, span)
    return {"start": start, "end": end, "label": span.label}


def _example(found: OwnLayout, stem: str, place: int, report: Report) -> Example | None:
    """The post of a record, called by its file and place where it brings no id; None where it has no text."""
    record = found.record
    text = _text(record, report)
    if text is None:
        return None
    labels = labels_of(record, found.field, text, report)
    if not labels.tokens:
        report("empty-post", "The post has no words and is left out.")
        return None
    own_id = _id(record, report)
    objects = record.get("objects")
    return Example(
        id=own_id or f"{stem}-{place}",
        text=text,
        tokens=labels.tokens,
        spans=labels.spans,
        tags=None if labels.spans is None or record["tags"] is None else tuple(record["tags"]),
        image_name=_string(record, "image", report) or None,
        caption=_string(record, "caption", report),
        objects=None if objects is None else parse_objects(objects, report),
        subsets=labels.subsets,
        boxes=labels.boxes,
        has_own_id=own_id is not None,
    )


def _text(record: dict[str, Any], report: Report) -> str | None:
    text = _string(record, "text", report)
    if text is None and record.get("text") is None:
        report("bad-line", "text: there is none; the post is left out.")
    elif text is not None and not text.strip() and not record.get("tokens"):  # a tag file may have blank words
        report("empty-post", "The post has no words and is left out.")
        return None
    return text


def _id(record: dict[str, Any], report: Report) -> str | None:
    if type(record.get("id")) is int:  # a number is as good a name as any
        return str(record["id"])
    return _string(record, "id", report) or None


def _string(record: dict[str, Any], field: str, report: Report) -> str | None:
    """A field's string; None where there is none. Half a UTF-16 pair, which JSON can spell, becomes U+FFFD."""
    value = record.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        report("bad-line", f"{field}: expected a string, found {type(value).__name__}.")
        return None
    whole = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in value)
    if whole != value:
        report("bad-line", f"{field}: half of a UTF-16 pair is read as U+FFFD.")
    return whole
