"""Which posts of an import are here already: by the id that their file gives them, else by what they are.

A file that gives no ids (tag files, JSONL without `id`) counts its posts or takes the picture's name, and that changes
with every post in front. Such posts are the same where split, text (spaces aside) and picture are: the picture's bytes,
or its name where there is no file. Each post here is the same as one post of an import at most, so duplicates stay two.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import select

from db.engine import Store
from db.posts import GOLD
from db.tables import Posts, Revisions
from mner_core.data.images import image_digest
from mner_core.types import Example, InputError

Gold: TypeAlias = Callable[[Example], list[Any] | None]
"""A post's gold as the store holds it."""
_REPEATED = re.compile(r"-\d+")


class SamePosts:
    """The posts of one data set, each waiting for the one post of an import that is the same."""

    def __init__(self, store: Store, dataset_id: int, gold_of: Gold) -> None:
        self.gold_of = gold_of
        self.rows: dict[int, Any] = {}
        self.digests: dict[Path, str | None] = {}
        self.by_id: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.by_text: dict[tuple[str, str], list[int]] = defaultdict(list)
        fields = (Posts.id, Posts.split, Posts.name, Posts.origin, Posts.text, Posts.image_sha256, Posts.image_name)
        first = (Revisions.track == GOLD) & (Revisions.base == 0) & Revisions.imported
        wanted = select(*fields, Revisions.marks).outerjoin(Revisions, (Revisions.post_id == Posts.id) & first)
        with store.read() as session:
            found = session.execute(wanted.where(Posts.dataset_id == dataset_id).order_by(Posts.place)).all()
        for row in found:
            self.rows[row.id] = row
            places = dict.fromkeys([tuple(row.origin or (row.split, row.name)), (row.split, row.name)])
            for split, name in places:
                self.by_id[split, name].append(row.id)
            for split in {split for split, _ in places}:
                self.by_text[split, _letters(row.text)].append(row.id)

    def find(self, examples: Sequence[Example]) -> list[int | None]:
        """The number of the same post here, for each of the examples; None for one that is new.

        Those with ids of their own go first, and the surest of them.
        """
        found: list[int | None] = [None] * len(examples)
        if not self.rows:
            return found
        for have_ids in (True, False):
            places = [place for place, example in enumerate(examples) if bool(_id_in_file(example)) == have_ids]
            for candidates in (self._sure, self._same, self._of_this_id):
                for place in places:
                    if found[place] is None:
                        found[place] = next((row for row in candidates(examples[place]) if row in self.rows), None)
                        self.rows.pop(found[place] or 0, None)
        return found

    def _sure(self, example: Example) -> Iterator[int]:
        """Of the same text and picture, and of the same id; or of the same gold, where the file gives no id."""
        same = list(self._alike(example))
        if given := _id_in_file(example):
            named = {row for name in (given, example.id) for row in self.by_id.get((example.split, name), ())}
            yield from (row for row in same if row in named)
        elif same:
            gold = self.gold_of(example)
            yield from (row for row in same if self.rows[row].marks == gold)

    def _same(self, example: Example) -> Iterator[int]:
        """Of the same text and picture; an id of the file's own may have got -2, -3 behind it here."""
        given = _id_in_file(example)
        for row in self._alike(example):
            if given is None or _REPEATED.fullmatch(self.rows[row].name.removeprefix(given)):
                yield row

    def _of_this_id(self, example: Example) -> Iterator[int]:
        """Of the file's own id, whatever else has changed."""
        given = _id_in_file(example)
        yield from self.by_id.get((example.split, given), ()) if given else ()

    def _alike(self, example: Example) -> Iterator[int]:
        """Of the same text and picture; those that are in this split now before those that were moved out of it."""

        def order(row: int) -> tuple[bool, bool]:
            return self.rows[row].split != example.split, self.rows[row].name != example.id

        rows = (row for row in self.by_text.get((example.split, _letters(example.text)), ()) if row in self.rows)
        return (row for row in sorted(rows, key=order) if self._shows_the_same(self.rows[row], example))

    def _shows_the_same(self, row: Any, example: Example) -> bool:
        picture = self._digest(example)
        if picture and row.image_sha256:
            return picture == str(row.image_sha256)
        return example.image_name == row.image_name

    def _digest(self, example: Example) -> str | None:
        """The sha256 of the post's picture, None where there is no file that can be read."""
        if example.image is None:
            return None
        if example.image not in self.digests:
            try:
                self.digests[example.image] = image_digest(example.image)
            except InputError:
                self.digests[example.image] = None
        return self.digests[example.image]


def _id_in_file(example: Example) -> str | None:
    """The id that the file gives the post, None where it gives none or gave it to another post of the split before."""
    return example.id if example.has_own_id else example.id_in_file


def _letters(text: str) -> str:
    return "".join(text.split())
