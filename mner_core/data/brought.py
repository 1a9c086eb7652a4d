"""Predictions that were made elsewhere, as somebody brings them: JSON rows, or a tag file of the same posts.

A row is `{"id", "split"?, "text"?, "spans": [{"start", "end", "label", "confidence"?, "boxes"?}]}`: code points of the
post's text, end exclusive; a confidence is 0..1, a box has its corners in 0..1 (see `mner_core.types.Box`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mner_core.data.lines import Reading, json_records, read_lines
from mner_core.data.posts import Ids, read_file, safe_id
from mner_core.data.span_boxes import boxes_at
from mner_core.data.span_texts import contradiction, own_text
from mner_core.data.tokenize import character_offsets
from mner_core.data.tool_layouts import places_of_words, span_fields
from mner_core.types import Box, InputError

JSON_ENDINGS = (".jsonl", ".json")
_LOST = frozenset({"bad-line", "not-text", "empty-file", "empty-list"})
"""Kinds of defects that lose a row."""
_SUCH_AS = '{"id": "...", "spans": []}'


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtSpan:
    """Code points `start` to `end` (exclusive) carry `label`; confidence and own text are None without one."""

    start: int
    end: int
    label: str
    confidence: float | None = None
    boxes: tuple[Box, ...] = ()
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtRow:
    """What is said of one post. `place` names file and line for a message.

    `split` and `text` are None where the row does not say them; `words` are those of a tag file, whose spans count
    the characters of `text`, and None in other files. `has_own_id` is False where a tag file gives neither the post nor
    its picture a name.
    """

    id: str
    split: str | None
    text: str | None
    spans: tuple[BroughtSpan, ...]
    place: str
    words: tuple[str, ...] | None = None
    has_own_id: bool = True

    def spans_in(self, text: str) -> tuple[BroughtSpan, ...]:
        """The spans in code points of a post's text.

        Raises:
            InputError: the row is about another text, or a span lies outside of this one or gives another text.
        """
        if self.text is not None and self.text != text:
            if self.words is None:
                raise InputError(f"{self.place}: the text is not that of the post {self.id!r}; bring its own text.")
            return self._moved_to(text)
        for number, span in enumerate(self.spans):
            if said := contradiction({"text": span.text}, text, span.start, span.end):
                raise InputError(f"{self.place}, spans[{number}]: {said}.")
            if span.end > len(text):
                raise InputError(
                    f"{self.place}, spans[{number}]: {span.start}..{span.end} lies outside the text of the post "
                    f"{self.id!r}, which has {len(text)} characters."
                )
        return self.spans

    def _moved_to(self, text: str) -> tuple[BroughtSpan, ...]:
        """The spans of a tag file's words where these words stand in a text with other spaces."""
        assert self.words is not None
        assert self.text is not None
        here, there = places_of_words(self.words, self.text), places_of_words(self.words, text)
        if here is None or there is None or text[there[-1][1] :].strip():
            raise InputError(f"{self.place}: the words are not those of the post {self.id!r}; bring the same posts.")
        starts = {one[0]: other[0] for one, other in zip(here, there, strict=True)}
        ends = {one[1]: other[1] for one, other in zip(here, there, strict=True)}
        return tuple(BroughtSpan(start=starts[each.start], end=ends[each.end], label=each.label) for each in self.spans)


def read_brought(file: Path) -> list[BroughtRow]:
    """The rows of a file that ends in .jsonl or .json (a row a line, or a list), or the posts of a tag file.

    Raises:
        InputError: the file cannot be read, says nothing, or has something in it that cannot be used, in a named line.
    """
    rows = _json_rows(file) if file.suffix.lower() in JSON_ENDINGS else _tagged(file)
    if not rows:
        raise InputError(f"There are no predictions in {file.name}.")
    return rows


def _json_rows(file: Path) -> list[BroughtRow]:
    lines, defects = read_lines(file)
    reading = Reading(defects=defects)
    records = json_records(lines, reading, file.name, _SUCH_AS)
    rows = [_row(record, f"{file.name}, line {number}") for number, record in records]
    _must_be_whole(reading)
    return rows


def _tagged(file: Path) -> list[BroughtRow]:
    reading = read_file(file, "", Ids())
    _must_be_whole(reading)
    rows = []
    for example, at in reading.posts:
        place = f"{file.name}, line {at.line}"
        if example.spans is None:
            raise InputError(f"{place}: the post has no tags; leave it out, or tag it.")
        spans = ((*character_offsets(example.tokens, span), span.label) for span in example.spans)
        rows.append(
            BroughtRow(
                id=example.id,
                split=None,
                text=example.text,
                spans=tuple(BroughtSpan(start=start, end=end, label=label) for start, end, label in spans),
                place=place,
                words=example.words,
                has_own_id=example.has_own_id or example.image_name is not None,
            )
        )
    return rows


def _must_be_whole(reading: Reading) -> None:
    """Refuses a file of which something was not understood: a prediction that is lost would count as missed."""
    bad = next((each for each in reading.defects if each.kind in _LOST), None)
    if bad is not None:
        where = f"{bad.file}, line {bad.line}" if bad.line else bad.file
        raise InputError(f"{where}: {bad.detail}")


def _row(record: dict[str, Any], place: str) -> BroughtRow:
    name, spans = record.get("id"), record.get("spans")
    if type(name) is int:
        name = str(name)
    if not isinstance(name, str) or not name:
        raise InputError(f"{place}: a row needs the id of its post.")
    if not isinstance(spans, list):
        raise InputError(f"{place}: spans has to be a list; an empty one says that there is no entity.")
    said = {field: record.get(field) for field in ("split", "text")}
    for field, value in said.items():
        if value is not None and not isinstance(value, str):
            raise InputError(f"{place}: {field} has to be a text.")
    found = [_span(item, f"{place}, spans[{number}]") for number, item in enumerate(spans)]
    kept = {(span.start, span.end, span.label): span for span in reversed(found)}
    whole = tuple(kept[key] for key in sorted(kept))
    return BroughtRow(id=name, split=said["split"], text=said["text"], spans=whole, place=place)


def _span(item: Any, place: str) -> BroughtSpan:
    start, end, label = span_fields(item)
    if type(start) is not int or type(end) is not int or not 0 <= start < end:
        raise InputError(f"{place}: expected whole numbers with 0 <= start < end, found {start!r}..{end!r}.")
    if not isinstance(label, str) or not label.strip() or not label.isprintable():
        raise InputError(f"{place}: label has to be a name such as PER.")
    about = item if isinstance(item, dict) else {}
    return BroughtSpan(
        start=start,
        end=end,
        label=label.strip(),
        confidence=_confidence(about.get("confidence"), place),
        boxes=() if about.get("boxes") is None else boxes_at(about["boxes"], place),
        text=own_text(item),
    )


def _confidence(value: Any, place: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InputError(f"{place}: confidence has to lie in 0..1, found {value!r}.")
    return float(value)


def names_of(row: BroughtRow) -> tuple[str, ...]:
    """The ids under which a data set may have the row's post: as it stands there, and as an import makes it safe."""
    return tuple(dict.fromkeys((row.id, safe_id(row.id))))
