"""How many wrong labels that are known a ranking finds, and how early.

A changed label counts as found by the first item of its post that names exactly its wrong words (`after`), or, where a
span was dropped, by the first one that shares a word with it. An item is a check of one place by a person; in random
order the same items find equally many in every stretch, so the random curve is a straight line to what can be found.
Annotation error detection is measured so by Klie, Webber and Gurevych 2023 (Annotation Error Detection: Analyzing the
Past and Present for a More Coherent Future, Computational Linguistics 49(1)), who rank by average precision, too.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from mner_core.data.corrupt import DAMAGES, Corruption
from mner_core.label_errors.reasons import Item
from mner_core.types import PostKey

POINTS = 20
EARLY = 100
"""The first items of a list: what a person looks at in an hour."""


def ranks_found(items: Sequence[Item], changes: Sequence[Corruption]) -> list[int | None]:
    """For each change the rank (from 1) of the item that finds it, None where none does."""
    by_post: dict[PostKey, list[tuple[int, Item]]] = defaultdict(list)
    for rank, item in enumerate(items, 1):
        for key in _names(item.key):
            by_post[key].append((rank, item))
    return [next((rank for rank, item in by_post[each.key] if finds(item, each)), None) for each in changes]


def finds(item: Item, change: Corruption) -> bool:
    """Whether the item leads a person to the change, which is one of its post."""
    if change.after is not None:
        return (item.span.start, item.span.end) == (change.after.start, change.after.end)
    return change.before is not None and item.reason == "missing" and item.span.overlaps(change.before)


def average_precision(found_at: Collection[int], wrong: int, ranked: int) -> dict[str, float]:
    """How high a ranking has what is wrong, in 0..100, and in how many times chance.

    Args:
        found_at: the ranks (from 1) that find something wrong that no rank before them found.
        wrong: how much is wrong in all; what is never found counts as a precision of 0.
        ranked: the length of the ranking.

    Returns:
        average_precision: the mean over all that is wrong of the precision at the rank where it is found.
        chance: the share of the ranking that is wrong, which is what a random order's average precision comes to.
        times_chance: the first over the second.
        precision_at_100: the share of hits among the first hundred.
    """
    order = sorted(found_at)
    precision = sum(number / rank for number, rank in enumerate(order, 1)) / max(wrong, 1)
    chance = wrong / max(ranked, 1)
    return {
        "average_precision": 100 * precision,
        "chance": 100 * chance,
        "times_chance": precision / chance if wrong else 0.0,
        "precision_at_100": 100 * sum(rank <= EARLY for rank in order) / min(EARLY, max(ranked, 1)),
    }


def recall_at_k(
    items: Sequence[Item], ranked_posts: Sequence[PostKey], changes: Sequence[Corruption]
) -> dict[str, Any]:
    """Average precision over items and over posts, precision and recall among the k = 2 x changes first items, recall
    by kind, and the curve.

    Args:
        items: the ranking.
        ranked_posts: the posts as `search.of_posts` ranks them.
        changes: what is wrong.
    """
    ranks = ranks_found(items, changes)
    k = 2 * len(changes)
    early = [change.kind for change, rank in zip(changes, ranks, strict=True) if rank is not None and rank <= k]
    of_kind, all_of_kind = Counter(early), Counter(change.kind for change in changes)
    can_be_found = sum(rank is not None for rank in ranks)
    checked = [round(2 * k * point / POINTS) for point in range(1, POINTS + 1)]
    wrong = {change.key for change in changes}
    return {
        "corruptions": len(changes),
        **average_precision({rank for rank in ranks if rank is not None}, len(changes), len(items)),
        "posts": average_precision(
            {rank for rank, post in enumerate(ranked_posts, 1) if not wrong.isdisjoint(_names(post))},
            len(wrong),
            len(ranked_posts),
        ),
        "k": k,
        "precision_at_k": 100 * len(early) / max(k, 1),
        "recall_at_k": 100 * len(early) / max(len(changes), 1),
        "recall_at_k_of": {kind: 100 * of_kind[kind] / all_of_kind[kind] for kind in DAMAGES if all_of_kind[kind]},
        "curve": [
            {
                "checked": number,
                "found": sum(rank is not None and rank <= number for rank in ranks),
                "random": round(can_be_found * min(number / max(len(items), 1), 1.0), 1),
            }
            for number in checked
        ],
    }


def _names(post: PostKey) -> tuple[PostKey, PostKey]:
    """How a change may name the post: lists of older versions do not say the split."""
    return post, PostKey("", post.post)
