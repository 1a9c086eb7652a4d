"""The texts of posts in the form that is searched, and on SQLite an index of their runs of three characters.

The forms of the posts that are here are made later, batch by batch (`db.text_search.add_waiting_texts`). Behind each
text the index is given two signs of an end, so that every character, the last ones too, begins a term.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_END = "char(3, 3)"
_INDEX = (
    """CREATE VIRTUAL TABLE post_texts_index USING fts5(
        text, content='post_texts', content_rowid='post_id', tokenize='trigram case_sensitive 1', detail='none'
    )""",
    "CREATE VIRTUAL TABLE post_texts_terms USING fts5vocab(post_texts_index, row)",
    f"""CREATE TRIGGER post_texts_added AFTER INSERT ON post_texts WHEN new.text IS NOT NULL BEGIN
        INSERT INTO post_texts_index (rowid, text) VALUES (new.post_id, new.text || {_END});
    END""",
    f"""CREATE TRIGGER post_texts_removed AFTER DELETE ON post_texts WHEN old.text IS NOT NULL BEGIN
        INSERT INTO post_texts_index (post_texts_index, rowid, text)
        VALUES ('delete', old.post_id, old.text || {_END});
    END""",
    f"""CREATE TRIGGER post_texts_made AFTER UPDATE ON post_texts WHEN old.text IS NULL AND new.text IS NOT NULL BEGIN
        INSERT INTO post_texts_index (rowid, text) VALUES (new.post_id, new.text || {_END});
    END""",
)


def upgrade() -> None:
    op.create_table(
        "post_texts",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_post_texts_post_id_posts", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", name="pk_post_texts"),
    )
    op.create_index(
        "ix_post_texts_waiting",
        "post_texts",
        ["post_id"],
        sqlite_where=sa.text("text IS NULL"),
        postgresql_where=sa.text("text IS NULL"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in _INDEX:
            op.execute(statement)
    op.execute("INSERT INTO post_texts (post_id) SELECT id FROM posts")
    op.create_index("ix_posts_dataset_id_source", "posts", ["dataset_id", "source"])
    drafts = sa.text("status = 'draft'")
    op.create_index(
        "ix_revisions_drafts", "revisions", ["track", "post_id"], sqlite_where=drafts, postgresql_where=drafts
    )
