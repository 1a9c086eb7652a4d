"""Lists of data sets and runs are asked once as long as nobody writes, and anew as soon as anybody has."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, event

from db.annotations import save
from db.change_token import change_token, newest_revision
from db.connection import StoreError
from db.engine import Store, open_store
from db.gold import CURRENT, ORIGINAL
from db.gold_totals import gold_sums
from db.posts import datasets
from db.renaming import rename
from db.runs import add_run, runs
from db.unchanged import MOST, Unchanged
from tests.db.test_runs import write_run

ELSEWHERE = "import sys; from pathlib import Path; from db.engine import open_store; from mner_core.home import Home; "
RENAME = "from db.renaming import rename; rename(open_store(Home(Path(sys.argv[1]))), 'dataset', 'set', 'other')"


QUESTIONS: dict[str, Callable[[Store], Any]] = {
    "data sets": datasets,
    "runs": runs,
    "token": lambda store: change_token(store, "set", "train", [CURRENT], ["one"]),
    "sums of labels": lambda store: gold_sums(store, "set", CURRENT),
    "newest revision": newest_revision,
}


@pytest.fixture
def asked(store: Store, ids: list[int]) -> Iterator[list[str]]:
    """What the store is asked; the sample data set and a run are in it."""
    assert ids
    add_run(store, write_run(store.home, "one"))
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    yield found
    event.remove(store.engine, "before_cursor_execute", note)


def names(store: Store) -> tuple[list[str], list[str]]:
    return [each.name for each in datasets(store)], [each.name for each in runs(store)]


def test_asked_again_nothing_is_asked_of_the_store(store: Store, asked: list[str]) -> None:
    before = names(store)
    assert before == (["set"], ["one"])
    asked.clear()
    assert names(store) == before
    assert asked == []


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_such_question_is_asked_once_and_anew_after_a_save(
    store: Store, asked: list[str], ids: list[int], name: str
) -> None:
    before = QUESTIONS[name](store)
    asked.clear()
    assert QUESTIONS[name](store) == before
    assert asked == []
    save(store, ids[0], "gold", base=1, marks=[], author="ann")
    asked.clear()
    after = QUESTIONS[name](store)
    assert asked
    assert (after != before) == (name not in ("data sets", "runs"))


def test_other_words_are_another_question(store: Store, asked: list[str]) -> None:
    token = change_token(store, "set", "train", [CURRENT], ["one"])
    assert change_token(store, "set", None, [CURRENT], ["one"]) != token
    assert change_token(store, "set", "train", [CURRENT]) != token
    assert gold_sums(store, "set", ORIGINAL).keys() == gold_sums(store, "set", CURRENT).keys()
    assert not gold_sums(store, "set", "ann")
    assert asked


def test_no_more_answers_are_kept_than_are_asked_for(store: Store) -> None:
    kept = Unchanged(store.engine.url)
    looked = [kept.once(number, lambda number=number: number) for number in range(3 * MOST)]  # type: ignore[misc]
    assert looked == list(range(3 * MOST))
    assert len(kept._answers) <= MOST
    assert kept.once(3 * MOST - 1, lambda: -1) == 3 * MOST - 1
    kept.close()


@pytest.mark.parametrize("what", ["gone", "no database"])
def test_where_the_file_cannot_be_read_every_question_is_asked(tmp_path: Path, what: str) -> None:
    file = tmp_path / "mner.db"
    if what == "gone":
        file.mkdir()
    else:
        file.write_bytes(b"no database" * 1000)
    kept = Unchanged(URL.create("sqlite", database=str(file)))
    answers = iter(range(3))
    assert [kept.once("the same", lambda: next(answers)) for _ in range(3)] == [0, 1, 2]
    kept.close()


def test_who_changes_a_list_changes_only_their_own(store: Store, asked: list[str]) -> None:
    assert asked is not None
    datasets(store).clear()
    runs(store).clear()
    assert names(store) == (["set"], ["one"])


def test_whatever_this_process_writes_is_seen_at_once(store: Store, asked: list[str]) -> None:
    names(store)
    add_run(store, write_run(store.home, "two"))
    assert names(store)[1] == ["one", "two"]
    rename(store, "dataset", "set", "renamed")
    assert names(store)[0] == ["renamed"]
    assert asked


def test_whatever_another_process_writes_is_seen_at_once(store: Store, asked: list[str]) -> None:
    names(store)
    subprocess.run(
        [sys.executable, "-c", ELSEWHERE + RENAME, str(store.home.root)], check=True, cwd=Path(__file__).parents[2]
    )
    asked.clear()
    assert names(store)[0] == ["other"]
    assert asked


def test_whatever_another_store_of_this_process_writes_is_seen_at_once(store: Store, asked: list[str]) -> None:
    names(store)
    other = open_store(store.home)
    add_run(other, write_run(store.home, "two"))
    assert names(store)[1] == names(other)[1] == ["one", "two"]
    other.close()
    assert asked


def test_what_was_not_kept_changes_nothing(store: Store, asked: list[str]) -> None:
    names(store)
    with suppress(StoreError), store.write() as session:
        session.connection().exec_driver_sql("DELETE FROM runs")
        raise StoreError
    assert names(store) == (["set"], ["one"])
    assert asked


def test_a_frozen_store_says_what_was_and_the_store_what_is(store: Store, asked: list[str]) -> None:
    with store.frozen() as frozen:
        assert names(frozen)[1] == ["one"]
        add_run(store, write_run(store.home, "two"))
        assert names(store)[1] == ["one", "two"]
        assert names(frozen)[1] == ["one"]
    assert names(store)[1] == ["one", "two"]
    assert asked


def test_a_closed_store_can_be_asked_again(store: Store, asked: list[str]) -> None:
    names(store)
    other = open_store(store.home)
    store.close()
    rename(other, "dataset", "set", "while it was closed")
    other.close()
    assert names(store)[0] == ["while it was closed"]
    assert asked
