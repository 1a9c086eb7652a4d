"""Questions about mistakes go through mistakes alone: an index of theirs serves them, sums stand for what is right."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from db import text_search
from db.engine import Store
from db.mistake_cases import CaseFilter, MistakesOf
from db.mistakes import cases_of, cells, in_order, number_of, page_end, posts_read
from db.posts import post_ids
from db.predictions import PostPrediction, record
from tests.db import test_mistakes

COVERING = "USING COVERING INDEX ix_outcomes_mistakes"
ONE = MistakesOf(run="mine", dataset="set", split="valid")
TWO = replace(ONE, compare="theirs")
FAIR = replace(TWO, fair_to=("mine", "theirs"))
FILTERS: tuple[dict[str, str], ...] = (
    {}, {"kind": "missed"}, {"type": "PER"}, {"pair": "PER>LOC"}, {"name": "seen"}, {"length": "2"},
    {"confidence": "20-80"}, {"picture": "with"}, {"labels": "corrected"}, {"source": "posts.jsonl"}, {"text": "rome"},
)  # fmt: skip
ASKED: dict[str, Callable[[Store, MistakesOf, CaseFilter], object]] = {
    "number": number_of,
    "page": lambda store, of, wanted: in_order(store, of, wanted).page(None, 10),
    "where a page ends": lambda store, of, wanted: page_end(store, of, wanted, "sure", 3),
}
filled = test_mistakes.filled


@pytest.fixture
def read(filled: Store) -> Store:
    """The sample, both of whose runs have read every post."""
    for run in ("mine", "theirs"):
        numbers = list(post_ids(filled, "set").values())[::7]
        record(filled, run, [PostPrediction(post=number, marks=()) for number in numbers])
    return filled


@pytest.fixture
def asked(read: Store) -> Iterator[list[tuple[str, Any]]]:
    """What the store is asked."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            found.append((statement, parameters))

    event.listen(read.engine, "before_cursor_execute", note)
    yield found
    event.remove(read.engine, "before_cursor_execute", note)


def _plan(store: Store, asked: list[tuple[str, Any]]) -> list[str]:
    """The steps in which tables of outcomes are gone through, each with what serves it."""
    with store.engine.connect() as connection:
        steps = [
            row[3]
            for statement, parameters in list(asked)
            if "FROM outcomes" in statement
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    return [step for step in steps if step.split()[1] in ("mine", "theirs", "outcomes") or "outcomes" in step]


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("of", [ONE, TWO, replace(ONE, gold="original"), replace(TWO, split=None)], ids=str)
def test_lists_of_mistakes_read_their_index_and_nothing_else(
    read: Store, asked: list[tuple[str, Any]], of: MistakesOf, name: str
) -> None:
    for fields in FILTERS:
        asked.clear()
        ASKED[name](read, of, CaseFilter(**fields))
        steps = _plan(read, asked)
        assert len(steps) >= (1 if of.compare is None else 3), fields
        assert not [step for step in steps if COVERING not in step], fields


@pytest.mark.parametrize("of", [ONE, TWO], ids=str)
def test_what_is_right_and_read_is_known_without_an_outcome(
    read: Store, asked: list[tuple[str, Any]], of: MistakesOf
) -> None:
    assert posts_read(read, of)
    assert not _plan(read, asked)
    found = cells(read, of, CaseFilter())
    assert found
    assert any(cell.kind == "correct" for cell in found)
    assert not [step for step in _plan(read, asked) if COVERING not in step]


def test_labels_that_are_fair_are_looked_for_where_a_run_suggested_some(
    read: Store, asked: list[tuple[str, Any]]
) -> None:
    """Not among all revisions of the track: that is one a post, and more."""
    assert number_of(read, FAIR, CaseFilter())
    with read.engine.connect() as connection:
        steps = [
            row[3]
            for statement, parameters in list(asked)
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            if row[3].split()[1].startswith("revisions")
        ]
    assert steps
    assert not [step for step in steps if "post_id=?" not in step and "ix_revisions_suggested" not in step]


@pytest.mark.parametrize("of", [ONE, TWO], ids=str)
@pytest.mark.parametrize("words", ["o", "rome", "kevin-lee"])
def test_the_cases_of_a_page_are_not_looked_for_in_all_texts(
    read: Store, asked: list[tuple[str, Any]], of: MistakesOf, words: str
) -> None:
    wanted = CaseFilter(text=words)
    page = [each.post for each in in_order(read, of, wanted).page(None, 5) or []]
    asked.clear()
    assert set(cases_of(read, of, wanted, page) or ()) == set(page) != set()
    assert not [
        statement for statement, _ in asked if "post_texts_index" in statement or "post_texts_terms" in statement
    ]


@pytest.mark.parametrize("words", ["o", "m", "om"])
def test_a_letter_that_many_texts_hold_is_looked_for_in_those_with_mistakes(
    read: Store, asked: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    wanted = CaseFilter(text=words)
    by_index = [number_of(read, ONE, wanted), in_order(read, TWO, wanted).page(None, 99)]
    assert any("post_texts_index" in statement for statement, _ in asked)
    asked.clear()
    monkeypatch.setattr(text_search, "_BEGINNINGS", 0)
    assert [number_of(read, ONE, wanted), in_order(read, TWO, wanted).page(None, 99)] == by_index
    assert not [statement for statement, _ in asked if "post_texts_index MATCH" in statement]
