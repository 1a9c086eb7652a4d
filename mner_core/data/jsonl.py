"""Posts as JSON lines (or one JSON list), with labels as character ranges: code points of the text, end exclusive.

`{"id", "text", "spans": [{"start", "end", "label"}] | null, "tokens": [[start, end], ..], "image": name | null,
"caption", "objects": [{"label", "box", "score"}], "subsets": {name: [spans]}}`; only `text` is needed.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from mner_core.data.lines import FilePlace, Reading, Report, json_records, read_lines
from mner_core.data.sidecars import parse_objects
from mner_core.data.tokenize import character_offsets, entity_at, tokenize
from mner_core.data.tool_layouts import UNLABELLED, own_layout, span_fields
from mner_core.files import write_whole
from mner_core.types import Example, InputError, Span, Token


class _Range(NamedTuple):
    """Characters `start` to `end` (exclusive) carry `label`."""

    start: int
    end: int
    label: str


def read(file: Path, split: str = "") -> Reading:
    """The posts of a JSON lines file.

    What annotation tools write is read as well (`tool_layouts`). A field that cannot be used is a `bad-line` that names
    it and costs only itself; a line without a text costs the post; one of whose labels none can be read is unlabelled.
    The words follow from the text, or from `tokens`, and never from spans: one that begins or ends inside a word
    is kept as written (`inside-word`, see `Span.chars`). Spaces at a span's ends do not count; of two that overlap
    the later one is left out (`overlapping-spans`).

    Raises:
        InputError: the file cannot be opened.
    """
    lines, defects = read_lines(file)
    reading = Reading(defects=defects)
    for number, written in json_records(lines, reading, file.name):
        report = reading.reporter(file.name, number)
        record = own_layout(written, report)
        text = _text(record, report)
        if text is None:
            continue
        tokens, spans, subsets = _labels(record, text, report)
        own_id = _id(record, report)
        objects = record.get("objects")
        example = Example(
            id=own_id or f"{file.stem}-{len(reading.posts) + 1}",
            text=text,
            tokens=tokens,
            spans=spans,
            tags=None if spans is None or record.get("tags") is None else tuple(record["tags"]),
            image_name=_string(record, "image", report) or None,
            caption=_string(record, "caption", report),
            objects=None if objects is None else parse_objects(objects, report),
            source=file.name,
            split=split,
            subsets=subsets,
            has_own_id=own_id is not None,
        )
        reading.posts.append((example, FilePlace(file.name, number, (number,) * len(tokens))))
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

    A post without words is written: its reader names it as an `empty-post`.
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
        "spans": None if example.spans is None else _span_records(example, example.spans),
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
        record["subsets"] = {name: _span_records(example, sorted(part)) for name, part in example.subsets.items()}
    return record


def _span_records(example: Example, spans: Iterable[Span]) -> list[dict[str, Any]]:
    offsets = ((*character_offsets(example.tokens, span), span.label) for span in spans)
    return [{"start": start, "end": end, "label": label} for start, end, label in offsets]


def _text(record: dict[str, Any], report: Report) -> str | None:
    text = _string(record, "text", report)
    if text is None and record.get("text") is None:
        report("bad-line", "text: there is none; the post is left out.")
    elif text is not None and not text.strip():
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


def _labels(
    record: dict[str, Any], text: str, report: Report
) -> tuple[tuple[Token, ...], tuple[Span, ...] | None, dict[str, frozenset[Span]]]:
    """The post's tokens, its spans, and the named parts of them."""
    tokens = _tokens(record.get("tokens"), text, report)
    if record.get("spans") is None:
        return tokens, None, {}
    problems: list[tuple[str, str]] = []
    read = _ranges(record["spans"], "spans", tokens, len(text), lambda *problem: problems.append(problem))
    is_unread = bool(record["spans"]) and not read
    for kind, detail in problems:
        report(kind, f"{detail.removesuffix('.')}; {UNLABELLED}." if is_unread else detail)
    if is_unread:
        return tokens, None, {}
    ranges = _without_overlaps(read, report)
    spans = {entry: entity_at(tokens, *entry) for entry in ranges}
    for entry, span in spans.items():
        if span.chars:
            words = text[tokens[span.start].start : tokens[span.end - 1].end]
            report("inside-word", f"spans: {_shown(entry)} begins or ends inside of {words!r}; it is kept as written.")
    return tokens, tuple(spans.values()), _subsets(record.get("subsets"), spans, tokens, len(text), report)


def _tokens(value: Any, text: str, report: Report) -> tuple[Token, ...]:
    if value is None:
        return tokenize(text)
    tokens: list[Token] = []
    end = 0
    for place, pair in enumerate(value if isinstance(value, list) else [None]):
        is_pair = isinstance(pair, list) and len(pair) == 2 and all(type(side) is int for side in pair)
        if not is_pair or not end <= pair[0] < pair[1] <= len(text):
            report("bad-line", f"tokens[{place}]: expected [start, end] in order, in the text; words are found anew.")
            return tokenize(text)
        end = pair[1]
        tokens.append(Token(text[pair[0] : end], pair[0], end))
    if not tokens:
        report("bad-line", "tokens: the list is empty; words are found anew.")
    return tuple(tokens) or tokenize(text)


def _ranges(items: list[Any], field: str, tokens: Sequence[Token], length: int, report: Report) -> list[_Range]:
    """The ranges that can be used, in the order of the text."""
    found = (_range(item, f"{field}[{place}]", tokens, length, report) for place, item in enumerate(items))
    return sorted((entry for entry in found if entry), key=lambda entry: (entry.start, -entry.end))


def _range(item: Any, field: str, tokens: Sequence[Token], length: int, report: Report) -> _Range | None:
    """One range, without what lies outside of tokens at its ends."""
    start, end, label = span_fields(item)
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= length:
        report("bad-line", f"{field}: expected whole numbers, 0 <= start < end <= {length}, found {start!r}..{end!r}.")
        return None
    if not isinstance(label, str) or not label.strip() or not label.isprintable():
        report("bad-line", f"{field}.label: expected a name such as PER.")
        return None
    inside = [token for token in tokens if token.start < end and start < token.end]
    if not inside:
        report("bad-line", f"{field}: there is no word between {start} and {end}.")
        return None
    return _Range(max(start, inside[0].start), min(end, inside[-1].end), label.strip())


def _without_overlaps(ranges: list[_Range], report: Report) -> list[_Range]:
    kept: list[_Range] = []
    for entry in ranges:
        if kept and entry.start < kept[-1].end:
            report("overlapping-spans", f"spans: {_shown(entry)} overlaps {_shown(kept[-1])}; the first one counts.")
        else:
            kept.append(entry)
    return kept


def _subsets(
    value: Any, spans: dict[_Range, Span], tokens: Sequence[Token], length: int, report: Report
) -> dict[str, frozenset[Span]]:
    subsets: dict[str, frozenset[Span]] = {}
    if value is not None and not isinstance(value, dict):
        report("bad-line", 'subsets: expected an object such as {"ambiguous": [..]}.')
        return {}
    for name, items in (value or {}).items():
        if not isinstance(items, list):
            report("bad-line", f"subsets.{name}: expected a list of spans.")
            continue
        entries = _ranges(items, f"subsets.{name}", tokens, length, report)
        for entry in entries:
            if entry not in spans:
                report("bad-line", f"subsets.{name}: {_shown(entry)} is none of the post's spans.")
        subsets[name] = frozenset(spans[entry] for entry in entries if entry in spans)
    return subsets


def _shown(entry: _Range) -> str:
    return f"{entry.start}..{entry.end} {entry.label}"
