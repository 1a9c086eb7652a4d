"""Data sets whose first import is not done yet."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("datasets", sa.Column("is_unfinished", sa.Boolean(), nullable=True))
