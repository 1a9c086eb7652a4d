"""Tables made by the worker: from drawn posts and from stored ones, killed half-way, stopped."""

import json
import sys
from pathlib import Path

import pytest

from db.annotations import newest, save
from db.engine import Store
from db.job_leases import finish
from db.jobs import Job, cancel, enqueue, job
from db.posts import posts
from mner_core.experiment import suite as suites
from mner_core.experiment.saved_tables import earlier_tables, experiments_folder, saved_table
from mner_core.experiment.suite import read_suite
from tests.worker.processes import kill, wait_for
from tests.worker.test_training import in_this_process
from worker.job_executor import JobExecutor
from worker.jobs.experiments import printed_name

SMALL = """
title = "Two sizes"
reference = "one"
[full]
profile = "tiny"
epochs = 1
seeds = 1
[[rows]]
name = "one"
model = "bert-crf"
[rows.printed]
scenes = [1, 2, 3, 4, 5, 6, 7]
"""

CHILD = """
import os, sys, pathlib
from mner_core.experiment import suite
from worker import child
suite.FOLDER, os.nice = pathlib.Path(sys.argv.pop(1)), lambda by: by
sys.exit(child.main(sys.argv[1:]))
"""
"""The real child, that finds the small suite and is not kept waiting by whatever else runs on the machine."""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A suite of one training of seconds, in place of all others."""
    monkeypatch.setattr(suites, "FOLDER", tmp_path)
    (tmp_path / "small.toml").write_text(SMALL)
    return "small"


def put(store: Store, suite: str, **more: object) -> Job:
    return enqueue(store, "experiment", {"suite": suite, **more}, author="anna")


def test_a_stored_set_with_its_corrected_gold_stands_beside_what_is_printed(
    filled: Store, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = next(each.id for each in posts(filled, "scenes", "test"))
    there = newest(filled, post)
    assert there is not None
    save(filled, post, "gold", base=1, marks=there.marks[1:], author="anna")
    supports = {}
    for gold in ("original", "current"):
        queued = put(filled, small, data=[{"dataset": "scenes", "gold": gold}])
        said = in_this_process(filled, monkeypatch, queued)
        assert said.error is None, said.error
        assert said.result is not None
        finish(filled, job(filled, queued.id), said.result)
        records = {(each["row"], each["source"]): each for each in said.result["records"]}
        assert records["one", "printed"]["f1"] == 7
        assert (records["one", "ours"]["data"], records["one", "ours"]["protocol"]) == ("scenes", "entity")
        supports[gold] = records["one", "ours"]["support"]
        assert all((filled.home.root / file).is_file() for file in said.result["files"])
    assert supports["current"] == supports["original"] - len(there.marks[:1])
    found = saved_table(experiments_folder(filled.home), small, quick=False)
    assert found is not None
    assert "scenes: the data set scenes, corrected labels." in found.grid.notes
    assert found.made_from == "scenes (corrected labels)"
    (before,) = earlier_tables(experiments_folder(filled.home), small, quick=False)
    assert before.made_from == "scenes (original labels)"
    assert json.loads(json.dumps(found.grid.records())) == said.result["records"], "what is kept is what was made"


def test_the_bar_covers_all_runs_and_says_how_long_it_takes(
    filled: Store, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from worker.child_protocol import Reporter

    told: list[tuple[float, str]] = []
    monkeypatch.setattr(Reporter, "progress", lambda self, share, message: told.append((share, message)))
    (suites.FOLDER / "small.toml").write_text(SMALL.replace("seeds = 1", "seeds = 2"))
    said = in_this_process(filled, monkeypatch, put(filled, small, data=[{"dataset": "scenes"}]))
    assert said.error is None
    second = [(share, message) for share, message in told if "(2 of 2" in message]
    assert second[0][0] == pytest.approx(0.97 / 2)
    assert all("min left" in message for _, message in second)
    assert max(share for share, _ in told) == pytest.approx(0.97)


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"suite": "pudding"}, "no suite 'pudding'"),
        ({"suite": "/etc/hosts.toml"}, "no suite '/etc/hosts.toml'"),
        ({"suite": "data", "data": [{"dataset": "nowhere"}]}, "no data set 'nowhere'"),
        ({"suite": "data", "data": [{"dataset": "scenes"}] * 2}, "given twice"),
        ({"suite": "cross-domain", "data": [{"dataset": "scenes"}]}, "give two"),
        ({"suite": "main-iaik", "data": [{"dataset": "scenes", "gold": "nobody"}]}, "no labelled posts"),
    ],
)
def test_what_cannot_be_made_is_a_sentence(
    filled: Store, monkeypatch: pytest.MonkeyPatch, payload: dict[str, object], sentence: str
) -> None:
    said = in_this_process(filled, monkeypatch, enqueue(filled, "experiment", payload, author="anna"))
    assert said.result is None
    assert sentence in (said.error or "")


def test_a_set_is_known_by_the_name_that_papers_give_it() -> None:
    suite = read_suite("cross-domain")
    assert printed_name(suite, "Twitter-2017") == "twitter2017"
    assert printed_name(suite, "my tweets") == "my tweets"


@pytest.mark.slow
def test_killed_half_way_and_stopped_it_does_only_what_is_missing(
    filled: Store, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNER_HOME", str(filled.home.root))
    (suites.FOLDER / "small.toml").write_text(SMALL.replace("seeds = 1", "seeds = 12"))
    runs = experiments_folder(filled.home) / "runs"

    def done() -> dict[Path, int]:
        return {each: each.stat().st_mtime_ns for each in runs.glob("[!.]*")}

    making = put(filled, small, data=[{"dataset": "scenes"}])
    one = JobExecutor(filled, "owner", "cpu", "here:cpu", 60.0, [sys.executable, "-c", CHILD, str(suites.FOLDER)])
    wait_for(lambda: one.step() is None and len(done()) >= 1)
    assert one.running is not None
    kill(one.running.child.pid)
    kept = done()
    wait_for(lambda: one.step() is None and len(done()) > len(kept))
    assert job(filled, making.id).attempt == 2
    kept = done()
    cancel(filled, making.id)
    wait_for(lambda: one.step() is not None)
    assert job(filled, making.id).status == "cancelled"
    again = put(filled, small, data=[{"dataset": "scenes"}])
    wait_for(lambda: one.step() is not None)
    ended = job(filled, again.id)
    assert ended.status == "done", ended.error
    assert len(done()) == 12
    assert kept.items() <= done().items(), "what was done was not done again"
    assert not list(runs.glob(".*"))
    assert ended.result is not None
    assert {each["seeds"] for each in ended.result["records"] if each["source"] == "ours"} == {12}
