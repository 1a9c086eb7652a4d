"""The JSON records that annotation tools write, as this project's own JSON lines say the same (see `jsonl`).

Read are doccano (`label` or `labels` with [start, end, label], `entities` with start_offset and end_offset, the text
also as `data`), spaCy (pairs of a text and `entities`, or `ents` of `Doc.to_json`), Prodigy (`tokens` with places; its
`answer`), and the layout of Hugging Face data sets (`tokens` that are words, and `ner_tags`, one a word).
"""

import re
from collections.abc import Sequence
from typing import Any

from mner_core.data.lines import Report
from mner_core.tags import decode

UNLABELLED = "the post counts as not labelled"
_SPANS = ("spans", "label", "labels", "entities", "ents")
_TAGS = ("ner_tags", "ner", "tags")
_TAG = re.compile(r"O|[BIES]-.+")


def own_layout(record: dict[str, Any], report: Report) -> dict[str, Any]:
    """The same post with `text`, `spans` and `tokens` as `jsonl` has them, and `tags` where it came with some.

    A field that cannot be used is a `bad-line`; labels that an annotator rejected or passed over do not count.
    """
    own = {key: value for key, value in record.items() if key not in {*_SPANS, *_TAGS}}
    if record.get("text") is None and isinstance(record.get("data"), str):
        own["text"] = record["data"]
    own["spans"] = _spans(record, report)
    tokens = record.get("tokens")
    if isinstance(tokens, list) and tokens and all(isinstance(token, dict) for token in tokens):
        own["tokens"] = [[token.get("start"), token.get("end")] for token in tokens]
    elif isinstance(tokens, list) and tokens and all(isinstance(token, str) for token in tokens):
        own |= _of_words(own, tokens, record, report)
    if "answer" in record:
        own |= _answered(own, record, report)
    return own


def span_fields(item: Any) -> tuple[Any, Any, Any]:
    """Start, end and label of an object with them (or with start_offset and end_offset), or of [start, end, label]."""
    if isinstance(item, list) and len(item) >= 3:
        return item[0], item[1], item[2]
    record = item if isinstance(item, dict) else {}
    start, end = (record.get(side, record.get(f"{side}_offset")) for side in ("start", "end"))
    return start, end, record.get("label")


def places_of_words(words: Sequence[str], text: str) -> list[list[int]] | None:
    """Where the words stand in the text, one behind the other; None where one does not."""
    places, end = [], 0
    for word in words:
        start = text.find(word, end) if word.strip() else -1
        if start < 0 or text[end:start].strip():
            return None
        end = start + len(word)
        places.append([start, end])
    return places


def _spans(record: dict[str, Any], report: Report) -> list[Any] | None:
    """The list of labelled ranges, under whichever name; a `label` or `entities` that is no list speaks of others."""
    spans = record.get("spans")
    if spans is None:
        return next((record[name] for name in _SPANS if isinstance(record.get(name), list)), None)
    if not isinstance(spans, list):
        report("bad-line", f"spans: expected a list or null; {UNLABELLED}.")
        return None
    return spans


def _answered(own: dict[str, Any], record: dict[str, Any], report: Report) -> dict[str, Any]:
    """Prodigy's accept (no spans: no entity), reject (the labels are wrong) and ignore (nobody judged them)."""
    if record["answer"] == "accept":
        return {"spans": [] if own["spans"] is None and "tags" not in own else own["spans"]}
    if record["answer"] in {"reject", "ignore"}:
        report("not-accepted", f"The answer is {record['answer']}: its labels do not count, {UNLABELLED}.")
    else:
        report("bad-line", f"answer: expected accept, reject or ignore, found {record['answer']!r}; {UNLABELLED}.")
    return {"spans": None, "tags": None}


def _of_words(own: dict[str, Any], words: list[str], record: dict[str, Any], report: Report) -> dict[str, Any]:
    """Text and places of words, and what their tags say where the record has no spans."""
    text = own.get("text") if isinstance(own.get("text"), str) else " ".join(words)
    places = places_of_words(words, str(text))
    field = next((name for name in _TAGS if isinstance(record.get(name), list)), None)
    found: dict[str, Any] = {"text": text, "tokens": places}
    if places is None:
        lost = f"; {UNLABELLED}" if field and own["spans"] is None else ""
        report("bad-line", f"tokens: they are not the words of the text in order; words are found anew{lost}.")
        return found
    if field is None or own["spans"] is not None:
        return found
    tags = record[field]
    if why := _wrong_tags(tags, len(words)):
        report("bad-line", f"{field}: {why}; {UNLABELLED}.")
        return found
    spans = [[places[span.start][0], places[span.end - 1][1], span.label] for span in decode(tags)]
    return {**found, "spans": spans, "tags": tags}


def _wrong_tags(tags: list[Any], words: int) -> str:
    """Why tags cannot be read, empty where they can."""
    if len(tags) != words:
        return f"expected one tag a word, found {len(tags)} for {words} words"
    if any(type(tag) is int for tag in tags):
        return "numbers stand for names that the file does not hold; write the names, such as B-PER"
    wrong = next((tag for tag in tags if not isinstance(tag, str) or not _TAG.fullmatch(tag)), None)
    return "" if wrong is None else f"expected tags such as B-PER, I-PER and O (BIO or BIOES), found {wrong!r}"
