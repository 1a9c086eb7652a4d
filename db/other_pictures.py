"""Which other picture a post could have had: that of another post."""

from sqlalchemy import select

from db.engine import Store
from db.posts import Post, in_dataset
from db.tables import Posts


def posts_with_other_pictures(store: Store, own: Post) -> list[int]:
    """The posts of a post's split that have another picture, which may not open, in the order of the files."""
    other = Posts.image_sha256.is_not(None) & Posts.image_sha256.is_distinct_from(own.image_sha256)
    with store.read() as session:
        here = in_dataset(session, own.dataset, own.example.split)
        return list(session.scalars(select(Posts.id).where(*here, other).order_by(Posts.place)))
