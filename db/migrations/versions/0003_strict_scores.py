"""Strict scores are counted again: what was kept had the tag scheme guessed post by post, now it is the data set's."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for table in ("counts", "evaluations"):
        op.execute(f"DELETE FROM {table} WHERE protocol = 'entity-strict'")  # noqa: S608 - two names from above
