"""Posts on their way into a data set: a batch at a time, each in one short write transaction.

Between two batches the store is free for everybody else, and what can be computed beforehand is computed there.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.change_token import changed
from db.character_spans import Mark, marks_from_spans, settle, to_json
from db.engine import Store
from db.gold import words_of
from db.gold_totals import gold_follows
from db.images import KeptPicture, image_path, picture_state
from db.new_posts import NewPost, write_gold, write_posts
from db.outcomes import judge
from db.post_columns import beside_the_text, in_words_of, subsets_to_json, tokens_to_json
from db.posts import GOLD
from db.same_posts import SamePosts
from db.splits import unique_name
from db.sums import posts_counted
from db.tables import Datasets, Posts, Revisions
from db.training_names import add_names
from mner_core.data.images import opens
from mner_core.data.lines import Defect, Kind
from mner_core.types import Example, InputError

BATCH = 250
"""Posts of one transaction: whoever saves meanwhile waits some tens of milliseconds."""


class PostImport:
    """One import into a data set: what is there, what has come so far, and what to say about it.

    Nobody else may import at the same time (`imports.import_examples` sees to that).
    """

    def __init__(self, store: Store, dataset_id: int, labels: Sequence[str]) -> None:
        self.store, self.dataset_id, self.labels = store, dataset_id, labels
        self.added = self.updated = self.unchanged = 0
        self.defects: list[Defect] = []
        self.seen: set[tuple[str, str]] = set()
        here = Posts.dataset_id == dataset_id
        with store.read() as session:
            rows = session.execute(select(Posts.split, Posts.name).where(here)).all()
            last = session.scalar(select(func.max(Posts.place)).where(here))
        self.taken = {(row.split, row.name) for row in rows}
        self.place = 0 if last is None else last + 1

    def recognised(self, examples: Sequence[Example]) -> list[int | None]:
        """The numbers of the posts here that are the same as those of the import; None for new ones."""
        return SamePosts(self.store, self.dataset_id, lambda each: _gold_of(each, self.labels)[0]).find(examples)

    def take(self, posts: Sequence[tuple[Example, KeptPicture | None, int | None]]) -> None:
        """Writes one batch of posts, each with its picture and the number of the same post here.

        Raises:
            StoreError: there is no room left; nothing of this batch was kept.
        """
        golds = [_gold_of(example, self.labels) for example, _, _ in posts]
        with self.store.write() as session:
            batch = _Batch(self, session, [known for _, _, known in posts if known is not None])
            for (example, picture, known), gold in zip(posts, golds, strict=True):
                batch.take(example, picture, known, gold)
            batch.finish(self.store.now())
            changed(session.get_one(Datasets, self.dataset_id))

    def report(self, kind: Kind, example: Example, what: str) -> None:
        """Notes what is wrong with a post."""
        name = example.id.encode(errors="replace").decode()
        self.defects.append(Defect(kind, example.source, None, f"The post {name!r} {what}."))


class _Batch:
    """What one transaction does: posts that are new, and gold that comes with them or to those that are here."""

    def __init__(self, whole: PostImport, session: Session, known: Sequence[int]) -> None:
        self.whole, self.session = whole, session
        self.new: list[NewPost] = []
        self.gold: list[tuple[Posts, list[Any]]] = []
        self.known: dict[int, Posts] = {}
        self.first_gold: dict[int, list[Any] | None] = {}
        if known:
            self._look_up(known)

    def _look_up(self, known: Sequence[int]) -> None:
        session = self.session
        self.known = {row.id: row for row in session.scalars(select(Posts).where(Posts.id.in_(known)))}
        first = select(Revisions.post_id, Revisions.imported, Revisions.marks).where(
            Revisions.post_id.in_(known), Revisions.track == GOLD, Revisions.base == 0
        )
        self.first_gold = {post_id: marks if imported else None for post_id, imported, marks in session.execute(first)}

    def take(self, example: Example, picture: KeptPicture | None, known: int | None, gold: "_Gold") -> None:
        """Notes a post as new, or brings what may change of it up to date."""
        if not _is_text(example):
            self.whole.report("bad-text", example, "holds lone surrogates, which are no text; it was left out")
            return
        if _key(example) in self.whole.seen and example.has_own_id:
            where = f"the split {example.split}" if example.split else "the data set"
            self.whole.report("duplicate-id", example, f"occurs twice in {where}; the later one was left out")
            return
        self.whole.seen.add(_key(example))
        if known is None:
            self._add(example, picture, gold)
            return
        row = self.known[known]
        words = words_of(row)
        if row.text == example.text:
            same = in_words_of(row, example)
        elif example.words == tuple(word.text for word in words):  # a tag file cannot say which spaces the text has
            same = replace(example, text=row.text, tokens=words)
            gold = _gold_of(same, self.whole.labels)
        else:
            self.whole.report("changed-post", example, "is here with another text; it was left as it is")
            return
        if same is None:
            self.whole.report("changed-post", example, "is here with words that lack some of it; it was left as it is")
        else:
            self._refresh(row, same, picture and picture.sha256, gold)

    def finish(self, now: float) -> None:
        """Writes the new posts and their gold."""
        came = Counter(post.columns["split"] for post in self.new)
        posts_counted(self.session, [(self.whole.dataset_id, split, number) for split, number in came.items()])
        labelled = [row.id for row, _ in self.gold]
        brought = [post for post in self.new if post.marks is not None]
        with gold_follows(self.session, labelled, (post.gold for post in brought)):
            write_posts(self.session, self.new, now)
            write_gold(self.session, ((row.id, marks) for row, marks in self.gold), now)
            add_names(self.session, labelled, more=(name for post in brought for name in post.names))
            judge(self.session, labelled)

    def _add(self, example: Example, picture: KeptPicture | None, gold: "_Gold") -> None:
        whole = self.whole
        name = unique_name(example.split, example.id, whole.taken)  # a post that was moved here may have the id
        whole.taken.add((example.split, name))
        columns = {
            "dataset_id": whole.dataset_id,
            "split": example.split,
            "name": name,
            "origin": _origin(example, name),
            "place": whole.place,
            "text": example.text,
            "tokens": tokens_to_json(example),
            "tags": None if example.tags is None else list(example.tags),
            "subsets": subsets_to_json(example),
            "source": example.source,
            "picture": picture_state(example.image_name, picture is not None and picture.does_open),
            **beside_the_text(example, picture and picture.sha256),
        }
        self.new.append(NewPost(example, columns, self._said(example, gold)))
        whole.place += 1
        whole.added += 1

    def _refresh(self, row: Posts, example: Example, sha256: str | None, gold: "_Gold") -> None:
        marks = self._said(example, gold)
        has_new_gold = marks is not None and row.id not in self.first_gold
        if marks is not None and has_new_gold:
            row.tags = None if example.tags is None else list(example.tags)
            row.subsets = subsets_to_json(example)
            self.gold.append((row, marks))
        elif marks is not None and self.first_gold[row.id] != marks:
            self.whole.report("changed-gold", example, "is here with other gold labels; they were left as they are")
        news = beside_the_text(example, sha256)
        if sha256 is not None and row.image_sha256 == sha256:
            news["image_name"] = row.image_name  # an export may have to name one of two pictures anew
        news["picture"] = self._picture(row, example, sha256)
        for field, value in news.items():
            if value is not None and getattr(row, field) != value:
                setattr(row, field, value)
        if has_new_gold or self.session.is_modified(row):
            self.whole.updated += 1
        else:
            self.whole.unchanged += 1

    def _picture(self, row: Posts, example: Example, sha256: str | None) -> str | None:
        """What is now known of the post's picture; None where nothing changes, or nobody has looked at the old one."""
        name = row.image_name if example.image_name is None else example.image_name
        picture = sha256 or row.image_sha256
        is_same = picture == row.image_sha256 and (name is None) == (row.image_name is None)
        if row.picture is None or is_same:
            return None
        return picture_state(name, picture is not None and opens(image_path(self.whole.store.home, picture)))

    def _said(self, example: Example, gold: "_Gold") -> list[Any] | None:
        marks, complaint = gold
        if complaint:
            self.whole.report("bad-gold", example, f"has gold that cannot be, and came in without: {complaint}")
        return marks


