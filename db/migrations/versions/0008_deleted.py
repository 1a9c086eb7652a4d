"""Data sets and runs that are deleted: marked with a time, and removed 30 days later."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("datasets", sa.Column("deleted", sa.Float(precision=53), nullable=True))
    op.add_column("runs", sa.Column("deleted", sa.Float(precision=53), nullable=True))
