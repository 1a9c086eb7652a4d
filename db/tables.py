"""The tables. Rows never leave the modules of this folder; those return plain frozen dataclasses.

Times are seconds since 1970, offsets are code points of a post's text, folders are relative to the home.
A change here needs a new migration in `migrations/versions`, and SCHEMA names the newest one.
"""

from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.figure_tables import Changes as Changes
from db.figure_tables import Figures as Figures
from db.figure_tables import GoldTotals as GoldTotals
from db.figure_tables import PostTotals as PostTotals
from db.job_tables import JobEvents as JobEvents
from db.job_tables import Jobs as Jobs
from db.job_tables import Requests as Requests
from db.job_tables import Workers as Workers
from db.outcome_tables import Outcomes as Outcomes
from db.outcome_tables import RunTotals as RunTotals
from db.outcome_tables import TrainingNames as TrainingNames
from db.outcome_tables import Uncounted as Uncounted
from db.table_base import Table as Table
from db.table_base import index_where
from db.text_tables import PostTexts as PostTexts

SCHEMA = "0013"
_BEGAN = text("run IS NOT NULL")
IS_DRAFT = text("status = 'draft'")
"""In these words a question finds the index of drafts."""


class Datasets(Table):
    """A data set: a name, its label set and whom it belongs to."""

    __tablename__ = "datasets"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    licence: Mapped[str]
    credits: Mapped[str]
    labels: Mapped[list[Any]]
    mapping: Mapped[dict[str, Any]]
    created: Mapped[float]
    knowledge: Mapped[str | None]
    """The key of the knowledge graph that came with it (`db.knowledge`)."""
    types: Mapped[dict[str, Any] | None]
    """{label: {"colour", "key", "description", "examples"}}, as far as somebody said so (`db.entity_types`)."""
    run_labels: Mapped[dict[str, Any] | None]
    """{run: {its label: the label here, empty for none}} where a run's labels are others (`db.run_labels`)."""
    changes: Mapped[int | None]  # how often types and splits were changed in place (`db.change_token`)
    is_unfinished: Mapped[bool | None]  # its first import is not done: nobody sees it yet
    deleted: Mapped[float | None]  # when it was deleted, 0 while it is being removed for good (`db.deletion`)


class Posts(Table):
    """A post as it was imported. Its text and tokens never change; what people say about it are revisions."""

    __tablename__ = "posts"
    __table_args__ = (
        UniqueConstraint("dataset_id", "split", "name"),
        Index(None, "dataset_id", "place"),
        Index(None, "dataset_id", "split", "place"),
        Index(None, "dataset_id", "picture"),
        Index(None, "dataset_id", "source"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id"))
    split: Mapped[str]
    name: Mapped[str]  # the id that the file gave it
    place: Mapped[int]  # in the order of the files
    text: Mapped[str]
    tokens: Mapped[list[Any]]
    """[[start, end], ...]"""
    tags: Mapped[list[Any] | None]
    subsets: Mapped[dict[str, Any]]
    """{name: [[start, end, label], ...]}, in words; behind them [start, end] in characters of what ends inside one."""
    image_sha256: Mapped[str | None]
    image_name: Mapped[str | None]
    picture: Mapped[str | None]
    """`with` one that opens, `without` any, or `broken`: named, but not there or not to be opened; None: not looked."""
    caption: Mapped[str | None]
    objects: Mapped[list[Any] | None]
    """[[label, [left, top, right, bottom], score], ...]"""
    source: Mapped[str]
    origin: Mapped[list[Any] | None]  # [split, name] as the file gave them, where one of them is another here


class Defects(Table):
    """What was wrong with a data set when it was last imported."""

    __tablename__ = "defects"
    __table_args__ = (Index(None, "dataset_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id"))
    kind: Mapped[str]
    file: Mapped[str]
    line: Mapped[int | None]
    detail: Mapped[str]


class Revisions(Table):
    """What somebody said about a post's entities. Rows are added; but for `is_newest`, none is ever changed.

    Two savers who started from one base meet in the UNIQUE constraint.
    """

    __tablename__ = "revisions"
    __table_args__ = (
        UniqueConstraint("post_id", "track", "base"),
        Index(None, "track", "status", "post_id"),
        index_where("uq_revisions_newest", ("post_id", "track"), {"is_newest": True}, unique=True),
        index_where(
            "ix_revisions_corrected", ("track", "status", "imported", "post_id"), {"is_newest": True, "imported": False}
        ),
        Index("ix_revisions_suggested", "track", "post_id", sqlite_where=_BEGAN, postgresql_where=_BEGAN),
        Index("ix_revisions_drafts", "track", "post_id", sqlite_where=IS_DRAFT, postgresql_where=IS_DRAFT),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    track: Mapped[str]
    base: Mapped[int]
    """The number of the revision it was made from, 0 for the first; its own number is one more."""
    status: Mapped[str]
    marks: Mapped[list[Any]]
    """[[id, start, end, label, box or null], ...]"""
    tokens: Mapped[list[Any] | None]
    """Of earlier versions, in which a mark cut the post's words; no longer read."""
    author: Mapped[str]
    created: Mapped[float]
    run: Mapped[str | None]
    """The run whose suggestion the author started from."""
    began: Mapped[str | None]
    """What the track's first revision of the post began with: a track's name, or empty for nothing."""
    imported: Mapped[bool]
    """Whether this is the gold that came with the data."""
    is_newest: Mapped[bool | None] = mapped_column(default=False)
    """Whether it is the newest of its track that is no draft: the one that counts."""


class Runs(Table):
    """An index of the run folders; it can be rebuilt from them."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    folder: Mapped[str]
    model: Mapped[str]
    variant: Mapped[str]
    profile: Mapped[str]
    seed: Mapped[int]
    settings: Mapped[dict[str, Any]]
    data: Mapped[dict[str, Any]]
    metrics: Mapped[dict[str, Any]]
    labels: Mapped[list[Any] | None]
    """Its label set; None where an older program wrote the row, the run's folder has it then."""
    weights: Mapped[str]
    started_from: Mapped[str]
    seconds: Mapped[float]
    created: Mapped[float]
    deleted: Mapped[float | None]  # as in `Datasets`


class Predictions(Table):
    """What a run says about a post."""

    __tablename__ = "predictions"
    __table_args__ = (Index(None, "post_id"), Index(None, "run_id", "least"))

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True)
    marks: Mapped[list[Any]]
    """[[start, end, label, confidence], ...]"""
    summary: Mapped[dict[str, Any]]
    least: Mapped[float] = mapped_column(server_default="1")
    """The smallest confidence of its entities; 1 where there is none."""


class Counts(Table):
    """One run on one post against one revision: {label: [true positives, predicted, gold]}."""

    __tablename__ = "counts"
    __table_args__ = (Index(None, "revision_id"),)

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"), primary_key=True)
    protocol: Mapped[str] = mapped_column(primary_key=True)
    counts: Mapped[dict[str, Any]]


class Evaluations(Table):
    """A run's totals on one named gold."""

    __tablename__ = "evaluations"
    __table_args__ = (UniqueConstraint("run_id", "gold_sha256", "protocol"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    gold_sha256: Mapped[str]
    protocol: Mapped[str]
    gold: Mapped[str]
    """How the gold was named when it was asked for: data set, split, track."""
    posts: Mapped[int]
    counts: Mapped[dict[str, Any]]
    created: Mapped[float]
