"""The names of the entities in a data set's imported training posts: whether a run can have seen a name before."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.character_spans import from_json, spans_from_marks
from db.gold import ORIGINAL, counts_as, words_of
from db.outcomes import parts
from db.sums import add_to
from db.tables import Posts, Revisions, TrainingNames, Uncounted
from mner_core.evaluation.slices import surface_form
from mner_core.types import Example

TRAIN = "train"


def add_names(session: Session, posts: Sequence[int], sign: int = 1, more: Iterable[tuple[int, str]] = ()) -> None:
    """Adds the names in those of the posts that lie in train, or with `sign` -1 takes them away.

    Posts that were never counted are left out: `db.uncounted` adds their names. `more` are names that are known
    without a look at their posts, each with the key of the data set.
    """
    _add(session, Counter(more), sign)
    never = select(Uncounted.post_id).where(Uncounted.is_new)
    for part in parts(posts):
        found: Counter[tuple[int, str]] = Counter()
        wanted = select(Posts.dataset_id, Posts.text, Posts.tokens, Revisions.marks)
        wanted = wanted.join(Revisions, (Revisions.post_id == Posts.id) & counts_as(ORIGINAL))
        wanted = wanted.where(Posts.id.in_(part), Posts.split == TRAIN, Posts.id.not_in(never))
        for row in session.execute(wanted):
            found.update((row.dataset_id, name) for name in _names(row))
        _add(session, found, sign)


def _add(session: Session, found: Counter[tuple[int, str]], sign: int) -> None:
    rows = [
        {"dataset_id": dataset_id, "name": name, "entities": sign * number}
        for (dataset_id, name), number in found.items()
    ]
    add_to(session, TrainingNames, ("dataset_id", "name"), ("entities",), rows)


def _names(row: Any) -> list[str]:
    words = words_of(row)
    post = Example(id="", text=row.text, tokens=words)
    return [surface_form(post, span) for span in spans_from_marks(words, from_json(row.marks))]
