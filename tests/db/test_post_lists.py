"""Work lists are answered by the store as if they were made in memory, and stand still while posts are corrected."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from db.annotations import newest, save
from db.change_token import newest_revision
from db.character_spans import Mark
from db.engine import Store, open_store
from db.imports import About, import_examples
from db.mistake_cases import CaseFilter, MistakesOf
from db.mistakes import ORDERS, in_order
from db.post_lists import Done, KeptList, PostList, done_since
from db.posts import post, post_ids
from db.predictions import PostPrediction, PredictedMark, prediction_of, predictions, record
from db.revision_states import done_posts, posts_since
from db.runs import add_run
from db.tables import Posts
from db.worklists import all_posts, least_sure, uncorrected
from mner_core.data.tokenize import tokenize
from mner_core.home import Home
from mner_core.types import Example, InputError
from tests.db.samples import LABELS
from tests.db.test_outcomes import entities
from tests.db.test_runs import write_run

TEXTS = ("Ann met Bob in Rome", "Bob likes Rome", "no name here", "Rome", "Ann and Kevin-Lee in Rome in May")
SPLITS = ("train", "valid")


def filled(home: Home, chance: random.Random, number: int) -> Store:
    """Posts of two splits in a random order of places, a run that has read most of them, and some corrections."""
    store = open_store(home)
    texts = [chance.choice(TEXTS) for _ in range(number)]
    posts = [
        Example(id=str(each), text=text, tokens=tokenize(text), spans=(), split=chance.choice(SPLITS), source="x.jsonl")
        for each, text in enumerate(texts)
    ]
    import_examples(store, "set", posts, About(labels=LABELS))
    places = chance.sample(range(number), number)
    with store.write() as session:
        for row, place in zip(session.query(Posts), places, strict=True):
            row.place = place
    add_run(store, write_run(store.home, "run"))
    said = [_said(store, each, chance) for each in post_ids(store, "set").values() if chance.random() < 0.8]
    record(store, "run", said)
    for _ in range(number):
        change_something(store, chance)
    return store


def _said(store: Store, number: int, chance: random.Random) -> PostPrediction:
    marks = (
        PredictedMark(start=start, end=end, label=label, confidence=chance.choice((0.25, 0.5, 0.75, 1.0)))
        for start, end, label in entities(post(store, number).example.text, chance)
    )
    return PostPrediction(post=number, marks=tuple(marks))


def change_something(store: Store, chance: random.Random) -> None:
    """Saves some labels of a post on a track, as a draft, corrected or left out."""
    number, track = chance.choice(list(post_ids(store, "set").values())), chance.choice(("gold", "gold", "ann"))
    there = newest(store, number, track)
    status: Any = chance.choice(("submitted", "submitted", "draft", "discarded"))
    said = entities(post(store, number).example.text, chance)
    marks = [Mark(start=start, end=end, label=label) for start, end, label in said]
    save(store, number, track, base=there.number if there else 0, marks=marks, author="bob", status=status)


def is_done(store: Store, number: int, track: str) -> bool:
    there = newest(store, number, track)
    return there is not None and there.status != "draft" and not there.imported


def in_memory(store: Store, split: str | None, track: str) -> dict[str, list[int]]:
    """The lists as they were made before the store was asked: everything loaded, sorted and filtered."""
    every = [number for (of, _), number in post_ids(store, "set").items() if split in (None, of)]
    said = predictions(store, "run", "set", split)
    least = {number: min((mark.confidence for mark in each.marks), default=1.0) for number, each in said.items()}
    return {
        "all": every,
        "uncorrected": [number for number in every if not is_done(store, number, track)],
        "unsure": sorted(every, key=lambda number: least.get(number, 2.0)),
        "kept": every[::2],
    }


def asked(store: Store, split: str | None, track: str) -> dict[str, PostList]:
    """The same lists, as questions."""
    return {
        "all": all_posts(store, "set", split),
        "uncorrected": uncorrected(store, "set", split, track, newest_revision(store)),
        "unsure": least_sure(store, "set", split, "run"),
        "kept": KeptList(store, in_memory(store, split, track)["kept"]),
    }


def walk(posts: PostList, step: int, backwards: bool = False, undone: Done | None = None) -> list[int]:
    """All posts, page by page."""
    found: list[int] = []
    behind = None
    while page := posts.page(behind, step, backwards, undone):
        found += [each.post for each in page]
        behind = page[-1].at
    return found


def check(posts: PostList, expected: Sequence[int], done: Callable[[int], bool], track: str) -> None:
    """Whatever is asked of a list agrees with the list itself."""
    assert walk(posts, 3) == list(expected)
    assert walk(posts, 2, backwards=True) == list(reversed(expected))
    assert walk(posts, 2, undone=Done(track=track)) == [number for number in expected if not done(number)]
    assert posts.number() == len(expected)
    assert posts.number(Done(track=track)) == sum(map(done, expected))
    assert posts.place_of(-1) is None
    assert posts.among([-1, *expected[1:]]) == set(expected[1:])
    for number, each in enumerate(expected):
        at = posts.place_of(each)
        assert at is not None
        assert posts.number_before(at) == number


@settings(max_examples=6, deadline=None)
@given(chance=st.randoms(use_true_random=False), number=st.integers(1, 9), split=st.sampled_from((None, *SPLITS)),
    track=st.sampled_from(("gold", "ann")))  # fmt: skip
def test_lists_are_those_made_in_memory_and_stand_still(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random, number: int, split: str | None, track: str
) -> None:
    store = filled(Home(tmp_path_factory.mktemp("home")), chance, number)
    before, lists = in_memory(store, split, track), asked(store, split, track)
    until = newest_revision(store)
    wrong = mistakes_then(store, split, chance, until)
    done = {each for each in before["all"] if is_done(store, each, track)}
    for name, expected in before.items():
        check(lists[name], expected, done.__contains__, track)
    for _ in range(number):
        change_something(store, chance)
    now = {each for each in before["all"] if is_done(store, each, track)}
    assert done_posts(store, before["all"], track) == now
    assert done_posts(store, before["all"], track, until) == done
    for name, expected in before.items():
        check(lists[name], expected, now.__contains__, track)
        assert done_since(store, lists[name], track, until) == len(now & {*expected}) - len(done & {*expected})
    for posts, expected in wrong:
        check(posts, expected, now.__contains__, track)
    store.close()


def mistakes_then(
    store: Store, split: str | None, chance: random.Random, until: int
) -> list[tuple[PostList, list[int]]]:
    """Lists of mistakes as of now, with what is on them now; what `db.mistakes` answers now is tested elsewhere."""
    found = []
    for gold in ("current", "original", "ann"):
        wanted = CaseFilter(**chance.choice(({}, {"labels": "corrected"}, {"labels": "imported"}, {"kind": "missed"})))
        order = chance.choice(ORDERS)
        of = {"run": "run", "dataset": "set", "split": split, "gold": gold}
        now = walk(in_order(store, MistakesOf(**of), wanted, order), 5)
        found.append((in_order(store, MistakesOf(**of, until=until), wanted, order), now))
    return found


def test_a_run_that_has_read_nothing_leaves_the_order_of_the_files(store: Store, ids: list[int]) -> None:
    add_run(store, write_run(store.home, "run"))
    assert walk(least_sure(store, "set", None, "run"), 2) == ids
    assert prediction_of(store, "run", ids[0]) is None
    said = PostPrediction(post=ids[3], marks=(PredictedMark(start=0, end=1, label="LOC", confidence=0.5),))
    record(store, "run", [said])
    assert walk(least_sure(store, "set", None, "run"), 2) == [ids[3], *ids[:3], *ids[4:]]
    assert prediction_of(store, "run", ids[3]) == said


def test_lists_of_what_is_not_there(store: Store, ids: list[int]) -> None:
    with pytest.raises(InputError, match="no data set 'none'"):
        all_posts(store, "none").number()
    with pytest.raises(InputError, match="no run 'nobody'"):
        least_sure(store, "set", None, "nobody").page(None, 1)
    empty = all_posts(store, "set", "test")
    assert (empty.number(), empty.page(None, 5), empty.place_of(ids[0])) == (0, [], None)
    assert (KeptList(store, ()).number(), KeptList(store, ()).page(None, 5)) == (0, [])


@pytest.mark.parametrize("track", ["gold", "ann"])
def test_what_was_saved_since_is_found_by_its_number(store: Store, ids: list[int], track: str) -> None:
    """And not by going through the revisions of all posts; a post with two is there as often as it likes."""
    until = newest_revision(store)
    base = 1 if track == "gold" else 0
    for number in (0, 1):
        save(store, ids[0], track, base=base + number, marks=[], author="ann")
    with store.read() as session:
        assert set(session.scalars(posts_since(track, until))) == {ids[0]}
        statement = posts_since(track, until).compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {statement}"))]
    assert [step for step in plan if "rowid>?" in step] == plan
    assert done_since(store, all_posts(store, "set"), track, until) == 1
