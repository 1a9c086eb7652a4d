"""Brings posts into the store.

A post's text and words never change once they are here, because revisions point into them. Importing the same posts
again adds what is new, brings pictures, captions and objects up to date, and reports what differs otherwise; which
posts are the same, `same_posts` says.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.orm import Session

from db.change_token import changed
from db.engine import Store
from db.entity_types import add_types
from db.images import ImportedPictures
from db.import_posts import PostImport, batches
from db.in_use import IMPORT_LOCK
from db.pauses import Pauses
from db.posts import extend_labels
from db.tables import Datasets, Defects, Posts, PostTotals, Revisions, TrainingNames, Uncounted
from mner_core.check import CheckReport
from mner_core.data.entity_types import EntityType
from mner_core.data.lines import Defect
from mner_core.files import one_at_a_time
from mner_core.types import Example, InputError

_ROWS = 500
"""Rows that one transaction deletes, or defects that it writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did. `defects` holds the reader's findings and the posts that were left as they were, `read` says
    what the folder holds, None where the posts came from no folder; `divided` counts the posts that were divided into
    splits, None where nobody asked for that.
    """

    dataset: str
    added: int
    updated: int
    unchanged: int
    defects: tuple[Defect, ...]
    read: CheckReport | None = None
    divided: int | None = None

    @property
    def left_out(self) -> tuple[str, ...]:
        """The files of the folder that nobody reads."""
        return self.read.left_out if self.read else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is said of a data set as a whole.

    `types` are those that dataset.json declares, `mapping` is what labels became on reading (OTHER = MISC), `knowledge`
    the key of the graph that came with it.
    """

    labels: tuple[str, ...] = ()
    types: tuple[EntityType, ...] = ()
    mapping: Mapping[str, str] | None = None
    licence: str = ""
    credits: str = ""
    knowledge: str | None = None


def import_examples(
    store: Store,
    name: str,
    examples: Iterable[Example],
    about: About | None = None,
    defects: Sequence[Defect] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ImportReport:
    """Brings posts into the data set `name`, batch by batch; imported gold is revision 1 of the track `gold`.

    The label set is the one that `about` names, and whatever labels the posts carry. `defects` are the reader's,
    `progress` hears how many posts are done. A new data set is seen by nobody before it is whole: what an import that
    was killed has left of it is thrown away by the next one. Posts that come into a set that is there already can be
    seen as they come; a killed import of those goes on where it was when it is done again.

    Raises:
        InputError: the name is empty.
        StoreError: there is no room left.
    """
    if not name.strip():
        raise InputError("A data set needs a name.")
    posts, about = list(examples), about or About()
    with one_at_a_time(store.home.root / IMPORT_LOCK):
        _throw_away_unfinished(store)
        seen = sorted({span.label for example in posts for span in example.spans or ()})
        with store.write() as session:
            dataset_id = _dataset_id(session, name, about, store.now())
            add_types(session, dataset_id, about.types)
            labels = extend_labels(session, dataset_id, [*about.labels, *seen])
        work = PostImport(store, dataset_id, labels)
        known = work.recognised(posts)
        with _left_alone():
            _take(work, store, posts, known, progress)
        found = (*defects, *work.defects)
        _finish(store, dataset_id, found)
    return ImportReport(dataset=name, added=work.added, updated=work.updated, unchanged=work.unchanged, defects=found)


def _take(
    work: PostImport,
    store: Store,
    posts: Sequence[Example],
    known: Sequence[int | None],
    progress: Callable[[int, int], None],
) -> None:
    """Batch by batch; a batch is made ready, and its pictures are copied, while the store is left to others."""
    pictures, pauses = ImportedPictures(store.home), Pauses(store)
    for which in batches(posts):
        progress(which.start, len(posts))
        ready = work.prepared(posts[which], pictures.keep(posts[which]), known[which])
        with pauses.before_a_batch():
            work.write(ready)


@contextmanager
def _left_alone() -> Iterator[None]:
    """Within it the garbage collector leaves alone what is there: all the posts, which it would visit for each batch.

    Collecting goes on for what is made within it. Of two imports at once the first to end lets it look at all again.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _finish(store: Store, dataset_id: int, found: Sequence[Defect]) -> None:
    """Replaces what was said to be wrong, and lets everybody see the data set."""
    _delete(store, Defects, Defects.dataset_id == dataset_id)
    for begin in range(0, len(found), _ROWS):
        rows = [{"dataset_id": dataset_id, **defect.to_json()} for defect in found[begin : begin + _ROWS]]
        with store.write() as session:
            session.execute(insert(Defects), rows)
    with store.write() as session:
        row = session.get_one(Datasets, dataset_id)
        row.is_unfinished = None
        changed(row)


def _throw_away_unfinished(store: Store) -> None:
    """Removes data sets whose first import was killed: nobody has seen them, and other posts may come by that name."""
    with store.read() as session:
        unfinished = session.scalars(select(Datasets.id).where(Datasets.is_unfinished.is_not(None))).all()
    for dataset_id in unfinished:
        posts = select(Posts.id).where(Posts.dataset_id == dataset_id)
        with store.write() as session:
            for table in (TrainingNames, Uncounted, PostTotals):
                session.execute(delete(table).where(table.dataset_id == dataset_id))
        _delete(store, Revisions, Revisions.post_id.in_(posts))
        _delete(store, Posts, Posts.dataset_id == dataset_id)
        _delete(store, Defects, Defects.dataset_id == dataset_id)
        _delete(store, Datasets, Datasets.id == dataset_id)


def _delete(store: Store, table: type[Defects | Revisions | Posts | Datasets], which: ColumnElement[bool]) -> None:
    """Deletes rows, so many in one transaction that nobody waits for it."""
    while True:
        with store.write() as session:
            some = session.scalars(select(table.id).where(which).limit(_ROWS)).all()
            session.execute(delete(table).where(table.id.in_(some)))
        if len(some) < _ROWS:
            return


def _dataset_id(session: Session, name: str, about: About, now: float) -> int:
    row = session.scalar(select(Datasets).where(Datasets.name == name))
    if row is None:
        row = Datasets(name=name, licence="", credits="", labels=[], mapping={}, created=now, is_unfinished=True)
        session.add(row)
    row.licence = about.licence or row.licence
    row.credits = about.credits or row.credits
    row.mapping = {**row.mapping, **(about.mapping or {})}
    row.knowledge = about.knowledge or row.knowledge
    session.flush()
    return row.id
