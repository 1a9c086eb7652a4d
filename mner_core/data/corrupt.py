"""Labels made wrong on purpose, by a seed: what a search for wrong labels is measured with.

Four kinds, in equal numbers: a `type` is exchanged, a `boundary` moves by one word, a span is `dropped`, or a span is
`invented` on words that were outside. No span is hit twice, and no two spans ever overlap. Plain errors draw all of it
evenly; realistic ones (`realistic_errors`) are such as annotators make.
"""

import json
import math
import random
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from mner_core.data.dataset import read_dataset
from mner_core.data.lines import read_lines
from mner_core.data.posts import write_posts
from mner_core.data.realistic_errors import RealisticErrors, Way
from mner_core.files import fresh_folder, write_whole
from mner_core.tags import of_whole_words
from mner_core.types import Example, InputError, PostKey, Span

Damage: TypeAlias = Literal["type", "boundary", "dropped", "invented"]
DAMAGES: tuple[Damage, ...] = get_args(Damage)

LIST = "corruptions.jsonl"
"""The file in a corrupted data set that says what was changed."""


@dataclass(frozen=True, slots=True)
class Corruption:
    """One wrong label: `before` is the true span (None: invented), `after` the wrong one (None: dropped).

    `how` says how a realistic one came about ("partial name"). `split` is the post's; older lists do not have it.
    """

    post: str
    kind: Damage
    before: Span | None
    after: Span | None
    how: str = ""
    split: str = ""

    @property
    def key(self) -> PostKey:
        """Which post of its data set it is in."""
        return PostKey(self.split, self.post)

    def to_json(self) -> dict[str, Any]:
        """The fields by name, spans as objects; `split` and `how` where there is something to say."""
        record = {"post": self.post, "kind": self.kind, "before": _record(self.before), "after": _record(self.after)}
        return record | {name: said for name in ("how", "split") if (said := getattr(self, name))}


def corrupt(
    posts: Sequence[Example], share: float, seed: int, realistic: bool = False
) -> tuple[list[Example], list[Corruption]]:
    """The posts with wrong labels, as many as `share` of their gold spans, and what was changed, in the posts' order.

    A span that cannot take its kind (no other label, no free word beside it) is passed over for another one.
    `realistic` makes errors as annotators make them.

    Raises:
        InputError: the share is not in 0..1, or the posts have no room for so many wrong labels.
    """
    if not 0 < share <= 1:
        raise InputError(f"The share of wrong labels must lie above 0 and not above 1, got {share}.")
    rng = random.Random(seed)
    page = _Page(posts, rng, RealisticErrors(posts) if realistic else None)
    if not page.lengths:
        raise InputError("No post has a labelled span; there is nothing that could be made wrong.")
    wanted = max(1, round(share * len(page.lengths)))
    kinds = [DAMAGES[number % len(DAMAGES)] for number in range(wanted)]
    rng.shuffle(kinds)
    changes = [page.damage(kind, rng) for kind in kinds]
    places = {post.key: place for place, post in enumerate(posts)}
    ordered = sorted(changes, key=lambda change: (places[change.key], change.after or change.before))
    return page.posts({change.key for change in changes}), ordered


def corrupt_folder(
    source: Path, out: Path, share: float, seed: int, split: str = "train", realistic: bool = False
) -> list[Corruption]:
    """Copies a data set with wrong labels in one split, and `corruptions.jsonl` beside it; `out` is whole or absent.

    Raises:
        InputError: `out` exists or cannot be written, the split has no labelled posts, or there is no room for so many
            wrong labels.
    """
    if out.exists():
        raise InputError(f"{out.name} exists already; choose another folder.")
    data = read_dataset(source)
    posts = data.split(split)
    wrong, changes = corrupt(posts, share, seed, realistic)
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
            more = {name: str(record.get(name, "")) for name in ("how", "split")}
            changes.append(Corruption(str(record["post"]), record["kind"], spans[0], spans[1], **more))
        except (ValueError, KeyError, TypeError):
            raise InputError(
                f'{file.name} line {number} is no change such as {{"post": "7", "kind": "dropped", '
                '"before": {"start": 0, "end": 1, "label": "PER"}, "after": null}.'
            ) from None
    return changes


