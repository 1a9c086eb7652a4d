"""Posts of an import that are here already: what may change of them, and gold that they did not have."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.gold import words_of
from db.images import KeptPicture, image_path, picture_state
from db.imported_gold import Gold, Report, accepted, gold_of
from db.post_columns import beside_the_text, in_words_of, subsets_to_json
from db.posts import GOLD
from db.tables import Posts, Revisions
from mner_core.data.images import opens
from mner_core.home import Home
from mner_core.types import Example


class KnownPost(NamedTuple):
    """A post of the import, its picture, the number of the same post here, the gold that it brings, who hears of it."""

    example: Example
    picture: KeptPicture | None
    number: int
    gold: Gold
    report: Report


class KnownPosts:
    """What becomes of known posts within a transaction.

    `updated` and `unchanged` count them, `gold` has the marks for those that had none, by number.
    """

    def __init__(self, session: Session, home: Home, labels: Sequence[str]) -> None:
        self._session, self._home, self._labels = session, home, labels
        self.updated = self.unchanged = 0
        self.gold: dict[int, list[Any]] = {}

    def bring_up_to_date(self, posts: Sequence[KnownPost]) -> None:
        """Writes what may change of the posts; their gold is for the caller to write."""
        numbers = [post.number for post in posts]
        if not numbers:
            return
        here = {row.id: row for row in self._session.scalars(select(Posts).where(Posts.id.in_(numbers)))}
        wanted = select(Revisions.post_id, Revisions.imported, Revisions.marks)
        wanted = wanted.where(Revisions.post_id.in_(numbers), Revisions.track == GOLD, Revisions.base == 0)
        found = self._session.execute(wanted)
        first = {number: marks if imported else None for number, imported, marks in found}
        for post in posts:
            self._take(here[post.number], post, first)

    def _take(self, row: Posts, post: KnownPost, first: dict[int, list[Any] | None]) -> None:
        example, gold, words = post.example, post.gold, words_of(row)
        if row.text == example.text:
            same = in_words_of(row, example)
        elif example.words == tuple(word.text for word in words):  # a tag file cannot say which spaces the text has
            same = replace(example, text=row.text, tokens=words)
            gold = gold_of(same, self._labels)
        else:
            post.report("changed-post", example, "is here with another text; it was left as it is")
            return
        if same is None:
            post.report("changed-post", example, "is here with words that lack some of it; it was left as it is")
        else:
            self._refresh(row, post._replace(example=same, gold=gold), first)

    def _refresh(self, row: Posts, post: KnownPost, first: dict[int, list[Any] | None]) -> None:
        example, picture = post.example, post.picture
        marks = accepted(post.gold, example, post.report)
        has_new_gold = marks is not None and row.id not in first
        if marks is not None and has_new_gold:
            row.tags = None if example.tags is None else list(example.tags)
            row.subsets = subsets_to_json(example)
            self.gold[row.id] = marks
        elif marks is not None and first[row.id] != marks:
            post.report("changed-gold", example, "is here with other gold labels; they were left as they are")
        news = beside_the_text(example, picture and picture.sha256)
        if picture is not None and row.image_sha256 == picture.sha256:
            news["image_name"] = row.image_name  # an export may have to name one of two pictures anew
        news["picture"] = self._picture(row, example, picture)
        for field, value in news.items():
            if value is not None and getattr(row, field) != value:
                setattr(row, field, value)
        if has_new_gold or self._session.is_modified(row):
            self.updated += 1
        else:
            self.unchanged += 1

    def _picture(self, row: Posts, example: Example, new: KeptPicture | None) -> str | None:
        """What is now known of the post's picture; None where nothing changes, or nobody has looked at the old one."""
        name = row.image_name if example.image_name is None else example.image_name
        is_same = (new is None or new.sha256 == row.image_sha256) and (name is None) == (row.image_name is None)
        if row.picture is None or is_same:
            return None
        if new is not None:
            return picture_state(name, new.does_open)
        kept = row.image_sha256
        return picture_state(name, kept is not None and opens(image_path(self._home, kept)))
