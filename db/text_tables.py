"""The table of what a search in texts looks through; `db.text_search` writes it and asks it.

On SQLite an FTS5 index of all runs of three characters lies beside it (`post_texts_index`, whose words are in
`post_texts_terms`): who adds a text adds it there, too, and a post that is deleted takes both along (by a trigger).
"""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.table_base import Table

_WAITS = text("text IS NULL")


class PostTexts(Table):
    """A post's text in the form that is searched, None where nobody has made it yet: in stores of older programs."""

    __tablename__ = "post_texts"
    __table_args__ = (Index("ix_post_texts_waiting", "post_id", sqlite_where=_WAITS, postgresql_where=_WAITS),)

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    text: Mapped[str | None]