class _Page:
    """The posts' spans while they are being changed."""

    def __init__(self, posts: Sequence[Example], rng: random.Random, realistic: RealisticErrors | None) -> None:
        self.examples = posts
        self.post = {post.key: post for post in posts if post.spans is not None}
        self.truth = {post.key: set(post.spans or ()) for post in posts}
        self.spans = {post: set(spans) for post, spans in self.truth.items()}
        untouched = [(post.key, span) for post in posts for span in sorted(of_whole_words(self.truth[post.key]))]
        self.labels = sorted({span.label for _, span in untouched})
        self.lengths = [span.end - span.start for _, span in untouched]
        self.touched: set[tuple[PostKey, Span]] = set()
        self.realistic = realistic
        rng.shuffle(untouched)
        self.queues: dict[str, list[tuple[PostKey, Span]]] = dict.fromkeys(DAMAGES, untouched)
        """By kind, whose turn it is, the next one last; plain errors share one list."""
        if realistic:
            self.queues = {kind: self._likeliest_last(kind, untouched, realistic, rng) for kind in DAMAGES}

    def posts(self, changed: Set[PostKey]) -> list[Example]:
        """All posts; those that nobody changed keep their file's own tags."""
        return [
            each.with_spans(sorted(self.spans[each.key])) if each.key in changed else each for each in self.examples
        ]

    def damage(self, kind: Damage, rng: random.Random) -> Corruption:
        """Makes one label wrong in place."""
        ways: Mapping[Damage, Callable[[Example, Span], Way | None]] = {
            "type": lambda post, span: self._retyped(post, span, rng),
            "boundary": lambda post, span: self._moved(post, span, rng),
        }
        change = self._invent(rng) if kind == "invented" else self._replace(kind, ways.get(kind))
        if change is None:
            raise InputError(f"The posts have no room for another wrong label of the kind {kind}; ask for fewer.")
        return change

    def _likeliest_last(
        self, kind: Damage, spans: Sequence[tuple[PostKey, Span]], realistic: RealisticErrors, rng: random.Random
    ) -> list[tuple[PostKey, Span]]:
        """Weighted sampling without replacement (Efraimidis and Spirakis 2006): the order of random ** (1 / weight)."""
        keys = [math.log(1 - rng.random()) / realistic.weight(kind, self.post[post], span) for post, span in spans]
        return [spans[place] for place in sorted(range(len(spans)), key=lambda place: keys[place])]

    def _replace(self, kind: Damage, wrong: Callable[[Example, Span], Way | None] | None) -> Corruption | None:
        """Changes one span that was never changed before; passes over those that cannot be changed so."""
        queue = self.queues[kind]
        for place in reversed(range(len(queue))):
            if queue[place] in self.touched:
                continue
            post, before = queue[place]
            way = wrong(self.post[post], before) if wrong else None
            if way is None and wrong:
                continue
            self.touched.add(queue.pop(place))
            after, how = way or (None, "overlooked" if self.realistic else "")
            self.spans[post] ^= {before, after} if after else {before}
            return Corruption(post.post, kind, before, after, how, post.split)
        return None

    def _retyped(self, post: Example, span: Span, rng: random.Random) -> Way | None:
        if self.realistic:
            return self.realistic.retyped(post, span, rng)
        return _plain(retyped(span, self.labels, rng))

    def _moved(self, post: Example, span: Span, rng: random.Random) -> Way | None:
        taken = (self.spans[post.key] | self.truth[post.key]) - {span}
        way = self.realistic.moved(post, span, taken, rng) if self.realistic else None
        return way or _plain(moved(span, len(post.tokens), taken, rng))

    def _invent(self, rng: random.Random) -> Corruption | None:
        """On words that neither are nor were an entity's; words that look like a name where errors are realistic."""
        order = rng.sample(list(self.post), len(self.post))
        for like_names in (True, False) if self.realistic else (False,):
            for name in order:
                post, taken = self.post[name], self.spans[name] | self.truth[name]
                if like_names and self.realistic:
                    way = self.realistic.invented(post, taken, rng)
                else:
                    length, label = rng.choice(self.lengths), rng.choice(self.labels)
                    way = _plain(invented(len(post.tokens), length, label, taken, rng))
                if way is not None:
                    self.spans[name].add(way[0])
                    return Corruption(name.post, "invented", None, *way, name.split)
        return None


def _plain(span: Span | None) -> Way | None:
    return None if span is None else (span, "")


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
