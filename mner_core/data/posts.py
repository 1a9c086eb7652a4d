"""Files of posts, whichever format: read, written, their ids made safe and unique, their labels renamed."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from mner_core.data import conll, jsonl
from mner_core.data.lines import AS_OUTSIDE, UNLABELLED, Defect, Reading
from mner_core.data.sidecars import is_unsafe
from mner_core.tags import decode, split_tag
from mner_core.types import Example, Span

_BEGINNING = {"I": "B", "E": "S"}


def read_posts(file: Path) -> tuple[list[Example], list[Defect]]:
    """The posts of one file as they stand there, without pictures and label mapping, and what was wrong in it.

    Raises:
        InputError: the file cannot be opened.
    """
    reading = read_file(file, "", Ids())
    return [example for example, _ in reading.posts], reading.defects


def write_posts(examples: Iterable[Example], file: Path) -> None:
    """Writes JSON lines to a file that ends in .jsonl, a tag file to any other.

    Raises:
        InputError: the file cannot be written, or cannot say what the posts hold.
    """
    if _is_jsonl(file):
        jsonl.write(examples, file)
    else:
        conll.write(examples, file)


class Ids:
    """Gives each post of a data set an id that is unique, readable and safe as a file name."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._repeats: Counter[str] = Counter()

    def unique(self, wanted: str) -> str:
        """The wanted id, or with -2, -3 and so on behind it."""
        found = wanted
        while found in self._taken:
            self._repeats[wanted] += 1
            found = f"{wanted}-{self._repeats[wanted] + 1}"
        self._taken.add(found)
        return found


def read_file(file: Path, split: str, ids: Ids) -> Reading:
    """The posts of one file with their places; `bad-id` and `duplicate-id` name ids that had to be changed.

    That several posts of a tag file share a picture is no defect, their ids still differ.

    Raises:
        InputError: the file cannot be opened.
    """
    is_jsonl = _is_jsonl(file)
    here: set[str] = set()
    reading = jsonl.read(file, split) if is_jsonl else conll.read(file, split)
    for number, (example, place) in enumerate(reading.posts):
        report = reading.reporter(place.file, place.line)
        wanted = safe_id(example.id)
        unique = ids.unique(wanted)
        if is_jsonl and is_unsafe(example.id):
            report("bad-id", f"The id {example.id!r} could lead out of its folder: the post is called {unique!r}.")
        elif unique != wanted and is_jsonl:
            report("duplicate-id", f"The id {example.id!r} was there before; the post is called {unique!r}.")
        own = example.has_own_id and unique == wanted
        in_file = wanted if example.has_own_id and not own and wanted not in here else None
        here.add(wanted)
        reading.posts[number] = (replace(example, id=unique, has_own_id=own, id_in_file=in_file), place)
    return reading


def without_unclear_labels(reading: Reading) -> Reading:
    """What was read of a file, in which a post with a tag that could not be read is not labelled."""
    posts = [
        (example.with_spans(None) if number in reading.unclear else example, place)
        for number, (example, place) in enumerate(reading.posts)
    ]
    defects = [replace(each, detail=each.detail.replace(AS_OUTSIDE, UNLABELLED)) for each in reading.defects]
    return Reading(posts, defects)


def safe_id(text: str) -> str:
    """The text as an id: no folders, no characters that cannot be seen, at most 80 characters."""
    parts = [part for part in re.split(r"[/\\:]+", text) if part.strip(". ")]
    return "".join(char if char.isprintable() else "_" for char in "_".join(parts))[:80] or "post"


def map_labels(example: Example, mapping: Mapping[str, str]) -> Example:
    """The same post with labels renamed, in spans, tags and subsets: two entities stay two where they touch.

    Where the tags of two entities would then say one (I-OTHER I-MISC with OTHER = MISC), the second begins with B-.
    """
    if example.spans is None or not mapping:
        return example

    def renamed(span: Span) -> Span:
        return replace(span, label=mapping.get(span.label, span.label))

    def retagged(tag: str) -> str:
        prefix, label = split_tag(tag)
        return f"{prefix}-{mapping[label]}" if label in mapping else tag

    spans = tuple(map(renamed, example.spans))
    tags = None if example.tags is None else [retagged(tag) for tag in example.tags]
    if tags is not None and decode(tags) != list(spans):
        for before, after in pairwise(spans):
            prefix, label = split_tag(tags[after.start])
            if before.end == after.start and before.label == after.label and prefix in _BEGINNING:
                tags[after.start] = f"{_BEGINNING[prefix]}-{label}"
    subsets = {name: frozenset(map(renamed, part)) for name, part in example.subsets.items()}
    return replace(example, tags=None if tags is None else tuple(tags), spans=spans, subsets=subsets)


def _is_jsonl(file: Path) -> bool:
    return file.suffix.lower() in {".jsonl", ".json"}
