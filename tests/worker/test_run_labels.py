"""A run of other labels reads a data set: what is stored speaks the set's types."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from db.engine import Store
from db.posts import dataset, post_ids
from db.predictions import predictions
from db.run_labels import map_run
from db.runs import add_run
from mner_core.types import Example, Prediction, Span
from tests.db.test_runs import write_run
from worker.jobs.predict_posts import look


class _Reads:
    """A run that says the same of every post."""

    def __init__(self, folder: Any) -> None:
        self.folder = folder

    def predict_posts(self, examples: Sequence[Example], evidence: bool = False) -> list[Prediction]:
        spans = (Span(0, 1, "PERSON"), Span(1, 2, "ORG"), Span(2, 3, "THING"))
        return [Prediction(spans=spans, confidences=(0.9, 0.8, 0.7), confidence_source="crf") for _ in examples]


def marks(store: Store) -> set[tuple[tuple[str, float], ...]]:
    said = predictions(store, "foreign", "scenes", "valid").values()
    return {tuple((mark.label, mark.confidence) for mark in each.marks) for each in said}


def test_predictions_are_stored_in_the_sets_own_types(filled: Store) -> None:
    folder = write_run(filled.home, "foreign", labels=("PERSON", "ORG", "THING"))
    add_run(filled, folder)
    quiet: Any = SimpleNamespace(progress=lambda *_: None)
    run: Any = _Reads(folder)
    assert "PER" in dataset(filled, "scenes").labels
    assert look(filled, run, "scenes", "valid", quiet) == sum(of == "valid" for of, _ in post_ids(filled, "scenes"))
    assert marks(filled) == {(("PERSON", 0.9), ("ORG", 0.8), ("THING", 0.7))}, "nobody has said what they mean here"
    map_run(filled, "scenes", "foreign", {"PERSON": "PER", "THING": ""})
    look(filled, run, "scenes", "valid", quiet)
    assert marks(filled) == {(("PER", 0.9), ("ORG", 0.8))}
