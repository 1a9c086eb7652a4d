"""The tables of what screens show and do not compute: sums of labels, figures of the worker, and what changed."""

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from db.table_base import Table


class PostTotals(Table):
    """How many posts a split has. Whatever adds or moves posts keeps it true, so that nothing counts them."""

    __tablename__ = "post_totals"

    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)
    split: Mapped[str] = mapped_column(primary_key=True)
    posts: Mapped[int]


class GoldTotals(Table):
    """The sums of a named gold in a split by label; the label "" stands for all. `db.gold_totals` keeps them true.

    `posts` is how many posts are labelled, `discarded` how many are left out; both stand in the row of all labels.
    """

    __tablename__ = "gold_totals"

    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)
    split: Mapped[str] = mapped_column(primary_key=True)
    gold: Mapped[str] = mapped_column(primary_key=True)
    """`original`, `current` or a person's track."""
    label: Mapped[str] = mapped_column(primary_key=True)
    posts: Mapped[int]
    entities: Mapped[int]
    discarded: Mapped[int]


class Changes(Table):
    """How often the labels of a gold, or what a run says, changed in a split (`db.change_token`)."""

    __tablename__ = "changes"

    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    """`labels` or `run`."""
    name: Mapped[str] = mapped_column(primary_key=True)
    """The gold's name, or the run's key."""
    split: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]


class Figures(Table):
    """What the worker computed for the screens, by what was asked (`db.figures`)."""

    __tablename__ = "figures"

    question: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    state: Mapped[str]
    """What it follows from: of data, labels, predictions and code, what could change it."""
    value: Mapped[dict[str, Any]]
    computed: Mapped[float]
