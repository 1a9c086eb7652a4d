"""Lists of posts that somebody goes through one after another, as questions to the store.

Whoever goes through a list keeps where one is on it, and nothing of the list. Pages begin behind a place in the order,
never at an offset.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeAlias

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import Session

from db.engine import Store
from db.outcomes import parts as in_parts
from db.revision_states import by_a_person, done_posts, posts_since
from db.tables import Posts

PlaceInOrder: TypeAlias = tuple[float, int]
"""Where a post stands in an order: what it is ordered by, then its place in the files. Pages begin behind one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPost:
    """A post on a list, and where it stands there."""

    post: int
    at: PlaceInOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Which posts are done: those that a person corrected or left out on a track, now or until a revision's number."""

    track: str
    until: int | None = None


class PostList(Protocol):
    """A list of posts in an order. Every question has None for an answer while there is none (`db.uncounted`)."""

    def number(self, done: Done | None = None) -> int | None:
        """How many posts are on the list; with `done`, how many of those that are done."""

    def page(
        self, behind: PlaceInOrder | None, limit: int, backwards: bool = False, undone: Done | None = None
    ) -> list[ListedPost] | None:
        """The first posts behind a place, or `backwards` the last ones before it, the nearest first.

        The place need not be that of a post that is on the list. With `undone`, posts that are done are passed over.
        """

    def place_of(self, post: int) -> PlaceInOrder | None:
        """Where a post stands; None, too, where it is not on the list."""

    def number_before(self, at: PlaceInOrder) -> int | None:
        """How many posts stand before a place."""

    def among(self, posts: Collection[int]) -> set[int] | None:
        """Those of some posts that are on the list."""


@dataclass(frozen=True, slots=True)
class Part:
    """Posts of a list that stand one behind the other. `posts` has the columns post_id, at and place.

    `at` is what they all are ordered by, where that is one number: then their places alone order them.
    """

    posts: Select[int, float, int]
    at: float | None = None


Parts: TypeAlias = Callable[[Session, Collection[int] | None], Sequence[Part] | None]
"""The parts of a list, first ones first, or those of some posts alone; None where nobody knows them yet."""


@dataclass(frozen=True, slots=True)
class StoredList:
    """A list that the database makes, each time for as much of it as is asked for."""

    store: Store
    parts: Parts

    def number(self, done: Done | None = None) -> int | None:
        """As `PostList` says."""
        return self._count(lambda _, posts: () if done is None else (by_a_person(posts.post_id, **_named(done)),))

    def page(
        self, behind: PlaceInOrder | None, limit: int, backwards: bool = False, undone: Done | None = None
    ) -> list[ListedPost] | None:
        """As `PostList` says."""
        found: list[ListedPost] = []
        with self.store.read() as session:
            parts = self.parts(session, None)
            for part in reversed(parts or ()) if backwards else parts or ():
                if len(found) < limit:
                    rows = session.execute(_page_of(part, behind, limit - len(found), backwards, undone))
                    found += [ListedPost(post=post, at=(at, place)) for post, at, place in rows]
        return None if parts is None else found

    def place_of(self, post: int) -> PlaceInOrder | None:
        """As `PostList` says."""
        with self.store.read() as session:
            for part in self.parts(session, [post]) or ():
                if row := session.execute(part.posts).one_or_none():
                    return row.at, row.place
        return None

    def number_before(self, at: PlaceInOrder) -> int | None:
        """As `PostList` says."""
        return self._count(lambda part, posts: _beyond(part, posts, at, backwards=True))

    def among(self, posts: Collection[int]) -> set[int] | None:
        """As `PostList` says."""
        found: set[int] = set()
        with self.store.read() as session:
            for some in in_parts(list(posts)):
                parts = self.parts(session, some)
                if parts is None:
                    return None
                found.update(row.post_id for part in parts for row in session.execute(part.posts))
        return found

    def _count(self, where: Callable[[Part, Any], Sequence[ColumnElement[bool]]]) -> int | None:
        with self.store.read() as session:
            parts = self.parts(session, None)
            if parts is None:
                return None
            each = ((part, part.posts.subquery()) for part in parts)
            counts = (select(func.count()).select_from(rows).where(*where(part, rows.c)) for part, rows in each)
            return sum(session.scalar(count) or 0 for count in counts)


@dataclass(frozen=True, slots=True)
class KeptList:
    """A list of some thousand posts that a job has found; `at` counts them from 0, and their place is always 0."""

    store: Store
    posts: Sequence[int]

    def number(self, done: Done | None = None) -> int:
        """As `PostList` says."""
        return len(self.posts) if done is None else len(self._done(done))

    def page(
        self, behind: PlaceInOrder | None, limit: int, backwards: bool = False, undone: Done | None = None
    ) -> list[ListedPost]:
        """As `PostList` says."""
        number = len(self.posts)
        start = (-1 if not backwards else number) if behind is None else int(behind[0])
        places: Iterator[int] = iter(range(start - 1, -1, -1) if backwards else range(start + 1, number))
        done = set() if undone is None else self._done(undone)
        left = (place for place in places if self.posts[place] not in done)
        return [ListedPost(post=self.posts[place], at=(float(place), 0)) for place in islice(left, limit)]

    def place_of(self, post: int) -> PlaceInOrder | None:
        """As `PostList` says."""
        return (float(self.posts.index(post)), 0) if post in self.posts else None

    def number_before(self, at: PlaceInOrder) -> int:
        """As `PostList` says."""
        return int(at[0])

    def among(self, posts: Collection[int]) -> set[int]:
        """As `PostList` says."""
        return set(posts) & set(self.posts)

    def _done(self, done: Done) -> set[int]:
        return done_posts(self.store, self.posts, done.track, done.until)


def done_since(store: Store, posts: PostList, track: str, until: int) -> int:
    """How many more posts of a list are done on a track now than at a moment; looks only at what was saved since."""
    with store.read() as session:
        changed = set(session.scalars(posts_since(track, until)))
    here = posts.among(changed) or set()
    return len(done_posts(store, here, track)) - len(done_posts(store, here, track, until))


def names_of(store: Store, posts: Collection[int]) -> dict[int, tuple[str, str]]:
    """The split and the id of some posts, by number."""
    with store.read() as session:
        rows = session.execute(select(Posts.id, Posts.split, Posts.name).where(Posts.id.in_(posts)))
        return {number: (split, name) for number, split, name in rows}


def _named(done: Done) -> dict[str, Any]:
    return {"track": done.track, "until": done.until}


def _page_of(part: Part, behind: PlaceInOrder | None, limit: int, backwards: bool, undone: Done | None) -> Select[Any]:
    posts = part.posts.subquery().c
    rows = select(posts.post_id, posts.at, posts.place).limit(limit)
    if behind is not None:
        rows = rows.where(*_beyond(part, posts, behind, backwards))
    if undone is not None:
        rows = rows.where(~by_a_person(posts.post_id, **_named(undone)))
    order = (posts.at, posts.place) if part.at is None else (posts.place,)
    return rows.order_by(*(column.desc() if backwards else column for column in order))


def _beyond(part: Part, posts: Any, place: PlaceInOrder, backwards: bool) -> Sequence[ColumnElement[bool]]:
    """Behind a place, or before it; each condition is one that an index can begin with."""
    at, number = place
    further = posts.place < number if backwards else posts.place > number
    if part.at is None:
        side, beyond = (posts.at <= at, posts.at < at) if backwards else (posts.at >= at, posts.at > at)
        return side, or_(beyond, further)
    if part.at == at:
        return (further,)
    return () if (part.at < at) == backwards else (false(),)
