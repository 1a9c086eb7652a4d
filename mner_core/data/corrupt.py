"""Labels made wrong on purpose, by a seed: what a search for wrong labels is measured with.

Four kinds, in equal numbers: a `type` is exchanged, a `boundary` moves by one word, a span is `dropped`, or a span is
`invented` on words that were outside. No span is hit twice, and no two spans ever overlap.
"""

import json
import random
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from mner_core.data.dataset import read_dataset
from mner_core.data.lines import read_lines
from mner_core.data.posts import write_posts
from mner_core.files import fresh_folder, write_whole
from mner_core.types import Example, InputError, Span

Damage: TypeAlias = Literal["type", "boundary", "dropped", "invented"]
DAMAGES: tuple[Damage, ...] = get_args(Damage)

LIST = "corruptions.jsonl"
"""The file in a corrupted data set that says what was changed."""


@dataclass(frozen=True, slots=True)
class Corruption:
    """One wrong label: `before` is the true span (None: invented), `after` the wrong one (None: dropped)."""

    post: str
    kind: Damage
    before: Span | None
    after: Span | None

    def to_json(self) -> dict[str, Any]:
        """The four fields by name, spans as objects."""
        return {"post": self.post, "kind": self.kind, "before": _record(self.before), "after": _record(self.after)}


def corrupt(posts: Sequence[Example], share: float, seed: int) -> tuple[list[Example], list[Corruption]]:
    """The posts with wrong labels, as many as `share` of their gold spans, and what was changed, in the posts' order.

    A span that cannot take its kind (no other label, no free word beside it) is passed over for another one.

    Raises:
        InputError: the share is not in 0..1, or the posts have no room for so many wrong labels.
    """
    if not 0 < share <= 1:
        raise InputError(f"The share of wrong labels must lie above 0 and not above 1, got {share}.")
    rng = random.Random(seed)
    page = _Page(posts, rng)
    if not page.untouched:
        raise InputError("No post has a labelled span; there is nothing that could be made wrong.")
    wanted = max(1, round(share * len(page.untouched)))
    kinds = [DAMAGES[number % len(DAMAGES)] for number in range(wanted)]
    rng.shuffle(kinds)
    changes = [page.damage(kind, rng) for kind in kinds]
    places = {post.id: place for place, post in enumerate(posts)}
    ordered = sorted(changes, key=lambda change: (places[change.post], change.after or change.before))
    return page.posts({change.post for change in changes}), ordered


def corrupt_folder(source: Path, out: Path, share: float, seed: int, split: str = "train") -> list[Corruption]:
    """Copies a data set with wrong labels in one split, and `corruptions.jsonl` beside it; `out` is whole or absent.

    Raises:
        InputError: `out` exists or cannot be written, the split has no labelled posts, or there is no room for so many
            wrong labels.
    """
    if out.exists():
        raise InputError(f"{out.name} exists already; choose another folder.")
    data = read_dataset(source)
    posts = data.split(split)
    wrong, changes = corrupt(posts, share, seed)
    with fresh_folder(out) as folder:
        shutil.copytree(source, folder, dirs_exist_ok=True)
        folder.chmod(0o700)  # also of a data set that may only be read
        write_posts(wrong, folder / posts[0].source)
        write_whole(folder / LIST, "".join(json.dumps(change.to_json()) + "\n" for change in changes))
    return changes


def read_corruptions(file: Path) -> list[Corruption]:
    """The list that `corrupt_folder` wrote.

    Raises:
        InputError: the file cannot be opened, or a line is no record of a change.
    """
    lines, _ = read_lines(file)
    changes = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            spans = (_span(record["before"]), _span(record["after"]))
            if record["kind"] not in DAMAGES or spans == (None, None):
                raise ValueError
            changes.append(Corruption(str(record["post"]), record["kind"], *spans))
        except (ValueError, KeyError, TypeError):
            raise InputError(
                f'{file.name} line {number} is no change such as {{"post": "7", "kind": "dropped", '
                '"before": {"start": 0, "end": 1, "label": "PER"}, "after": null}.'
            ) from None
    return changes


