"""Sums of labels, counts of changes, and figures that the worker computes; revisions that began with a suggestion."""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    of_datasets = {
        table: sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=f"fk_{table}_dataset_id_datasets", ondelete="CASCADE"
        )
        for table in ("gold_totals", "changes", "figures")
    }
    op.create_table(
        "gold_totals",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("gold", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("entities", sa.Integer(), nullable=False),
        sa.Column("discarded", sa.Integer(), nullable=False),
        of_datasets["gold_totals"],
        sa.PrimaryKeyConstraint("dataset_id", "split", "gold", "label", name="pk_gold_totals"),
    )
    op.create_table(
        "changes",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        of_datasets["changes"],
        sa.PrimaryKeyConstraint("dataset_id", "kind", "name", "split", name="pk_changes"),
    )
    op.create_table(
        "figures",
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("computed", sa.Float(precision=53), nullable=False),
        of_datasets["figures"],
        sa.PrimaryKeyConstraint("question", name="pk_figures"),
    )
    began = sa.text("run IS NOT NULL")
    op.create_index(
        "ix_revisions_suggested", "revisions", ["track", "post_id"], sqlite_where=began, postgresql_where=began
    )
    _sum_up()


def _sum_up() -> None:
    """The sums of the labels that are there."""
    posts = sa.table("posts", sa.column("id"), sa.column("dataset_id"), sa.column("split"))
    columns = ("post_id", "track", "status", "imported", "is_newest")
    revisions = sa.table("revisions", *(sa.column(name) for name in columns), sa.column("marks", sa.JSON()))
    it = revisions.c
    wanted = sa.select(posts.c.dataset_id, posts.c.split, it.track, it.status, it.imported, it.is_newest, it.marks)
    wanted = wanted.join_from(revisions, posts, posts.c.id == it.post_id)
    sums: defaultdict[tuple[int, str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in op.get_bind().execute(wanted):
        golds = [("current" if row.track == "gold" else row.track)] if row.is_newest else []
        golds += ["original"] if row.imported and row.track == "gold" else []
        for gold in golds:
            every = sums[row.dataset_id, row.split, gold, ""]
            every[0] += row.status == "submitted"
            every[2] += row.status == "discarded"
            for _, _, _, label, _ in row.marks if row.status == "submitted" else ():
                every[1] += 1
                sums[row.dataset_id, row.split, gold, label][1] += 1
    names = ("dataset_id", "split", "gold", "label", "posts", "entities", "discarded")
    table = sa.table("gold_totals", *(sa.column(name) for name in names))
    rows = [dict(zip(names, (*key, *each), strict=True)) for key, each in sums.items() if any(each)]
    if rows:
        op.bulk_insert(table, rows)
