"""What an older version of the program did not count, the worker counts when it starts."""

import pytest

from db.engine import Store
from db.job_leases import finish
from db.jobs import job, jobs
from db.posts import dataset, post_ids
from db.predictions import PostPrediction, record
from db.runs import add_run
from db.text_search import waiting_texts
from db.uncounted import count_in_background, waiting_posts
from tests.db.counted_anew import totals_kept
from tests.db.test_outcomes import assert_true, make_old
from tests.db.test_runs import write_run
from tests.worker.processes import wait_for
from tests.worker.test_training import Start, in_this_process


def with_a_run(store: Store) -> Store:
    add_run(store, write_run(store.home, "run"))
    record(store, "run", [PostPrediction(post=number, marks=()) for number in post_ids(store, "scenes").values()])
    return store


def test_the_job_counts_what_waits(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = totals_kept(with_a_run(filled))
    count_in_background(filled)
    assert jobs(filled) == []
    make_old(filled)
    count_in_background(filled)
    count_in_background(filled)
    (queued,) = jobs(filled)
    said = in_this_process(filled, monkeypatch, queued)
    posts = dataset(filled, "scenes").posts
    assert said.result == {"posts": posts, "texts": posts}, said.error
    assert said.progress == (1.0, f"counting: {posts} of {posts} posts")
    finish(filled, job(filled, queued.id), said.result)
    assert waiting_posts(filled) == waiting_texts(filled) == 0
    assert totals_kept(filled) == before
    assert_true(filled)
    count_in_background(filled)
    assert len(jobs(filled)) == 1


@pytest.mark.slow
def test_a_worker_counts_what_waits_when_it_starts(filled: Store, worker: Start) -> None:
    make_old(with_a_run(filled))
    worker()
    wait_for(lambda: waiting_posts(filled) == 0)
    wait_for(lambda: [each.status for each in jobs(filled)] == ["done"])
    assert_true(filled)
