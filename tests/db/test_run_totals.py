"""Which runs have a figure of a split, and what is said of those that have none: to the post."""

import pytest

from db.engine import Store
from db.imports import About, import_examples
from db.posts import post_ids
from db.predictions import PostPrediction, PredictedMark, record
from db.run_totals import measured
from db.runs import add_run
from mner_core.types import Span
from tests.db.samples import LABELS, sample_post
from tests.db.test_runs import write_run

POSTS = 6


@pytest.mark.parametrize("read", range(POSTS + 1))
def test_a_run_is_measured_once_it_has_read_every_labelled_post(store: Store, read: int) -> None:
    posts = [sample_post(f"p{number}", "Ann won", (Span(0, 1, "PER"),), split="valid") for number in range(POSTS)]
    import_examples(store, "set", [*posts, sample_post("raw", "Bob won", None, split="valid")], About(labels=LABELS))
    add_run(store, write_run(store.home, "run"))
    numbers = post_ids(store, "set")
    ann = (PredictedMark(start=0, end=3, label="PER", confidence=0.5),)
    record(store, "run", [PostPrediction(post=numbers["valid", f"p{each}"], marks=ann) for each in range(read)])
    record(store, "run", [PostPrediction(post=numbers["valid", "raw"], marks=ann)])
    found = measured(store, "set", "valid")
    assert found is not None
    score = found["run"]
    if read < POSTS:
        left = f"{POSTS - read} labelled {'post' if read == POSTS - 1 else 'posts'}"
        assert score == f"The run run has not predicted {left} of set, valid yet."
    else:
        assert not isinstance(score, str)
        assert (score.posts, score.figures.f1, score.figures.support) == (POSTS, 100.0, POSTS)
