"""An index of mistakes alone, with all that lists of them ask for: three of four outcomes are right and no mistakes."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
_IS_WRONG = sa.text("kind NOT IN ('correct', 'nothing')")


def upgrade() -> None:
    op.create_index(
        "ix_outcomes_mistakes",
        "outcomes",
        [
            "run_id", "dataset_id", "split", "track", "revision_id", "start", "end", "label", "kind", "is_newest",
            "imported", "post_id", "place", "confidence", "predicted_label", "words", "name",
        ],
        sqlite_where=_IS_WRONG,
        postgresql_where=_IS_WRONG,
    )  # fmt: skip
