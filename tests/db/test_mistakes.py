"""Questions about mistakes are answered as if the whole split were loaded, scored, filtered and sorted."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from db.annotations import newest, save
from db.character_spans import Mark
from db.engine import Store
from db.evaluations import evaluate, judged
from db.fair_gold import suggested
from db.gold import CURRENT, ORIGINAL, examples
from db.imports import About, import_examples
from db.mistake_cases import CaseFilter, MistakesOf
from db.mistakes import (
    ORDERS,
    cases_of,
    cells,
    facet,
    has_read,
    in_order,
    number_of,
    page_end,
    posts_read,
)
from db.posts import post_ids
from db.predictions import PostPrediction, PredictedMark, record
from db.run_totals import totals
from db.runs import add_run
from db.uncounted import count_waiting
from mner_core.data.images import opens
from mner_core.data.tokenize import tokenize
from mner_core.evaluation.slices import seen_types
from mner_core.types import Example, InputError, Span
from pages.mistakes.cases import PostCases
from pages.mistakes.filters import Filter
from tests import mistakes_in_memory as in_memory
from tests.db.samples import LABELS
from tests.db.test_outcomes import entities, make_old
from tests.db.test_runs import write_run

WORDS = ("Ann", "Bob", "rome", "Rome", "met", "in", "#x", "Kevin-Lee", "أمس")
POSTS = 48
FILTERS = (
    {}, {"kind": "type"}, {"kind": "missed"}, {"type": "PER"}, {"pair": "PER>none"}, {"pair": "none>LOC"},
    {"picture": "with"}, {"picture": "without"}, {"picture": "broken"}, {"name": "seen"}, {"name": "unseen"},
    {"length": "1"}, {"length": "2"}, {"length": "3"}, {"length": "x"}, {"labels": "corrected"},
    {"labels": "imported"}, {"kind": "boundary", "length": "2"}, {"type": "LOC", "name": "seen", "labels": "imported"},
    {"kind": "spurious", "picture": "without", "type": "ORG"}, {"kind": "no such"},
)  # fmt: skip
CHANGED = ({"change": "fixed"}, {"change": "broken", "type": "LOC"}, {"change": "wrong in both", "name": "unseen"})


def _examples(chance: random.Random, folder: Path) -> Iterator[Example]:
    Image.new("RGB", (4, 4), "red").save(folder / "good.png")
    (folder / "bad.png").write_bytes(b"no picture")
    for number in range(POSTS):
        text = " ".join(chance.choices(WORDS, k=chance.randrange(8)))
        words = tokenize(text)
        gold = [
            Span(
                next(place for place, word in enumerate(words) if word.start == start),
                next(place for place, word in enumerate(words) if word.end == end) + 1,
                label,
            )
            for start, end, label in entities(text, chance)
        ]
        image = chance.choice((None, folder / "good.png", folder / "bad.png", folder / "gone.png"))
        yield Example(
            id=str(number), text=text, tokens=words, spans=None if number % 9 == 0 else tuple(gold), image=image,
            image_name=image.name if image else None, split=("train", "valid")[number % 2], source="posts.jsonl",
        )  # fmt: skip


@pytest.fixture
def filled(store: Store, tmp_path: Path) -> Store:
    """Posts of two splits, two runs that read most of them, corrections (some suggested by a run), drafts, a track."""
    chance = random.Random(7)
    posts = list(_examples(chance, tmp_path))
    texts = {each.id: each.text for each in posts}
    import_examples(store, "set", posts, About(labels=LABELS))
    numbers = {name: number for (_, name), number in post_ids(store, "set").items()}
    for run in ("mine", "theirs"):
        add_run(store, write_run(store.home, run, settings={"name": run}))
        record(store, run, [_said(number, texts[name], chance) for name, number in numbers.items() if int(name) % 7])
    for name, number in numbers.items():
        for track, often in (("gold", 0.5), ("gold", 0.3), ("ann", 0.4)):
            if chance.random() < often:
                there = newest(store, number, track)
                marks = [Mark(start=start, end=end, label=label) for start, end, label in entities(texts[name], chance)]
                base = there.number if there else 0
                status: Any = chance.choice(("submitted", "submitted", "draft", "discarded"))
                run = chance.choice((None, None, "mine"))
                save(store, number, track, base=base, marks=marks, author="ann", status=status, run=run)
    return store


def _said(number: int, text: str, chance: random.Random) -> PostPrediction:
    return PostPrediction(
        post=number,
        marks=tuple(
            PredictedMark(start=start, end=end, label=label, confidence=chance.choice((0.25, 0.5, 0.75, 0.9)))
            for start, end, label in entities(text, chance)
        ),
    )


QUESTIONS = [
    MistakesOf(run="mine", dataset="set", split=split, gold=gold)
    for split, gold in (("train", CURRENT), ("valid", ORIGINAL), (None, CURRENT), (None, "ann"))
]
COMPARED = [replace(of, compare="theirs") for of in QUESTIONS[1:]]
FAIR = [replace(of, compare="theirs", fair_to=("theirs", "mine")) for of in (QUESTIONS[0], QUESTIONS[2])]


def _in_memory(store: Store, of: MistakesOf) -> tuple[list[Any], list[PostCases], in_memory.Facts]:
    """What is made of the same selection in memory."""
    asked = (of.dataset, of.split, of.gold, of.fair_to)
    looked = judged(store, of.run, *asked)
    found = in_memory.mistakes(looked)
    if of.compare:
        others = {each.gold_post.post: each for each in judged(store, of.compare, *asked)}
        looked = [each for each in looked if each.gold_post.post in others]
        found = in_memory.compared(looked, others)
    track = "gold" if of.gold in (CURRENT, ORIGINAL) else of.gold
    return looked, found, in_memory.Facts(
        seen=frozenset(seen_types(examples(store, of.dataset, ORIGINAL, "train"))),
        corrected=frozenset(corrected_in_memory(store, track)),
        opens=lambda each: opens(each.gold_post.example.image),
    )  # fmt: skip


def corrected_in_memory(store: Store, track: str) -> Iterator[int]:
    """The posts whose newest revision on a track was submitted by a person."""
    for number in post_ids(store, "set").values():
        there = newest(store, number, track)
        if there and there.status == "submitted" and not there.imported:
            yield number


@pytest.mark.parametrize("of", QUESTIONS + COMPARED + FAIR, ids=str)
def test_lists_counts_and_pages(filled: Store, of: MistakesOf) -> None:
    _check_all(filled, of)


@pytest.mark.parametrize("of", [QUESTIONS[2], *COMPARED, FAIR[1]], ids=str)
def test_the_same_where_a_run_or_both_have_read_everything(filled: Store, of: MistakesOf) -> None:
    """What both have read is then known by its number alone, and what is right by the totals."""
    numbers = list(post_ids(filled, "set").values())[::7]
    for runs in (["mine"], ["theirs"]):
        for run in runs:
            record(filled, run, [PostPrediction(post=number, marks=()) for number in numbers])
        _check_all(filled, of)


def _check_all(filled: Store, of: MistakesOf) -> None:
    looked, found, facts = _in_memory(filled, of)
    assert found
    assert posts_read(filled, of) == len(looked)
    assert has_read(filled, of)
    for number, fields in enumerate((*FILTERS, *(CHANGED if of.compare else ()))):
        kept = in_memory.matching(found, Filter(**fields), facts)
        wanted = CaseFilter(**fields)
        assert number_of(filled, of, wanted) == (sum(len(post.cases) for post in kept), len(kept))
        said = cases_of(filled, of, wanted, [post.post for post in kept])
        assert said == {post.post: post.cases for post in kept}
        for order in ORDERS if not fields else (ORDERS[number % len(ORDERS)],):
            _check_pages(filled, of, wanted, order, [post.post for post in in_memory.ordered(kept, order)])
        _check_facets(filled, of, fields, (found, in_memory.correct(looked)), facts)


def _check_pages(store: Store, of: MistakesOf, wanted: CaseFilter, order: Any, expected: list[int]) -> None:
    pages: list[int] = []
    behind = None
    posts = in_order(store, of, wanted, order)
    while page := posts.page(behind, limit=9):
        pages += [each.post for each in page]
        behind = page[-1].at
    assert behind == (page_end(store, of, wanted, order, len(pages)) if pages else None)
    assert pages == expected
    if expected:
        middle = len(expected) // 2
        at = posts.place_of(expected[middle])
        assert at is not None
        assert posts.number_before(at) == middle
        back = posts.page(at, limit=3, backwards=True)
        assert [each.post for each in back or []] == expected[:middle][::-1][:3]
    assert posts.place_of(-1) is None
    assert posts.among([*expected[::2], -1]) == set(expected[::2])
    assert posts.number() == len(expected)


def _check_facets(
    store: Store,
    of: MistakesOf,
    fields: dict[str, str],
    both: tuple[list[PostCases], list[PostCases]],
    facts: in_memory.Facts,
) -> None:
    kept = cells(store, of, CaseFilter(**fields))
    assert kept is not None
    names = ("kind", "type", "pair", *(("change",) if of.compare else ()))
    for posts, part in zip(both, (False, True), strict=True):
        mine = [cell for cell in kept if (cell.kind == "correct") == part]
        for name in names:
            expected = in_memory.facet(posts, Filter(**fields), facts, name)
            assert facet(mine, CaseFilter(**fields), name) == expected


def test_the_sample_has_something_of_everything(filled: Store) -> None:
    for of in (QUESTIONS[2], COMPARED[1]):
        found = cells(filled, of, CaseFilter())
        assert found is not None
        assert {cell.kind for cell in found} == {
            "correct", "type", "boundary", "boundary and type", "missed", "spurious",
        }  # fmt: skip
        for fields in FILTERS[:-1]:
            if fields.get("length") != "x":
                assert number_of(filled, of, CaseFilter(**fields)) != (0, 0), fields
    assert {cell.change for cell in cells(filled, COMPARED[1], CaseFilter()) or []} == {
        None, "fixed", "broken", "wrong in both",
    }  # fmt: skip
    assert suggested(filled, "set", None, CURRENT, ["mine"]).posts > 2
    assert number_of(filled, FAIR[1], CaseFilter()) != number_of(filled, COMPARED[1], CaseFilter())


def test_totals_are_those_of_an_evaluation(filled: Store) -> None:
    numbers = post_ids(filled, "set").values()
    for run in ("mine", "theirs"):
        record(filled, run, [PostPrediction(post=number, marks=()) for number in list(numbers)[::7]])
    for split in ("train", "valid", None):
        for gold in (ORIGINAL, CURRENT, "ann"):
            found = totals(filled, "set", split, gold)
            assert found is not None
            for each in evaluate(filled, ["mine", "theirs"], "set", split, gold):
                mine = found[each.run]
                assert mine.posts == each.posts
                assert mine.counts.figures() == each.score.micro
                assert {label: part.figures() for label, part in mine.by_type.items()} == each.score.per_type


def test_nothing_is_said_until_everything_is_counted(filled: Store) -> None:
    of, wanted = QUESTIONS[0], CaseFilter()
    before = (cells(filled, of, wanted), number_of(filled, of, wanted), totals(filled, "set"))
    make_old(filled)
    with pytest.raises(InputError, match="enough"):
        count_waiting(filled, _stop)
    posts = in_order(filled, of, wanted, "file")
    assert [
        cells(filled, of, wanted), number_of(filled, of, wanted), posts.page(None, 10), totals(filled, "set"),
        cases_of(filled, of, wanted, [1]), posts.place_of(1), page_end(filled, of, wanted, "file", 1),
        posts.number_before((0.0, 0)), posts.number(), posts.among([1]), posts_read(filled, of), has_read(filled, of),
    ] == [None] * 12  # fmt: skip
    assert 0 < count_waiting(filled) < POSTS, "what was counted before it was stopped stays counted"
    assert (cells(filled, of, wanted), number_of(filled, of, wanted), totals(filled, "set")) == before


def _stop(done: int, total: int) -> None:
    assert 0 < done < total == POSTS
    raise InputError("enough")


def test_a_list_goes_on_from_a_post_that_is_no_longer_on_it(filled: Store) -> None:
    of, wanted = QUESTIONS[0], CaseFilter()
    posts = in_order(filled, of, wanted)
    first = posts.page(None, limit=5)
    assert first is not None
    gone = first[1]
    there = newest(filled, gone.post)
    save(filled, gone.post, "gold", base=there.number if there else 0, marks=[], author="ann", status="discarded")
    assert posts.place_of(gone.post) is None
    assert [each.post for each in posts.page(gone.at, limit=3) or []] == [each.post for each in first[2:]]
    assert [each.post for each in posts.page(gone.at, 10, backwards=True) or []] == [first[0].post]


def test_runs_and_data_sets_that_are_not_there(filled: Store) -> None:
    with pytest.raises(InputError, match="no run 'nobody'"):
        cells(filled, replace(QUESTIONS[0], run="nobody"), CaseFilter())
    with pytest.raises(InputError, match="no run 'nobody'"):
        in_order(filled, replace(QUESTIONS[0], compare="nobody"), CaseFilter()).page(None, 1)
    with pytest.raises(InputError, match="no data set 'none'"):
        number_of(filled, replace(QUESTIONS[0], dataset="none"), CaseFilter())
    with pytest.raises(InputError, match="no data set 'none'"):
        totals(filled, "none")
