"""Outcomes and totals stay what they would be if everything were counted anew, whatever anybody does in any order."""

import json
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from PIL import Image
from sqlalchemy import delete, insert, select, update

from db import uncounted
from db.__main__ import main
from db.annotations import newest, revert, save
from db.character_spans import Mark
from db.corrections import move_into_train
from db.deletion import bring_back
from db.deletion import delete as delete_thing
from db.engine import Store, open_store
from db.imports import About, import_examples
from db.jobs import jobs
from db.posts import datasets, post, post_ids
from db.predictions import PostPrediction, PredictedMark, record
from db.runs import add_run, forget_results, reindex
from db.splits import move_posts
from db.tables import Outcomes, Posts, PostTexts, Runs, RunTotals, TrainingNames, Uncounted
from db.text_search import waiting_texts
from db.uncounted import count_waiting, waiting_posts
from mner_core.data.tokenize import tokenize
from mner_core.home import Home
from mner_core.types import Example, InputError, Span
from tests.db.counted_anew import (
    gold_sums_anew,
    gold_sums_kept,
    names_anew,
    names_kept,
    newest_anew,
    newest_kept,
    outcomes_anew,
    outcomes_kept,
    pictures_anew,
    pictures_kept,
    totals_anew,
    totals_kept,
    totals_of_rows,
)
from tests.db.samples import LABELS, sample_posts
from tests.db.sizes_anew import assert_sizes_true, splits_anew, splits_kept
from tests.db.test_runs import write_run

TEXTS = ("Ann met Bob in ROME", "bob likes #Rome-Ann", "", "no name here", "مرحبا Ann \U0001f468\u200d\U0001f469 Rome")
RUNS = ("first", "second")
SETS = ("one", "other")
SPLITS = ("train", "valid", "test")


def assert_true(store: Store) -> None:
    """Every table of outcomes says what counting anew says."""
    assert newest_kept(store) == newest_anew(store)
    assert outcomes_kept(store) == outcomes_anew(store)
    assert totals_kept(store) == totals_anew(store)
    assert names_kept(store) == names_anew(store)
    assert pictures_kept(store) == pictures_anew(store)
    assert gold_sums_kept(store) == gold_sums_anew(store)


def make_old(store: Store) -> None:
    """Leaves the store as the migration leaves one of an older program: nothing counted, every post noted."""
    with store.write() as session:
        for table in (Outcomes, RunTotals, TrainingNames, Uncounted, PostTexts):
            session.execute(delete(table))
        session.execute(insert(PostTexts).from_select(["post_id"], select(Posts.id)))
        session.execute(update(Posts).values(picture=None))
        every = select(Posts.id, Posts.dataset_id, Posts.id >= 0)
        session.execute(insert(Uncounted).from_select(["post_id", "dataset_id", "is_new"], every))


def entities(text: str, chance: random.Random) -> list[tuple[int, int, str]]:
    """Some of the text's words as entities that do not overlap, now and then two or three words long."""
    words, found, place = tokenize(text), [], 0
    while place < len(words):
        length = chance.choice((0, 0, 1, 1, 2, 3))
        if length and place + length <= len(words):
            found.append((words[place].start, words[place + length - 1].end, chance.choice(LABELS)))
        place += length or 1
    return found


