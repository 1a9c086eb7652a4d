"""What was deleted is gone for good after its time, from tables and disk, a few rows at a time, whoever kills it."""

import json
import shutil
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from db import gc as gc_module
from db import removal
from db.__main__ import main
from db.annotations import save
from db.change_token import change_token
from db.character_spans import Mark
from db.deleted_names import Thing
from db.deletion import KEPT, bring_back, delete, deleted_things
from db.engine import Store, open_store
from db.exchange import export_folder
from db.figures import Question, figure, keep, state_of
from db.gc import LOCK, Collected, collect
from db.imports import About, import_examples
from db.in_use import IMPORT_LOCK
from db.job_leases import claim, fail
from db.jobs import enqueue, retry
from db.label_error_results import keep_ranking
from db.posts import dataset, datasets, post_ids, posts
from db.predictions import PostPrediction, PredictedMark, predictions, record
from db.renaming import rename
from db.run_totals import totals
from db.runs import add_run, reindex, runs
from db.tables import Counts, Datasets, Posts, Revisions, Runs, Table
from mner_core.files import one_at_a_time
from mner_core.home import Home
from mner_core.types import Example, InputError
from tests.db.conftest import Clock
from tests.db.samples import LABELS, sample_posts
from tests.db.test_deletion import done
from tests.db.test_runs import write_run

SAID = PredictedMark(start=0, end=2, label="LOC", confidence=0.5)


class KilledError(Exception):
    """In place of a signal."""


def pictured(folder: Path, name: str, colours: list[str]) -> list[Example]:
    """The sample posts, the first ones with a picture each."""
    folder.mkdir(exist_ok=True)
    found = []
    for post, colour in zip(sample_posts(), [*colours, *[""] * 9], strict=False):
        image = folder / f"{colour}.png" if colour else None
        if image:
            Image.new("RGB", (8, 8), colour).save(image)
        values = {field: getattr(post, field) for field in post.__dataclass_fields__}
        found.append(Example(**{**values, "image": image, "image_name": image.name if image else None}))
    assert name
    return found


@pytest.fixture
def full(store: Store, tmp_path: Path) -> Store:
    """Two data sets that share a picture, two runs that have read both, corrections, drafts, figures."""
    for name, colours in (("set", ["red", "blue"]), ("other", ["red", "green"])):
        import_examples(store, name, pictured(tmp_path / "pictures", name, colours), About(labels=LABELS))
    for name in ("one", "two"):
        add_run(store, write_run(store.home, name))
        for of in ("set", "other"):
            ids = list(post_ids(store, of).values())
            record(store, name, [PostPrediction(post=each, marks=(SAID,)) for each in ids])
            save(store, ids[0], "gold", base=int(name == "two") + 1, marks=[Mark(id="m", start=3, end=8, label="LOC")],
                 author="ann", run=name)  # fmt: skip
    for of in ("set", "other"):
        asked = Question(kind="fingerprint", dataset=of)
        keep(store, asked, state_of(store, asked), {"value": "x" * 20_000})
    return store


def rows(store: Store) -> dict[str, int]:
    """How many rows each table has."""
    with store.read() as session:
        return {t.name: session.scalar(select(func.count()).select_from(t)) or 0 for t in Table.metadata.sorted_tables}


def state(store: Store, name: str) -> Any:
    """All that is asked of a data set."""
    said = {run.name: predictions(store, run.name, name) for run in runs(store)}
    return dataset(store, name), posts(store, name), totals(store, name), said


def on_disk(home: Home) -> int:
    """Bytes of all files of the home."""
    return sum(
        file.stat().st_size for file in home.root.rglob("*") if file.is_file() and not file.name.endswith("lock")
    )


def apply(store: Store, at_once: bool = False) -> Collected:
    return collect(store, apply=True, at_once=at_once)


def test_a_deleted_data_set_goes_after_its_time_and_leaves_nothing(full: Store, clock: Clock) -> None:
    before = state(full, "other")
    delete(full, "dataset", "set")
    there = rows(full)
    clock.time += KEPT - 1
    assert apply(full).freed["data-sets"] == 0
    assert {**rows(full), "figures": 2} == {**there, "figures": 2}
    assert [each.name for each in deleted_things(full)] == ["set"]
    clock.time += 1
    assert apply(full).freed["data-sets"] > 0
    assert deleted_things(full) == []
    assert state(full, "other") == before
    now = rows(full)
    assert now["posts"] == len(sample_posts()) == there["posts"] // 2
    for table in ("revisions", "outcomes", "predictions", "post_texts", "gold_totals", "changes"):
        assert 0 < now[table] == there[table] / 2, table
    assert len(list(full.home.images.iterdir())) == 2  # red is the other's, too
    with full.read() as session:
        assert session.connection().exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_every_table_that_speaks_of_what_goes_is_emptied() -> None:
    """A table of tomorrow that speaks of posts, data sets, runs or revisions has to be thought of."""
    of_posts = {table for table, _ in removal._of_posts([1])}
    named = {*of_posts, *removal._OF_DATA_SET, *removal._OF_RUN}
    for table in Table.metadata.sorted_tables:
        if {key.column.table.name for key in table.foreign_keys} & {"posts", "datasets", "runs", "revisions"}:
            assert table.name in {str(each.__tablename__) for each in named}, table.name


