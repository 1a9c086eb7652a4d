"""Under which names a JSON record has its labels: those that are read, and those that look like labels and are not."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mner_core.data.lines import Defect
from mner_core.tags import decode

SPANS = ("spans", "label", "labels", "entities", "ents")
"""Names of labelled ranges, the first of which this project writes."""
TAGS = ("ner_tags", "ner", "tags")
"""Names of one tag a word."""
_OF_WORDS = (*TAGS, "labels", "label")
_OFTEN = frozenset({
    "annotation", "annotations", "anno", "bio", "biotags", "completions", "ent", "entities", "entity", "entitylabels",
    "ents", "gold", "goldspans", "iob", "iobtags", "label", "labels", "labelledspans", "mentions", "namedentities",
    "ner", "nerlabels", "nerspans", "nertags", "result", "results", "span", "spans", "tag", "tags", "targets",
})  # fmt: skip
"""Names under which labels often stand, in lower case and letters alone."""
_STARTS = frozenset({"start", "begin", "startoffset", "startchar", "from", "offset", "startpos"})
_TYPES = frozenset({"label", "labels", "type", "tag", "entity", "entitytype", "category", "class", "ner"})
_PASSED_OVER = frozenset({"tokens", "objects", "subsets", "relations", "meta", "metadata", "sents"})
_TAG = re.compile(r"O|[BIESLUMW]-\S+")


def ranges_of(record: Mapping[str, Any], has_words: bool) -> tuple[str, Any, str]:
    """The name of the labelled ranges, the ranges (None where there are none), and why they cannot be read.

    A `label` or `entities` that is no list speaks of others; with `has_words`, texts alone may be one tag a word.
    """
    spans = record.get("spans")
    if spans is not None and not isinstance(spans, list):
        return "spans", None, "spans: expected a list or null"
    lists = {name: record[name] for name in SPANS if isinstance(record.get(name), list)}
    if has_words:
        lists = {name: items for name, items in lists.items() if not items or not _are_texts(items)}
    filled = {name: items for name, items in lists.items() if items}
    if len(filled) > 1:  # what a text is about may stand beside its entities
        filled = {name: items for name, items in filled.items() if not _are_texts(items)} or filled
    names = list(filled or lists)
    if not names:
        return "spans", None, ""
    if len({json.dumps(items) for items in filled.values()}) > 1:
        return names[0], None, f"{' and '.join(names)} hold different labels; leave one of them"
    return names[0], lists[names[0]], ""


def tags_of_words(record: Mapping[str, Any]) -> str | None:
    """The name of the list that says one tag a word; None where there is none."""
    return next((name for name in _OF_WORDS if isinstance(record.get(name), list) and _may_be_tags(record, name)), None)


def unread_labels(record: Mapping[str, Any], read: Sequence[str]) -> tuple[str, bool]:
    """The first name, other than those `read`, under which something looks like labels, "" where none does; and whether
    labels often stand under that name.
    """
    for name, value in record.items():
        plain = _plain(name)
        if name in read or plain in _PASSED_OVER:
            continue
        is_often = plain in _OFTEN and _says_something(value)
        if is_often or (isinstance(value, list) and any(map(_is_range, value))):
            return name, is_often
    return "", False


def of_unread(called: str, lines: Mapping[str, Sequence[int]]) -> list[Defect]:
    """A defect for each name under which labels are not read, from the lines on which it stands."""
    found = []
    for name, numbers in lines.items():
        others = len(numbers) - 1
        posts = "the post counts" if not others else f"this post and {others} other{'s' * (others > 1)} count"
        detail = (
            f"{name}: this looks like labels, which are not read from there; write them as "
            f'"spans": [{{"start": 0, "end": 4, "label": "PER"}}]; {posts} as not labelled.'
        )
        found.append(Defect("unread-labels", called, numbers[0], detail))
    return found


def wrong_tags(tags: Sequence[Any], words: int) -> str:
    """Why tags cannot be read, empty where they can."""
    if len(tags) != words:
        return f"expected one tag a word, found {len(tags)} for {words} words"
    if any(type(tag) is int for tag in tags):
        return "numbers stand for names that the file does not hold; write the names, such as B-PER"
    wrong = next((tag for tag in tags if not isinstance(tag, str) or not re.fullmatch(r"O|[BIES]-.+", tag)), None)
    return "" if wrong is None else f"expected tags such as B-PER, I-PER and O (BIO or BIOES), found {wrong!r}"


def ranges_of_tags(tags: Sequence[str], places: Sequence[Sequence[int]]) -> list[list[Any]]:
    """The entities of tags as [start, end, label] in characters, by the words' places."""
    return [[places[span.start][0], places[span.end - 1][1], span.label] for span in decode(tags)]


def _may_be_tags(record: Mapping[str, Any], name: str) -> bool:
    return name in TAGS or _are_texts(record[name])


def _are_texts(items: Sequence[Any]) -> bool:
    return all(isinstance(item, str) for item in items)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def _is_range(item: Any) -> bool:
    """Whether this is a place with a type, in an object or as [start, end, label]."""
    if isinstance(item, dict):
        names = {_plain(name) for name, value in item.items() if value is not None}
        return bool(names & _STARTS and names & _TYPES)
    return isinstance(item, list) and len(item) >= 3 and [type(part) for part in item[:3]] == [int, int, str]


def _says_something(value: Any) -> bool:
    """Whether a value under such a name may be labels: numbers or texts in lists and objects, or tags.

    Texts alone that are no tags are what a post is about.
    """
    if isinstance(value, str):
        return bool(value) and all(map(_TAG.fullmatch, value.split()))
    if isinstance(value, list) and _are_texts(value):
        return any(map(_TAG.fullmatch, value))
    return isinstance(value, list | dict) and _has_leaf(value)


def _has_leaf(value: Any) -> bool:
    if isinstance(value, list | dict):
        return any(map(_has_leaf, value.values() if isinstance(value, dict) else value))
    return value is not None
