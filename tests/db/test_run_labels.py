"""A run of other labels in a data set: what they mean there, what it cannot know, and how much of it it has read."""

import pytest

from db.annotations import save
from db.engine import Store
from db.entity_types import set_types
from db.posts import dataset
from db.predictions import Coverage, PostPrediction, coverage, record
from db.run_labels import known_types, knows, likely_mapping, map_run, relabelled
from db.runs import add_run, run
from mner_core.data.entity_types import EntityType
from mner_core.types import InputError, Prediction, Span
from tests.db.test_runs import write_run


def test_a_mapping_is_kept_with_the_data_set(store: Store, ids: list[int]) -> None:
    map_run(store, "set", "run", {"PERSON": "PER", "LOC": "LOC", "THING": ""})
    assert dataset(store, "set").run_labels == {"run": {"PERSON": "PER", "THING": ""}}
    map_run(store, "set", "other", {"A": "ORG"})
    assert dataset(store, "set").run_labels["run"] == {"PERSON": "PER", "THING": ""}
    with pytest.raises(InputError, match="set has no type EVENT"):
        map_run(store, "set", "run", {"X": "EVENT"})
    with pytest.raises(InputError, match="no data set"):
        map_run(store, "nowhere", "run", {})


@pytest.mark.parametrize(
    ("labels", "types", "expected"),
    [
        (("PER", "LOC"), ("PER", "LOC"), {"PER": "PER", "LOC": "LOC"}),
        (("PER", "LOC", "MISC"), ("PERSON", "Location"), {"PER": "PERSON", "LOC": "Location", "MISC": ""}),
        (("person",), ("PER", "PERIOD"), {"person": ""}),
        (("PER",), (), {"PER": ""}),
    ],
)
def test_the_likely_mapping_goes_by_the_names(labels, types, expected) -> None:
    assert likely_mapping(labels, types) == expected


def test_predictions_speak_the_sets_types() -> None:
    said = Prediction(
        spans=(Span(0, 1, "PER"), Span(1, 2, "MISC"), Span(2, 3, "ORG")), confidences=(0.9, 0.8, 0.7),
        confidence_source="crf",
    )  # fmt: skip
    found = relabelled(said, {"PER": "PERSON", "MISC": ""})
    assert found.spans == (Span(0, 1, "PERSON"), Span(2, 3, "ORG"))
    assert found.confidences == (0.9, 0.7)


def test_who_knows_a_data_set(store: Store, ids: list[int]) -> None:
    for name, labels in (
        ("all", ("LOC", "ORG", "PER", "X")),
        ("some", ("LOC",)),
        ("others", ("PERSON", "PLACE", "ORG")),
    ):
        add_run(store, write_run(store.home, name, labels=labels))
    found = dataset(store, "set")
    assert [knows(run(store, name), found) for name in ("all", "some", "others")] == [True, False, False]
    assert known_types(run(store, "some"), found) == {"LOC"}
    map_run(store, "set", "others", {"PERSON": "PER", "PLACE": "LOC"})
    found = dataset(store, "set")
    assert knows(run(store, "others"), found)
    assert known_types(run(store, "others"), found) == {"LOC", "ORG", "PER"}
    map_run(store, "set", "all", {"LOC": ""})
    assert "LOC" not in known_types(run(store, "all"), dataset(store, "set"))


def test_an_entry_of_an_older_program_has_the_labels_of_its_folder(store: Store) -> None:
    from db.tables import Runs

    add_run(store, write_run(store.home, "old", labels=("A", "B")))
    with store.write() as session:
        session.query(Runs).update({"labels": None})
    assert run(store, "old").labels == ("A", "B")


def test_how_much_a_run_can_be_judged_on(store: Store, ids: list[int]) -> None:
    add_run(store, write_run(store.home, "run"))
    assert coverage(store, "run", "set", "train", "current") == Coverage(posts=5, labelled=4)
    record(store, "run", [PostPrediction(post=number, marks=()) for number in (ids[0], ids[4])])
    assert coverage(store, "run", "set", "train", "current") == Coverage(posts=5, labelled=4, read=2, judged=1)
    assert coverage(store, "run", "set", None, "current") == Coverage(posts=6, labelled=5, read=2, judged=1)
    save(store, ids[0], "gold", base=1, marks=[], author="ann", status="discarded")
    assert coverage(store, "run", "set", "train", "current") == Coverage(posts=4, labelled=3, read=1, judged=0)
    assert coverage(store, "run", "set", "train", "original").judged == 1
    set_types(store, "set", [*dataset(store, "set").types, EntityType(name="X")])
    with pytest.raises(InputError, match="no run 'nobody'"):
        coverage(store, "nobody", "set", None, "current")
