"""Where the labels of an exported data set come from: `history.jsonl` beside its posts has every revision of each.

A line: `{"post", "split", "track", "number", "status", "run", "marks": [{"start", "end", "label"}], ..}`, places in
code points. `run` is the run whose suggestions the author saw. Labels that go back to one speak for it, so a
comparison of runs asks for the labels before. Posts are found by split and id; JSON lines keep them, tag files do not.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mner_core.types import Example, InputError, Span

FILE = "history.jsonl"
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LabelRevision:
    """One state of a post's labels: `spans` count code points, `run` suggested them, `status` as the store has it."""

    number: int
    status: str
    run: str | None
    spans: tuple[Span, ...]


LabelHistory = Mapping[_Key, Sequence[LabelRevision]]
"""The revisions of the exported gold, oldest first, by split and id."""


def read_history(data: Path) -> LabelHistory:
    """The history beside a file of posts, or in their folder; empty where there is none.

    Raises:
        InputError: a line cannot be read.
    """
    folder = data if data.is_dir() else data.parent
    file = folder / FILE
    if not file.is_file():
        return {}
    track, found = _track(folder), defaultdict(list)
    for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), 1):
        if not line:
            continue
        try:
            record = json.loads(line)
            revision = LabelRevision(
                int(record["number"]),
                str(record["status"]),
                record["run"],
                tuple(Span(int(mark["start"]), int(mark["end"]), str(mark["label"])) for mark in record["marks"]),
            )
            if record["track"] == track:
                found[str(record["split"]), str(record["post"])].append(revision)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{FILE} line {number} is no revision as `db export` writes it: {error}.") from error
    return {key: sorted(revisions, key=lambda each: each.number) for key, revisions in found.items()}


def suggesting(history: LabelHistory, posts: Sequence[Example]) -> set[str]:
    """The runs that suggested labels of these posts."""
    revisions = (revision for post in posts for revision in history.get((post.split, post.id), ()))
    return {revision.run for revision in revisions if revision.run is not None}


def before(history: LabelHistory, post: Example, runs: Collection[str]) -> tuple[bool, tuple[Span, ...] | None]:
    """Whether the post's labels go back to a suggestion of one of the runs, and those from before, None for none."""
    revisions = history.get((post.split, post.id), ())
    counting = [revision for revision in revisions if revision.status != "draft"]
    first = next((revision.number for revision in revisions if revision.run in runs), None)
    if first is None or not counting or counting[-1].number < first:
        return False, None
    earlier = [revision for revision in counting if revision.number < first]
    return True, earlier[-1].spans if earlier and earlier[-1].status == "submitted" else None


def _track(folder: Path) -> str:
    """The track that was exported; "original" has no revisions but the imported ones, and no run suggested them."""
    try:
        record = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        record = {}
    gold = record.get("gold", "current") if isinstance(record, dict) else "current"
    return "gold" if gold == "current" else str(gold)
