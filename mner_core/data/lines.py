"""What all readers share: text files in lines, the place of a post in its file, and what was wrong there."""

import codecs
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any, Literal, TypeAlias

from mner_core.types import Example, InputError

Kind: TypeAlias = Literal[
    "ambiguous-image", "bad-box", "bad-gold", "bad-id", "bad-image", "bad-knowledge", "bad-line", "bad-text",
    "bad-type", "blank-token", "broken-image", "changed-gold", "changed-post", "duplicate-id", "duplicate-text",
    "empty-caption", "empty-file", "empty-list", "empty-post", "extra-file", "inside-word", "invisible-token",
    "label-differs", "missing-image", "mixed-schemes", "nested-entities", "not-accepted", "not-text",
    "orphan-inside", "overlapping-spans", "overlong-text", "repeated-caption", "uncovered-text", "unknown-id",
    "unknown-label", "unmatched-post", "unread-labels", "unread-pictures",
]  # fmt: skip
"""Everything that can be wrong in data."""
Report: TypeAlias = Callable[[Kind, str], None]
"""`report(kind, detail)` notes a defect of the line that is being read."""
AS_OUTSIDE = "it counts as O"
"""What a defect says of a word whose tag cannot be read; in a data set its post is not labelled (`UNLABELLED`)."""
UNLABELLED = "the post counts as not labelled"
"""What a defect says at its end where a label could not be read: half of the gold would be wrong gold."""


_PACKED = {
    b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "Zstandard", b"7z\xbc\xaf": "7z",
    b"Rar!": "RAR", b"PK\x03\x04": "zip", b"PAR1": "Parquet", b"SQLite": "SQLite",
}  # fmt: skip
"""How files begin that are packed, or a table of another kind."""
_SPACE = re.compile(r"\s*")
_LIST = re.compile(r"\[\s*([\[{\]]|$)")
"""How the first line of a single JSON list begins; a line that is one pair of a text and an object begins otherwise."""

OF_POST = '{"text": "..."}'
"""The least that a JSON object says of a post."""
_KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false", NoneType: "null"}


@dataclass(frozen=True, slots=True)
class Defect:
    """Something wrong in the data: what kind of thing, in which file and line (from 1), and a sentence about it.

    `file` is relative to the data set's folder; `line` is None where the whole file is meant.
    """

    kind: Kind
    file: str
    line: int | None
    detail: str

    def to_json(self) -> dict[str, Any]:
        """The four fields by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class FilePlace:
    """Where a post stands: its file, its first line (from 1) and the line of each of its words."""

    file: str
    line: int
    words: tuple[int, ...]


@dataclass(slots=True)
class Reading:
    """What a reader got out of one file: posts with their places, and what it could not read.

    `unclear` are the places (in `posts`) of those with a word whose tag could not be read, so that it counts as O.
    """

    posts: list[tuple[Example, FilePlace]] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)
    unclear: set[int] = field(default_factory=set)

    def reporter(self, file: str, line: int | None) -> Report:
        """A `Report` for one line of one file."""
        return lambda kind, detail: self.defects.append(Defect(kind, file, line, detail))


def read_lines(file: Path) -> tuple[list[str], list[Defect]]:
    r"""The file's lines without their ends (\n or \r\n; nothing else ends a line: words may hold U+2028 and U+0085).

    UTF-8 with or without BOM, or UTF-16 with BOM. Bytes that are no UTF-8 become U+FFFD and a `bad-line`. An empty file
    gives `empty-file` and a binary one `not-text`, both without lines.

    Raises:
        InputError: the file cannot be opened.
    """
    return lines_of(read_bytes(file), file.name)


def lines_of(data: bytes, called: str) -> tuple[list[str], list[Defect]]:
    """As `read_lines`, of the content of a file that is called so."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", errors="replace").encode()
    data = data.removeprefix(codecs.BOM_UTF8)
    if not data.strip():
        return [], [Defect("empty-file", called, None, "The file holds no text.")]
    raw = data.split(b"\n" if b"\n" in data else b"\r")
    lines = [line.removesuffix(b"\r").decode("utf-8", errors="replace") for line in raw]
    bad = [] if _is_utf8(data) else [place for place, line in enumerate(raw) if not _is_utf8(line)]
    if b"\0" in data or 2 * len(bad) > len(raw):
        return [], [Defect("not-text", called, None, _why_no_text(data))]
    return lines, [
        Defect("bad-line", called, place + 1, "Some bytes are not UTF-8; they are read as U+FFFD.") for place in bad
    ]


