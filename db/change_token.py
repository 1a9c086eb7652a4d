"""A change token: says whether what a screen shows has changed, and moves at nothing else.

What a screen shows follows from a data set as it was imported and divided, from the labels of some golds, and from what
some runs say, each in one split or in all. Whatever changes one of them counts that within the same transaction. The
token of a screen has these counts, so that epochs, heartbeats, logs, other data sets, other people's labels and other
runs leave it as it is. It is the key of whatever is kept because it was expensive (`db.figures`).
"""

import json
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from db.engine import Store
from db.posts import dataset_key
from db.sums import add_to
from db.tables import Changes, Datasets, Posts, Revisions, Runs
from db.unchanged import while_unchanged

ChangeToken: TypeAlias = str
_KEY = ("dataset_id", "kind", "name", "split")


def changed(dataset: Datasets) -> None:
    """Notes within a transaction that posts, types, splits, name or runs' names of a data set changed."""
    dataset.changes = (dataset.changes or 0) + 1


def labels_changed(session: Session, where: Iterable[tuple[int, str, str]]) -> None:
    """Notes within a transaction that labels changed: (key of the data set, split, the gold's name)."""
    _count(session, "labels", ((dataset_id, split, gold) for dataset_id, split, gold in where))


def said_changed(session: Session, run: int, posts: Sequence[Sequence[int]]) -> None:
    """Notes within a transaction that a run says something else of posts, which come in parts that fit a statement."""
    where = {
        (row.dataset_id, row.split)
        for part in posts
        for row in session.execute(select(Posts.dataset_id, Posts.split).where(Posts.id.in_(part)).distinct())
    }
    _count(session, "run", ((dataset_id, split, str(run)) for dataset_id, split in where))


@while_unchanged
def newest_revision(store: Store) -> int:
    """The number of the newest revision of any post, drafts included: what holds their histories is old after it."""
    with store.read() as session:
        return session.scalar(select(func.max(Revisions.id))) or 0


def change_token(
    store: Store, dataset: str, split: str | None = None, golds: Sequence[str] = (), runs: Sequence[str] = ()
) -> ChangeToken:
    """Differs once posts, types or splits of the data set change, labels of these golds, or what these runs say.

    Labels and predictions are those of one split, or of all where `split` is None. A run that is not there has none.

    Raises:
        InputError: there is no such data set.
    """
    return _token(store, dataset, split, tuple(golds), tuple(runs))


@while_unchanged
def _token(store: Store, dataset: str, split: str | None, golds: tuple[str, ...], runs: tuple[str, ...]) -> ChangeToken:
    with store.read() as session:
        dataset_id = dataset_key(session, dataset)
        row = session.get_one(Datasets, dataset_id)
        state = [dataset_id, row.created, row.changes or 0]  # a number may have been that of a set that is gone
        found = session.execute(select(Runs.name, Runs.id, Runs.weights, Runs.created).where(Runs.name.in_(runs)))
        known = {name: row for name, *row in found}
        of = [("labels", gold) for gold in golds] + [("run", str(row[0])) for row in known.values()]
        counts = _counts(session, dataset_id, split, of)
    return json.dumps([*state, split, counts, known], sort_keys=True, separators=(",", ":"))


def _counts(
    session: Session, dataset_id: int, split: str | None, of: Sequence[tuple[str, str]]
) -> list[tuple[str, str, int]]:
    """How often what these kinds and names stand for has changed, those that never did left out."""
    named = tuple_(Changes.kind, Changes.name).in_(of)
    wanted = select(Changes.kind, Changes.name, func.sum(Changes.number)).where(Changes.dataset_id == dataset_id, named)
    if split is not None:
        wanted = wanted.where(Changes.split == split)
    rows = session.execute(wanted.group_by(Changes.kind, Changes.name).order_by(Changes.kind, Changes.name))
    return [(kind, name, number) for kind, name, number in rows]


def _count(session: Session, kind: Literal["labels", "run"], where: Iterable[tuple[int, str, str]]) -> None:
    rows = [
        {"dataset_id": dataset_id, "kind": kind, "name": name, "split": split, "number": 1}
        for dataset_id, split, name in sorted(where)
    ]
    add_to(session, Changes, _KEY, ("number",), rows)
