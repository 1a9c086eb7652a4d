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


def change_token(store: Store) -> ChangeToken:
    """Differs after every change to posts, labels, runs, predictions and scores, and after every step of a job.

    Imports and retrained runs change rows in place, but not without a job or a dropped score.
    """
    newest = [func.max(table.id) for table in (Revisions, Posts, Runs, Datasets, Evaluations, JobEvents)]
    counted = [func.count(column) for column in (Evaluations.id, Runs.id, Predictions.run_id)]
    with store.read() as session:
        found = [session.scalar(select(number)) for number in (*newest, *counted)]
    return ChangeToken(*(number or 0 for number in found))
