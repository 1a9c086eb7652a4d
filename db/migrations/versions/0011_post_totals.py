"""How many posts each split has, as it is kept; and corrected posts by an index that is preferred to the one of all.

Two indexes began with the same columns, and SQLite took the one of all revisions. With a column more that a question
names, the one of corrections alone is the narrower.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "post_totals",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name="fk_post_totals_dataset_id_datasets", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "split", name="pk_post_totals"),
    )
    op.execute(
        "INSERT INTO post_totals (dataset_id, split, posts) "
        "SELECT dataset_id, split, count(*) FROM posts GROUP BY dataset_id, split"
    )
    op.drop_index("ix_revisions_corrected", table_name="revisions")
    op.create_index(
        "ix_revisions_corrected",
        "revisions",
        ["track", "status", "imported", "post_id"],
        sqlite_where=sa.text("is_newest IS 1 AND imported IS 0"),
        postgresql_where=sa.text("is_newest IS true AND imported IS false"),
    )
