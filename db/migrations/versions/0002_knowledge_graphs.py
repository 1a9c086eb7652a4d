"""Which knowledge graph came with a data set."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("datasets", sa.Column("knowledge", sa.String(), nullable=True))
