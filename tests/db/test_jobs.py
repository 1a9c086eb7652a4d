"""Each job runs once, under one holder; whoever lost it changes nothing more."""

import fcntl
from collections import Counter

import pytest

from db import job_leases, jobs
from db.engine import Store, open_store
from db.job_leases import LEASE, LeaseLost, child_died, claim, heartbeat, release
from db.jobs import Job, Kind, cancel, enqueue, events, job
from db.label_error_results import keep_ranking, newest_ranking
from db.workers import alive, beat, is_running, leave, lock_of
from mner_core.home import Home
from mner_core.types import InputError
from tests.db.conftest import Clock
from tests.db.samples import ended, python


def put(store: Store, **more: object) -> Job:
    return enqueue(store, "train", {"model": "rgcn"}, author="anna", **more)  # type: ignore[arg-type]


def take(store: Store, owner: str = "w1", device: str = "cpu") -> Job:
    taken = claim(store, owner, device)
    assert taken is not None
    return taken


def test_a_job_from_queue_to_end(store: Store, clock: Clock) -> None:
    queued = put(store)
    assert (queued.status, queued.payload, queued.author) == ("queued", {"model": "rgcn"}, "anna")
    clock.time += 1
    running = take(store)
    assert (running.id, running.status, running.attempt, running.started) == (queued.id, "running", 1, clock.time)
    assert heartbeat(store, running, 0.5, "epoch 2 of 4") is False
    job_leases.note(store, running, "epoch", {"f1": 80.0})
    now = job(store, running.id)
    assert (now.progress, now.message) == (0.5, "epoch 2 of 4")
    done = job_leases.finish(store, running, {"run": "first"})
    assert (done.status, done.result, done.progress, done.finished) == ("done", {"run": "first"}, 1.0, clock.time)
    assert [event.kind for event in events(store, done.id)] == ["queued", "claimed", "epoch", "ended"]
    assert events(store, done.id, after=events(store, done.id)[1].id)[0].data == {"f1": 80.0}
    assert claim(store, "w1", "cpu") is None


def test_higher_priorities_first_then_the_oldest(store: Store) -> None:
    first, second, urgent = put(store), put(store), put(store, priority=5)
    order = []
    for _ in range(3):
        taken = take(store)
        order.append(taken.id)
        job_leases.finish(store, taken, {})
    assert order == [urgent.id, first.id, second.id]
    assert [each.id for each in jobs.jobs(store)] == [urgent.id, second.id, first.id]
    assert jobs.jobs(store, jobs.ACTIVE) == []
    assert len(jobs.jobs(store, kinds=["train"], limit=2)) == 2


def test_one_running_job_on_each_device(store: Store) -> None:
    put(store), put(store)
    take(store, "w1", "gpu-0")
    assert claim(store, "w2", "gpu-0") is None
    assert take(store, "w2", "gpu-1").device == "gpu-1"


def test_a_worker_takes_only_its_kinds(store: Store) -> None:
    put(store)
    assert claim(store, "w1", "cpu", kinds=["features"]) is None
    assert claim(store, "w1", "cpu", kinds=["features", "train"]) is not None


def test_one_active_job_for_each_dedupe_key(store: Store) -> None:
    first = put(store, dedupe_key="same")
    assert put(store, dedupe_key="same").id == first.id
    running = take(store)
    assert put(store, dedupe_key="same").id == first.id
    job_leases.finish(store, running, {})
    assert put(store, dedupe_key="same").id != first.id
    assert put(store).id != put(store).id


def test_a_lost_worker_loses_its_job_once(store: Store, clock: Clock) -> None:
    put(store)
    lost = take(store, "w1")
    clock.time += LEASE + 1
    found = take(store, "w2")
    assert (found.id, found.attempt, found.owner) == (lost.id, 2, "w2")
    for late in (
        lambda: heartbeat(store, lost),
        lambda: job_leases.finish(store, lost, {}),
        lambda: job_leases.fail(store, lost, "late"),
        lambda: job_leases.cancelled(store, lost),
        lambda: release(store, lost),
        lambda: job_leases.note(store, lost, "epoch", {}),
    ):
        with pytest.raises(LeaseLost):
            late()
    assert job(store, lost.id) == found
    assert [event.kind for event in events(store, lost.id)] == ["queued", "claimed", "lost", "claimed"]


def test_the_same_worker_in_another_attempt_is_fenced_off_too(store: Store, clock: Clock) -> None:
    put(store)
    before = take(store, "w1")
    clock.time += LEASE + 1
    take(store, "w1")
    with pytest.raises(LeaseLost):
        job_leases.finish(store, before, {})


def test_heartbeats_keep_the_lease(store: Store, clock: Clock) -> None:
    put(store)
    held = take(store)
    for _ in range(5):
        clock.time += LEASE - 1
        heartbeat(store, held)
        assert job_leases.reap(store) == []
    clock.time += LEASE + 1
    assert [each.status for each in job_leases.reap(store)] == ["queued"]


