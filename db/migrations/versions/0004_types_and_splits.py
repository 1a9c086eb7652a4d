"""Types with colour, key and description; splits made here; what a track began with; the labels of a run."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_COLUMNS = (
    ("datasets", "types", sa.JSON(none_as_null=True)),
    ("datasets", "run_labels", sa.JSON(none_as_null=True)),
    ("datasets", "changes", sa.Integer()),
    ("posts", "origin", sa.JSON(none_as_null=True)),
    ("revisions", "began", sa.String()),
    ("runs", "labels", sa.JSON(none_as_null=True)),
)


def upgrade() -> None:
    for table, name, kind in _COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=True))
