"""Posts on their way into a data set: a batch at a time, each in one short write transaction.

Between two batches the store is free for everybody else, and what can be computed beforehand is computed there.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.change_token import changed
from db.engine import Store
from db.gold_totals import gold_follows
from db.images import KeptPicture, picture_state
from db.imported_gold import Report, accepted, gold_of, is_text
from db.known_posts import KnownPost, KnownPosts
from db.new_posts import NewPost, new_post, write_gold, write_posts
from db.outcomes import judge
from db.post_columns import beside_the_text, subsets_to_json, tokens_to_json
from db.same_posts import SamePosts
from db.splits import unique_name
from db.sums import posts_counted
from db.tables import Datasets, Posts
from db.training_names import add_names
from mner_core.data.lines import Defect, Kind
from mner_core.types import Example

BATCH = 250
"""Posts of one transaction: whoever saves meanwhile waits some tens of milliseconds."""
CHARACTERS = 100_000
"""Characters of one transaction's posts, which bound what the index of texts takes; one longer post stands alone."""


def batches(posts: Sequence[Example]) -> Iterator[slice]:
    """The posts of one transaction after another: at most `BATCH` posts and, but for a single one, `CHARACTERS`."""
    begin = length = 0
    for place, post in enumerate(posts):
        own = len(post.text) + len(post.caption or "")
        if place > begin and (place - begin == BATCH or length + own > CHARACTERS):
            yield slice(begin, place)
            begin, length = place, 0
        length += own
    if posts:
        yield slice(begin, len(posts))


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

        def gold(post: Example) -> list[Any] | None:
            return gold_of(post, self.labels)[0] if is_text(post) else None

        return SamePosts(self.store, self.dataset_id, gold).find(examples)

    def prepared(
        self, posts: Sequence[Example], pictures: Sequence[KeptPicture | None], known: Sequence[int | None]
    ) -> "Batch":
        """What one transaction will write of posts, each with its picture and the number of the same post here."""
        batch = Batch(self)
        for place, (post, picture, number) in enumerate(zip(posts, pictures, known, strict=True)):
            batch.take(post, picture, number, partial(batch.report, place))
        return batch

    def write(self, batch: "Batch") -> None:
        """Writes a batch; the next one is prepared after that.

        Raises:
            StoreError: there is no room left; nothing of this batch was kept.
        """
        with self.store.write() as session:
            batch.write(session, self.store.now())
            changed(session.get_one(Datasets, self.dataset_id))


class Batch:
    """What one transaction does: posts that are new, and gold that comes with them or to those that are here.

    What can be made before is made by `take`, while the store is free for others.
    """

    def __init__(self, whole: PostImport) -> None:
        self.whole = whole
        self.new: list[NewPost] = []
        self.here: list[KnownPost] = []
        self.defects: list[tuple[int, Defect]] = []

    def report(self, place: int, kind: Kind, example: Example, what: str) -> None:
        """Notes what is wrong with a post, which is the so many-th of the batch."""
        name = example.id.encode(errors="replace").decode()
        self.defects.append((place, Defect(kind, example.source, None, f"The post {name!r} {what}.")))

    def take(self, example: Example, picture: KeptPicture | None, known: int | None, report: Report) -> None:
        """Notes a post as new, or as one to be brought up to date."""
        if not is_text(example):
            report("bad-text", example, "holds lone surrogates, which are no text; it was left out")
            return
        if _key(example) in self.whole.seen and example.has_own_id:
            where = f"the split {example.split}" if example.split else "the data set"
            report("duplicate-id", example, f"occurs twice in {where}; the later one was left out")
            return
        self.whole.seen.add(_key(example))
        gold = gold_of(example, self.whole.labels)
        if known is None:
            self._add(example, picture, accepted(gold, example, report))
        else:
            self.here.append(KnownPost(example, picture, known, gold, report))

    def write(self, session: Session, now: float) -> None:
        """Brings the posts that are here up to date, and writes the new ones and their gold."""
        whole = self.whole
        known = KnownPosts(session, whole.store.home, whole.labels)
        known.bring_up_to_date(self.here)
        whole.updated += known.updated
        whole.unchanged += known.unchanged
        whole.defects += [defect for _, defect in sorted(self.defects, key=itemgetter(0))]
        labelled = list(known.gold)
        came = Counter(post.columns["split"] for post in self.new)
        posts_counted(session, [(whole.dataset_id, split, number) for split, number in came.items()])
        brought = [post for post in self.new if post.marks is not None]
        with gold_follows(session, labelled, (post.gold for post in brought)):
            write_posts(session, self.new, now)
            write_gold(session, known.gold.items(), now)
            add_names(session, labelled, more=(name for post in brought for name in post.names))
            judge(session, labelled)

    def _add(self, example: Example, picture: KeptPicture | None, marks: list[Any] | None) -> None:
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
        self.new.append(new_post(example, columns, marks))
        whole.place += 1
        whole.added += 1


def _origin(example: Example, name: str) -> list[str] | None:
    """Split and id as the file gives them, where the post is called otherwise here."""
    given = example.id_in_file or (example.id if example.has_own_id else None)
    return None if given in (None, name) else [example.split, str(given)]


def _key(example: Example) -> tuple[str, str]:
    return example.split, example.id