def test_a_deleted_run_goes_after_its_time_and_its_twin_stays(full: Store, clock: Clock) -> None:
    said = predictions(full, "two")
    (full.home.runs / "one/weights.safetensors").write_bytes(b"w" * 5000)
    delete(full, "run", "one")
    [folder] = full.home.runs.glob(".one.deleted-*")
    clock.time += KEPT - 1
    assert apply(full).freed["runs"] == 0
    assert folder.is_dir()
    clock.time += 1
    assert apply(full).freed["runs"] >= 5000
    assert not folder.exists()
    assert [each.name for each in runs(full)] == ["two"]
    assert predictions(full, "two") == said
    with full.read() as session:
        assert session.scalars(select(Runs.name)).all() == ["two"]
    assert reindex(full).runs == ("two",)


def test_a_deleted_folder_that_the_store_does_not_know_carries_its_own_time(store: Store, clock: Clock) -> None:
    clock.time = 2_000_000_000.0
    old = write_run(store.home, f".a.deleted-{int(clock.time - KEPT)}")
    fresh = write_run(store.home, f".b.deleted-{int(clock.time - KEPT) + 5}")
    assert apply(store).freed["runs"] > 0
    assert not old.exists()
    assert fresh.is_dir()


@pytest.mark.parametrize("thing", ["dataset", "run"])
def test_no_transaction_removes_more_than_some_rows(full: Store, monkeypatch: pytest.MonkeyPatch, thing: Thing) -> None:
    """A saver waits for one transaction: what counts is how much that does, not how much there is."""
    monkeypatch.setattr(removal, "ROWS", 7)
    delete(full, thing, {"dataset": "set", "run": "one"}[thing])
    pause = removal.then_a_pause
    steps: list[int] = []

    def watched(store: Store) -> Any:
        steps.append(sum(rows(store).values()))
        return pause(store)

    monkeypatch.setattr(removal, "then_a_pause", watched)
    apply(full, at_once=True)
    taken = [before - after for before, after in pairwise([*steps, sum(rows(full).values())])]
    assert len(taken) > 5
    assert max(taken) <= 7 * 2  # a text goes with its post by itself


@pytest.mark.parametrize("thing", ["dataset", "run"])
@pytest.mark.parametrize("batches", [0, 1, 3])
def test_a_removal_that_was_killed_goes_on(
    full: Store, monkeypatch: pytest.MonkeyPatch, thing: Thing, batches: int
) -> None:
    monkeypatch.setattr(removal, "ROWS", 5)
    name = {"dataset": "set", "run": "one"}[thing]
    delete(full, thing, name)
    left, some = [batches], removal._remove_some

    def dies(*given: Any) -> bool:
        left[0] -= 1
        if left[0] < 0:
            raise KilledError
        return some(*given)

    monkeypatch.setattr(removal, "_remove_some", dies)
    with pytest.raises(KilledError):
        apply(full, at_once=True)
    monkeypatch.setattr(removal, "_remove_some", some)
    assert deleted_things(full) == [], "what is half gone is not offered"
    with pytest.raises(Exception, match="No deleted"):
        bring_back(full, thing, name)
    reindex(full)
    assert name not in {each.name for each in (*runs(full), *datasets(full))}
    assert apply(full).freed.keys() >= {"runs"}, "it needs no --deleted any more"
    assert deleted_things(full) == []
    with full.read() as session:
        assert session.scalar(select(Runs.id if thing == "run" else Datasets.id).where(
            (Runs if thing == "run" else Datasets).deleted.is_not(None))) is None  # fmt: skip
        assert session.scalar(select(func.count()).select_from(Posts)) == len(sample_posts()) * (1 + (thing == "run"))
        assert session.connection().exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_a_copy_of_a_run_whose_removal_was_killed_is_a_run_of_its_own(full: Store) -> None:
    """The row that is on its way out does not follow a folder with the same weights."""
    delete(full, "run", "one")
    [folder] = full.home.runs.glob(".one.deleted-*")
    with full.write() as session:
        session.scalars(select(Runs).where(Runs.deleted > 0)).one().deleted = 0.0
    shutil.copytree(folder, full.home.runs / "copy")
    shutil.rmtree(folder)
    apply(full)
    assert reindex(full).runs == ("copy", "two")
    assert predictions(full, "copy") == {}


