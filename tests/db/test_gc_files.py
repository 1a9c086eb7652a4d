"""What piles up in a home goes, what is in use stays, and the bytes that are named are those that are freed."""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from db.engine import Store
from db.gc import Collected, collect
from db.held_out_results import FILES as HELD_OUT
from db.job_leases import claim, finish
from db.jobs import Job, enqueue, log_path
from db.label_error_results import FILES as RANKINGS
from mner_core.code_version import code_digest
from mner_core.files import one_at_a_time, together
from mner_core.retrieval.pool import Pool
from mner_core.training.run_parts import keep_parts, pool_folder
from mner_core.types import PostKey
from tests.db.conftest import Clock
from tests.db.test_runs import write_run

DAY = 86400.0


def on_disk(root: Path) -> int:
    """Bytes of all files, each counted once, the store and what lies beside it left out."""
    files = {f.stat().st_ino: f.stat().st_size for f in root.rglob("*") if f.is_file() and "mner.db" not in f.name}
    return sum(files.values())


def made(store: Store, name: str, days: float = 0.0, content: bytes = b"some content") -> Path:
    """A file of the home that was last used so many days ago."""
    file = store.home.root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    for path in (file, *(each for each in file.parents if each.parent.is_relative_to(store.home.root))):
        os.utime(path, (store.now() - days * DAY,) * 2)
    return file


def freed(store: Store, **how: bool) -> Collected:
    """Told, then collected: both name the same bytes, which are those that are gone."""
    before = on_disk(store.home.root)
    told = collect(store, apply=False, **how)
    assert on_disk(store.home.root) == before
    done = collect(store, apply=True, **how)
    assert told.freed == done.freed
    assert on_disk(store.home.root) == before - sum(size for kind, size in done.freed.items() if kind != "store")
    assert sum(collect(store, apply=True, **how).freed.values()) == 0
    return done


def put(store: Store, *keys: str, split: str = "train") -> Path:
    """A pool in the home."""
    vectors = np.eye(len(keys), 3, dtype=np.float32)
    pool = Pool(
        keys=tuple(PostKey(split, key) for key in keys), image_digests=("",) * len(keys),
        caption_vectors=vectors, object_vectors=vectors,
    )  # fmt: skip
    folder = pool_folder(store.home, pool.fingerprint)
    pool.save(folder)
    return folder


def index_of(store: Store, pool: str, code: str | None = None) -> Path:
    """The folder of a pool's index."""
    code = code or code_digest("mner_core.retrieval.vector_index")
    name = hashlib.sha256(f"{pool} {code}".encode()).hexdigest()
    return made(store, f"indexes/captions-{name}/index", 99).parent


@pytest.mark.parametrize(
    ("kind", "old", "twin"),
    [
        ("sentences", "features/sentences/a.npy", "features/sentences/b.npy"),
        ("evidence", "evidence/a.json.gz", "evidence/b.json.gz"),
        ("unpacked-runs", "unpacked/run-1-2/weights.safetensors", "unpacked/run-1-3/weights.safetensors"),
        ("cross-validation", "held-out/a.safetensors", "held-out/b.safetensors"),
        ("cross-validation", "held-out/a/run.json", "held-out/b/run.json"),
        ("logs", "logs/job-77.log", "logs/job-78.log"),
        ("half-written", "runs/.mine.unfinished/checkpoint/x", "runs/.other.unfinished/checkpoint/x"),
        ("half-written", "held-out/.a.unfinished/x", "held-out/.b.unfinished/x"),
        ("half-written", "features/tiny-1/.a.0f.partial", "features/tiny-1/.b.0f.partial"),
        ("uploads", "uploads/abc/train.txt", "uploads/def/train.txt"),
        ("uploads", ".archive-x/train.txt", ".archive-y/train.txt"),
        ("uploads", ".export-x/set.zip", ".export-y/set.zip"),
        ("before-restore", "before-restore-20260101-000000-1/x", "before-restore-20260202-000000-1/x"),
    ],
)
def test_what_was_not_used_for_long_goes_and_its_twin_stays(
    store: Store, clock: Clock, kind: str, old: str, twin: str
) -> None:
    clock.time = 2_000_000_000.0
    gone, kept = made(store, old, 31), made(store, twin, 0.001)
    assert freed(store).freed[kind] == len(b"some content")
    assert not gone.exists()
    assert kept.is_file()


