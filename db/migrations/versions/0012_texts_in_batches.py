"""The index of texts is written a batch at a time, by `db.text_search`: a trigger made it write each text to the disk.

FTS5 keeps what a transaction adds in memory, and writes it where a savepoint begins, as in each run of a trigger.
"""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER post_texts_added")
        op.execute("DROP TRIGGER post_texts_made")
