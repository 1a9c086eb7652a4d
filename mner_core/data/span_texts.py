"""What a label says that it covers, against what its offsets cover: other units than code points are found out."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

_NAMES = frozenset({
    "coveredtext", "exact", "mention", "phrase", "quote", "spantext", "string", "surface", "surfaceform", "surfacetext",
    "text", "tokentext", "word",
})  # fmt: skip
"""Names under which a label gives its own text, in lower case and letters alone."""


def contradiction(item: Any, text: str, start: Any, end: Any) -> str:
    """Why offsets are not those of the text that the item itself gives, "" where they are or it gives none.

    Capitals, spaces and how letters are composed make no difference. Where the offsets fit in other units (UTF-16 as in
    JavaScript and Java, bytes, an end that is included, counted from 1), the sentence says so.
    """
    said = own_text(item)
    if said is None or type(start) is not int or type(end) is not int or not 0 <= start < end:
        return ""
    if _plain(said) == _plain(text[start:end]):
        return ""
    unit = next((unit for unit, piece in _other_units(text, start, end) if _plain(piece) == _plain(said)), "")
    hint = f", and these fit as {unit}" if unit else ""
    return (
        f"{start}..{end} is {text[start:end]!r} and not {said!r} as it says; "
        f"offsets count characters (Unicode code points) from 0, the end is not included{hint}"
    )


def own_text(item: Any) -> str | None:
    """The text that a label or a word says it covers; None where it says none."""
    fields = item.items() if isinstance(item, dict) else ()
    named = (value for name, value in fields if re.sub(r"[^a-z]", "", name.lower()) in _NAMES)
    return next((value for value in named if isinstance(value, str) and value.strip()), None)


def _other_units(text: str, start: int, end: int) -> Iterator[tuple[str, str]]:
    """What the offsets cover in other units, by the units' names."""
    yield "UTF-16 code units", text.encode("utf-16-le", "replace")[2 * start : 2 * end].decode("utf-16-le", "replace")
    yield "bytes of UTF-8", text.encode("utf-8", "replace")[start:end].decode("utf-8", "replace")
    yield "offsets whose end is included", text[start : end + 1]
    if start:
        yield "offsets that begin at 1", text[start - 1 : end - 1]
        yield "offsets that begin at 1, end included", text[start - 1 : end]


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
