"""Predict: a run reads stored posts.

Payload: {"run", "dataset", "split" (else all)}. Result: {"run", "posts", "evaluations": [..]} (`looking.scores`).
"""

from typing import Any

from db.engine import Store
from db.jobs import Job
from db.posts import dataset
from db.runs import run as run_named
from mner_core.training.run import load
from worker.child_protocol import Reporter
from worker.jobs.predict_posts import look, scores


def run(store: Store, job: Job, report: Reporter) -> dict[str, Any]:
    """Predicts, keeps and scores.

    Raises:
        InputError: there is no such run or data set, or the run's folder is damaged.
    """
    name = dataset(store, job.payload["dataset"]).name
    split = job.payload.get("split")
    known = run_named(store, job.payload["run"])
    report.progress(0.0, "loading the run")
    number = look(store, load(known.folder, store.home), name, split, report)
    return {"run": known.name, "posts": number, "evaluations": list(scores(store, known.name, name, [split], []))}
