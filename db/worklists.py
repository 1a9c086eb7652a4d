"""The work lists of an annotator: posts by their place, by what is said of them, or by how sure a run is."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import Select, exists, func, literal, select
from sqlalchemy.orm import Session, aliased

from db.change_token import ChangeToken, change_token, newest_revision
from db.engine import Store
from db.gold import CURRENT
from db.gold_totals import by_people, posts_in, posts_spoken_of
from db.post_lists import Part, StoredList
from db.posts import GOLD, dataset_key, in_dataset
from db.revision_states import DONE, by_a_person
from db.runs import run_id
from db.tables import IS_DRAFT, Posts, Predictions, Revisions

Queue: TypeAlias = Literal["unlabelled", "imported", "corrected", "draft", "submitted", "discarded"]
_UNREAD = 2.0
"""By what a post is ordered of which a run has said nothing: behind all others."""


def all_posts(store: Store, dataset: str, split: str | None = None) -> StoredList:
    """All posts, in the order of the files; a question raises InputError where there is no such data set."""
    return _by_place(store, dataset, split)


def uncorrected(store: Store, dataset: str, split: str | None, track: str, until: int) -> StoredList:
    """The posts that nobody had corrected or left out on a track at a moment (`db.revision_states`), as `all_posts`."""
    return _by_place(store, dataset, split, ~by_a_person(Posts.id, track, DONE, until))


def least_sure(store: Store, dataset: str, split: str | None, run: str) -> StoredList:
    """The posts by the smallest confidence that a run has in them; those that it has not read last, as `all_posts`."""

    def parts(session: Session, among: Collection[int] | None) -> list[Part]:
        key = run_id(session, run)
        here = [*in_dataset(session, dataset, split), *([] if among is None else [Posts.id.in_(among)])]
        read = select(Posts.id.label("post_id"), Predictions.least.label("at"), Posts.place)
        read = read.join(Predictions, Predictions.post_id == Posts.id).where(Predictions.run_id == key, *here)
        said = exists().where(Predictions.run_id == key, Predictions.post_id == Posts.id)
        return [Part(read), Part(_posts(_UNREAD).where(*here, ~said), _UNREAD)]

    return StoredList(store, parts)


def progress(store: Store, dataset: str, track: str = GOLD, split: str | None = None) -> dict[Queue, int]:
    """How many posts are in each state on a track.

    `unlabelled`: no revision at all; `imported`: only the gold that came with the data; `corrected`: a person submitted
    the newest revision; `draft`, `submitted`, `discarded`: the newest revision's status.

    Raises:
        InputError: there is no such data set.
    """
    gold = CURRENT if track == GOLD else track
    token = change_token(store, dataset, split, (gold,))
    return dict(_progress(store, (dataset, split, gold), track, token, newest_revision(store)))


@lru_cache(maxsize=64)
def _progress(
    store: Store,
    of: tuple[str, str | None, str],
    track: str,
    token: ChangeToken,  # noqa: ARG001 another token or newest revision, another answer
    until: int,  # noqa: ARG001
) -> dict[Queue, int]:
    """Looks at every corrected post; `of` names data set, split and gold."""
    dataset, split, gold = of
    later, newest = aliased(Revisions), aliased(Revisions)
    has_later = exists().where(
        later.post_id == Revisions.post_id, later.track == Revisions.track, later.base > Revisions.base
    )
    has_newest = exists().where(
        newest.post_id == Revisions.post_id, newest.track == Revisions.track, newest.is_newest.is_(True)
    )
    with store.read() as session:
        dataset_id, here = dataset_key(session, dataset), in_dataset(session, dataset, split)
        drafts = select(func.count(Posts.id.distinct())).select_from(Posts)
        drafts = drafts.join(Revisions, Revisions.post_id == Posts.id)
        drafts = drafts.where(*here, IS_DRAFT, Revisions.track == track)
        done = {state: by_people(gold, state).where(*here, ~has_later) for state in DONE}
        counts: dict[Queue, int] = dict.fromkeys(get_args(Queue), 0)
        counts["corrected"] = session.scalar(done["submitted"]) or 0
        counts["discarded"] = session.scalar(done["discarded"]) or 0
        counts["draft"] = session.scalar(drafts.where(~has_later)) or 0
        counts["unlabelled"] = posts_in(session, dataset_id, split)
        counts["imported"] = posts_spoken_of(session, dataset_id, split, gold)
        counts["imported"] += session.scalar(drafts.where(~has_newest)) or 0  # posts of which drafts alone speak
    counts["unlabelled"] -= counts["imported"]
    counts["imported"] -= counts["corrected"] + counts["discarded"] + counts["draft"]
    counts["submitted"] = counts["imported"] + counts["corrected"]
    return counts


def tracks(store: Store, dataset: str) -> list[str]:
    """The tracks that have revisions in the data set, in alphabetical order.

    Raises:
        InputError: there is no such data set.
    """
    found: list[str] = []
    with store.read() as session:
        # The sum keeps SQLite from going through the posts: one revision of each track is enough.
        here = Posts.dataset_id + 0 == dataset_key(session, dataset)
        following = select(func.min(Revisions.track))
        track = session.scalar(following)
        while track is not None:
            if session.scalar(select(exists().where(Revisions.track == track, Posts.id == Revisions.post_id, here))):
                found.append(track)
            track = session.scalar(following.where(Revisions.track > track))
    return found


def _by_place(store: Store, dataset: str, split: str | None, *which: Any) -> StoredList:
    def parts(session: Session, among: Collection[int] | None) -> list[Part]:
        here = [*in_dataset(session, dataset, split), *([] if among is None else [Posts.id.in_(among)])]
        return [Part(_posts(0.0).where(*here, *which), 0.0)]

    return StoredList(store, parts)


def _posts(at: float) -> Select[int, float, int]:
    return select(Posts.id.label("post_id"), literal(at).label("at"), Posts.place)