@pytest.mark.parametrize("status", ["queued", "running"])
def test_what_a_job_needs_stays_however_old(store: Store, clock: Clock, status: str) -> None:
    clock.time = 2_000_000_000.0
    train = enqueue(store, "train", {"name": "mine", "dataset": "set"}, author="ann")
    waiting = enqueue(store, "import", {"folder": str(store.home.root / "uploads/abc"), "remove": True}, author="ann")
    for device in ("cpu", "light") if status == "running" else ():
        assert claim(store, "w", device) is not None
    needed = [
        made(store, "uploads/abc/train.txt", 99),
        made(store, "runs/.mine.unfinished/checkpoint/x", 99),
        *(made(store, f"logs/job-{job.id}.log", 99) for job in (waiting, train)),
    ]
    assert sum(freed(store).freed.values()) == 0
    assert all(file.is_file() for file in needed)


def test_an_unfinished_training_that_somebody_is_at_stays(store: Store, clock: Clock) -> None:
    clock.time = 2_000_000_000.0
    lock = made(store, "runs/.mine.unfinished/lock", 99)
    with lock.open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert sum(freed(store).freed.values()) == 0
    assert freed(store).freed["half-written"] > 0


def test_a_score_that_is_being_read_stays(store: Store, clock: Clock) -> None:
    clock.time = 2_000_000_000.0
    file = made(store, "held-out/a.safetensors", 99)
    with one_at_a_time(file.with_suffix(".lock")):
        assert sum(collect(store, apply=True).freed.values()) == 0
    assert freed(store).freed["cross-validation"] > 0


def test_scores_go_where_newer_ones_stand_in_their_place(store: Store, clock: Clock) -> None:
    clock.time = 2_000_000_000.0
    kept = []
    for name, days, asked in [("a", 3, "one"), ("b", 1, "one"), ("c", 2, "one"), ("d", 5, "two"), ("e", 5, None)]:
        file = made(store, f"held-out/{name}.safetensors", 0)
        save_file({"x": np.zeros(3)}, file, {"asked": asked} if asked else None)
        os.utime(file, (store.now() - days * DAY,) * 2)
        kept += [name] if name in {"b", "d", "e"} else []
    assert freed(store).freed["cross-validation"] > 0
    assert sorted(file.stem for file in (store.home.root / "held-out").iterdir()) == kept


def ended(store: Store, kind: Any, dataset: str, content: bytes = b"{}") -> tuple[Job, Path]:
    enqueue(store, kind, {"dataset": dataset, "model": "rgcn"}, author="ann")
    taken = claim(store, "w", "cpu")
    assert taken is not None
    folder = {"suspicious": RANKINGS, "cross-validate": HELD_OUT}[kind].folder
    return finish(store, taken, {}), made(store, f"{folder}/job-{taken.id}.json", content=content)


@pytest.mark.parametrize("kind", ["suspicious", "cross-validate"])
def test_of_what_jobs_have_found_the_newest_of_each_data_set_stays(store: Store, ids: list[int], kind: str) -> None:
    _, first = ended(store, kind, "set")
    _, second = ended(store, kind, "set")
    _, gone = ended(store, kind, "another")
    enqueue(store, kind, {"dataset": "set", "model": "rgcn"}, author="ann")
    running = claim(store, "w", "cpu")
    assert running is not None
    written = made(store, f"{first.parent.name}/job-{running.id}.json", content=b"[]")
    assert freed(store).freed["cross-validation"] == 2 * len(b"{}")
    assert [file.exists() for file in (first, second, gone, written)] == [False, True, False, True]