def _why_no_text(data: bytes) -> str:
    """What a file is that is no text, and what to do."""
    kind = next((kind for begin, kind in _PACKED.items() if data.startswith(begin)), "")
    kind = "tar" if data[257:262] == b"ustar" else kind
    if kind in {"Parquet", "SQLite"}:
        return f"The file is {kind}, which is not read; write its posts as .jsonl and try again."
    if kind:
        return f"The file is packed ({kind}); unpack it, or pack it as an ordinary zip, and try again."
    return "The file is not UTF-8 text; save it as UTF-8 and try again."


def json_records(
    lines: Sequence[str], reading: Reading, called: str, such_as: str = OF_POST
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file with the lines on which they begin: one a line, or those of a single list.

    What is none is a `bad-line` that says what it is, and what is expected: an object such as `such_as`.

    Raises:
        InputError: the file is one JSON object over several lines, or a list that breaks off.
    """
    first = next((number for number, line in enumerate(lines, 1) if line.strip()), 1)
    begin = lines[first - 1].strip() if lines else ""
    if begin == "{":
        raise InputError(
            f"{called}, line {first}: one JSON object is no list of posts; write a post a line, or a list."
        )
    if _LIST.match(begin):
        yield from _listed(lines, reading, called, such_as)
        return
    for number, line in enumerate(lines, 1):
        if line.strip() and (record := json_record(line, reading.reporter(called, number), such_as)) is not None:
            yield number, record


def _listed(lines: Sequence[str], reading: Reading, called: str, such_as: str) -> Iterator[tuple[int, dict[str, Any]]]:
    text, decoder = "\n".join(lines), json.JSONDecoder()
    place = _past(text, text.index("[") + 1)
    line, counted = 1, 0
    if text.startswith("]", place):
        reading.reporter(called, 1)("empty-list", "The JSON list is empty.")
    while not text.startswith("]", place):
        line, counted = line + text.count("\n", counted, place), place
        try:
            record, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            raise InputError(f"{called}, line {line}: the JSON list is broken here.") from None
        found = _as_object(record)
        if found is None:
            reading.reporter(called, line)("bad-line", _no_object(record, such_as))
        else:
            yield line, found
        place = _past(text, place)
        place = _past(text, place + 1) if text.startswith(",", place) else place
    if (rest := _past(text, place + 1)) < len(text):
        line += text.count("\n", counted, rest)
        raise InputError(f"{called}, line {line}: the JSON list ends before; write one list, or a post a line.")


def _past(text: str, place: int) -> int:
    """The place of the next character that is no space."""
    return _SPACE.match(text, place).end()  # type: ignore[union-attr]


def json_record(line: str, report: Report, such_as: str = "") -> dict[str, Any] | None:
    """The JSON object that a line holds (see `_as_object`); None, and a `bad-line`, where it holds none."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        report("bad-line", f"The line is not valid JSON ({error}).")
        return None
    found = _as_object(record)
    if found is None:
        report("bad-line", _no_object(record, such_as))
    return found


def _no_object(value: Any, such_as: str) -> str:
    """What a JSON value is that is no object, and what an object would look like."""
    what = "an empty list" if value == [] else _KINDS[type(value)]
    return f"This is {what}, not a JSON object{such_as and f' such as {such_as}'}."


def _as_object(record: Any) -> dict[str, Any] | None:
    """A JSON object; a pair of a text and an object, as spaCy's training data are, is the object with that `text`."""
    match record:
        case [str(text), dict(about)]:
            return {**about, "text": text}
        case dict():
            return record
    return None


def read_bytes(file: Path) -> bytes:
    """The file's content.

    Raises:
        InputError: the file cannot be opened.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {file.name}: {error.strerror or error}.") from error


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
