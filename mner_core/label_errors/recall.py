"""How many wrong labels that are known a ranking finds, and how early.

A changed label counts as found by the first item of its post that names exactly its wrong words (`after`), or, where a
span was dropped, by the first one that shares a word with it. An item is a check of one place by a person; in random
order the same items find equally many in every stretch, so the random curve is a straight line to what can be found.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from mner_core.data.corrupt import DAMAGES, Corruption
from mner_core.label_errors.reasons import Item

POINTS = 20


def ranks_found(items: Sequence[Item], changes: Sequence[Corruption]) -> list[int | None]:
    """For each change the rank (from 1) of the item that finds it, None where none does."""
    by_post: dict[str, list[tuple[int, Item]]] = defaultdict(list)
    for rank, item in enumerate(items, 1):
        by_post[item.post].append((rank, item))
    return [next((rank for rank, item in by_post[each.post] if finds(item, each)), None) for each in changes]


def finds(item: Item, change: Corruption) -> bool:
    """Whether the item, one of the change's post, leads a person to it."""
    if change.after is not None:
        return (item.span.start, item.span.end) == (change.after.start, change.after.end)
    return change.before is not None and item.reason == "missing" and item.span.overlaps(change.before)


def recall_at_k(items: Sequence[Item], changes: Sequence[Corruption]) -> dict[str, Any]:
    """Precision and recall among the k = 2 x changes most suspicious items, recall by kind, and the curve."""
    ranks = ranks_found(items, changes)
    k = 2 * len(changes)
    early = [change.kind for change, rank in zip(changes, ranks, strict=True) if rank is not None and rank <= k]
    of_kind, all_of_kind = Counter(early), Counter(change.kind for change in changes)
    can_be_found = sum(rank is not None for rank in ranks)
    checked = [round(2 * k * point / POINTS) for point in range(1, POINTS + 1)]
    return {
        "corruptions": len(changes),
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
