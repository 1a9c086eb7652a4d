"""New posts, their search forms and the gold that came with them: a statement for each table, and no look back.

What is written is known before, so nothing is read again to be counted: `gold_follows` and `add_names` are told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from db.character_spans import from_json, spans_from_marks
from db.gold_totals import NewGold
from db.posts import GOLD
from db.tables import Posts, Revisions
from db.text_search import add_texts, search_form
from db.training_names import TRAIN
from mner_core.evaluation.slices import surface_form
from mner_core.types import Example

_POSTS: Table = Posts.__table__  # type: ignore[assignment]
_REVISIONS: Table = Revisions.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post's columns in `Posts`, its text as it is searched, its gold and its training names.

    Args:
        columns: by name.
        searched: its `search_form`.
        marks: as `Revisions.marks` has them; None where it has no gold.
        names: each with the key of the data set.
    """

    columns: dict[str, Any]
    searched: str
    marks: list[Any] | None
    names: tuple[tuple[int, str], ...]

    @property
    def gold(self) -> NewGold:
        """What its gold adds to the sums."""
        labels = [label for _, _, _, label, _ in self.marks or ()]
        return NewGold(self.columns["dataset_id"], self.columns["split"], labels)


def new_post(example: Example, columns: dict[str, Any], marks: list[Any] | None) -> NewPost:
    """The post as its file has it, ready to be written with these columns and this gold."""
    spans = spans_from_marks(example.tokens, from_json(marks)) if marks and columns["split"] == TRAIN else ()
    names = tuple((columns["dataset_id"], surface_form(example, span)) for span in spans)
    return NewPost(columns, search_form(example.text), marks, names)


def write_posts(session: Session, new: Sequence[NewPost], now: float) -> None:
    """Writes posts of one data set, in the order of their places, which lie behind all that were there."""
    if not new:
        return
    session.execute(insert(_POSTS), [post.columns for post in new])
    first = new[0].columns
    there = (Posts.dataset_id == first["dataset_id"], Posts.place >= first["place"])
    numbers = session.scalars(select(Posts.id).where(*there).order_by(Posts.place)).all()
    add_texts(session, [(number, post.searched) for number, post in zip(numbers, new, strict=True)])
    both = zip(numbers, new, strict=True)
    write_gold(session, ((number, post.marks) for number, post in both if post.marks is not None), now)


def write_gold(session: Session, gold: Iterable[tuple[int, list[Any]]], now: float) -> None:
    """Writes imported gold as the first revision of posts, given by number; it counts until somebody corrects it."""
    rows = [
        {
            "post_id": number, "track": GOLD, "base": 0, "status": "submitted", "marks": marks, "tokens": None,
            "author": "", "created": now, "run": None, "began": None, "imported": True, "is_newest": True,
        }
        for number, marks in gold
    ]  # fmt: skip
    if rows:
        session.execute(insert(_REVISIONS), rows)
