"""The tables of what runs get right and wrong: kept true by whatever writes labels, predictions or splits.

`db.outcomes` writes them, `db.mistakes` asks them. Places count code points of a post's text.
"""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.table_base import Table

RIGHT = ("correct", "nothing")
"""The kinds of rows that are no mistakes."""
_IS_WRONG = text(f"kind NOT IN {RIGHT}")


class Outcomes(Table):
    """A gold entity of a submitted revision and what a run makes of it, or a spurious prediction.

    Every (run, revision) of a post that the run has read has at least one row: `nothing` where neither side has an
    entity. The rows of a run's split lie side by side, so that counting them reads them once; so do its mistakes, in an
    index of their own that has all that lists of them ask for.
    """

    __tablename__ = "outcomes"
    __table_args__ = (
        Index(None, "post_id"),
        Index(
            "ix_outcomes_mistakes",
            "run_id", "dataset_id", "split", "track", "revision_id", "start", "end", "label", "kind", "is_newest",
            "imported", "post_id", "place", "confidence", "predicted_label", "words", "name",
            sqlite_where=_IS_WRONG, postgresql_where=_IS_WRONG,
        ),
        {"sqlite_with_rowid": False},
    )  # fmt: skip

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    dataset_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    split: Mapped[str] = mapped_column(primary_key=True)
    track: Mapped[str] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """In the order of the text, from 0."""
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    place: Mapped[int]
    """The post's, in the order of the files."""
    is_newest: Mapped[bool]
    imported: Mapped[bool]
    """Both as the revision says."""
    kind: Mapped[str]
    """One of `mner_core.evaluation.errors.KINDS`, or `nothing`."""
    start: Mapped[int]
    end: Mapped[int]
    label: Mapped[str]
    """The gold entity, or the predicted one where it is spurious."""
    predicted_start: Mapped[int | None]
    predicted_end: Mapped[int | None]
    predicted_label: Mapped[str | None]
    confidence: Mapped[float | None]
    """What was predicted; None where the entity was missed."""
    words: Mapped[int]
    """How many words the entity touches."""
    name: Mapped[str]
    """These words with single spaces, case folded."""


class RunTotals(Table):
    """The sums of a run's outcomes in a split, by the gold's name and the label; the label "" stands for all.

    `posts` is how many labelled posts the run has read; it stands in the row of all labels. By the protocol `entity`.
    """

    __tablename__ = "run_totals"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id"), primary_key=True)
    split: Mapped[str] = mapped_column(primary_key=True)
    gold: Mapped[str] = mapped_column(primary_key=True)
    """`original`, `current` or a person's track."""
    label: Mapped[str] = mapped_column(primary_key=True)
    true_positives: Mapped[int]
    predicted: Mapped[int]
    entities: Mapped[int]
    posts: Mapped[int]


class Uncounted(Table):
    """A post whose outcomes are to be made anew. While a data set has one, questions about its mistakes have no answer.

    `is_new`: not counted before, so that the post's names and picture have not been looked at either.
    """

    __tablename__ = "uncounted"
    __table_args__ = (Index(None, "dataset_id"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id"))
    is_new: Mapped[bool]


class TrainingNames(Table):
    """How many entities of the imported training posts have a name (its words, single spaces, case folded)."""

    __tablename__ = "training_names"

    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    entities: Mapped[int]
