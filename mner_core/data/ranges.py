"""Labelled character ranges of a JSON record, as spans of the post's words."""

import unicodedata
from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Any, NamedTuple, TypeAlias

from mner_core.data.lines import UNLABELLED, Report
from mner_core.data.span_boxes import boxes_at
from mner_core.data.span_texts import contradiction
from mner_core.data.tokenize import entity_at, tokenize
from mner_core.data.tool_layouts import span_fields
from mner_core.types import Box, InputError, Span, Token


class Range(NamedTuple):
    """Characters `start` to `end` (exclusive) carry `label`, as the item `place` of the record's list says."""

    start: int
    end: int
    label: str
    place: int

    @property
    def said(self) -> "_Said":
        """What is said, whichever item says it."""
        return self.start, self.end, self.label


_Said: TypeAlias = tuple[int, int, str]


class Labels(NamedTuple):
    """What a record says of its post's words: see the fields of the same names of `Example`."""

    tokens: tuple[Token, ...]
    spans: tuple[Span, ...] | None = None
    subsets: Mapping[str, frozenset[Span]] = {}
    boxes: Mapping[Span, tuple[Box, ...]] = {}


def labels_of(record: dict[str, Any], field: str, text: str, report: Report) -> Labels:
    """The post's tokens, its spans, the named parts of them and their boxes; `field` is what its file calls the spans.

    Where one label cannot be read the post has none: half of the gold would be wrong gold. Boxes that cannot be read
    cost only themselves.
    """
    tokens = _tokens(record.get("tokens"), text, report)
    if record.get("spans") is None:
        return Labels(tokens)
    problems: list[str] = []
    read = _ranges(record["spans"], field, tokens, text, lambda _, detail: problems.append(detail))
    for detail in problems:
        report("bad-line", f"{detail.removesuffix('.')}; {UNLABELLED}.")
    if problems:
        return Labels(tokens)
    ranges = _without_overlaps(read, field, report)
    spans = {entry.said: entity_at(tokens, *entry.said) for entry in ranges}
    boxes: dict[Span, tuple[Box, ...]] = {}
    for entry, span in zip(ranges, spans.values(), strict=True):
        found = _boxes(record["spans"][entry.place], f"{field}[{entry.place}]", report)
        boxes |= {} if found is None else {span: found}
        if span.chars:
            words = text[tokens[span.start].start : tokens[span.end - 1].end]
            report(
                "inside-word", f"{field}: {_shown(entry)} begins or ends inside of {words!r}; it is kept as written."
            )
    subsets = _subsets(record.get("subsets"), spans, tokens, text, report)
    return Labels(tokens, tuple(spans.values()), subsets, boxes)


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
        return tokenize(text)
    _tell_left_out(tokens, text, report)
    return tuple(tokens)


def _tell_left_out(tokens: Sequence[Token], text: str, report: Report) -> None:
    """Reports what stands in the text and in none of its given words: no model reads it."""
    ends, starts = [0, *(token.end for token in tokens)], [*(token.start for token in tokens), len(text)]
    gaps = [(end, start) for end, start in zip(ends, starts, strict=True) if _shows_something(text[end:start])]
    if gaps:
        end, start = gaps[0]
        more = f" and {len(gaps) - 1} more part{'s' * (len(gaps) > 2)} of the text" if len(gaps) > 1 else ""
        said = shorten(text[end:start], 60, placeholder=" ...")
        report("uncovered-text", f"tokens: they leave out {said!r}{more}, which no model reads.")


def _shows_something(text: str) -> bool:
    """Whether a part of a text has more than spaces, joiners, controls and marks."""
    return any(
        unicodedata.category(char) not in {"Cc", "Cf"} and unicodedata.category(char)[0] not in "MZ" for char in text
    )


def _ranges(items: list[Any], field: str, tokens: Sequence[Token], text: str, report: Report) -> list[Range]:
    """The ranges that can be used, in the order of the text."""
    found = (_range(item, f"{field}[{place}]", tokens, text, report) for place, item in enumerate(items))
    numbered = (Range(*entry, place) for place, entry in enumerate(found) if entry)
    return sorted(numbered, key=lambda entry: (entry.start, -entry.end))


def _range(item: Any, field: str, tokens: Sequence[Token], text: str, report: Report) -> _Said | None:
    """One range, without what lies outside of tokens at its ends."""
    start, end, label = span_fields(item)
    if said := contradiction(item, text, start, end):
        report("bad-line", f"{field}: {said}.")
        return None
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
        wanted = f"expected whole numbers, 0 <= start < end <= {len(text)}"
        report("bad-line", f"{field}: {wanted}, found {start!r}..{end!r}{_of(label)}.")
        return None
    if not isinstance(label, str) or not label.strip() or not label.isprintable():
        report("bad-line", f"{field}.label: expected a name such as PER, found {label!r} at {start}..{end}.")
        return None
    inside = [token for token in tokens if token.start < end and start < token.end]
    if not inside:
        report("bad-line", f"{field}: there is no word between {start} and {end}{_of(label)}.")
        return None
    return max(start, inside[0].start), min(end, inside[-1].end), label.strip()


def _boxes(item: Any, place: str, report: Report) -> tuple[Box, ...] | None:
    """Where the entity is to be seen; None where the item does not say so, or says it so that nobody can read it."""
    value = item.get("boxes") if isinstance(item, dict) else None
    try:
        return None if value is None else boxes_at(value, place)
    except InputError as error:
        report("bad-line", str(error))
        return None


def _without_overlaps(ranges: list[Range], field: str, report: Report) -> list[Range]:
    kept: list[Range] = []
    for entry in ranges:
        if kept and entry.start < kept[-1].end:
            report("overlapping-spans", f"{field}: {_shown(entry)} overlaps {_shown(kept[-1])}; the first one counts.")
        else:
            kept.append(entry)
    return kept


def _subsets(
    value: Any, spans: dict[_Said, Span], tokens: Sequence[Token], text: str, report: Report
) -> dict[str, frozenset[Span]]:
    subsets: dict[str, frozenset[Span]] = {}
    if value is not None and not isinstance(value, dict):
        report("bad-line", 'subsets: expected an object such as {"ambiguous": [..]}.')
        return {}
    for name, items in (value or {}).items():
        if not isinstance(items, list):
            report("bad-line", f"subsets.{name}: expected a list of spans.")
            continue
        entries = _ranges(items, f"subsets.{name}", tokens, text, report)
        for entry in entries:
            if entry.said not in spans:
                report("bad-line", f"subsets.{name}: {_shown(entry)} is none of the post's spans.")
        subsets[name] = frozenset(spans[entry.said] for entry in entries if entry.said in spans)
    return subsets


def _of(label: Any) -> str:
    return f" for {label}" if isinstance(label, str) and label.strip() and label.isprintable() else ""


def _shown(entry: Range) -> str:
    return f"{entry.start}..{entry.end} {entry.label}"
