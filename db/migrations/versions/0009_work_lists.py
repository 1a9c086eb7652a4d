"""What work lists ask for: how sure a run is of a post, posts of a split by place, tracks and drafts by post."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_LEAST = {
    "sqlite": "SELECT min(json_extract(value, '$[3]')) FROM json_each(predictions.marks)",
    "postgresql": "SELECT min((value ->> 3)::float) FROM json_array_elements(predictions.marks)",
}


def upgrade() -> None:
    op.add_column("predictions", sa.Column("least", sa.Float(precision=53), nullable=False, server_default="1"))
    least = _LEAST[op.get_bind().dialect.name]
    op.execute(f"UPDATE predictions SET least = coalesce(({least}), 1.0)")
    op.create_index("ix_predictions_run_id_least", "predictions", ["run_id", "least"])
    op.create_index("ix_posts_dataset_id_split_place", "posts", ["dataset_id", "split", "place"])
    op.create_index("ix_revisions_track_status_post_id", "revisions", ["track", "status", "post_id"])
