"""The work lists of an annotator: which posts of a data set are pending, drafts, corrected or left out."""

from typing import Literal, TypeAlias, get_args

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from db.annotations import Status
from db.engine import Store
from db.posts import GOLD, in_dataset
from db.tables import Posts, Revisions
from mner_core.types import InputError

Queue: TypeAlias = Literal["unlabelled", "imported", "corrected", "draft", "submitted", "discarded"]


def queue(store: Store, dataset: str, which: Queue, track: str = GOLD, split: str | None = None) -> list[int]:
    """The posts of a data set that are in one state on a track, in the order of the files.

    `unlabelled`: no revision at all; `imported`: only the gold that came with the data; `corrected`: a person submitted
    the newest revision; `draft`, `submitted`, `discarded`: the newest revision's status.

    Raises:
        InputError: there is no such data set or state.
    """
    if which not in get_args(Queue):
        raise InputError(f"There is no queue {which!r}; choose one of {', '.join(get_args(Queue))}.")
    with store.read() as session:
        wanted = _with_newest(track).where(*in_dataset(session, dataset, split)).order_by(Posts.place)
        return [post for post, status, imported in session.execute(wanted) if which in _states(status, imported)]


def progress(store: Store, dataset: str, track: str = GOLD, split: str | None = None) -> dict[Queue, int]:
    """How many posts each queue holds.

    Raises:
        InputError: there is no such data set.
    """
    counts: dict[Queue, int] = dict.fromkeys(get_args(Queue), 0)
    with store.read() as session:
        wanted = _with_newest(track).where(*in_dataset(session, dataset, split))
        for _, status, imported in session.execute(wanted):
            for state in _states(status, imported):
                counts[state] += 1
    return counts


def tracks(store: Store, dataset: str) -> list[str]:
    """The tracks that have revisions in the data set, in alphabetical order.

    Raises:
        InputError: there is no such data set.
    """
    with store.read() as session:
        wanted = select(Revisions.track).distinct().join(Posts, Revisions.post_id == Posts.id)
        return sorted(session.scalars(wanted.where(*in_dataset(session, dataset))))


def _states(status: Status | None, imported: bool | None) -> tuple[Queue, ...]:
    if status is None:
        return ("unlabelled",)
    if status == "submitted":
        return ("submitted", "imported" if imported else "corrected")
    return (status,)


def _with_newest(track: str) -> Select[int, Status | None, bool | None]:
    other = aliased(Revisions)
    newest = select(func.max(other.base)).where(other.post_id == Posts.id, other.track == track)
    is_newest = (
        (Revisions.post_id == Posts.id)
        & (Revisions.track == track)
        & (Revisions.base == newest.correlate(Posts).scalar_subquery())
    )
    wanted = select(Posts.id, Revisions.status, Revisions.imported)
    return wanted.outerjoin(Revisions, is_newest)  # type: ignore[return-value]
