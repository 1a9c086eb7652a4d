"""A new name is said everywhere where the old one was."""

import json
from pathlib import Path

import pytest

from db.annotations import newest, save
from db.engine import Store
from db.imports import import_examples
from db.job_leases import claim, fail, finish
from db.jobs import enqueue, job
from db.label_error_results import keep_ranking, newest_ranking
from db.posts import dataset, datasets, post_ids
from db.predictions import PostPrediction, predictions, record
from db.renaming import rename
from db.run_labels import map_run
from db.runs import add_run, reindex, run, runs
from mner_core.run_record import read_record
from mner_core.types import InputError
from tests.db.samples import sample_posts
from tests.db.test_runs import write_run


@pytest.fixture
def filled(store: Store, ids: list[int]) -> list[int]:
    add_run(store, write_run(store.home, "run"))
    add_run(store, write_run(store.home, "elsewhere", data={"name": "another"}))
    record(store, "run", [PostPrediction(post=ids[0], marks=())])
    save(store, ids[0], "gold", base=1, marks=[], author="ann", run="run")
    map_run(store, "set", "run", {"PER": "ORG"})
    return ids


def test_a_data_set_is_called_otherwise_everywhere(store: Store, filled: list[int]) -> None:
    enqueue(store, "suspicious", {"dataset": "set", "model": "rgcn"}, author="ann")
    taken = claim(store, "w", "cpu")
    assert taken is not None
    keep_ranking(store, finish(store, taken, {"dataset": "set"}), [])
    table = enqueue(store, "experiment", {"suite": "set", "data": [{"dataset": "set"}, {"dataset": "x"}]}, author="ann")
    failed = enqueue(store, "import", {"name": "set", "folder": "set"}, author="ann")
    for _ in (table, failed):
        taken = claim(store, "w", "cpu")
        assert taken is not None
        fail(store, taken, "no")
    rename(store, "dataset", "set", "better set")
    assert [each.name for each in datasets(store)] == ["better set"]
    assert list(post_ids(store, "better set").values()) == filled
    assert newest_ranking(store, "better set") is not None
    assert job(store, table.id).payload == {"suite": "set", "data": [{"dataset": "better set"}, {"dataset": "x"}]}
    assert job(store, failed.id).payload == {"name": "better set", "folder": "set"}
    assert [each.data["name"] for each in runs(store)] == ["better set", "another"]
    assert read_record(store.home.runs / "run").data["name"] == "better set"
    assert read_record(store.home.runs / "elsewhere").data["name"] == "another"
    reindex(store)
    assert run(store, "run").data["name"] == "better set"


def test_a_run_is_called_otherwise_everywhere(store: Store, filled: list[int]) -> None:
    made = enqueue(store, "train", {"dataset": "run", "name": "run"}, author="ann")
    taken = claim(store, "w", "cpu")
    assert taken is not None
    finish(store, taken, {"run": "run", "evaluations": [{"run": "run"}]})
    refused = enqueue(store, "train", {"dataset": "run", "name": "run", "start": "run"}, author="ann")
    taken = claim(store, "w", "cpu")
    assert taken is not None
    fail(store, taken, "There is a run 'run' already: choose another name.")
    rename(store, "run", "run", "the best")
    assert run(store, "the best").folder == store.home.runs / "the best"
    assert read_record(store.home.runs / "the best").weights == "sha-run"
    assert len(predictions(store, "the best")) == 1
    said = newest(store, filled[0])
    assert said is not None
    assert said.run == "the best"
    assert dataset(store, "set").run_labels == {"the best": {"PER": "ORG"}}
    assert job(store, made.id).payload == {"dataset": "run", "name": "the best"}
    assert job(store, made.id).result == {"run": "the best", "evaluations": [{"run": "the best"}]}
    assert job(store, refused.id).payload == {"dataset": "run", "name": "run", "start": "the best"}
    assert reindex(store).removed == ()


def test_a_folder_that_somebody_renamed_is_followed(store: Store, filled: list[int]) -> None:
    (store.home.runs / "run").rename(store.home.runs / "by hand")
    found = reindex(store)
    assert (sorted(found.runs), found.removed) == (["by hand", "elsewhere"], ())
    assert len(predictions(store, "by hand")) == 1


def test_of_two_that_could_be_meant_neither_is(store: Store, filled: list[int]) -> None:
    """A copy of a run has its weights and its time, too."""
    add_run(store, write_run(store.home, "twin", weights="sha-run"))
    for old, new in (("run", "one"), ("twin", "other")):
        (store.home.runs / old).rename(store.home.runs / new)
    assert sorted(reindex(store).removed) == ["run", "twin"]


@pytest.mark.parametrize("name", ["", " x", "x ", ".x", "a\nb", "a" * 81])
def test_names_that_a_data_set_cannot_have(store: Store, ids: list[int], name: str) -> None:
    with pytest.raises(InputError, match="A data set cannot be called"):
        rename(store, "dataset", "set", name)


@pytest.mark.parametrize("name", ["", "a/b", ".x", "a" * 81])
def test_names_that_a_run_cannot_have(store: Store, filled: list[int], name: str) -> None:
    with pytest.raises(InputError, match="A run cannot be called"):
        rename(store, "run", "run", name)


def test_names_that_are_taken(store: Store, filled: list[int]) -> None:
    import_examples(store, "other", sample_posts()[:1])
    (store.home.runs / "stray").mkdir()
    for thing, old, new in (("dataset", "set", "other"), ("run", "run", "elsewhere"), ("run", "run", "stray")):
        with pytest.raises(InputError, match=f"There is a .* '{new}' already"):
            rename(store, thing, old, new)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="There is no data set 'nobody'; there are: set, other"):
        rename(store, "dataset", "nobody", "somebody")
    with pytest.raises(InputError, match="There is no run 'nobody'; there are: run, elsewhere"):
        rename(store, "run", "nobody", "somebody")


def test_a_damaged_record_is_left_as_it_is(store: Store, filled: list[int]) -> None:
    file = store.home.runs / "run" / "run.json"
    file.write_text("{")
    rename(store, "dataset", "set", "other")
    assert file.read_text() == "{"
    assert run(store, "run").data["name"] == "other"


def test_the_record_says_all_else_as_before(store: Store, filled: list[int]) -> None:
    file: Path = store.home.runs / "run" / "run.json"
    before = json.loads(file.read_text())
    rename(store, "dataset", "set", "other")
    assert json.loads(file.read_text()) == {**before, "data": {**before["data"], "name": "other"}}
