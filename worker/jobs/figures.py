"""Figure: what a screen shows and is expensive, computed once and kept (`db.figures`).

Payload: {"dataset", "question" (`db.figures.Question`), "state" (of the moment when it was asked)}. Result: {}.
"""

from typing import Any

from db.engine import Store
from db.figure_kinds import compute
from db.figures import Question, keep, state_of
from db.jobs import Job
from worker.child_protocol import Reporter


def run(store: Store, job: Job, report: Reporter) -> dict[str, Any]:
    """Answers the question from one state of the store.

    Raises:
        InputError: the data set is gone.
    """
    asked = Question.of(job.payload["question"])
    report.progress(0.1, "reading posts, labels and predictions")
    with store.frozen() as still:
        state, value = state_of(still, asked), compute(still, asked)
    keep(store, asked, state, value)
    return {}
