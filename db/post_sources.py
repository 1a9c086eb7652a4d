"""The files that posts came from."""

from sqlalchemy import func, select

from db.engine import Store
from db.posts import dataset_key
from db.tables import Posts

_SOURCES = 100


def sources(store: Store, dataset: str) -> list[str]:
    """The files that a data set's posts came from, in alphabetical order, the first hundred: each by one look-up.

    Raises:
        InputError: there is no such data set.
    """
    found: list[str] = []
    with store.read() as session:
        here = Posts.dataset_id == dataset_key(session, dataset)
        first = select(func.min(Posts.source))
        while len(found) < _SOURCES:
            following = (here, Posts.source > found[-1]) if found else (here,)
            if (name := session.scalar(first.where(*following))) is None:
                break
            found.append(name)
    return found