class _Page:
    """The posts' spans while they are being changed."""

    def __init__(self, posts: Sequence[Example], rng: random.Random) -> None:
        self.examples = posts
        self.truth = {post.id: set(post.spans or ()) for post in posts}
        self.spans = {post: set(spans) for post, spans in self.truth.items()}
        self.words = {post.id: len(post.tokens) for post in posts if post.spans is not None}
        self.untouched = [(post.id, span) for post in posts for span in sorted(self.truth[post.id])]
        self.labels = sorted({span.label for _, span in self.untouched})
        self.lengths = [span.end - span.start for _, span in self.untouched]
        rng.shuffle(self.untouched)

    def posts(self, changed: Iterable[str]) -> list[Example]:
        """All posts; those that nobody changed keep their file's own tags."""
        changed = set(changed)
        return [post.with_spans(sorted(self.spans[post.id])) if post.id in changed else post for post in self.examples]

    def damage(self, kind: Damage, rng: random.Random) -> Corruption:
        """Makes one label wrong in place."""
        ways: Mapping[Damage, Callable[[], Corruption | None]] = {
            "type": lambda: self._replace("type", lambda _, span: retyped(span, self.labels, rng)),
            "boundary": lambda: self._replace("boundary", lambda post, span: self._moved(post, span, rng)),
            "dropped": lambda: self._replace("dropped", lambda *_: None),
            "invented": lambda: self._invent(rng),
        }
        change = ways[kind]()
        if change is None:
            raise InputError(f"The posts have no room for another wrong label of the kind {kind}; ask for fewer.")
        return change

    def _replace(self, kind: Damage, wrong: Callable[[str, Span], Span | None]) -> Corruption | None:
        """Changes one span that was never changed before; passes over those that cannot be changed so."""
        for place in reversed(range(len(self.untouched))):
            post, before = self.untouched[place]
            after = wrong(post, before)
            if after is None and kind != "dropped":
                continue
            del self.untouched[place]
            self.spans[post] ^= {before, after} if after else {before}
            return Corruption(post, kind, before, after)
        return None

    def _moved(self, post: str, span: Span, rng: random.Random) -> Span | None:
        return moved(span, self.words[post], (self.spans[post] | self.truth[post]) - {span}, rng)

    def _invent(self, rng: random.Random) -> Corruption | None:
        """On words that neither are nor were an entity's."""
        posts = list(self.words)
        for post in rng.sample(posts, len(posts)):
            taken = self.spans[post] | self.truth[post]
            after = invented(self.words[post], rng.choice(self.lengths), rng.choice(self.labels), taken, rng)
            if after is not None:
                self.spans[post].add(after)
                return Corruption(post, "invented", None, after)
        return None


def retyped(span: Span, labels: Sequence[str], rng: random.Random) -> Span | None:
    """The span with another label, None where there is no other."""
    others = [label for label in labels if label != span.label]
    return Span(span.start, span.end, rng.choice(others)) if others else None


def moved(span: Span, num_words: int, taken: Iterable[Span], rng: random.Random) -> Span | None:
    """The span with its start or end one word further left or right, clear of the `taken` ones; None without room."""
    bounds = [(span.start - 1, span.end), (span.start + 1, span.end), (span.start, span.end - 1)]
    bounds.append((span.start, span.end + 1))
    taken = list(taken)
    ways = [Span(start, end, span.label) for start, end in bounds if 0 <= start < end <= num_words]
    free = [way for way in ways if not any(way.overlaps(other) for other in taken)]
    return rng.choice(free) if free else None


def invented(num_words: int, length: int, label: str, taken: Iterable[Span], rng: random.Random) -> Span | None:
    """A span of `length` words that are nobody's, None without room."""
    taken = list(taken)
    ways = [Span(start, start + length, label) for start in range(num_words - length + 1)]
    free = [way for way in ways if not any(way.overlaps(other) for other in taken)]
    return rng.choice(free) if free else None


def _record(span: Span | None) -> dict[str, Any] | None:
    return None if span is None else {"start": span.start, "end": span.end, "label": span.label}


def _span(record: Any) -> Span | None:
    return None if record is None else Span(record["start"], record["end"], record["label"])
