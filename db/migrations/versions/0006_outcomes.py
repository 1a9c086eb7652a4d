"""Outcomes of runs as rows, their totals, names of training posts; which revision counts; which pictures open.

What old stores hold is not counted here, because that takes long: every post is noted as uncounted, and
`db.uncounted.count_waiting` does the rest, batch by batch.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_NEWEST = """
UPDATE revisions SET is_newest = (status <> 'draft' AND NOT EXISTS (
    SELECT 1 FROM revisions AS later
    WHERE later.post_id = revisions.post_id AND later.track = revisions.track
    AND later.base > revisions.base AND later.status <> 'draft'
))
"""
_ALL = "INSERT INTO uncounted (post_id, dataset_id, is_new) SELECT id, dataset_id, true FROM posts"


def upgrade() -> None:
    op.add_column("posts", sa.Column("picture", sa.String(), nullable=True))
    op.create_index("ix_posts_dataset_id_picture", "posts", ["dataset_id", "picture"])
    op.add_column("revisions", sa.Column("is_newest", sa.Boolean(), nullable=True))
    op.execute(_NEWEST)
    op.create_index(
        "uq_revisions_newest",
        "revisions",
        ["post_id", "track"],
        unique=True,
        sqlite_where=sa.text("is_newest IS 1"),
        postgresql_where=sa.text("is_newest IS true"),
    )
    op.create_index(
        "ix_revisions_corrected",
        "revisions",
        ["track", "status", "post_id"],
        sqlite_where=sa.text("is_newest IS 1 AND imported IS 0"),
        postgresql_where=sa.text("is_newest IS true AND imported IS false"),
    )
    _create_outcomes()
    _create_totals()
    _create_uncounted()
    op.create_table(
        "training_names",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("entities", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_training_names_dataset_id_datasets"),
        sa.PrimaryKeyConstraint("dataset_id", "name", name="pk_training_names"),
    )
    op.execute(_ALL)


def _create_outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("track", sa.String(), nullable=False),
        sa.Column("revision_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("is_newest", sa.Boolean(), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("predicted_start", sa.Integer(), nullable=True),
        sa.Column("predicted_end", sa.Integer(), nullable=True),
        sa.Column("predicted_label", sa.String(), nullable=True),
        sa.Column("confidence", sa.Float(precision=53), nullable=True),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_outcomes_run_id_runs", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_outcomes_post_id_posts"),
        sa.PrimaryKeyConstraint(
            "run_id", "dataset_id", "split", "track", "revision_id", "number", name="pk_outcomes"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_outcomes_post_id", "outcomes", ["post_id"])


def _create_totals() -> None:
    op.create_table(
        "run_totals",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("gold", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("true_positives", sa.Integer(), nullable=False),
        sa.Column("predicted", sa.Integer(), nullable=False),
        sa.Column("entities", sa.Integer(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_totals_run_id_runs", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_run_totals_dataset_id_datasets"),
        sa.PrimaryKeyConstraint("run_id", "dataset_id", "split", "gold", "label", name="pk_run_totals"),
    )


def _create_uncounted() -> None:
    op.create_table(
        "uncounted",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_uncounted_post_id_posts"),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_uncounted_dataset_id_datasets"),
        sa.PrimaryKeyConstraint("post_id", name="pk_uncounted"),
    )
    op.create_index("ix_uncounted_dataset_id", "uncounted", ["dataset_id"])