def test_while_posts_are_imported_no_data_set_goes(full: Store) -> None:
    delete(full, "dataset", "set")
    with one_at_a_time(full.home.root / IMPORT_LOCK):
        found = apply(full, at_once=True)
    assert found.left == ("Deleted data sets were left: posts are being imported.",)
    assert [each.name for each in deleted_things(full)] == ["set"]


def test_what_a_job_needs_does_not_go(full: Store) -> None:
    delete(full, "run", "one")
    [aside] = [each.aside for each in deleted_things(full)]
    with full.write() as session:  # as where it was queued before and taken up since
        session.scalars(select(Runs).where(Runs.deleted > 0)).one().deleted = None
    enqueue(full, "predict", {"run": aside, "dataset": "set"}, author="ann")
    with full.write() as session:
        session.scalars(select(Runs).where(Runs.name == aside)).one().deleted = full.now()
    found = apply(full, at_once=True)
    assert found.left == ("The run one (deleted) was left: a job needs it.",)
    assert [each.aside for each in deleted_things(full)] == [aside]


@pytest.mark.parametrize(
    ("thing", "payload"),
    [
        ("dataset", {"dataset": "set"}),
        ("dataset", {"data": [{"dataset": "set"}]}),
        ("run", {"run": "one"}),
        ("run", {"start": "one"}),
    ],
)
@pytest.mark.parametrize("is_there_again", [False, True])
def test_a_job_about_what_is_gone_for_good_says_so(
    full: Store, clock: Clock, thing: Thing, payload: dict[str, Any], is_there_again: bool
) -> None:
    """A failed job cannot be taken up again; another thing that had the name and is deleted is of no help to it."""
    failed = enqueue(full, "train", payload, author="ann")
    taken = claim(full, "w", "cpu")
    assert taken is not None
    fail(full, taken, "no memory")
    name = "set" if thing == "dataset" else "one"
    delete(full, thing, name)
    with pytest.raises(InputError, match="was deleted: bring it back first"):
        retry(full, failed.id)
    apply(full, at_once=True)
    if is_there_again:
        clock.time += 5
        rename(full, thing, "other" if thing == "dataset" else "two", name)
        delete(full, thing, name)
    with pytest.raises(InputError) as caught:
        retry(full, failed.id)
    word = "data set" if thing == "dataset" else "run"
    assert str(caught.value) == f"The {word} '{name}' was deleted and is gone for good: choose another."


def test_old_figures_go_and_those_of_now_stay(full: Store) -> None:
    for of in ("set", "other"):
        asked = Question(kind="fingerprint", dataset=of)
        keep(full, asked, state_of(full, asked) if of == "other" else "before", {"value": "x" * 20_000})
    told = collect(full, apply=False).freed
    assert told["figures"] >= 16_384
    assert apply(full).freed["figures"] == told["figures"]
    assert figure(full, Question(kind="fingerprint", dataset="set")) is None
    kept = figure(full, Question(kind="fingerprint", dataset="other"))
    assert kept is not None
    assert kept.is_current


def test_the_bytes_are_those_that_the_disk_has_more(full: Store) -> None:
    delete(full, "dataset", "set")
    delete(full, "run", "one")
    (full.home.root / "pools/x").mkdir(parents=True)
    full.close()
    before = on_disk(full.home)
    told = collect(full, apply=False, at_once=True).freed
    full.close()
    assert on_disk(full.home) == before
    found = apply(full, at_once=True).freed
    full.close()
    assert before - on_disk(full.home) == sum(found.values()) > 40_000
    assert told["data-sets"] > 0 < told["runs"]
    assert sum(apply(full, at_once=True).freed.values()) == 0


