"""Which corrections a training would learn from, and the way of the others into train.

A correction is a submitted revision of the gold that somebody made of labels that were there before. A run learns from
train alone: what is corrected in valid or test changes how runs are measured, and nothing that they learn.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from db.change_token import ChangeToken, change_token
from db.engine import Store
from db.gold import CURRENT, counts_as
from db.posts import GOLD, in_dataset
from db.splits import belongs_to, move_posts
from db.tables import Posts, Revisions
from mner_core.data.division import groups_of
from mner_core.types import InputError

TRAIN = "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """How many corrected posts each split holds, those with most first."""

    by_split: Mapping[str, int]

    @property
    def number(self) -> int:
        """All of them."""
        return sum(self.by_split.values())

    @property
    def learned(self) -> int:
        """Those that the next training on the corrected labels reads."""
        return self.by_split.get(TRAIN, 0)

    @property
    def elsewhere(self) -> Mapping[str, int]:
        """Those that it does not read, by split."""
        return {split: number for split, number in self.by_split.items() if split != TRAIN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Posts that would go into train: corrected ones, and `alike` ones with the text or the picture of one of them.

    `left` is how many labelled posts stay in each split that they come from.
    """

    posts: frozenset[int]
    alike: int
    left: Mapping[str, int]


def corrections(store: Store, dataset: str) -> Corrections:
    """How many corrected posts each split holds.

    Raises:
        InputError: there is no such data set.
    """
    return _counted(store, dataset, change_token(store, dataset, golds=(CURRENT,)))


@lru_cache(maxsize=32)
def _counted(store: Store, dataset: str, token: ChangeToken) -> Corrections:  # noqa: ARG001
    """Looks at every correction: there are as many as people have made. Another token, another answer."""
    with store.read() as session:
        number, first = func.count(), func.min(Posts.place)
        wanted = _corrections(session, dataset).with_only_columns(Posts.split, number)
        rows = session.execute(wanted.group_by(Posts.split).order_by(number.desc(), first)).all()
    return Corrections(by_split={row[0]: row[1] for row in rows})


def plan_into_train(store: Store, dataset: str) -> Move:
    """What would go into train, so that a run learns from every correction; nothing is changed yet.

    Posts with the text or the picture of a corrected one go with it: a run must not be measured on what it learned.

    Raises:
        InputError: there is no such data set, or a split would lose all of its labelled posts.
    """
    with store.read() as session:
        here = in_dataset(session, dataset)
        wanted = select(Posts.id, Posts.split, Posts.text, Posts.image_sha256).where(*here).order_by(Posts.place)
        rows = session.execute(wanted).all()
        corrected = {post for post, split in _corrected(session, dataset).items() if split != TRAIN}
        counting = (Revisions.post_id == Posts.id) & counts_as(CURRENT) & (Revisions.status == "submitted")
        labelled = set(session.scalars(select(Posts.id).join(Revisions, counting).where(*here)))
    groups = groups_of([list(belongs_to(row.text, row.image_sha256)) for row in rows])
    together = {rows[place].id for group in groups if any(rows[at].id in corrected for at in group) for place in group}
    moving = [row for row in rows if row.id in together and row.split != TRAIN]
    left = Counter(row.split for row in rows if row.id in labelled - together)
    left_of = {row.split: left[row.split] for row in moving}
    if empty := sorted(split for split, number in left_of.items() if not number):
        raise InputError(
            f"Every labelled post of {', '.join(empty)} is corrected, or like one that is: nothing would be left to "
            "measure on. Correct posts of train instead."
        )
    numbers = frozenset(row.id for row in moving)
    return Move(posts=numbers, alike=len(numbers - corrected), left=left_of)


def move_into_train(store: Store, dataset: str) -> Move:
    """Does what `plan_into_train` says, and returns it. Revisions, and what runs say of the posts, stay with them.

    Raises:
        InputError: as `plan_into_train`.
    """
    plan = plan_into_train(store, dataset)
    move_posts(store, dataset, dict.fromkeys(plan.posts, TRAIN))
    return plan


def _corrected(session: Session, dataset: str) -> dict[int, str]:
    """The corrected posts with their splits, in the order of the files."""
    rows = session.execute(_corrections(session, dataset).order_by(Posts.place))
    return {post: split for post, split in rows}  # noqa: C416


def _corrections(session: Session, dataset: str) -> Select[int, str]:
    """The corrected posts with their splits."""
    earlier = aliased(Revisions)
    before = exists().where(
        earlier.post_id == Revisions.post_id,
        earlier.track == GOLD,
        earlier.base < Revisions.base,
        earlier.status == "submitted",
    )
    return (
        select(Posts.id, Posts.split)
        .select_from(Posts)
        .join(Revisions, (Revisions.post_id == Posts.id) & counts_as(CURRENT))
        .where(*in_dataset(session, dataset), Revisions.status == "submitted", Revisions.imported.is_(False), before)
    )