@pytest.mark.parametrize("kind", ["run", "deleted run", "experiment", "unfinished"])
def test_a_pool_stays_while_a_run_has_it(store: Store, kind: str) -> None:
    used, unused = put(store, "a", "b"), put(store, "c")
    size = (unused / "pool.safetensors").stat().st_size
    if kind == "unfinished":
        keep_parts(store.home.runs / ".mine.unfinished", used.name, "", store.home)
    else:
        run = write_run(store.home, ".run.deleted-999999" if kind == "deleted run" else "run", pool=used.name)
        if kind == "experiment":
            (store.home.root / "experiments").mkdir()
            store.home.runs.rename(store.home.root / "experiments/runs")
        else:
            assert run.is_dir()
    assert freed(store).freed["pools"] == size
    assert used.is_dir()
    assert not unused.exists()


def test_a_pool_of_an_older_program_stays(store: Store) -> None:
    """Its run has none of its own, and may lie anywhere."""
    old = put(store, "a", split="")
    assert sum(freed(store).freed.values()) == 0
    assert Pool.load(old).keys == (PostKey("", "a"),)


@pytest.mark.parametrize("why", ["a training is being prepared", "a run's record cannot be read"])
def test_pools_stay_where_it_is_not_known_who_has_them(store: Store, why: str) -> None:
    pool = put(store, "a")
    if why.startswith("a training"):
        with together(store.home.filling):
            found = collect(store, apply=True)
    else:
        (write_run(store.home, "damaged") / "run.json").write_text("{")
        found = collect(store, apply=True)
    assert found.left == (f"The pools were left as they are: {why}.",)
    assert pool.is_dir()


def test_the_pool_of_a_deleted_run_goes_with_it(store: Store) -> None:
    """Told beforehand, too: two names of one file are counted once, and only where both go."""
    pool = put(store, "a", "b")
    run = write_run(store.home, ".run.deleted-999999", pool=pool.name)
    keep_parts(run, pool.name, "", store.home)
    size = (pool / "pool.safetensors").stat().st_size
    done = freed(store, at_once=True)
    assert done.freed["pools"] + done.freed["runs"] >= size
    assert not pool.exists()


def test_an_index_goes_with_its_pool_or_its_code(store: Store) -> None:
    used, unused = put(store, "a", "b"), put(store, "c")
    write_run(store.home, "run", pool=used.name)
    kept = index_of(store, used.name)
    gone = [index_of(store, unused.name), index_of(store, used.name, "other code")]
    assert freed(store).freed["indexes"] == 2 * len(b"some content")
    assert kept.is_dir()
    assert not any(each.exists() for each in gone)


def test_a_folder_that_a_killed_collection_has_begun_goes_at_once(store: Store) -> None:
    made(store, "pools/.abc.0f.taken/pool.safetensors")
    assert freed(store).freed["half-written"] == len(b"some content")


def test_logs_of_processes_that_serve_stay(store: Store, clock: Clock) -> None:
    clock.time = 2_000_000_000.0
    log = made(store, "logs/serving.log", 99)
    made(store, log_path(store.home, 5).relative_to(store.home.root).as_posix(), 99)
    assert freed(store).freed["logs"] > 0
    assert log.is_file()


def test_a_cache_that_is_read_counts_as_used(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from mner_core.text import sentences

    computed: list[int] = []

    def compute(texts: Any, *_: object) -> Any:
        computed.append(len(texts))
        return np.zeros((len(texts), 2), np.float32)

    monkeypatch.setattr(sentences, "_compute", compute)
    ask: Callable[[], Any] = lambda: sentences.sentence_vectors(["a", "b"], "tiny", store.home)  # noqa: E731
    ask()
    [file] = (store.home.features / "sentences").iterdir()
    os.utime(file, (5.0, 5.0))
    ask()
    assert computed == [2]
    assert file.stat().st_mtime > 1e9


def test_the_answer_is_json_with_every_kind(store: Store) -> None:
    found = collect(store, apply=False)
    assert json.loads(json.dumps(found.freed)).keys() >= {"pools", "data-sets", "runs", "figures", "store", "logs"}
