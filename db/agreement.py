"""How far two labellings of a data set agree: two people's tracks, or one and a gold."""

from db.engine import Store
from db.gold import gold_posts
from mner_core.evaluation.agreement import Agreement, agreement
from mner_core.types import InputError


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