class Anything(RuleBasedStateMachine):
    """Imports, labels, predictions, divisions and deletions in any order, each in a home of its own."""

    chances = st.randoms(use_true_random=False)

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.store = open_store(Home(self.root / "home"))
        Image.new("RGB", (4, 4), "red").save(self.root / "good.png")
        (self.root / "bad.png").write_bytes(b"no picture")
        for run in RUNS:
            add_run(self.store, write_run(self.store.home, run))

    def teardown(self) -> None:
        if hasattr(self, "store"):
            assert_sizes_true(self.store)
            self.store.close()
            self.folder.cleanup()

    @rule(chance=chances, name=st.sampled_from(SETS), number=st.integers(1, 5))
    def import_posts(self, chance: random.Random, name: str, number: int) -> None:
        import_examples(self.store, name, [self._example(chance, each) for each in range(number)], About(labels=LABELS))

    def _example(self, chance: random.Random, number: int) -> Example:
        text = TEXTS[number]
        words = tokenize(text)
        spans = None if chance.random() < 0.4 else tuple(self._spans(len(words), chance))
        image = chance.choice((None, None, self.root / "good.png", self.root / "bad.png", self.root / "gone.png"))
        return Example(
            id=str(number), text=text, tokens=words, spans=spans, split=SPLITS[number % 2], image=image,
            image_name=image.name if image else None, source="posts.jsonl",
        )  # fmt: skip

    def _spans(self, words: int, chance: random.Random) -> Iterator[Span]:
        for word in range(words):
            if chance.random() < 0.5:
                yield Span(word, word + 1, chance.choice(LABELS))

    @rule(
        chance=chances,
        track=st.sampled_from(("gold", "gold", "ann")),
        status=st.sampled_from(("submitted", "submitted", "draft", "discarded")),
    )
    def save_labels(self, chance: random.Random, track: str, status: Any) -> None:
        if posts := self._posts():
            number = chance.choice(posts)
            there = newest(self.store, number, track)
            marks = [Mark(start=start, end=end, label=label) for start, end, label in self._entities(number, chance)]
            base = there.number if there else 0
            save(self.store, number, track, base=base, marks=marks, author="ann", status=status)

    @rule(chance=chances, track=st.sampled_from(("gold", "ann")))
    def undo(self, chance: random.Random, track: str) -> None:
        if posts := self._posts():
            number = chance.choice(posts)
            if there := newest(self.store, number, track):
                to = chance.randrange(there.number + 1)
                revert(self.store, number, track, to=to, base=there.number, author="bea")

    @rule(chance=chances, run=st.sampled_from(RUNS))
    def predict(self, chance: random.Random, run: str) -> None:
        posts = [number for number in self._posts() if chance.random() < 0.7]
        record(self.store, run, [self._said(number, chance) for number in posts])

    def _said(self, number: int, chance: random.Random) -> PostPrediction:
        marks = tuple(
            PredictedMark(start=start, end=end, label=label, confidence=chance.random())
            for start, end, label in self._entities(number, chance)
        )
        return PostPrediction(post=number, marks=marks + marks[:1])

    @rule(chance=chances, name=st.sampled_from(SETS), is_much=st.booleans())
    def divide(self, chance: random.Random, name: str, is_much: bool) -> None:
        if posts := self._posts(name):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(uncounted, "AT_ONCE", -1 if is_much else 10_000)
                move_posts(self.store, name, {each: chance.choice(SPLITS) for each in posts if chance.random() < 0.5})

    @rule(name=st.sampled_from(SETS))
    def train_on_corrections(self, name: str) -> None:
        if self._posts(name):
            try:
                move_into_train(self.store, name)
            except InputError as error:
                assert "nothing would be left" in str(error)  # noqa: PT017

    @rule(run=st.sampled_from(RUNS), is_retrained=st.booleans())
    def lose_a_run(self, run: str, is_retrained: bool) -> None:
        folder = self.store.home.runs / run
        (folder / "run.json").unlink()
        if not is_retrained:
            folder.rename(folder.with_name(f".{run}"))
            assert reindex(self.store).removed == (run,)
            folder.with_name(f".{run}").rename(folder)
        add_run(self.store, write_run(self.store.home, run, weights=str(random.getrandbits(64))))

    @rule(name=st.sampled_from(SETS))
    def delete_and_bring_back(self, name: str) -> None:
        if self._posts(name):
            before = splits_kept(self.store)
            delete_thing(self.store, "dataset", name)
            assert splits_kept(self.store) == {each: before[each] for each in before if each != name}
            bring_back(self.store, "dataset", name)
            assert splits_kept(self.store) == before

    @rule()
    def open_as_an_old_store(self) -> None:
        make_old(self.store)

    @rule()
    def look(self) -> None:
        """What is remembered from here on is asked for again later."""
        assert_sizes_true(self.store)

    @rule()
    def count(self) -> None:
        number = waiting_posts(self.store)
        assert count_waiting(self.store) == number

    @invariant()
    def what_is_kept_is_true(self) -> None:
        if not hasattr(self, "store"):
            return
        if not waiting_posts(self.store):
            assert_true(self.store)
        assert splits_kept(self.store) == splits_anew(self.store)
        assert totals_kept(self.store) == totals_of_rows(self.store), "rows that wait still add up to the totals"

    def _posts(self, name: str | None = None) -> list[int]:
        there = [each.name for each in datasets(self.store)]
        return [number for each in there if name in (None, each) for number in post_ids(self.store, each).values()]

    def _entities(self, number: int, chance: random.Random) -> list[tuple[int, int, str]]:
        return entities(post(self.store, number).example.text, chance)


Anything.TestCase.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
TestWhateverAnybodyDoes = Anything.TestCase


@pytest.fixture
def counted(store: Store, ids: list[int]) -> Store:
    """The sample posts, two runs that read all of them, and every state of labels."""
    chance = random.Random(3)
    for run in RUNS:
        add_run(store, write_run(store.home, run))
        record(
            store,
            run,
            [
                PostPrediction(
                    post=number,
                    marks=tuple(
                        PredictedMark(start=start, end=end, label=label, confidence=chance.random())
                        for start, end, label in entities(post(store, number).example.text, chance)
                    ),
                )
                for number in ids
            ],
        )
    for number, track, status in (
        (ids[0], "gold", "submitted"), (ids[1], "gold", "draft"), (ids[2], "gold", "discarded"),
        (ids[4], "gold", "submitted"), (ids[5], "ann", "submitted"), (ids[5], "gold", "submitted"),
    ):  # fmt: skip
        base = there.number if (there := newest(store, number, track)) else 0
        save(store, number, track, base=base, marks=[], author="ann", status=status)  # type: ignore[arg-type]
    save(store, ids[0], "gold", base=2, marks=[], author="ann", status="draft")
    assert_true(store)
    return store