def test_what_the_store_has_taken_meanwhile_is_not_named(full: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index of texts notes what is gone before it forgets it, and others write."""
    forget = gc_module._forget

    def grows(store: Store, old: list[str]) -> int:
        asked = Question(kind="fingerprint", dataset="other", split="train")
        keep(store, asked, state_of(store, asked), {"value": "y" * 8_000})
        return forget(store, old)

    monkeypatch.setattr(gc_module, "_forget", grows)
    delete(full, "dataset", "set")
    full.close()
    before = on_disk(full.home)
    found = apply(full, at_once=True).freed
    full.close()
    assert before - on_disk(full.home) == sum(found.values()) > 0


@pytest.mark.parametrize("is_open", [False, True])
def test_an_older_store_gets_smaller_when_nothing_else_has_it_open(full: Store, is_open: bool) -> None:
    delete(full, "dataset", "set")
    full.close()
    with closing(sqlite3.connect(full.home.store, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA auto_vacuum=NONE")
        connection.execute("VACUUM")
    size = full.home.store.stat().st_size
    other = open_store(full.home)
    if is_open:
        with other.read() as session:
            session.scalar(select(func.count()).select_from(Posts))
            found = apply(full, at_once=True)
        assert [said.partition(":")[0] for said in found.left] == [
            "The store keeps what is free in it for what is written next"
        ]
        assert found.freed["store"] == 0
    other.close()
    found = apply(full, at_once=True)
    full.close()
    assert found.left == ()
    assert size - full.home.store.stat().st_size >= sum(found.freed.values()) - 500 > 0
    assert [each.name for each in datasets(full)] == ["other"]


def test_what_opens_before_opens_after(full: Store, tmp_path: Path) -> None:
    """Exports say it all: posts, pictures, history."""
    before = state(full, "set"), state(full, "other")
    apply(full, at_once=True)
    assert (state(full, "set"), state(full, "other")) == before
    export_folder(full, tmp_path / "out", "set", "current", "jsonl")
    assert len(list((tmp_path / "out/images").iterdir())) == 2


def test_another_data_set_with_the_number_of_one_that_is_gone_has_another_token(full: Store, clock: Clock) -> None:
    delete(full, "dataset", "other")
    apply(full, at_once=True)
    import_examples(full, "other", sample_posts(), About(labels=LABELS))
    first, token = dataset(full, "other").id, change_token(full, "other")
    delete(full, "dataset", "other")
    apply(full, at_once=True)
    clock.time += 1
    import_examples(full, "other", sample_posts(), About(labels=LABELS))
    assert dataset(full, "other").id == first
    assert change_token(full, "other") != token


def test_rankings_of_a_data_set_that_is_gone_go_with_it(full: Store) -> None:
    keep_ranking(full, done(full, dataset="set"), [])
    assert apply(full).freed["cross-validation"] == 0
    delete(full, "dataset", "set")
    assert apply(full).freed["cross-validation"] == 0
    assert apply(full, at_once=True).freed["cross-validation"] == len("[]")


@pytest.fixture
def gc(full: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.setenv("MNER_HOME", str(full.home.root))

    def run(*given: str, status: int = 0) -> str:
        assert main(["gc", *given]) == status
        said = capsys.readouterr()
        return said.err if status else said.out

    return run


def test_the_command_says_it_first_and_frees_it_when_told(full: Store, gc: Any) -> None:
    delete(full, "dataset", "set")
    told = json.loads(gc("--json", "--deleted").splitlines()[-1])
    assert told["applied"] is False
    assert told["freed"]["data-sets"] > 0
    said = gc("--deleted")
    assert said.startswith("could be freed: ")
    assert "data-sets" in said
    assert "pools" not in said
    assert said.endswith("says: Nothing was changed: `python -m db gc --apply` frees it.\n")
    assert [each.name for each in deleted_things(full)] == ["set"]
    done = json.loads(gc("--json", "--deleted", "--apply").splitlines()[-1])
    assert done["applied"] is True
    assert done["freed"]["data-sets"] > 0
    assert {type(size) for size in done["freed"].values()} == {int}
    assert gc("--deleted", "--apply") == "freed: 0 bytes\n"


def test_a_second_one_says_that_the_first_is_at_work(full: Store, gc: Any) -> None:
    with one_at_a_time(full.home.root / LOCK):
        said = gc("--apply", "--json", status=1)
        assert said == "Another `gc` is at work: wait for its end, then call it again.\n"
        assert json.loads(gc("--json").splitlines()[-1])["applied"] is False, "to look is free"


@pytest.mark.parametrize("given", [["--deletd"], ["now"], ["--apply=yes"]])
def test_what_it_does_not_take_is_refused_in_a_sentence(full: Store, gc: Any, given: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        gc(*given)
    assert stopped.value.code == 2


def test_counts_of_older_versions_go_too(full: Store) -> None:
    with full.write() as session:
        first = session.scalars(select(Posts.id).where(Posts.dataset_id == 1)).first()
        revision = session.scalars(select(Revisions.id).where(Revisions.post_id == first)).first()
        session.add(Counts(run_id=1, revision_id=revision, protocol="entity", counts={}))
    there = rows(full)["counts"]
    delete(full, "dataset", "set")
    apply(full, at_once=True)
    with full.read() as session:
        assert 0 < len(session.scalars(select(Counts.revision_id)).all()) < there
        assert set(session.scalars(select(Counts.revision_id))) <= set(session.scalars(select(Revisions.id)))