def test_a_job_that_kills_its_children_fails(store: Store, clock: Clock) -> None:
    put(store, max_tries=2)
    assert child_died(store, take(store), "killed by SIGKILL").status == "queued"
    clock.time += 5
    failed = child_died(store, take(store), "with status 3")
    assert (failed.status, failed.attempt, failed.finished) == ("failed", 2, clock.time)
    assert "ended without a result 2 times, the last time with status 3" in failed.error
    assert "Retry" in failed.error
    assert claim(store, "w1", "cpu") is None


@pytest.mark.parametrize("way", ["released", "lost", "its lease ran out"])
def test_a_job_that_is_given_back_counts_no_try(store: Store, clock: Clock, way: str) -> None:
    """Whoever stopped or killed the worker, and however often: that is not the job's doing."""
    put(store, max_tries=1)
    for attempt in range(1, 6):
        held = take(store)
        assert (held.attempt, held.tries) == (attempt, 0)
        if way == "its lease ran out":
            clock.time += LEASE + 1
            assert [each.status for each in job_leases.reap(store)] == ["queued"]
        else:
            assert {"released": release, "lost": job_leases.lost}[way](store, held).status == "queued"
        with pytest.raises(LeaseLost):
            heartbeat(store, held)
    assert child_died(store, take(store), "killed by SIGKILL").status == "failed", "its own death counts"


def test_deaths_and_other_ends_are_told_apart(store: Store, clock: Clock) -> None:
    put(store, max_tries=3)
    for tries in range(1, 3):
        release(store, take(store))
        take(store)
        clock.time += LEASE + 1
        assert child_died(store, take(store), "killed by SIGKILL").tries == tries
    assert child_died(store, take(store), "killed by SIGKILL").status == "failed"


def test_a_failed_job_is_retried(store: Store, clock: Clock) -> None:
    put(store, max_tries=1)
    failed = child_died(store, take(store), "killed by SIGKILL")
    waiting = put(store)
    again = jobs.retry(store, failed.id)
    assert (again.id, again.status, again.error, again.finished, again.tries) == (failed.id, "queued", "", None, 0)
    held = take(store)
    assert (held.id, held.attempt, held.created) == (failed.id, 2, failed.created)
    assert job_leases.finish(store, held, {"run": "first"}).status == "done"
    for number in (failed.id, waiting.id, 99):
        with pytest.raises(InputError, match="has not failed"):
            jobs.retry(store, number)


def test_a_retry_beside_another_one_of_its_key_is_that_one(store: Store) -> None:
    first = put(store, dedupe_key="same")
    job_leases.fail(store, take(store), "The disk is full.")
    second = put(store, dedupe_key="same")
    assert jobs.retry(store, first.id).id == second.id
    assert job(store, first.id).status == "failed"
    job_leases.finish(store, take(store), {})
    assert jobs.retry(store, first.id).id == first.id
    assert put(store, dedupe_key="same").id == first.id


def test_cancelling(store: Store, clock: Clock) -> None:
    waiting = put(store)
    assert cancel(store, waiting.id).status == "cancelled"
    assert claim(store, "w1", "cpu") is None
    put(store)
    running = take(store)
    assert cancel(store, running.id).cancel_requested
    assert heartbeat(store, running) is True
    assert job_leases.cancelled(store, running).status == "cancelled"
    assert cancel(store, running.id).status == "cancelled"
    put(store)
    lost = take(store)
    cancel(store, lost.id)
    clock.time += LEASE + 1
    assert [each.status for each in job_leases.reap(store)] == ["cancelled"]
    put(store)
    stopped = take(store)
    cancel(store, stopped.id)
    assert release(store, stopped).status == "cancelled"
    with pytest.raises(InputError, match="no job number 99"):
        cancel(store, 99)


def test_a_failed_job_says_why(store: Store) -> None:
    put(store)
    failed = job_leases.fail(store, take(store), "The data set is empty.")
    assert (failed.status, failed.error, claim(store, "w1", "cpu")) == ("failed", "The data set is empty.", None)


@pytest.mark.parametrize(
    ("reader", "payload"),
    [
        ("train", {"dataset": "mine"}),
        ("features", {"dataset": "mine", "profile": "tiny"}),
        ("experiment", {"suite": "main", "data": [{"dataset": "mine"}]}),
    ],
)
def test_a_job_waits_for_the_posts_it_reads(store: Store, reader: Kind, payload: dict[str, object]) -> None:
    """Imports have a lane of their own: who asked for the import first wants its posts in the training."""
    brought = enqueue(store, "import", {"name": "mine", "folder": "x"}, author="anna")
    waiting = enqueue(store, reader, payload, author="anna", priority=3)
    assert claim(store, "w1", "cpu", kinds=[reader]) is None
    running = claim(store, "w1", "light", kinds=["import"])
    assert running is not None
    assert running.id == brought.id
    assert claim(store, "w1", "cpu", kinds=[reader]) is None
    job_leases.finish(store, running, {})
    taken = claim(store, "w1", "cpu", kinds=[reader])
    assert taken is not None
    assert taken.id == waiting.id


