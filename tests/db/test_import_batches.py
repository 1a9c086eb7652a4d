"""An import holds the store for what a batch writes: so many posts and characters, nothing that can be prepared."""

import itertools
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, func, select

from db import import_posts, new_posts
from db.engine import Store
from db.import_posts import BATCH, CHARACTERS, batches
from db.imports import About, import_examples
from db.tables import Posts
from mner_core.types import Example
from tests.db.samples import LABELS, sample_post, sample_posts

LENGTHS = {
    "short": [60] * (2 * BATCH + 3),
    "long": [9_000] * 25,
    "longer than a batch may be": [CHARACTERS + 1] * 3,
    "one long among short ones": [*[50] * 40, 2 * CHARACTERS, *[50] * 40],
    "exactly a batch": [CHARACTERS // 4] * 8,
    "without a character": [0] * (BATCH + 1),
}


def of_length(place: int, length: int) -> Example:
    return sample_post(f"p{place}", ("ab " * (length // 3 + 1))[:length], ())


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize("where", ["text", "caption"])
def test_batches_are_bounded_by_posts_and_by_characters(lengths: Sequence[int], where: str) -> None:
    posts = [of_length(place, length) for place, length in enumerate(lengths)]
    if where == "caption":
        posts = [replace(of_length(place, 0), caption="c" * length) for place, length in enumerate(lengths)]
    found = [posts[which] for which in batches(posts)]
    assert [post for batch in found for post in batch] == posts
    sums = [sum(len(post.text) + len(post.caption or "") for post in batch) for batch in found]
    assert all(1 <= len(batch) <= BATCH for batch in found)
    assert all(of_batch <= CHARACTERS or len(batch) == 1 for batch, of_batch in zip(found, sums, strict=True))
    for batch, after, of_batch in zip(found, found[1:], sums, strict=False):
        next_one = len(after[0].text) + len(after[0].caption or "")
        assert len(batch) == BATCH or of_batch + next_one > CHARACTERS, "no batch is smaller than it has to be"


def test_nothing_comes_in_no_batch() -> None:
    assert [*batches([])] == []


@pytest.mark.parametrize("lengths", [LENGTHS["long"], LENGTHS["one long among short ones"]])
def test_no_transaction_of_an_import_writes_more_than_a_batch_may_hold(store: Store, lengths: Sequence[int]) -> None:
    written: list[tuple[int, int]] = [(0, 0)]

    @event.listens_for(store.engine, "commit")
    def look(connection: Any) -> None:
        counted = select(func.count(), func.coalesce(func.sum(func.length(Posts.text)), 0)).select_from(Posts)
        written.append(tuple(connection.execute(counted).one()))

    import_examples(store, "set", [of_length(place, length) for place, length in enumerate(lengths)])
    steps = [(more - posts, after - before) for (posts, before), (more, after) in itertools.pairwise(written)]
    assert written[-1] == (len(lengths), sum(lengths))
    assert all(posts <= 1 or characters <= CHARACTERS for posts, characters in steps)


@pytest.mark.parametrize(
    ("module", "made"),
    [
        (new_posts, "search_form"),
        (new_posts, "surface_form"),
        (import_posts, "tokens_to_json"),
        (import_posts, "gold_of"),
        (import_posts, "picture_state"),
    ],
)
def test_what_can_be_prepared_is_made_while_the_store_is_free(
    store: Store, monkeypatch: pytest.MonkeyPatch, module: Any, made: str
) -> None:
    """A look at a lock that never waits: somebody else could write at the moment at which a post is made ready.

    Some posts of the batch are here already, so that the store is asked for them.
    """
    import_examples(store, "set", sample_posts()[:2], About(labels=LABELS))
    looked: list[str] = []
    make: Callable[..., Any] = getattr(module, made)

    def look(*arguments: Any) -> Any:
        with sqlite3.connect(store.home.store, timeout=0, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        looked.append(made)
        return make(*arguments)

    monkeypatch.setattr(module, made, look)
    import_examples(store, "set", sample_posts(), About(labels=LABELS))
    assert looked


@pytest.mark.parametrize("is_changed", [False, True])
def test_known_and_new_posts_of_one_batch_are_told_apart(store: Store, is_changed: bool) -> None:
    old, new = sample_posts()[:3], sample_posts()[3:]
    import_examples(store, "set", old, About(labels=LABELS))
    caption = "a caption of its own" if is_changed else None
    mixed = [each for pair in zip(new, (replace(post, caption=caption) for post in old), strict=True) for each in pair]
    report = import_examples(store, "set", mixed)
    counts = (report.added, report.updated, report.unchanged)
    assert counts == ((3, 3, 0) if is_changed else (3, 0, 3))
    assert report.defects == ()
