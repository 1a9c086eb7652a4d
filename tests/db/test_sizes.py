"""How much there is: no question of a screen goes through all posts, revisions or predictions to say it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event

from db.annotations import save
from db.corrections import corrections
from db.engine import Store
from db.gold import CURRENT
from db.gold_totals import corrected_posts, labelled_counts
from db.posts import dataset, datasets, post_ids
from db.predictions import PostPrediction, coverage, record
from db.runs import add_run
from db.splits import is_dividable
from db.workers import beat
from db.worklists import progress, tracks
from tests.db.sizes_anew import assert_sizes_true
from tests.db.test_runs import write_run

SMALL = ("ix_revisions_corrected", "ix_revisions_drafts", "rowid=?", "post_id=?")
"""What may be gone through: corrections, drafts, and the rows of a post that is known."""
NEWEST = "SELECT max(revisions.id) AS max_1 \nFROM revisions"
"""One step to the end of the table; its plan says no more than SEARCH."""
QUESTIONS: dict[str, Callable[[Store], object]] = {
    "datasets": datasets,
    "dataset": lambda store: dataset(store, "set"),
    "labelled counts": lambda store: labelled_counts(store, "set"),
    "coverage": lambda store: coverage(store, "run", "set", None, CURRENT),
    "coverage of a split": lambda store: coverage(store, "run", "set", "train", "ann"),
    "progress": lambda store: progress(store, "set"),
    "progress of a person in a split": lambda store: progress(store, "set", "ann", "train"),
    "corrections": lambda store: corrections(store, "set"),
    "corrected posts": lambda store: corrected_posts(store, "set"),
    "is dividable": lambda store: is_dividable(store, "set"),
}


@pytest.fixture
def filled(store: Store, ids: list[int]) -> Store:
    """The sample posts, read by a run, with labels of two people in every state."""
    add_run(store, write_run(store.home, "run"))
    record(store, "run", [PostPrediction(post=each, marks=()) for each in ids[:4]])
    said: list[tuple[int, str, int, Any]] = [
        (ids[0], "gold", 1, "submitted"), (ids[1], "gold", 1, "draft"), (ids[2], "gold", 1, "discarded"),
        (ids[3], "ann", 0, "submitted"), (ids[4], "ann", 0, "draft"), (ids[5], "ann", 0, "discarded"),
    ]  # fmt: skip
    for number, track, base, status in said:
        save(store, number, track, base=base, marks=[], author="ann", status=status)
    return store


@pytest.fixture
def asked(filled: Store) -> Iterator[list[tuple[str, Any]]]:
    """What the store is asked."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            found.append((statement, parameters))

    event.listen(filled.engine, "before_cursor_execute", note)
    yield found
    event.remove(filled.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("name", QUESTIONS)
def test_asked_again_it_goes_through_no_posts(filled: Store, asked: list[tuple[str, Any]], name: str) -> None:
    QUESTIONS[name](filled)
    beat(filled, "w1", "cpu")  # or nothing would be asked at all
    asked.clear()
    QUESTIONS[name](filled)
    assert asked
    with filled.engine.connect() as connection:
        steps = [
            row[3]
            for statement, parameters in list(asked)
            if statement != NEWEST
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            if row[3].split()[0] in ("SCAN", "SEARCH")
            if "status = 'draft'" not in statement or "(track=? AND status=?)" not in row[3]
        ]
    long = [step for step in steps if step.split()[1].split("_")[0] in ("posts", "revisions", "predictions")]
    assert not [step for step in long if not any(way in step for way in SMALL)]


@pytest.mark.parametrize("name", ["corrections", "corrected posts", "progress", "progress of a person in a split"])
def test_asked_again_it_looks_at_no_correction(filled: Store, asked: list[tuple[str, Any]], name: str) -> None:
    first = QUESTIONS[name](filled)
    beat(filled, "w1", "cpu")
    asked.clear()
    assert QUESTIONS[name](filled) == first
    assert asked
    assert {statement for statement, _ in asked if "revisions" in statement} <= {NEWEST}


def test_whoever_changes_what_was_said_changes_it_for_nobody_else(filled: Store) -> None:
    progress(filled, "set").clear()
    assert progress(filled, "set")["corrected"] == 1


def test_it_is_what_counting_anew_says(filled: Store) -> None:
    assert tracks(filled, "set") == ["ann", "gold"]
    assert_sizes_true(filled)
    assert {each.name: each.posts for each in datasets(filled)} == {"set": len(post_ids(filled, "set"))}
