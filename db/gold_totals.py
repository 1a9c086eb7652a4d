"""What a named gold adds up to, as it is kept: labelled posts, and entities by split and type; no post is looked at.

Whatever adds revisions or moves posts does so within `gold_follows`: the sums then follow, and the change is counted
for `db.change_token`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from db.change_token import ChangeToken, change_token, labels_changed, newest_revision
from db.engine import Store
from db.gold import CURRENT, ORIGINAL
from db.posts import GOLD, dataset_key, in_dataset
from db.posts import dataset as dataset_named
from db.sums import add_to
from db.tables import GoldTotals, Posts, PostTotals, Revisions
from db.unchanged import while_unchanged

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


_Where: TypeAlias = tuple[int, str, str]
"""The key of a data set, a split, the name of a gold."""
_Sum: TypeAlias = tuple[_Where, str, tuple[int, int, int]]
"""Where, the label or empty for all, and what is added: posts, entities, discarded."""


class _Counting(NamedTuple):
    """A revision that counts under a gold, drafts aside, and where."""

    revision: int
    dataset_id: int
    split: str
    gold: str


class NewGold(NamedTuple):
    """Labels that came with a post that is written right now: they count as `original` and as `current`."""

    dataset_id: int
    split: str
    labels: Sequence[str]


@while_unchanged
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


def labelled_by_split(session: Session, dataset_id: int, gold: str) -> dict[str, int]:
    """How many posts of each split are labelled under a gold, within a transaction."""
    wanted = select(GoldTotals.split, GoldTotals.posts)
    wanted = wanted.where(GoldTotals.dataset_id == dataset_id, GoldTotals.gold == gold, GoldTotals.label == "")
    return {split: posts for split, posts in session.execute(wanted)}  # noqa: C416 - rows are no pairs to mypy


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
    return _corrected_posts(store, dataset, change_token(store, dataset, golds=(CURRENT,)), newest_revision(store))


@lru_cache(maxsize=32)
def _corrected_posts(store: Store, dataset: str, token: ChangeToken, newest: int) -> int:  # noqa: ARG001
    """Looks at every corrected post; another token or another newest revision (be it a draft), another answer."""
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
def gold_follows(session: Session, posts: Sequence[int], new: Iterable[NewGold] = ()) -> Iterator[None]:
    """Lets the sums and the change token follow what is done to the labels and the splits of posts within a `with`.

    Posts that are written within it are not among `posts`: `new` says what they bring. The totals of runs are moved
    within it, too: whoever writes takes the tables in one order, so that no two wait for each other.
    """
    before = _counting(session, posts)
    yield
    session.flush()
    after, brought = _counting(session, posts), list(_brought(new))
    moved: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for where, label, by in (*_adds(before, -1), *_adds(after, 1), *brought):
        total = moved[(*where, label)]
        for place, number in enumerate(by):
            total[place] += number
    named = ({**dict(zip(_KEY, key, strict=True)), **dict(zip(_SUMS, by, strict=True))} for key, by in moved.items())
    add_to(session, GoldTotals, _KEY, _SUMS, named)
    changed = {counting[1:] for counting in before.keys() ^ after.keys()} | {where for where, _, _ in brought}
    labels_changed(session, changed)


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


def _adds(counting: Mapping[_Counting, Sequence[str] | None], sign: int) -> Iterator[_Sum]:
    """What revisions add to the sums."""
    for counted, labels in counting.items():
        here = counted[1:]
        if labels is None:
            yield here, "", (0, 0, sign)
            continue
        yield here, "", (sign, sign * len(labels), 0)
        for label in labels:
            yield here, label, (0, sign, 0)


def _brought(new: Iterable[NewGold]) -> Iterator[_Sum]:
    """What posts that are new add to the sums."""
    posts: Counter[tuple[int, str]] = Counter()
    entities: defaultdict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    for dataset_id, split, labels in new:
        posts[dataset_id, split] += 1
        entities[dataset_id, split].update(labels)
    for here, number in posts.items():
        for gold in (ORIGINAL, CURRENT):
            yield (*here, gold), "", (number, entities[here].total(), 0)
            for label, times in entities[here].items():
                yield (*here, gold), label, (0, times, 0)
