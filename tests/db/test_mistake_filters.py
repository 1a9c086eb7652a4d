"""Filters of mistakes by confidence, text, source and state of the labels: what they leave, and that indexes serve."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import delete, event, text

from db.annotations import history, newest, save
from db.character_spans import Mark
from db.engine import Store
from db.evaluations import judged
from db.gold import CURRENT, ORIGINAL
from db.imports import About, import_examples
from db.mistake_cases import CaseFilter, MistakesOf, percents
from db.mistakes import cases_of, cells, in_order, number_of
from db.posts import post, post_ids
from db.predictions import PostPrediction, PredictedMark, record
from db.runs import add_run
from db.tables import PostTexts
from mner_core.data.tokenize import tokenize
from mner_core.evaluation.errors import align
from mner_core.types import Example, Span
from tests.db.samples import LABELS
from tests.db.test_runs import write_run

WORDS = ("Ann", "Bob", "北京", "Rome", "met", "in", '"x"', "AND", "🔥")
SMALL = "USING INDEX ix_post_texts_waiting"
"""An index of the texts that are not searchable yet: of none, where the search has an answer."""
FILTERS = (
    {"confidence": "0-50"}, {"confidence": "50-90"}, {"confidence": "75-75"}, {"confidence": "91-100"},
    {"confidence": "x"}, {"confidence": "50"}, {"text": "bob"}, {"text": "京"}, {"text": '"x" AND'}, {"text": "🔥 in"},
    {"text": "nowhere"}, {"text": "  "}, {"source": "a.jsonl"}, {"source": "b.jsonl"}, {"source": "c.jsonl"},
    {"labels": "draft"}, {"labels": "discarded"}, {"labels": "corrected"}, {"labels": "imported"},
    {"text": "ann", "confidence": "25-80", "source": "a.jsonl", "labels": "imported"},
    {"text": "met", "kind": "missed"},
)  # fmt: skip


@pytest.fixture
def filled(store: Store) -> Store:
    """Posts of two files, a run, and labels in every state."""
    chance = random.Random(5)
    texts = [" ".join(chance.choices(WORDS, k=chance.randrange(1, 9))) for _ in range(60)]
    import_examples(store, "set", [_example(place, each) for place, each in enumerate(texts)], About(labels=LABELS))
    numbers = [number for _, number in post_ids(store, "set").items()]
    for name in ("run", "other"):
        add_run(store, write_run(store.home, name, settings={"name": name}))
        record(store, name, [_said(number, each, chance) for number, each in zip(numbers, texts, strict=True)])
    for number, each in zip(numbers, texts, strict=True):
        for status in chance.choice(((), (), ("submitted",), ("draft",), ("discarded",), ("submitted", "draft"))):
            there = newest(store, number)
            assert there
            marks = [Mark(start=0, end=each.find(" ") if " " in each else len(each), label="LOC")]
            save(store, number, "gold", base=there.number, marks=marks, author="ann", status=status)
    return store


def _example(place: int, words: str) -> Example:
    source = "a.jsonl" if place % 3 else "b.jsonl"
    tokens = tokenize(words)
    return Example(id=str(place), text=words, tokens=tokens, spans=(Span(0, 1, "PER"),), split="valid", source=source)


def _said(number: int, words: str, chance: random.Random) -> PostPrediction:
    last = words.rfind(" ") + 1
    marks = [(0, max(1, words.find(" ")), "PER"), (last, len(words), "ORG")] if last else []
    sure = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
    return PostPrediction(
        post=number,
        marks=tuple(
            PredictedMark(start=start, end=end, label=label, confidence=chance.choice(sure))
            for start, end, label in marks
            if chance.random() < 0.7
        ),
    )


def _expected(store: Store, of: MistakesOf, wanted: CaseFilter) -> dict[int, int]:
    """How many mistakes of each post the filter leaves, by looking at every post."""
    found: dict[int, int] = {}
    for each in judged(store, of.run, of.dataset, of.split, of.gold):
        sure = {mark.span: mark.confidence for mark in each.prediction.marks}
        pairs = [pair for pair in align(each.gold, sure) if pair.kind != "correct"]
        number = sum(_fits(store, each.gold_post.post, pair, sure, wanted) for pair in pairs)
        if number:
            found[each.gold_post.post] = number
    return found


def _fits(store: Store, number: int, pair: Any, sure: dict[Span, float], wanted: CaseFilter) -> bool:
    example, past = post(store, number).example, history(store, number)
    by_ann = past[-1].author == "ann"
    state = {"draft": "draft", "discarded": "discarded", "submitted": "corrected"}[past[-1].status] if by_ann else ""
    ends = percents(wanted.confidence)
    return all(
        (
            not wanted.kind or pair.kind == wanted.kind,
            not wanted.source or example.source == wanted.source,
            wanted.text.strip().lower() in example.text.lower(),
            not wanted.labels or (state != "corrected" if wanted.labels == "imported" else state == wanted.labels),
            not wanted.confidence
            or (ends is not None and pair.predicted and ends[0] <= 100 * sure[pair.predicted] <= ends[1]),
        )
    )


@pytest.mark.parametrize("gold", [CURRENT, ORIGINAL])
def test_what_the_filters_leave(filled: Store, gold: str) -> None:
    of, left = MistakesOf(run="run", dataset="set", split="valid", gold=gold), 0
    for fields in FILTERS:
        wanted = CaseFilter(**fields)
        expected = _expected(filled, of, wanted)
        assert number_of(filled, of, wanted) == (sum(expected.values()), len(expected)), fields
        assert {each.post for each in in_order(filled, of, wanted).page(None, 99) or []} == set(expected)
        cases = cases_of(filled, of, wanted, list(expected)) or {}
        assert {number: len(some) for number, some in cases.items()} == expected
        counted = [cell for cell in cells(filled, of, wanted) or [] if cell.kind != "correct"]
        if not wanted.kind:
            assert sum(cell.number for cell in counted) == sum(expected.values())
        left += bool(expected)
    assert left >= 13, "most filters leave something"


def test_a_search_has_no_answer_while_texts_wait(filled: Store) -> None:
    of = MistakesOf(run="run", dataset="set")
    with filled.write() as session:
        session.execute(delete(PostTexts))
        session.execute(text("INSERT INTO post_texts (post_id) SELECT id FROM posts"))
    assert number_of(filled, of, CaseFilter(text="bob")) is None
    assert cells(filled, of, CaseFilter(text="bob")) is None
    assert number_of(filled, of, CaseFilter(source="a.jsonl")) is not None


@contextmanager
def _statements(store: Store) -> Iterator[list[tuple[str, Any]]]:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    yield asked
    event.remove(store.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("fields", FILTERS, ids=str)
def test_no_filter_reads_all_posts(filled: Store, fields: dict[str, str]) -> None:
    """The plan of every statement: whatever is scanned whole is a result or the index of the search."""
    of, wanted = MistakesOf(run="run", dataset="set", split="valid", compare="other"), CaseFilter(**fields)
    with _statements(filled) as asked:
        number_of(filled, of, wanted)
        in_order(filled, of, wanted).page(None, 10)
        cells(filled, of, wanted)
        cases_of(filled, of, wanted, [1, 2, 3])
    assert len(asked) > 4
    with filled.engine.connect() as connection:
        for statement, parameters in asked:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            scanned = [row[3] for row in rows if row[3].startswith("SCAN") and not row[3].endswith(SMALL)]
            tables = ("posts", "post_texts", "revisions", "predictions", "outcomes", "mine", "theirs", "training_names")
            assert not [step for step in scanned if step.split()[1] in tables], (statement, scanned)
