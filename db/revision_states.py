"""What the newest revision of a post says on a track, now or at an earlier moment, as conditions of a question.

A moment is the number of the store's newest revision at that time (`until`): revisions are only ever added, so a list
that was made then can be asked for again, however many posts have been corrected since.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from db.engine import Store
from db.outcomes import parts
from db.tables import IS_DRAFT, Posts, Revisions

DONE = ("submitted", "discarded")
"""What a person's revision says of a post on which nothing is left to do: corrected, or left out."""


def by_a_person(post: Any, track: str, states: Collection[str] = DONE, until: int | None = None) -> ColumnElement[bool]:
    """The condition that a person made the newest revision of a post, drafts included, and that it is in a state."""
    mine = aliased(Revisions)
    of_post = (mine.post_id == post, mine.track == track, mine.imported.is_(False), mine.status.in_(states))
    now = exists().where(*of_post, mine.is_newest.is_(True), ~_later(mine))
    if until is None:
        return now
    then = exists().where(*of_post, mine.id <= until, ~_later(mine, until))
    return case((post.in_(posts_since(track, until)), then), else_=now)


def has_draft(post: Any, track: str, until: int | None = None) -> ColumnElement[bool]:
    """The condition that somebody has begun to correct a post's labels and has not submitted them yet."""
    mine = aliased(Revisions)
    then = () if until is None else (mine.id <= until,)
    begun = select(mine.post_id).where(IS_DRAFT, mine.track == track, *then, ~_later(mine, until))
    return post.in_(begun)


def counted_at(revision: ColumnElement[int], is_newest: ColumnElement[bool], track: str, until: int) -> Any:
    """The condition that a revision counted on its track at that moment: the newest but for drafts.

    `is_newest` says whether it counts now.
    """
    other = aliased(Revisions)
    newest = select(func.max(other.base)).where(
        other.post_id == Revisions.post_id, other.track == track, other.status != "draft", other.id <= until
    )
    before = select(Revisions.id).where(
        Revisions.post_id.in_(posts_since(track, until)),
        Revisions.track == track,
        Revisions.base == newest.correlate(Revisions).scalar_subquery(),
    )
    return or_(and_(is_newest, revision <= until), revision.in_(before))


def posts_since(track: str, until: int) -> Select[int]:
    """The posts that got a revision on a track since then, one as often as it did: SQLite, asked for each once, goes
    through the index of all posts.
    """
    later = aliased(Revisions)
    of_track = later.track.concat("") == track  # so written, SQLite begins with the few new ones and not with the track
    return select(later.post_id).where(later.id > until, of_track)


def done_posts(store: Store, posts: Collection[int], track: str, until: int | None = None) -> set[int]:
    """Those of some posts that a person has corrected or left out."""
    done = select(Posts.id).where(by_a_person(Posts.id, track, DONE, until))
    with store.read() as session:
        return {post for some in parts(list(posts)) for post in session.scalars(done.where(Posts.id.in_(some)))}


def _later(mine: Any, until: int | None = None) -> ColumnElement[bool]:
    """Whether the post has a revision on the track that came after this one."""
    later = aliased(Revisions)
    known = [] if until is None else [later.id <= until]
    return exists().where(later.post_id == mine.post_id, later.track == mine.track, later.base > mine.base, *known)
