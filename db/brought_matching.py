"""Which post of a data set each brought row is about."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from sqlalchemy import select

from db.engine import Store
from db.posts import Dataset, in_dataset
from db.tables import Posts
from mner_core.data.brought import BroughtRow, BroughtSpan, names_of
from mner_core.data.tokenize import character_offsets, entity_at
from mner_core.types import InputError, Token

_Here: TypeAlias = Mapping[str, Mapping[str, "_Post"]]
"""The posts by id and split."""


@dataclass(frozen=True, slots=True)
class _Post:
    """A post of the data set, as far as it is needed here."""

    key: int
    split: str
    name: str
    text: str
    tokens: Sequence[Sequence[int]]
    origin: Sequence[str] | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The texts of its words."""
        return tuple(self.text[start:end] for start, end in self.tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtPost:
    """A post of the store (`key`) and what was brought about it, in code points of its text."""

    key: int
    split: str
    name: str
    text: str
    spans: tuple[BroughtSpan, ...]

    def to_json(self) -> dict[str, Any]:
        """The row that says the same."""
        return {
            "id": self.name,
            "split": self.split,
            "text": self.text,
            "spans": [
                {"start": span.start, "end": span.end, "label": span.label}
                | ({} if span.confidence is None else {"confidence": span.confidence})
                | ({"boxes": [list(box) for box in span.boxes]} if span.boxes else {})
                for span in self.spans
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The posts with predictions, how many have none, and the ids that no post has."""

    posts: tuple[BroughtPost, ...]
    unpredicted: int
    unknown: tuple[str, ...]


def match(store: Store, found: Dataset, rows: Sequence[BroughtRow], split: str | None, file: str) -> Matched:
    """Finds the post of each row by its id, or by its place where a tag file has the posts of one split in order.

    Raises:
        InputError: there is no such split, a row names another one, stands in several, is about a post that had a row,
            or does not fit its post's text; or no row is about a post.
    """
    if split is not None and split not in found.splits:
        raise InputError(f"{found.name} has no split {split!r}; it has: {', '.join(found.splits)}.")
    with store.read() as session:
        wanted = select(Posts.id, Posts.split, Posts.name, Posts.text, Posts.tokens, Posts.origin)
        chosen = wanted.where(*in_dataset(session, found.name, split)).order_by(Posts.place)
        posts = [_Post(*row) for row in session.execute(chosen)]
    pairs, unknown = _in_order(rows, posts), []
    if pairs is None:
        here = _by_name(posts)
        asked = [(row, _post_of(row, here, found.name, split)) for row in rows]
        pairs = [(row, post) for row, post in asked if post is not None]
        unknown = [row.id for row, post in asked if post is None]
    if not pairs:
        raise InputError(
            f"No row of {file} is about a post of {found.name}{f', {split}' if split is not None else ''}: the first "
            f"id that is unknown is {unknown[0]!r}."
        )
    _must_be_once(pairs)
    return Matched(
        posts=tuple(_brought(row, post) for row, post in pairs),
        unpredicted=len(posts) - len(pairs),
        unknown=tuple(unknown),
    )


def _in_order(rows: Sequence[BroughtRow], posts: Iterable[_Post]) -> list[tuple[BroughtRow, _Post]] | None:
    """The rows of a tag file with the posts of the split that has the same words throughout; None where none has."""
    if any(row.words is None for row in rows):
        return None
    splits: defaultdict[str, list[_Post]] = defaultdict(list)
    for post in posts:
        splits[post.split].append(post)
    same = [
        of_split
        for of_split in splits.values()
        if len(of_split) == len(rows) and all(row.words == post.words for row, post in zip(rows, of_split, strict=True))
    ]
    return list(zip(rows, same[0], strict=True)) if len(same) == 1 else None


def _by_name(posts: Iterable[_Post]) -> _Here:
    """By the id that a post has here; or in its file, where another split had it too and no post here is called so."""
    here: defaultdict[str, dict[str, _Post]] = defaultdict(dict)
    given: list[tuple[str, _Post]] = []
    for post in posts:
        here[post.name][post.split] = post
        if post.origin is not None and post.origin[0] == post.split:
            given.append((post.origin[1], post))
    for name, post in given:
        here[name].setdefault(post.split, post)
    return here


def _post_of(row: BroughtRow, here: _Here, dataset: str, split: str | None) -> _Post | None:
    """The post that a row names; `here` has those of `split` alone, where one was named."""
    if not row.has_own_id:
        raise InputError(
            f"{row.place}: the post has no name, and the file does not hold the posts of one split of {dataset}"
            f"{f' ({split})' if split is not None else ''} in order; bring these, or rows with ids."
        )
    if split is not None and row.split not in (None, split):
        raise InputError(f"{row.place}: the row is of the split {row.split!r}, but {split!r} was named; name none.")
    for name in names_of(row):
        of_name = here.get(name, {})
        if row.split is not None:
            if row.split in of_name:
                return of_name[row.split]
        elif len(of_name) > 1:
            raise InputError(
                f"{row.place}: the id {row.id!r} stands in the splits {', '.join(of_name)} of {dataset}; name the "
                "split, in the row or for the file."
            )
        elif of_name:
            return next(iter(of_name.values()))
    return None


def _must_be_once(pairs: Sequence[tuple[BroughtRow, _Post]]) -> None:
    seen: dict[int, BroughtRow] = {}
    for row, post in pairs:
        if post.key in seen:
            raise InputError(f"{row.place}: the post {row.id!r} had a row before ({seen[post.key].place}); keep one.")
        seen[post.key] = row


def _brought(row: BroughtRow, post: _Post) -> BroughtPost:
    """What a row says of its post. Spaces at a span's ends do not count, as in labels."""
    tokens = [Token(post.text[start:end], start, end) for start, end in post.tokens]
    spans = []
    for number, span in enumerate(row.spans_in(post.text)):
        try:
            start, end = character_offsets(tokens, entity_at(tokens, span.start, span.end, span.label))
        except InputError:
            raise InputError(
                f"{row.place}, spans[{number}]: there is no word of the post {row.id!r} between {span.start} and "
                f"{span.end}."
            ) from None
        spans.append(replace(span, start=start, end=end))
    whole = {(span.start, span.end, span.label): span for span in reversed(spans)}
    kept = tuple(whole[key] for key in sorted(whole))
    return BroughtPost(key=post.key, split=post.split, name=post.name, text=post.text, spans=kept)
