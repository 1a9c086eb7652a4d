"""A change token: the cache key for what screens derive from the store."""

from typing import NamedTuple

from sqlalchemy import func, select

from db.engine import Store
from db.tables import Datasets, Evaluations, JobEvents, Posts, Predictions, Revisions, Runs


class ChangeToken(NamedTuple):
    """The newest row, or the number of rows, of each table that screens draw from."""

    revisions: int
    posts: int
    runs: int
    datasets: int
    evaluations: int
    events: int
    scores: int
    trained: int
    predictions: int
    changes: int


def changed(dataset: Datasets) -> None:
    """Notes within a transaction that types or splits of a data set were changed in place."""
    dataset.changes = (dataset.changes or 0) + 1


def newest_event(store: Store) -> int:
    """The number of the newest step of any job: what runs say of posts changes in no other way."""
    with store.read() as session:
        return session.scalar(select(func.max(JobEvents.id))) or 0


def change_token(store: Store) -> ChangeToken:
    """Differs after every change to posts, labels, runs, predictions and scores, and after every step of a job.

    Imports and retrained runs change rows in place, but not without a job or a dropped score; types and splits of a
    data set are counted.
    """
    newest = [func.max(table.id) for table in (Revisions, Posts, Runs, Datasets, Evaluations, JobEvents)]
    counted = [func.count(column) for column in (Evaluations.id, Runs.id, Predictions.run_id)]
    with store.read() as session:
        found = [session.scalar(select(number)) for number in (*newest, *counted)]
        found.append(session.scalar(select(func.sum(Datasets.changes))))
    return ChangeToken(*(number or 0 for number in found))
