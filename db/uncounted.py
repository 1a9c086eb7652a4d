"""Posts whose outcomes are to be made anew: noted in no time, counted batch by batch, in the background.

So it is with stores of older versions, and where so many posts move that nobody could wait for it. Whoever stops the
counting finds it going on where it was.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from db.change_token import changed
from db.engine import Store
from db.images import image_path, picture_state
from db.jobs import enqueue
from db.outcomes import judge, lock, parts, posts_moved
from db.pauses import then_a_pause
from db.posts import dataset_key
from db.tables import Datasets, Posts, Predictions, Uncounted
from db.text_search import waiting_texts
from db.training_names import add_names
from mner_core.data.images import opens

AUTHOR = "store"
"""Who queues the counting: nobody in person."""
BATCH = 40
"""Posts of one transaction: whoever saves meanwhile waits some tens of milliseconds, with twenty runs."""
AT_ONCE = 10_000
"""Predictions whose outcomes move along in the transaction that moves their posts: a second or so."""


def waiting_posts(store: Store, dataset: str | None = None) -> int:
    """How many posts, of all or of one data set, are to be counted before questions about mistakes have an answer.

    Raises:
        InputError: there is no such data set.
    """
    wanted = select(func.count()).select_from(Uncounted)
    with store.read() as session:
        if dataset is not None:
            wanted = wanted.where(Uncounted.dataset_id == dataset_key(session, dataset))
        return session.scalar(wanted) or 0


def count_in_background(store: Store) -> None:
    """Queues a job that counts what waits and makes texts searchable, unless nothing waits or there is such a job."""
    if waiting_posts(store) or waiting_texts(store):
        enqueue(store, "count", {}, author=AUTHOR, dedupe_key="count")


def is_counted(session: Session, dataset_id: int) -> bool:
    """Whether no post of a data set is to be counted."""
    return not session.scalar(select(exists().where(Uncounted.dataset_id == dataset_id)))


def count_waiting(store: Store, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Counts all posts that wait, each batch in one short transaction, and returns how many that were.

    `progress` hears how many of all are done, and stops the counting by raising; the next call goes on.

    Raises:
        StoreError: there is no room left; what was counted stays.
    """
    done, total = 0, waiting_posts(store)
    while True:
        with then_a_pause(store):
            counted = _count_some(store)
        if not counted:
            return done
        done += counted
        progress(done, max(total, done))


def moved(session: Session, posts: Sequence[int]) -> None:
    """Lets the outcomes of posts follow them into other splits: at once, or later where they are very many."""
    read = (select(func.count()).where(Predictions.post_id.in_(part)) for part in parts(posts))
    if sum(session.scalar(number) or 0 for number in read) <= AT_ONCE:
        posts_moved(session, posts)
        return
    for part in parts(posts):
        known = set(session.scalars(select(Uncounted.post_id).where(Uncounted.post_id.in_(part))))
        rows = session.execute(select(Posts.id, Posts.dataset_id).where(Posts.id.in_(part))).all()
        session.add_all(
            Uncounted(post_id=row.id, dataset_id=row.dataset_id, is_new=False) for row in rows if row.id not in known
        )
        session.flush()


def _count_some(store: Store) -> int:
    with store.write() as session:
        wanted = select(Uncounted.post_id, Uncounted.is_new).order_by(Uncounted.post_id).limit(BATCH)
        found = session.execute(wanted).all()
        posts = [post for post, _ in found]
        lock(session, posts)
        session.execute(delete(Uncounted).where(Uncounted.post_id.in_(posts)))
        first = [post for post, is_new in found if is_new]
        _look_at_pictures(session, store, first)
        add_names(session, first)
        judge(session, posts)
    return len(posts)


def _look_at_pictures(session: Session, store: Store, posts: Sequence[int]) -> None:
    """Notes which pictures open; filters ask for that, so the token moves where one is found to be other than noted."""
    of_post = (Posts.id, Posts.image_name, Posts.image_sha256, Posts.picture, Posts.dataset_id)
    of_other: set[int] = set()
    for post, name, sha256, noted, dataset_id in session.execute(select(*of_post).where(Posts.id.in_(posts))).all():
        is_there = sha256 is not None and opens(image_path(store.home, sha256))
        if (state := picture_state(name, is_there)) != noted:
            session.execute(update(Posts).where(Posts.id == post).values(picture=state))
            of_other.add(dataset_id)
    for dataset_id in sorted(of_other):
        changed(session.get_one(Datasets, dataset_id))