_Gold = tuple[list[Any] | None, str]
"""A post's gold as the store holds it, None where there is none, and what is wrong with it."""


def _origin(example: Example, name: str) -> list[str] | None:
    """Split and id as the file gives them, where the post is called otherwise here."""
    given = example.id_in_file or (example.id if example.has_own_id else None)
    return None if given in (None, name) else [example.split, str(given)]


def _gold_of(example: Example, labels: Sequence[str]) -> _Gold:
    if example.spans is None or not _is_text(example):
        return None, ""
    try:
        return _gold_to_json(example, labels), ""
    except InputError as error:
        return None, str(error).rstrip(".")


def _key(example: Example) -> tuple[str, str]:
    return example.split, example.id


def _gold_to_json(example: Example, labels: Sequence[str]) -> list[Any]:
    """Gold with ids that another import of the same gold gives again."""
    marks = marks_from_spans(example.tokens, example.spans or ())
    named = [Mark(id=f"g{place}", start=mark.start, end=mark.end, label=mark.label) for place, mark in enumerate(marks)]
    return to_json(settle(example.text, example.tokens, named, labels))


def _is_text(example: Example) -> bool:
    words = [example.id, example.text, example.caption or "", example.image_name or ""]
    try:
        "".join([*words, *(span.label for span in example.spans or ())]).encode()
    except UnicodeEncodeError:
        return False
    return True
