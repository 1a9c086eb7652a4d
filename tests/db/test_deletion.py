"""What is deleted is hidden from everybody, gives its name up, and comes back as it was."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from db.__main__ import main
from db.annotations import history, save
from db.backup import backup
from db.change_token import change_token
from db.character_spans import Mark
from db.deleted_names import Thing, name_aside, spoken
from db.deletion import KEPT, _move, bring_back, delete, deleted_things, what_is_lost
from db.engine import Store, open_store
from db.exchange import export_folder
from db.fair_gold import suggesting_runs
from db.imports import About, import_examples
from db.job_leases import claim, fail, finish
from db.jobs import Job, cancel, enqueue, job, retry
from db.label_error_results import FILES, keep_ranking, newest_ranking
from db.posts import dataset, datasets, post, post_ids, posts
from db.predictions import PostPrediction, predictions, record
from db.renaming import rename
from db.run_labels import map_run
from db.run_totals import totals
from db.runs import add_run, reindex, run, runs
from mner_core.files import one_at_a_time
from mner_core.home import Home
from mner_core.types import InputError
from tests.db.conftest import Clock
from tests.db.samples import LABELS, sample_posts
from tests.db.test_runs import write_run

PARIS = Mark(id="m1", start=3, end=8, label="LOC")


def fill(store: Store, ids: list[int]) -> None:
    """A run that has read two posts, and a label that it suggested."""
    add_run(store, write_run(store.home, "run"))
    record(store, "run", [PostPrediction(post=each, marks=()) for each in ids[:2]])
    save(store, ids[0], "gold", base=1, marks=[PARIS], author="ann", run="run")
    map_run(store, "set", "run", {"PER": "ORG"})


def done(store: Store, **payload: str) -> Job:
    enqueue(store, "suspicious", {"model": "rgcn", **payload}, author="ann")
    taken = claim(store, "w", "cpu")
    assert taken is not None
    return finish(store, taken, {"run": "run"} if "run" in payload else {})


def test_a_data_set_is_hidden_and_comes_back_whole(store: Store, ids: list[int], tmp_path: Path) -> None:
    fill(store, ids)
    before = (dataset(store, "set"), posts(store, "set"), history(store, ids[0]), totals(store, "set"))
    assert delete(store, "dataset", "set").posts == len(ids)
    assert datasets(store) == []
    for question in (lambda: dataset(store, "set"), lambda: post(store, ids[0]), lambda: history(store, ids[0])):
        with pytest.raises(InputError):
            question()
    with pytest.raises(InputError, match="data set of post orphan was deleted"):
        save(store, ids[0], "gold", base=2, marks=[], author="ben")
    with pytest.raises(InputError, match="no data set 'set'"):
        export_folder(store, tmp_path / "out", "set", "current", "jsonl")
    bring_back(store, "dataset", "set")
    assert (dataset(store, "set"), posts(store, "set"), history(store, ids[0]), totals(store, "set")) == before


def test_a_run_is_hidden_and_comes_back_whole(store: Store, ids: list[int], tmp_path: Path) -> None:
    fill(store, ids)
    add_run(store, write_run(store.home, "child", started_from="sha-run", created=2000.0))
    before = (runs(store), predictions(store, "run"), totals(store, "set"), dataset(store, "set").run_labels)
    delete(store, "run", "run")
    assert [(each.name, each.parent) for each in runs(store)] == [("child", None)]
    assert not (store.home.runs / "run").exists()
    assert "run" not in (totals(store, "set", "train") or {})
    with pytest.raises(InputError, match="no run 'run'"):
        predictions(store, "run")
    assert list(map(spoken, suggesting_runs(store, "set", None, "current"))) == ["run (deleted)"]
    export_folder(store, tmp_path / "out", "set", "current", "jsonl")
    revisions = map(json.loads, (tmp_path / "out" / "history.jsonl").read_text().splitlines())
    assert [each["run"] for each in revisions if each["run"]] == ["run (deleted)"]
    bring_back(store, "run", "run")
    assert (runs(store), predictions(store, "run"), totals(store, "set"), dataset(store, "set").run_labels) == before
    assert suggesting_runs(store, "set", None, "current") == {"run": 1}


def test_reindex_does_not_resurrect_a_deleted_run(store: Store, ids: list[int]) -> None:
    fill(store, ids)
    delete(store, "run", "run")
    found = reindex(store)
    assert (found.runs, found.removed, found.problems, runs(store)) == ((), (), (), [])
    bring_back(store, "run", "run")
    assert len(predictions(store, "run")) == 2


def test_a_new_index_knows_what_was_deleted(store: Store, ids: list[int]) -> None:
    """The folder says it: also where the store is lost."""
    fill(store, ids)
    delete(store, "run", "run")
    for file in store.home.root.glob("mner.db*"):
        file.unlink()
    store.close()
    anew = open_store(store.home, clock=store.clock)
    assert reindex(anew).runs == ()
    bring_back(anew, "run", "run")
    assert run(anew, "run").weights == "sha-run"
    anew.close()


@pytest.mark.parametrize("deleted", [True, False])
def test_killed_between_the_folder_and_the_store(store: Store, ids: list[int], deleted: bool) -> None:
    """The folder has its new name, and the store was never told: it follows at the next look."""
    fill(store, ids)
    aside = store.home.runs / name_aside("run", store.now())
    if deleted:  # while it was brought back
        delete(store, "run", "run")
        aside.rename(store.home.runs / "run")
    else:
        (store.home.runs / "run").rename(aside)
    reindex(store)
    assert [each.name for each in runs(store)] == (["run"] if deleted else [])
    assert [each.name for each in deleted_things(store)] == ([] if deleted else ["run"])
    if not deleted:
        bring_back(store, "run", "run")
    assert len(predictions(store, "run")) == 2
    assert suggesting_runs(store, "set", None, "current") == {"run": 1}


def test_a_transaction_that_fails_moves_the_folder_back(
    store: Store, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, ids)

    def move_and_fail(*given: Any) -> None:
        _move(*given)
        assert not (store.home.runs / "run").exists()
        raise InputError("no")

    monkeypatch.setattr("db.deletion._move", move_and_fail)
    with pytest.raises(InputError, match="no"):
        delete(store, "run", "run")
    monkeypatch.undo()
    assert (store.home.runs / "run" / "run.json").is_file()
    assert [each.name for each in runs(store)] == ["run"]


@pytest.mark.parametrize("thing", ["dataset", "run"])
def test_a_name_can_be_used_again(store: Store, ids: list[int], clock: Clock, thing: Thing) -> None:
    name = "set" if thing == "dataset" else "run"
    fill(store, ids)
    old = done(store, dataset="set", run="run")
    keep_ranking(store, old, [])
    delete(store, thing, name)
    if thing == "dataset":
        import_examples(store, "set", sample_posts()[:1], About(labels=LABELS))
        assert newest_ranking(store, "set") is None
        assert dataset(store, "set").posts == 1
    else:
        add_run(store, write_run(store.home, "run", weights="other", created=3000.0))
        assert predictions(store, "run") == {}
        assert job(store, old.id).payload["run"] != "run"
    with pytest.raises(InputError, match=f"There is a .* '{name}' already: rename or delete that one first"):
        bring_back(store, thing, name)
    rename(store, thing, name, "newer")
    bring_back(store, thing, name)
    assert len(post_ids(store, "set")) == len(ids)
    assert len(predictions(store, "run")) == 2
    found = newest_ranking(store, "set")
    assert found is not None
    assert (found.id, found.payload["run"], FILES.of(store.home, old.id).is_file()) == (old.id, "run", True)


def test_of_two_of_one_name_the_last_deleted_comes_back_first(store: Store, ids: list[int], clock: Clock) -> None:
    """Also where both were deleted within a second."""
    delete(store, "dataset", "set")
    import_examples(store, "set", sample_posts()[:1])
    delete(store, "dataset", "set")
    import_examples(store, "set", sample_posts()[:2])
    clock.time += 60
    delete(store, "dataset", "set")
    assert [each.name for each in deleted_things(store)] == ["set"] * 3
    assert bring_back(store, "dataset", "set").posts == 2
    rename(store, "dataset", "set", "two")
    rest = sorted(each.aside for each in deleted_things(store))
    assert bring_back(store, "dataset", rest[0]).posts == len(ids)
    with pytest.raises(InputError, match="No deleted data set was called 'two'; there are: set"):
        bring_back(store, "dataset", "two")


def test_what_would_be_lost_is_counted(store: Store, ids: list[int], tmp_path: Path) -> None:
    own, shared = tmp_path / "own.png", tmp_path / "shared.png"
    Image.new("RGB", (8, 8), "red").save(own)
    Image.new("RGB", (9, 9), "blue").save(shared)
    more = [replace(each, id=f"p{n}", image=file, image_name=file.name) for n, (each, file) in enumerate(
        zip(sample_posts(), (own, shared, own), strict=False))]  # fmt: skip
    import_examples(store, "set", more)
    import_examples(store, "other", more[1:2])
    fill(store, ids)
    found = what_is_lost(store, "dataset", "set")
    assert (found.posts, found.revisions, found.runs, found.bytes) == (len(ids) + 3, 1, 1, own.stat().st_size)
    (store.home.runs / "run" / "weights.safetensors").write_bytes(b"w" * 1000)
    found = what_is_lost(store, "run", "run")
    size = 1000 + (store.home.runs / "run" / "run.json").stat().st_size
    assert (found.posts, found.revisions, found.runs, found.bytes) == (2, 0, 1, size)
    assert [each.name for each in datasets(store)] == ["set", "other"]


@pytest.mark.parametrize(
    ("thing", "kind", "payload"),
    [
        ("dataset", "train", {"dataset": "set"}),
        ("dataset", "import", {"name": "set", "folder": "f"}),
        ("dataset", "experiment", {"suite": "s", "data": [{"dataset": "other"}, {"dataset": "set"}]}),
        ("run", "predict", {"dataset": "set", "run": "run"}),
        ("run", "train", {"dataset": "set", "start": "run"}),
    ],
)
@pytest.mark.parametrize("is_running", [False, True])
def test_what_a_job_needs_stays(
    store: Store, ids: list[int], thing: Thing, kind: str, payload: dict[str, str], is_running: bool
) -> None:
    fill(store, ids)
    name = "set" if thing == "dataset" else "run"
    waiting = enqueue(store, kind, payload, author="ann")  # type: ignore[arg-type]
    taken = claim(store, "w", "cpu") if is_running else None
    assert [each.id for each in what_is_lost(store, thing, name).jobs] == [waiting.id]
    for change in (lambda: delete(store, thing, name), lambda: rename(store, thing, name, "newer")):
        with pytest.raises(InputError, match=rf"job {waiting.id} \({kind}\) needs it: stop it first"):
            change()
    if taken:
        fail(store, taken, "over")
    else:
        cancel(store, waiting.id)
    delete(store, thing, name)
    assert [each.name for each in deleted_things(store)] == [name]


def test_nothing_is_deleted_while_posts_come_in(store: Store, ids: list[int]) -> None:
    with one_at_a_time(store.home.root / ".import.lock"):
        for change in (lambda: delete(store, "dataset", "set"), lambda: rename(store, "dataset", "set", "other")):
            with pytest.raises(InputError, match="Posts are being imported"):
                change()
    delete(store, "dataset", "set")


@pytest.mark.parametrize(
    ("thing", "payload"),
    [
        ("dataset", {"dataset": "set"}),
        ("dataset", {"data": [{"dataset": "set"}]}),
        ("run", {"run": "run"}),
        ("run", {"start": "run"}),
    ],
)
def test_new_jobs_about_what_is_deleted_are_refused(
    store: Store, ids: list[int], thing: Thing, payload: dict[str, Any]
) -> None:
    fill(store, ids)
    failed = enqueue(store, "train", payload, author="ann")
    taken = claim(store, "w", "cpu")
    assert taken is not None
    fail(store, taken, "no memory")
    delete(store, thing, "set" if thing == "dataset" else "run")
    for again in (lambda: enqueue(store, "train", payload, author="ann"), lambda: retry(store, failed.id)):
        with pytest.raises(InputError, match="was deleted: bring it back first"):
            again()
    bring_back(store, thing, "set" if thing == "dataset" else "run")
    assert retry(store, failed.id).status == "queued"


def test_an_unfinished_import_does_not_take_deleted_sets_along(store: Store, ids: list[int]) -> None:
    """The next import throws away what killed ones have left, and nothing else."""
    delete(store, "dataset", "set")
    import_examples(store, "other", sample_posts()[:1])
    assert bring_back(store, "dataset", "set").posts == len(ids)


def test_screens_hear_of_each_step(store: Store, ids: list[int]) -> None:
    fill(store, ids)
    seen = [change_token(store, "set", runs=["run"])]
    delete(store, "run", "run")
    seen.append(change_token(store, "set", runs=["run"]))
    bring_back(store, "run", "run")
    seen.append(change_token(store, "set", runs=["run"]))
    rename(store, "run", "run", "newer")
    seen.append(change_token(store, "set", runs=["newer"]))
    rename(store, "dataset", "set", "newer")
    seen.append(change_token(store, "newer", runs=["newer"]))
    delete(store, "dataset", "newer")
    bring_back(store, "dataset", "newer")
    seen.append(change_token(store, "newer", runs=["newer"]))
    assert len(set(seen)) == 6


def test_a_copy_of_the_home_holds_deleted_runs(store: Store, ids: list[int], tmp_path: Path) -> None:
    fill(store, ids)
    delete(store, "run", "run")
    (store.home.runs / ".other.unfinished").mkdir()
    backup(store.home, tmp_path / "copy")
    copy = open_store(Home(tmp_path / "copy"))
    bring_back(copy, "run", "run")
    assert run(copy, "run").folder.is_dir()
    assert not (tmp_path / "copy" / "runs" / ".other.unfinished").exists()
    copy.close()


def test_the_commands(
    store: Store, ids: list[int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNER_HOME", str(store.home.root))
    fill(store, ids)

    def said(*words: str, status: int = 0) -> dict[str, object]:
        assert main([*words, "--json"]) == status
        answer: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return answer

    would = said("delete", "dataset", "set", "--dry-run")
    assert (would["posts"], would["revisions"], would["runs"], would["bytes"]) == (len(ids), 1, 1, 0)
    assert [each.name for each in datasets(store)] == ["set"]
    assert said("delete", "dataset", "set")["posts"] == len(ids)
    assert datasets(store) == []
    assert said("bring-back", "dataset", "set")["revisions"] == 1
    assert said("rename", "dataset", "set", "better")["posts"] == len(ids)
    assert said("delete", "run", "run")["runs"] == 1
    assert said("bring-back", "run", "run")["bytes"] == what_is_lost(store, "run", "run").bytes
    assert said("rename", "run", "run", "best")["name"] == "best"
    for words in (
        ("delete", "dataset", "set"), ("delete", "run", "run", "--dry-run"), ("bring-back", "run", "run"),
        ("rename", "run", "best", "a/b"), ("rename", "dataset", "better", ""),
    ):  # fmt: skip
        assert main([*words, "--json"]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_thirty_days(store: Store, ids: list[int], clock: Clock) -> None:
    delete(store, "dataset", "set")
    (found,) = deleted_things(store)
    assert (found.deleted, found.until) == (clock.time, clock.time + KEPT)
    assert KEPT == 30 * 24 * 3600
