"""The splits of a data set, where they are made here and not by its files: posts move, their revisions stay with them.

A post that was moved, or was left where it is by a division, remembers the split and the id that its file gave it: an
import finds it by these.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from db.change_token import ChangeToken, change_token, changed
from db.engine import Store
from db.gold_totals import gold_follows
from db.posts import dataset_key
from db.sums import posts_counted
from db.tables import Datasets, Posts
from db.training_names import add_names
from db.uncounted import count_in_background
from db.uncounted import moved as outcomes_follow
from mner_core.data.division import SPLITS, divide, groups_of
from mner_core.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """A split for each post, by its number. `together` counts the posts that stay with others of one text or picture.

    `counts` are the posts of each split of the whole data set after the division, `new` are those that no earlier one
    has placed.
    """

    dataset: str
    splits: Mapping[int, str]
    counts: Mapping[str, int]
    together: int
    new: int


def plan_division(store: Store, dataset: str, shares: Sequence[float], seed: int, only_new: bool = False) -> Division:
    """A data set of one split divided into train, valid and test; nothing is changed yet.

    Posts with the same text or the same picture stay together. `shares` are those of `SPLITS`, in percent. With
    `only_new`, posts that an earlier division placed stay where they are.

    Raises:
        InputError: there is no such data set or it has no posts, or its files have several splits.
    """
    with store.read() as session:
        wanted = select(Posts.id, Posts.split, Posts.text, Posts.image_sha256, Posts.origin)
        rows = session.execute(
            wanted.where(Posts.dataset_id == dataset_key(session, dataset)).order_by(Posts.place)
        ).all()
    of_files = sorted({row.split if row.origin is None else row.origin[0] for row in rows})
    if len(of_files) > 1:
        raise InputError(f"The files of {dataset} have the splits {', '.join(of_files)}: there is nothing to divide.")
    if not rows:
        raise InputError(f"The data set {dataset} has no posts: there is nothing to divide.")
    if only_new:  # a split without a share keeps what it has
        shares = [*shares, *[0.0] * (len(SPLITS) - len(shares))]
    keys = [list(belongs_to(row.text, row.image_sha256)) for row in rows]
    placed = {
        place: SPLITS.index(row.split)
        for place, row in enumerate(rows)
        if only_new and row.origin is not None and row.split in SPLITS[: len(shares)]
    }
    parts = divide(keys, shares, seed, placed)
    numbers = Counter(SPLITS[part] for part in parts)
    return Division(
        dataset=dataset,
        splits={row.id: SPLITS[part] for row, part in zip(rows, parts, strict=True)},
        counts={split: numbers[split] for split in SPLITS[: len(shares)]},
        together=sum(len(group) for group in groups_of(keys) if len(group) > 1),
        new=len(rows) - len(placed),
    )


def is_dividable(store: Store, dataset: str) -> bool:
    """Whether the files of a data set have one split, so that it can be divided here.

    Raises:
        InputError: there is no such data set.
    """
    return _is_dividable(store, dataset, change_token(store, dataset))


@lru_cache(maxsize=32)
def _is_dividable(store: Store, dataset: str, token: ChangeToken) -> bool:  # noqa: ARG001  another token, another answer
    with store.read() as session:
        here = Posts.dataset_id == dataset_key(session, dataset)
        every = session.scalars(select(Posts.split).where(here).distinct()).all()
        stays = {split: exists().where(here, Posts.split == split, Posts.origin.is_(None)) for split in every}
        as_it_is = {split for split, is_there in stays.items() if session.scalar(select(is_there))}
        if len(as_it_is) > 1:  # so it is with most sets, and their posts are not looked at one by one
            return False
        moved = {origin[0] for origin in session.scalars(select(Posts.origin).where(here, Posts.origin.is_not(None)))}
        return len(as_it_is | moved) <= 1


def move_posts(store: Store, dataset: str, splits: Mapping[int, str]) -> int:
    """Puts posts, by their numbers, into splits and returns how many left theirs; revisions and predictions stay.

    Ids are unique in a split: where the split has another post of that id, the one that comes is called ID-2, ID-3..

    Raises:
        InputError: there is no such data set, or one of the posts is not in it.
    """
    with store.write() as session:
        row = session.get_one(Datasets, dataset_key(session, dataset))
        wanted = select(Posts.id, Posts.split, Posts.name, Posts.origin).where(Posts.dataset_id == row.id)
        posts = session.execute(wanted.order_by(Posts.place)).all()
        if missing := splits.keys() - {each.id for each in posts}:
            raise InputError(f"The post number {min(missing)} is not in the data set {dataset}.")
        taken = {(each.split, each.name) for each in posts if each.id not in splits}
        places = [_placed(each, splits[each.id], taken) for each in posts if each.id in splits]
        here = {each.id: (each.split, each.name) for each in posts}
        moved = [each for each in places if (each["split"], each["name"]) != here[each["id"]]]
        sizes = Counter(each["split"] for each in moved)
        sizes.subtract(here[each["id"]][0] for each in moved)
        numbers = [each["id"] for each in moved]
        posts_counted(session, [(row.id, split, more) for split, more in sizes.items()])
        add_names(session, numbers, -1)
        with gold_follows(session, numbers):
            # Two posts may change places: no row may stand in another's way for a moment.
            _update(session, [{"id": each["id"], "name": f"\ue000{each['id']}"} for each in moved])
            _update(session, places)
            add_names(session, numbers)
            outcomes_follow(session, numbers)
        changed(row)
    count_in_background(store)
    return sum(each["split"] != here[each["id"]][0] for each in places)


def belongs_to(text: str, picture: str | None) -> Iterator[tuple[str, str]]:
    """What a post must not be torn apart from: its words, without regard to case and spaces, and its picture."""
    if words := " ".join(text.split()).casefold():
        yield "text", words
    if picture is not None:
        yield "picture", picture


def _placed(post: Any, split: str, taken: set[tuple[str, str]]) -> dict[str, Any]:
    origin = post.origin or [post.split, post.name]
    name = unique_name(split, origin[1], taken)
    taken.add((split, name))
    return {"id": post.id, "split": split, "name": name, "origin": origin}


def unique_name(split: str, wanted: str, taken: set[tuple[str, str]]) -> str:
    """The id, or with -2, -3 and so on behind it where a post of the split has it already."""
    name, number = wanted, 1
    while (split, name) in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def _update(session: Session, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(update(Posts), rows)
