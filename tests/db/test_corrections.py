"""Which corrections a training reads, and posts that go into train with their revisions and predictions."""

import pytest

from db.annotations import history, save
from db.character_spans import Mark
from db.corrections import corrections, move_into_train, plan_into_train
from db.engine import Store
from db.evaluations import evaluate
from db.gold_totals import labelled_counts
from db.imports import About, import_examples
from db.posts import dataset, post_ids
from db.predictions import PostPrediction, PredictedMark, predictions, record
from db.runs import add_run
from mner_core.types import Example, InputError, Span
from tests.db.samples import sample_post
from tests.db.test_runs import write_run

SPLITS = {"train": 6, "valid": 5, "test": 4}


def posts(texts: dict[tuple[str, int], str] | None = None) -> list[Example]:
    """Posts that begin with Ann; `texts` gives some of them another text."""
    return [
        sample_post(f"p{each}", (texts or {}).get((split, each), f"Ann in {split} {each}"), (Span(0, 1, "PER"),), split)
        for split, number in SPLITS.items()
        for each in range(number)
    ]


def fill(store: Store, texts: dict[tuple[str, int], str] | None = None) -> dict[tuple[str, str], int]:
    import_examples(store, "set", posts(texts), About(labels=("LOC", "PER")))
    return post_ids(store, "set")


def correct(store: Store, number: int, base: int = 1, status: str = "submitted", track: str = "gold") -> None:
    mark = Mark(start=0, end=3, label="LOC")
    save(store, number, track, base=base, marks=[mark], author="ann", status=status)  # type: ignore[arg-type]


def test_corrections_are_counted_where_they_lie(store: Store) -> None:
    ids = fill(store)
    assert corrections(store, "set").number == 0
    for split, numbers in (("train", (0, 1)), ("valid", (0, 1, 2)), ("test", (3,))):
        for each in numbers:
            correct(store, ids[split, f"p{each}"])
    found = corrections(store, "set")
    assert (found.number, found.learned, found.elsewhere) == (6, 2, {"valid": 3, "test": 1})


def test_only_labels_that_were_there_are_corrected(store: Store) -> None:
    ids = fill(store)
    correct(store, ids["valid", "p0"], status="draft")
    correct(store, ids["valid", "p1"], status="discarded")
    correct(store, ids["valid", "p2"], base=0, track="bob")
    import_examples(store, "set", [sample_post("raw", "Ann alone", None, "valid")])
    raw = post_ids(store, "set")["valid", "raw"]
    correct(store, raw, base=0)
    assert corrections(store, "set").number == 0, "a first label corrects nothing"
    correct(store, raw, base=1)
    assert corrections(store, "set").by_split == {"valid": 1}


def test_a_plan_changes_nothing_and_says_what_is_left(store: Store) -> None:
    ids = fill(store)
    for each in (0, 1):
        correct(store, ids["valid", f"p{each}"])
    correct(store, ids["train", "p0"])
    plan = plan_into_train(store, "set")
    assert (plan.posts, plan.alike, plan.left) == ({ids["valid", "p0"], ids["valid", "p1"]}, 0, {"valid": 3})
    assert dataset(store, "set").splits == SPLITS
    assert plan_into_train(store, "set") == plan


def test_posts_take_their_revisions_and_predictions_along(store: Store) -> None:
    ids = fill(store)
    add_run(store, write_run(store.home, "run"))
    said = PredictedMark(start=0, end=3, label="PER", confidence=0.9)
    record(store, "run", [PostPrediction(post=number, marks=(said,)) for number in ids.values()])
    moved = ids["valid", "p0"]
    correct(store, moved)
    before = history(store, moved)
    assert evaluate(store, ["run"], "set", "valid")[0].posts == 5
    move_into_train(store, "set")
    assert dataset(store, "set").splits == {"train": 7, "valid": 4, "test": 4}
    assert post_ids(store, "set")["train", "p0-2"] == moved, "train has a post p0 already"
    assert history(store, moved) == before
    assert moved in predictions(store, "run", "set", "train")
    assert evaluate(store, ["run"], "set", "valid")[0].posts == 4
    assert corrections(store, "set").by_split == {"train": 1}
    assert labelled_counts(store, "set")["valid"] == (4, 0)
    assert not plan_into_train(store, "set").posts


def test_another_import_finds_the_posts_where_they_are(store: Store) -> None:
    ids = fill(store)
    correct(store, ids["test", "p1"])
    move_into_train(store, "set")
    report = import_examples(store, "set", posts())
    assert (report.added, report.unchanged) == (0, sum(SPLITS.values()))
    assert dataset(store, "set").splits == {"train": 7, "valid": 5, "test": 3}


@pytest.mark.parametrize("split", ["valid", "test"])
def test_posts_of_one_text_go_together(store: Store, split: str) -> None:
    ids = fill(store, {("valid", 0): "Ann again", (split, 3): "ann  AGAIN", ("train", 2): "Ann again"})
    correct(store, ids["valid", "p0"])
    plan = plan_into_train(store, "set")
    assert plan.posts == {ids["valid", "p0"], ids[split, "p3"]}
    assert plan.alike == 1
    assert plan.left[split] == SPLITS[split] - (2 if split == "valid" else 1)


def test_a_split_keeps_something_to_measure_on(store: Store) -> None:
    ids = fill(store)
    for each in range(SPLITS["test"]):
        correct(store, ids["test", f"p{each}"])
    with pytest.raises(InputError, match="Every labelled post of test is corrected"):
        move_into_train(store, "set")
    assert dataset(store, "set").splits == SPLITS
