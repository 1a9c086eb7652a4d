"""The JSON records that annotation tools write, as this project's own JSON lines say the same (see `jsonl`).

Read are doccano (`label` or `labels` with [start, end, label], `entities` with start_offset and end_offset, the text
also as `data`), spaCy (pairs of a text and `entities`, or `ents` of `Doc.to_json`), Prodigy (`tokens` with places; its
`answer`), and the layout of Hugging Face data sets (`tokens` that are words, and `ner_tags`, one a word).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from mner_core.data.label_fields import ranges_of, ranges_of_tags, tags_of_words, unread_labels, wrong_tags
from mner_core.data.lines import UNLABELLED, Report
from mner_core.data.span_texts import contradiction


class OwnLayout(NamedTuple):
    """A record with `text`, `spans` and `tokens` as `jsonl` has them, and `tags` where it came with some.

    `field` is the name under which the spans stood, `unread` one under which something looks like labels that are not
    read, "" where there is none.
    """

    record: dict[str, Any]
    field: str
    unread: str


def own_layout(record: dict[str, Any], report: Report) -> OwnLayout:
    """The same post as this project writes it.

    A field that cannot be used is a `bad-line`; labels that an annotator rejected or passed over do not count. Where
    labels cannot be read the post has none, not even those that could be.
    """
    own = dict(record)
    if record.get("text") is None and isinstance(record.get("data"), str):
        own["text"] = record["data"]
    tokens = record.get("tokens")
    words = tokens if isinstance(tokens, list) and tokens and all(isinstance(each, str) for each in tokens) else None
    field, spans, why = ranges_of(record, words is not None)
    own |= {"spans": spans, "tags": None}
    read = [field] if spans is not None or why else []
    if words:
        tagged = tags_of_words(record) if spans is None and not why else None
        read += [tagged] if tagged else []
        why = _take_words(own, words, tagged, record.get(tagged or ""), report) or why
    elif isinstance(tokens, list) and tokens and all(isinstance(each, dict) for each in tokens):
        why = _take_places(own, tokens, report) or why
    unread, is_often = "", False
    if not own["spans"] and own["tags"] is None and not why:
        unread, is_often = unread_labels(record, read)
    if why or is_often:
        own |= {"spans": None, "tags": None}
    if why:
        report("bad-line", f"{why}; {UNLABELLED}.")
    if "answer" in record:
        _take_answer(own, record["answer"], bool(why or unread), report)
    return OwnLayout(own, field, unread if own["spans"] is None else "")


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


def _take_words(own: dict[str, Any], words: list[str], tagged: str | None, tags: Any, report: Report) -> str:
    """Notes text and places of words, and what their tags say; why these cannot be read, if so."""
    text = own["text"] if isinstance(own.get("text"), str) else " ".join(words)
    places = places_of_words(words, text)
    own |= {"text": text, "tokens": places}
    if places is None:
        said = "tokens: they are not the words of the text in order; words are found anew"
        if tagged:
            return said
        report("bad-line", f"{said}.")
    elif tagged:
        if why := wrong_tags(tags, len(words)):
            return f"{tagged}: {why}"
        own |= {"spans": ranges_of_tags(tags, places), "tags": tags}
    return ""


def _take_places(own: dict[str, Any], tokens: list[dict[str, Any]], report: Report) -> str:
    """Notes the places of words; why labels that count as they do cannot be read, if the words' own texts differ."""
    own["tokens"] = [[token.get("start"), token.get("end")] for token in tokens]
    text = own.get("text")
    for place, token in enumerate(tokens if isinstance(text, str) else ()):
        if said := contradiction(token, str(text), token.get("start"), token.get("end")):
            own["tokens"] = None
            said = f"tokens[{place}]: {said}; words are found anew"
            if own["spans"]:
                return said
            report("bad-line", f"{said}.")
            break
    return ""


def _take_answer(own: dict[str, Any], answer: Any, is_unread: bool, report: Report) -> None:
    """Prodigy's accept (no spans: no entity), reject (the labels are wrong) and ignore (nobody judged them)."""
    if answer == "accept":
        own["spans"] = [] if own["spans"] is None and not is_unread else own["spans"]
        return
    if answer in ("reject", "ignore"):
        report("not-accepted", f"The answer is {answer}: its labels do not count, {UNLABELLED}.")
    else:
        report("bad-line", f"answer: expected accept, reject or ignore, found {answer!r}; {UNLABELLED}.")
    own |= {"spans": None, "tags": None}
