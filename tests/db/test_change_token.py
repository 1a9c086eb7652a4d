"""The token of what a screen shows moves when that changes, and at nothing else."""

from collections.abc import Callable

import pytest
from sqlalchemy import insert, update

from db.annotations import save
from db.change_token import change_token
from db.character_spans import Mark
from db.engine import Store
from db.entity_types import set_types
from db.gold import CURRENT, ORIGINAL
from db.imports import About, import_examples
from db.job_leases import cancelled, claim, heartbeat, note
from db.jobs import cancel, enqueue
from db.posts import post_ids
from db.predictions import PostPrediction, PredictedMark, record
from db.run_labels import map_run
from db.runs import add_run
from db.splits import move_posts
from db.tables import Posts, Uncounted
from db.uncounted import count_waiting
from db.workers import beat
from mner_core.data.entity_types import EntityType
from tests.db.samples import sample_post
from tests.db.test_runs import write_run

SET, OTHER = "set", "other"


@pytest.fixture
def filled(store: Store) -> Store:
    """Two data sets of two splits, and two runs that have read all of both."""
    for name in (SET, OTHER):
        posts = [
            sample_post("a", "Ann met Bob", (), split="valid"),
            sample_post("b", "Bob met Ann", (), split="train"),
        ]
        import_examples(store, name, posts, About(labels=("PER", "LOC")))
    for run in ("first", "second"):
        add_run(store, write_run(store.home, run))
        for name in (SET, OTHER):
            record(store, run, [PostPrediction(post=each, marks=()) for each in post_ids(store, name).values()])
    return store


def _token(store: Store) -> str:
    return change_token(store, SET, "valid", [CURRENT], ["first"])


def _number(store: Store, dataset: str = SET, split: str = "valid") -> int:
    return next(number for (of, _), number in post_ids(store, dataset).items() if of == split)


def _save(
    store: Store, track: str = "gold", dataset: str = SET, split: str = "valid", status: str = "submitted"
) -> None:
    base = 1 if track == "gold" else 0
    mark = Mark(start=0, end=3, label="PER")
    save(store, _number(store, dataset, split), track, base=base, marks=[mark], author="ann", status=status)


def _says(store: Store, run: str, dataset: str = SET, split: str = "valid") -> None:
    mark = PredictedMark(start=0, end=3, label="PER", confidence=0.5)
    record(store, run, [PostPrediction(post=_number(store, dataset, split), marks=(mark,))])


def _trains(store: Store) -> None:
    """A training of this very data set: queued, claimed, with its epochs, heartbeats and end."""
    enqueue(store, "train", {"dataset": SET, "name": "third"}, author="ann")
    job = claim(store, "worker", "cpu")
    assert job is not None
    for epoch in range(3):
        note(store, job, "epoch", {"epoch": epoch, "f1": 50.0})
        heartbeat(store, job, epoch / 3, f"epoch {epoch}")
    cancel(store, job.id)
    cancelled(store, job)


def _counts(store: Store, picture: str | None) -> None:
    """Posts of the set, whose picture is noted as said, are looked at and counted as those of an older store are."""
    with store.write() as session:
        session.execute(update(Posts).values(picture=picture))
        session.execute(insert(Uncounted), [{"post_id": _number(store), "dataset_id": 1, "is_new": True}])
    assert count_waiting(store) == 1


def _imports_another(store: Store) -> None:
    import_examples(store, "new", [sample_post("a", "Ann", ())], About(labels=("PER",)))


LEAVES: dict[str, Callable[[Store], object]] = {
    "a training, its epochs and heartbeats": _trains,
    "a worker's heartbeat": lambda store: beat(store, "worker", "cpu"),
    "a job of another data set": lambda store: enqueue(store, "predict", {"dataset": OTHER}, author="ann"),
    "a data set more": _imports_another,
    "a save in another data set": lambda store: _save(store, dataset=OTHER),
    "a save in another split": lambda store: _save(store, split="train"),
    "a save on a person's track": lambda store: _save(store, track="ann"),
    "a draft": lambda store: _save(store, status="draft"),
    "what another run says": lambda store: _says(store, "second"),
    "what the run says of another set": lambda store: _says(store, "first", OTHER),
    "what the run says of another split": lambda store: _says(store, "first", split="train"),
    "another run": lambda store: add_run(store, write_run(store.home, "third")),
}
LEAVES["posts counted anew whose pictures are as they were"] = lambda store: _counts(store, "without")
MOVES: dict[str, Callable[[Store], object]] = {
    "a save": _save,
    "a post left out": lambda store: _save(store, status="discarded"),
    "what the run says": lambda store: _says(store, "first"),
    "a run trained again": lambda store: add_run(store, write_run(store.home, "first", weights="f" * 64)),
    "posts that come": lambda store: import_examples(store, SET, [sample_post("c", "Cid", (), split="valid")]),
    "a post that leaves the split": lambda store: move_posts(store, SET, {_number(store): "test"}),
    "types": lambda store: set_types(store, SET, [EntityType(name="PER"), EntityType(name="ORG")]),
    "pictures that nobody had looked at": lambda store: _counts(store, None),
    "pictures that are gone": lambda store: _counts(store, "with"),
    "what a run's labels mean": lambda store: map_run(store, SET, "first", {"X": "PER"}),
}


@pytest.mark.parametrize("what", LEAVES)
def test_it_stays_at(filled: Store, what: str) -> None:
    before = _token(filled)
    LEAVES[what](filled)
    assert _token(filled) == before


@pytest.mark.parametrize("what", MOVES)
def test_it_moves_at(filled: Store, what: str) -> None:
    before = _token(filled)
    MOVES[what](filled)
    assert _token(filled) != before


def test_the_original_labels_stay_whoever_corrects(filled: Store) -> None:
    before = change_token(filled, SET, "valid", [ORIGINAL])
    _save(filled)
    assert change_token(filled, SET, "valid", [ORIGINAL]) == before


def test_all_splits_are_those_of_each(filled: Store) -> None:
    before = change_token(filled, SET, None, [CURRENT])
    _save(filled, split="train")
    assert change_token(filled, SET, None, [CURRENT]) != before
