"""Words are found in texts wherever a person would find them by eye, and are never read as anything but text."""

import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update

from db.connection import StoreError
from db.engine import Store
from db.imports import About, import_examples
from db.tables import Posts, PostTexts
from db.text_search import BATCH, add_waiting_texts, holds, is_searchable, search_form, waiting_texts
from mner_core.data.tokenize import tokenize
from mner_core.types import Example

TEXTS = (
    'He said "fire AND ice" OR nothing*',
    "NEAR(rome, 5) is no operator, nor is text:rome",
    "Kevin Durant 🔥 and the Warriors",
    "👩‍🚀 in space ❤️",
    "ไปเที่ยวกรุงเทพมหานครกัน",
    "我爱北京天安门",
    "في القاهرة أمس",
    "Straße in Zu\u0308rich, CAFÉ",
    "one\ntwo\u00a0 three",
    "50% of it_all \\ {^}",
    "a",
    "",
    "the end is ab",
)  # fmt: skip
FOUND: Sequence[tuple[str, tuple[int, ...]]] = (
    ('"fire AND ice"', (0,)), ("AND", (0, 2)), ("fire OR", ()), ("nothing*", (0,)), ("fir*", ()), ('"', (0,)),
    ("text:rome", (1,)), ("NEAR(", (1,)), ("rome, 5", (1,)), ("-rome", ()), ("🔥", (2,)), ("🔥 and", (2,)),
    ("👩‍🚀", (3,)), ("👩", (3,)), ("❤", (3,)), ("❤️", (3,)), ("กรุงเทพ", (4,)), ("กร", (4,)), ("北京", (5,)),
    ("北京天", (5,)),
    ("京北", ()), ("爱", (5,)), ("القاهرة", (6,)), ("strasse", (7,)), ("STRAßE", (7,)), ("zürich", (7,)),
    ("Zu\u0308rich", (7,)), ("café", (7,)), ("cafe", ()), ("one two three", (8,)), ("two\tthree", (8,)), ("%", (9,)),
    ("_", (9,)), ("50%", (9,)), ("\\", (9,)), ("{^}", (9,)), ("ab", (12,)), ("b", (12,)), ("is ab", (12,)),
    ("arri", (2,)),
    ("wARRIORs", (2,)), ("durant 🔥 and the warriors and more", ()), ("'; drop table posts; --", ()), ("x\x00y", ()),
    ("\x00", tuple(range(13))), ("  ", tuple(range(13))), ("\ufb01re", (0,)), ("Ｒｏｍｅ", (1,)), ("zz", ()),
    ("z" * 5000, ()),
)  # fmt: skip


def imported(store: Store, texts: Sequence[str], name: str = "set") -> None:
    posts = [
        Example(id=str(place), text=each, tokens=tokenize(each), spans=None, source="x.jsonl", split="train")
        for place, each in enumerate(texts)
    ]
    import_examples(store, name, posts, About(labels=("PER",)))


def found(store: Store, words: str) -> tuple[int, ...]:
    with store.read() as session:
        here = select(Posts.place).where(holds(session, Posts.id, words)).order_by(Posts.place)
        return tuple(session.scalars(here))


@pytest.mark.parametrize(("words", "places"), FOUND)
def test_words_are_found_as_they_stand(tmp_path: Path, store: Store, words: str, places: tuple[int, ...]) -> None:
    imported(store, TEXTS)
    assert found(store, words) == places


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Store:
    from db.engine import open_store
    from mner_core.home import Home

    chance, signs = (
        random.Random(3),
        ["a", "b", "ab", " ", "\n", '"', "*", "é", "e\u0301", "北", "京", "🔥", "\u200d", "ß"],
    )
    opened = open_store(Home(tmp_path_factory.mktemp("many")))
    imported(opened, ["".join(chance.choices(signs, k=chance.randrange(12))) for _ in range(300)])
    return opened


@settings(max_examples=150, deadline=None)
@given(words=st.text(st.sampled_from('ab "*é北京🔥ß\n\u0301x'), max_size=8))
def test_the_index_finds_what_looking_through_all_texts_finds(many: Store, words: str) -> None:
    with many.read() as session:
        rows = session.execute(select(Posts.place, Posts.text)).all()
    assert found(many, words) == tuple(sorted(row.place for row in rows if search_form(words) in search_form(row.text)))


def test_texts_of_an_older_store_are_made_searchable_batch_by_batch(store: Store) -> None:
    number = BATCH + 20
    imported(store, [f"post number {place} of all" for place in range(number)])
    with store.write() as session:
        session.execute(delete(PostTexts))
        session.execute(text("INSERT INTO post_texts (post_id) SELECT id FROM posts"))
        assert not is_searchable(session)
    said: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        said.append((done, total))
        raise StoreError("enough")

    with pytest.raises(StoreError, match="enough"):
        add_waiting_texts(store, stop)
    assert said == [(BATCH, number)]
    assert waiting_texts(store) == 20
    assert add_waiting_texts(store) == 20
    assert found(store, "number 519") == (519,)
    assert add_waiting_texts(store) == 0
    with store.read() as session:
        assert is_searchable(session)


def test_a_post_that_goes_takes_its_text_along(store: Store) -> None:
    """Its number may be another post's later, which must not be found by the words of the first."""
    imported(store, ["gone tomorrow", "here to stay"])
    with store.write() as session:
        session.execute(delete(Posts).where(Posts.place == 0))
    assert found(store, "tomorrow") == ()
    with store.write() as session:
        session.execute(update(Posts).values(source="y"))
        terms = session.scalars(text("SELECT term FROM post_texts_terms WHERE term = 'tom'")).all()
        session.execute(text("INSERT INTO post_texts_index (post_texts_index) VALUES ('integrity-check')"))
    assert terms == []
    assert found(store, "stay") == (1,)


def test_a_batch_of_texts_is_one_segment_of_the_index(store: Store) -> None:
    """One for each text is what a trigger made of them, at five times the price."""
    imported(store, ["first"])
    imported(store, [f"text {place}" for place in range(3)], "other")
    with store.write() as session:
        segments = session.scalar(text("SELECT count(DISTINCT segid) FROM post_texts_index_idx"))
        session.execute(update(PostTexts).values(text=None))
        session.execute(text("INSERT INTO post_texts_index (post_texts_index) VALUES ('delete-all')"))
    assert segments == 2
    assert add_waiting_texts(store) == 4
    with store.read() as session:
        assert session.scalar(text("SELECT count(DISTINCT segid) FROM post_texts_index_idx")) == 1
    assert found(store, "text") == (0, 1, 2)


def test_an_import_into_a_set_that_is_there_adds_its_new_texts(store: Store) -> None:
    imported(store, ["first words"])
    imported(store, ["first words", "second words"])
    assert found(store, "words") == (0, 1)
    with sqlite3.connect(store.home.store) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
