"""What a named gold adds up to, as it is kept: labelled posts, and entities by split and type; no post is looked at.

Whatever adds revisions or moves posts does so within `gold_follows`: the sums then follow, and the change is counted
for `db.change_token`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from db.change_token import labels_changed
from db.engine import Store
from db.gold import CURRENT, ORIGINAL
from db.posts import GOLD, dataset_key, in_dataset
from db.posts import dataset as dataset_named
from db.sums import add_to
from db.tables import GoldTotals, Posts, PostTotals, Revisions

_PART = 200
"""Posts in one statement."""
_KEY = ("dataset_id", "split", "gold", "label")
_SUMS = ("posts", "entities", "discarded")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldSums:
    """How many posts of a split are labelled under a gold, how many are left out, and the entities by type."""

    labelled: int = 0
    discarded: int = 0
    entities: Mapping[str, int]


class _Counting(NamedTuple):
    """A revision that counts under a gold, drafts aside, and where."""

    revision: int
    dataset_id: int
    split: str
    gold: str


def gold_sums(store: Store, dataset: str, gold: str = CURRENT) -> dict[str, GoldSums]:
    """The sums of a gold for each split in which it has something, in alphabetical order.

    Raises:
        InputError: there is no such data set.
    """
    with store.read() as session:
        wanted = select(GoldTotals).where(
            GoldTotals.dataset_id == dataset_key(session, dataset), GoldTotals.gold == gold
        )
        rows = session.scalars(wanted.order_by(GoldTotals.split, GoldTotals.label)).all()
    every = {row.split: row for row in rows if not row.label}
    return {
        split: GoldSums(
            labelled=whole.posts,
            discarded=whole.discarded,
            entities={row.label: row.entities for row in rows if row.split == split and row.label},
        )
        for split, whole in every.items()
    }


def posts_in(session: Session, dataset_id: int, split: str | None) -> int:
    """How many posts a split has, or all of them, within a transaction; nothing counts them."""
    wanted = select(func.sum(PostTotals.posts)).where(PostTotals.dataset_id == dataset_id)
    return session.scalar(wanted if split is None else wanted.where(PostTotals.split == split)) or 0


def labelled_posts(session: Session, dataset_id: int, split: str | None, gold: str) -> int:
    """How many posts of a split, or of all, are labelled under a gold, within a transaction."""
    wanted = select(func.sum(GoldTotals.posts))
    wanted = wanted.where(GoldTotals.dataset_id == dataset_id, GoldTotals.gold == gold, GoldTotals.label == "")
    if split is not None:
        wanted = wanted.where(GoldTotals.split == split)
    return session.scalar(wanted) or 0


def posts_spoken_of(session: Session, dataset_id: int, split: str | None, gold: str) -> int:
    """How many posts of a split, or of all, a gold labels or leaves out, within a transaction."""
    wanted = select(func.sum(GoldTotals.posts + GoldTotals.discarded))
    wanted = wanted.where(GoldTotals.dataset_id == dataset_id, GoldTotals.gold == gold, GoldTotals.label == "")
    if split is not None:
        wanted = wanted.where(GoldTotals.split == split)
    return session.scalar(wanted) or 0


def pictures(store: Store, dataset: str, gold: str = CURRENT) -> int:
    """How many posts of a data set have a picture that opens, without those that the gold leaves out.

    Raises:
        InputError: there is no such data set.
    """
    has_one = Posts.picture == "with"
    with store.read() as session:
        here = in_dataset(session, dataset)
        every = session.scalar(select(func.count()).select_from(Posts).where(*here, has_one)) or 0
        if gold == ORIGINAL:
            return every
        gone = by_people(gold, "discarded").where(*here, has_one)
        return every - (session.scalar(gone) or 0)


def corrected_posts(store: Store, dataset: str) -> int:
    """How many posts have a newest revision of gold that a person submitted.

    Raises:
        InputError: there is no such data set.
    """
    later = aliased(Revisions)
    of_post = (later.post_id == Revisions.post_id, later.track == GOLD, later.base > Revisions.base)
    with store.read() as session:
        wanted = by_people(CURRENT, "submitted").where(*in_dataset(session, dataset))
        return session.scalar(wanted.where(~select(later.id).where(*of_post).exists())) or 0


def by_people(gold: str, status: str) -> Select[int]:
    """How many posts have a person's revision as the newest of the gold's track, in a state; to be narrowed further."""
    wanted = select(func.count()).select_from(Revisions).join(Posts, Posts.id == Revisions.post_id)
    is_persons = (Revisions.is_newest.is_(True), Revisions.imported.is_(False))  # in the words of the index
    return wanted.where(Revisions.track == (GOLD if gold == CURRENT else gold), Revisions.status == status, *is_persons)


def labelled_counts(store: Store, dataset: str, gold: str = CURRENT) -> dict[str, tuple[int, int]]:
    """For each split how many posts are labelled under the named gold, and how many nobody has labelled.

    Raises:
        InputError: there is no such data set.
    """
    sums = gold_sums(store, dataset, gold)
    found: dict[str, tuple[int, int]] = {}
    for split, posts in dataset_named(store, dataset).splits.items():
        of_split = sums.get(split, GoldSums(entities={}))
        counts = (of_split.labelled, posts - of_split.labelled - of_split.discarded)
        if any(counts):
            found[split] = counts
    return found


@contextmanager
def gold_follows(session: Session, posts: Sequence[int]) -> Iterator[None]:
    """Lets the sums and the change token follow what is done to the labels and the splits of posts within a `with`.

    The totals of runs are moved within it, too: whoever writes takes the tables in one order, so that no two wait for
    each other.
    """
    before = _counting(session, posts)
    yield
    session.flush()
    after = _counting(session, posts)
    moved: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for rows, sign in ((before, -1), (after, 1)):
        for counting, labels in rows.items():
            for label, by in _adds(labels):
                total = moved[(*counting[1:], label)]
                for place, number in enumerate(by):
                    total[place] += sign * number
    named = ({**dict(zip(_KEY, key, strict=True)), **dict(zip(_SUMS, by, strict=True))} for key, by in moved.items())
    add_to(session, GoldTotals, _KEY, _SUMS, named)
    labels_changed(session, {counting[1:] for counting in before.keys() ^ after.keys()})


def _counting(session: Session, posts: Sequence[int]) -> dict[_Counting, list[str] | None]:
    """The revisions of posts that count under some gold, with their labels; None for one that leaves its post out."""
    found: dict[_Counting, list[str] | None] = {}
    it = Revisions
    columns = (it.id, it.track, it.imported, it.is_newest, it.status, it.marks, Posts.dataset_id, Posts.split)
    for begin in range(0, len(posts), _PART):
        wanted = select(*columns).join(Posts, Posts.id == it.post_id)
        wanted = wanted.where(it.post_id.in_(posts[begin : begin + _PART]), or_(it.is_newest.is_(True), it.imported))
        for row in session.execute(wanted):
            golds = [CURRENT if row.track == GOLD else row.track] if row.is_newest else []
            golds += [ORIGINAL] if row.imported and row.track == GOLD else []
            labels = None if row.status == "discarded" else [label for _, _, _, label, _ in row.marks]
            found.update({_Counting(row.id, row.dataset_id, row.split, gold): labels for gold in golds})
    return found


def _adds(labels: Sequence[str] | None) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """What a revision adds to the sums, by label: posts, entities, discarded."""
    if labels is None:
        yield "", (0, 0, 1)
        return
    yield "", (1, len(labels), 0)
    for label in labels:
        yield label, (0, 1, 0)
