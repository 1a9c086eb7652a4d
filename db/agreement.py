"""How far two labellings of a data set agree: two people's tracks, or one and a gold."""

from sqlalchemy import func, select

from db.engine import Store
from db.gold import CURRENT, ORIGINAL, gold_posts
from db.posts import GOLD, in_dataset
from db.tables import Posts, Revisions
from mner_core.evaluation.agreement import Agreement, agreement
from mner_core.types import InputError


def beginnings(store: Store, dataset: str, track: str) -> dict[str, int]:
    """With what the posts of a person's track began, in numbers of posts: "empty", a track's name ("gold"), or
    "unknown" where nobody noted it; nothing for a gold.

    Raises:
        InputError: there is no such data set.
    """
    with store.read() as session:
        wanted = select(Revisions.began, func.count()).join(Posts, Revisions.post_id == Posts.id)
        wanted = wanted.where(*in_dataset(session, dataset), Revisions.track == track, Revisions.base == 0)
        rows = [] if track in (GOLD, ORIGINAL, CURRENT) else session.execute(wanted.group_by(Revisions.began)).all()
    return {"unknown" if began is None else began or "empty": number for began, number in rows}


def agreement_of(store: Store, dataset: str, first: str, second: str, split: str | None = None) -> Agreement:
    """Agreement on the posts that both have labelled; `first` and `second` are named as in `db.gold`.

    Raises:
        InputError: there is no such data set, or no post that both have labelled.
    """
    ours, theirs = (
        {each.post: each.example for each in gold_posts(store, dataset, gold, split) if each.revision is not None}
        for gold in (first, second)
    )
    both = [post for post in ours if post in theirs]
    if not both:
        raise InputError(f"No post of {dataset} is labelled in both {first!r} and {second!r}.")
    return agreement([ours[post] for post in both], [theirs[post] for post in both])
