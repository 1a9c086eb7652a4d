"""The store that benchmarks measure on is what it is said to be, in a small form."""

import random
from pathlib import Path

import pytest

from benchmarks import big_store
from benchmarks.big_store import RUNS, SET, BigStore, build
from benchmarks.drawn_posts import draw_post
from db.connection import StoreError
from db.engine import open_store
from db.evaluations import evaluate
from db.gold import CURRENT, ORIGINAL, fingerprint
from db.mistake_cases import CaseFilter, MistakesOf
from db.mistakes import cells
from db.posts import dataset
from db.runs import runs
from db.worklists import progress

POSTS = 200


def test_a_killed_building_goes_on_and_makes_what_was_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(big_store, "import_predictions", _full)
    with pytest.raises(StoreError, match="full"):
        build(BigStore(tmp_path, POSTS))
    monkeypatch.undo()
    took = build(BigStore(tmp_path, POSTS))
    assert build(BigStore(tmp_path, POSTS)) == took, "what is there is not built again"
    store = open_store(BigStore(tmp_path, POSTS).home)
    found = dataset(store, SET)
    assert found.splits == {"train": 100, "valid": 80, "test": 20}
    names = [run.name for run in runs(store)]
    scores = [each.score.f1 for each in evaluate(store, names, SET, "valid", ORIGINAL)]
    assert len(scores) == RUNS
    assert 50 < scores[0] < 70 < scores[-1] < 90
    assert all(55 < score < 85 for score in scores[4:-4])
    assert progress(store, SET)["corrected"] == POSTS // 50
    assert fingerprint(store, SET, CURRENT) != fingerprint(store, SET, ORIGINAL)
    mistakes = cells(store, MistakesOf(run=names[0], dataset=SET, split="valid"), CaseFilter()) or []
    assert {cell.kind for cell in mistakes} >= {"correct", "type", "boundary", "missed", "spurious"}
    store.close()


def _full(*_: object) -> None:
    raise StoreError("The disk is full.")


def test_drawn_posts_are_as_long_as_they_are_said_to_be() -> None:
    chance = random.Random(1)
    posts = [draw_post(chance) for _ in range(500)]
    assert all(8 <= len(post.text.split()) <= 40 + 3 * 2 + 4 for post in posts)
    for post in posts:
        for start, end, _ in post.gold:
            assert post.text[start:end] == post.text[start:end].strip() != ""
            assert start == 0 or post.text[start - 1] == " "
            assert post.text[end : end + 1] in ("", " ")
    assert len({word for post in posts for word in post.text.split()}) > 2000
