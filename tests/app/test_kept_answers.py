"""Counts of the screen Errors are kept while they hold and no longer; links of a screen ask the store once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import streamlit as st
from sqlalchemy import event

from db import mistakes
from db.annotations import newest, save
from db.engine import Store
from db.mistake_cases import CaseFilter, MistakesOf
from db.posts import post_ids
from db.predictions import PostPrediction, record
from pages.errors import kept_answers as kept_answers_of
from pages.errors.kept_answers import kept_answers
from pages.shared import selection
from tests.app.filled import SET, open_app
from tests.db.test_outcomes import make_old

ONE = MistakesOf(run="second", dataset=SET, split="valid")
BOTH = replace(ONE, compare="first")
ASKED = {
    "no filter": CaseFilter(), "missed": CaseFilter(kind="missed"), "a draft": CaseFilter(labels="draft"),
    "text": CaseFilter(text="paris"),
}  # fmt: skip


def corrected(store: Store) -> None:
    post = post_ids(store, SET)["valid", "match"]
    before = newest(store, post)
    assert before
    save(store, post, "gold", base=before.number, marks=before.marks[:1], author="ann")


def begun(store: Store) -> None:
    post = post_ids(store, SET)["valid", "bare"]
    before = newest(store, post)
    assert before
    save(store, post, "gold", base=before.number, marks=before.marks, author="ann", status="draft")


def predicted(store: Store) -> None:
    record(store, "second", [PostPrediction(post=post_ids(store, SET)["valid", "paris"], marks=())])


def discarded(store: Store) -> None:
    post = post_ids(store, SET)["valid", "hostile"]
    before = newest(store, post)
    assert before
    save(store, post, "gold", base=before.number, marks=before.marks, author="ann", status="discarded")


def answers(store: Store, of: MistakesOf, wanted: CaseFilter) -> list[Any]:
    kept = kept_answers(store, of)
    return [kept.cells(wanted), kept.number_of(wanted), kept.posts_read(), kept.page(wanted, "sure", 0, 9)]


def from_the_store(store: Store, of: MistakesOf, wanted: CaseFilter) -> list[Any]:
    page = mistakes.in_order(store, of, wanted, "sure").page(None, 9)
    return [
        mistakes.cells(store, of, wanted),
        mistakes.number_of(store, of, wanted),
        mistakes.posts_read(store, of),
        None if page is None else [each.post for each in page],
    ]


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """What is asked of the database within the block."""
    heard: list[str] = []

    def hear(_: Any, __: Any, statement: str, *___: Any) -> None:
        heard.append(statement)

    event.listen(store.engine, "before_cursor_execute", hear)
    yield heard
    event.remove(store.engine, "before_cursor_execute", hear)


@pytest.mark.parametrize("of", [ONE, BOTH, replace(BOTH, fair_to=("first", "second"))])
@pytest.mark.parametrize("wanted", ASKED.values(), ids=ASKED)
def test_what_is_asked_again_is_no_question_about_outcomes(store: Store, of: MistakesOf, wanted: CaseFilter) -> None:
    first = answers(store, of, wanted)
    assert first == from_the_store(store, of, wanted)
    with statements(store) as asked:
        assert answers(store, of, wanted) == first
    assert asked, "whether it still holds is asked"
    assert not [each for each in asked if "outcomes" in each]


@pytest.mark.parametrize("happens", [corrected, begun, predicted, discarded])
@pytest.mark.parametrize("of", [ONE, BOTH, replace(BOTH, fair_to=("first", "second"))])
def test_what_can_change_an_answer_has_it_asked_anew(
    store: Store, of: MistakesOf, happens: Callable[[Store], None]
) -> None:
    before = {name: answers(store, of, wanted) for name, wanted in ASKED.items()}
    happens(store)
    after = {name: answers(store, of, wanted) for name, wanted in ASKED.items()}
    assert after == {name: from_the_store(store, of, wanted) for name, wanted in ASKED.items()}
    assert after != before or of.fair_to, "it does change one of them"


def test_while_mistakes_are_counted_there_is_no_answer_and_none_is_kept(store: Store) -> None:
    answers(store, ONE, CaseFilter())
    make_old(store)
    assert answers(store, ONE, CaseFilter()) == [None, None, None, None]


@pytest.mark.parametrize("order", mistakes.ORDERS)
@pytest.mark.parametrize("of", [ONE, BOTH], ids=str)
def test_where_the_next_page_begins_is_known_with_this_one(
    store: Store, monkeypatch: pytest.MonkeyPatch, of: MistakesOf, order: mistakes.Order
) -> None:
    every = mistakes.in_order(store, of, CaseFilter(), order).page(None, 9)
    assert every
    assert len(every) > 2
    looked: list[int] = []
    end = kept_answers_of.page_end

    def counted(store: Store, of: MistakesOf, wanted: CaseFilter, order: mistakes.Order, posts: int) -> Any:
        looked.append(posts)
        return end(store, of, wanted, order, posts)

    monkeypatch.setattr(kept_answers_of, "page_end", counted)
    kept = kept_answers(store, of)
    pages = [kept.page(CaseFilter(), order, place, 1) for place in range(len(every))]
    assert pages == [[each.post] for each in every]
    assert not looked
    assert kept.page(CaseFilter(), order, 2, 3) == [each.post for each in every[2:5]]
    st.cache_resource.clear()
    assert kept_answers(store, of).page(CaseFilter(), order, 2, 3) == [each.post for each in every[2:5]]
    assert looked == [2], "another way to the page: it is looked for"


def test_the_pages_of_the_list_follow_each_other(store: Store) -> None:
    kept = kept_answers(store, ONE)
    every = kept.page(CaseFilter(), "sure", 0, 9)
    assert every
    assert [kept.page(CaseFilter(), "sure", place, 1) for place in range(len(every))] == [[each] for each in every]


@pytest.mark.parametrize("screen", ["overview", "data", "runs", "post"])
def test_all_links_of_a_drawn_screen_ask_once_what_is_looked_at(
    store: Store, monkeypatch: pytest.MonkeyPatch, screen: str
) -> None:
    app = open_app(screen, dataset=SET, run="second")
    resolved: list[dict[str, str]] = []
    resolve = selection.resolve

    def counted(store: Store, said: dict[str, str]) -> selection.Selection:
        resolved.append(said)
        return resolve(store, said)

    monkeypatch.setattr(selection, "resolve", counted)
    app.run()
    assert not app.exception
    assert len(resolved) == 1