def test_a_job_does_not_wait_for_the_posts_of_others(store: Store) -> None:
    enqueue(store, "import", {"name": "theirs", "folder": "x"}, author="ben")
    mine = enqueue(store, "train", {"dataset": "mine"}, author="anna")
    enqueue(store, "import", {"name": "mine", "folder": "x"}, author="ben")
    taken = claim(store, "w1", "cpu", kinds=["train"])
    assert taken is not None
    assert taken.id == mine.id, "an import that was asked for later has to wait for no training, nor this for it"
    enqueue(store, "import", {"folder": "x"}, author="ben")
    enqueue(store, "train", {"dataset": "another"}, author="anna")
    assert claim(store, "w1", "gpu", kinds=["train"]) is None, "an import without a name may bring any posts"


@pytest.mark.parametrize("many", [99, 150, 400])
def test_all_active_jobs_are_listed_however_many_there_are(store: Store, many: int) -> None:
    running = put(store)
    take(store)
    for _ in range(many):
        put(store)
    found = jobs.jobs(store, jobs.ACTIVE)
    assert len(found) == many + 1
    assert found[-1].id == running.id
    assert [each.id for each in jobs.jobs(store, ("running",))] == [running.id]


def test_jobs_about_one_data_set_are_found_among_all_others(store: Store) -> None:
    mine = enqueue(store, "suspicious", {"dataset": 'a "set"'}, author="anna")
    enqueue(store, "import", {"name": 'a "set"'}, author="anna")
    for number in range(150):
        enqueue(store, "suspicious", {"dataset": f"set {number}"}, author="anna")
    assert [each.id for each in jobs.jobs(store, dataset='a "set"')] == [mine.id]
    assert jobs.jobs(store, kinds=("train",), dataset='a "set"') == []
    assert len(jobs.jobs(store, limit=7)) == 7


def test_a_label_ranking_stays_after_a_hundred_others(store: Store) -> None:
    def look(dataset: str) -> Job:
        enqueue(store, "suspicious", {"dataset": dataset}, author="anna")
        done = job_leases.finish(store, take(store), {})
        keep_ranking(store, done, [])
        return done

    mine = look("mine")
    for number in range(130):
        look(f"other {number}")
    assert newest_ranking(store, "mine") == mine
    assert newest_ranking(store, "nobody's") is None


def test_an_unknown_kind(store: Store) -> None:
    with pytest.raises(InputError, match="no kind of job 'dance'"):
        enqueue(store, "dance", {}, author="anna")  # type: ignore[arg-type]


def test_the_log_has_a_name_of_its_own(store: Store) -> None:
    assert jobs.log_path(store.home, 7) == store.home.logs / "job-7.log"


def test_workers_are_alive_while_they_say_so(store: Store, clock: Clock) -> None:
    beat(store, "w1", "cpu", {"pid": 1})
    started = clock.time
    clock.time += 10
    beat(store, "w2", "gpu-0")
    beat(store, "w1", "cpu", {"pid": 1})
    assert [(each.name, each.started) for each in alive(store)] == [("w1", started), ("w2", clock.time)]
    leave(store, "w2")
    assert [each.name for each in alive(store)] == ["w1"]
    clock.time += 16
    assert alive(store) == []
    assert not is_running(store)


@pytest.mark.parametrize("place", ["here-cpu", "here-cuda:1", "here-light"])
def test_a_worker_runs_while_it_holds_its_lock(store: Store, clock: Clock, place: str) -> None:
    """Also where it cannot say so, because somebody keeps the store busy for minutes."""
    lock = lock_of(store.home, place)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        clock.time += 600
        with store.write():
            assert is_running(store)
    assert not is_running(store), "the file is there, and nobody holds it"


CLAIMER = """
import sys
from pathlib import Path
from db.engine import open_store
from db.job_leases import claim, finish
from mner_core.home import Home
store = open_store(Home(Path(sys.argv[1])))
while (job := claim(store, sys.argv[2], sys.argv[2])) is not None:
    finish(store, job, {})
    print(job.id)
"""


@pytest.mark.slow
def test_four_processes_take_300_jobs_each_once(home: Home) -> None:
    store = open_store(home)
    wanted = [put(store).id for _ in range(300)]
    workers = [python(CLAIMER, str(home.root), f"w{number}") for number in range(4)]
    taken = Counter(int(line) for worker in workers for line in ended(worker).split())
    assert taken == dict.fromkeys(wanted, 1)
    assert {each.status for each in jobs.jobs(store, limit=300)} == {"done"}
    assert all(each.attempt == 1 for each in jobs.jobs(store, limit=300))
    store.close()