def _as_version_5(store: Store) -> None:
    """Takes everything away that this migration and later ones bring."""
    store.close()
    with sqlite3.connect(store.home.store) as connection:
        searched = ("post_texts_terms", "post_texts_index", "post_texts")
        figures = ("gold_totals", "changes", "figures", "post_totals")
        for table in ("outcomes", "run_totals", "uncounted", "training_names", *figures, *searched):
            connection.execute(f"drop table {table}")
        added = "revisions_suggested", "posts_dataset_id_split_place", "revisions_track_status_post_id"
        for index in (*added, "revisions_drafts", "posts_dataset_id_source"):
            connection.execute(f"drop index ix_{index}")
        columns = ("posts", "picture"), ("revisions", "is_newest"), ("predictions", "least")
        for table, column in (*columns, ("datasets", "deleted"), ("runs", "deleted")):
            index = "select name from sqlite_master where type = 'index' and tbl_name = ? and sql like ?"
            for (name,) in connection.execute(index, (table, f"%{column}%")).fetchall():
                connection.execute(f"drop index {name}")
            connection.execute(f"alter table {table} drop column {column}")
        connection.execute("update alembic_version set version_num = '0005'")


def test_a_store_of_an_older_version_is_counted_by_the_command(
    counted: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = outcomes_kept(counted), totals_kept(counted)
    _as_version_5(counted)
    opened = open_store(counted.home)
    assert waiting_posts(opened) == waiting_posts(opened, "set") == 6
    assert outcomes_kept(opened) == {}
    number = post_ids(opened, "set")["train", "emoji"]
    save(opened, number, "gold", base=2, marks=[], author="ann")
    revert(opened, number, "gold", to=2, base=3, author="ann")
    monkeypatch.setenv("MNER_HOME", str(counted.home.root))
    assert main(["migrate", "--json"]) == 0
    said = capsys.readouterr()
    assert (json.loads(said.out)["counted"], json.loads(said.out)["searchable"]) == (6, 6)
    assert waiting_texts(opened) == 0
    assert "6 of 6 posts" in said.err
    assert_true(opened)
    assert (outcomes_kept(opened), totals_kept(opened)) != before, "a draft was reverted to and is a draft again"
    assert main(["migrate", "--json"]) == 0
    assert "counted" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("stop", [1, 3, 5])
def test_counting_that_is_stopped_goes_on(counted: Store, monkeypatch: pytest.MonkeyPatch, stop: int) -> None:
    monkeypatch.setattr(uncounted, "BATCH", 1)
    make_old(counted)
    heard = []

    def progress(done: int, total: int) -> None:
        heard.append((done, total))
        if done == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        count_waiting(counted, progress)
    assert heard == [(done, 6) for done in range(1, stop + 1)]
    assert waiting_posts(counted) == 6 - stop
    assert totals_kept(counted) == totals_of_rows(counted)
    assert count_waiting(counted) == 6 - stop
    assert_true(counted)


def test_a_big_move_is_counted_by_a_job(counted: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = list(post_ids(counted, "set").values())
    move_posts(counted, "set", dict.fromkeys(numbers[:2], "test"))
    assert jobs(counted) == []
    assert_true(counted)
    monkeypatch.setattr(uncounted, "AT_ONCE", 3)
    move_posts(counted, "set", dict.fromkeys(numbers[:2], "valid"))
    move_posts(counted, "set", dict.fromkeys(numbers[:2], "test"))
    assert [(job.kind, job.author) for job in jobs(counted)] == [("count", "store")]
    assert waiting_posts(counted) == 2
    assert totals_kept(counted) == totals_of_rows(counted)
    count_waiting(counted)
    assert_true(counted)


def test_an_import_that_was_killed_leaves_no_names(store: Store) -> None:
    posts = sample_posts()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("db.imports._finish", _killed)
        with pytest.raises(KeyboardInterrupt):
            import_examples(store, "set", posts, About(labels=LABELS))
    with store.read() as session:
        assert session.get(TrainingNames, (1, "paris")) is not None
    with store.write() as session:
        unfinished = select(Posts.id, Posts.dataset_id, Posts.id >= 0)
        session.execute(insert(Uncounted).from_select(["post_id", "dataset_id", "is_new"], unfinished))
    import_examples(store, "other", posts, About(labels=LABELS))
    assert waiting_posts(store) == 0
    assert set(names_kept(store)) == set(names_anew(store)) == {("other", name) for _, name in names_kept(store)}


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_results_that_are_forgotten_leave_nothing(counted: Store) -> None:
    with counted.write() as session:
        forget_results(session, session.execute(select(Runs.id).where(Runs.name == "first")).scalar_one())
    assert {run for run, *_ in outcomes_kept(counted)} == {run for run, *_ in totals_kept(counted)} == {"second"}
    assert_true(counted)
