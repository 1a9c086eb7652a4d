"""What screens wait for is computed by a light job, from one state of the store, and kept for them."""

import pytest

from db.annotations import newest, save
from db.engine import Store
from db.figure_kinds import compute
from db.figures import Figure, Question, figure, want
from db.gold import fingerprint
from db.job_leases import finish
from db.jobs import Job, enqueue, job, jobs
from db.posts import post_ids
from db.predictions import PostPrediction, record
from db.runs import add_run
from tests.db.test_runs import write_run
from tests.worker.processes import wait_for
from tests.worker.test_training import Start, in_this_process
from worker.child_protocol import Inbox

ASKED = Question(kind="fingerprint", dataset="scenes", split="valid")


def correct(store: Store) -> None:
    """Takes the labels of a post of valid away."""
    number = next(number for (split, _), number in post_ids(store, "scenes").items() if split == "valid")
    there = newest(store, number)
    save(store, number, "gold", base=there.number if there else 0, marks=[], author="ann")


def done(store: Store, monkeypatch: pytest.MonkeyPatch, queued: Job) -> Inbox:
    said = in_this_process(store, monkeypatch, queued)
    if said.result is not None:
        finish(store, job(store, queued.id), said.result)
    return said


def test_the_job_computes_what_was_asked(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    said = done(filled, monkeypatch, want(filled, ASKED, "ann"))
    assert said.result == {}, said.error
    found = figure(filled, ASKED)
    assert isinstance(found, Figure)
    assert (found.value, found.is_current) == ({"sha256": fingerprint(filled, "scenes", split="valid")}, True)
    correct(filled)
    old = figure(filled, ASKED)
    assert old is not None
    assert (old.value, old.is_current) == (found.value, False)
    done(filled, monkeypatch, want(filled, ASKED, "ann"))
    new = figure(filled, ASKED)
    assert new is not None
    assert (new.value != old.value, new.is_current) == (True, True)


def test_an_answer_that_was_overtaken_while_it_was_computed_is_old(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint(filled, "scenes", split="valid")

    def slow(still: Store, asked: Question) -> dict[str, object]:
        correct(filled)
        return compute(still, asked)

    monkeypatch.setattr("worker.jobs.figures.compute", slow)
    done(filled, monkeypatch, want(filled, ASKED, "ann"))
    found = figure(filled, ASKED)
    assert found is not None
    assert (found.value, found.is_current) == ({"sha256": before}, False), "one state, and not that of now"
    assert want(filled, ASKED, "ann").status == "queued"


def test_what_has_no_answer_is_said_and_not_tried_again(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("first", "second"):
        add_run(filled, write_run(filled.home, name, created=1.0))
    number = next(number for (split, _), number in post_ids(filled, "scenes").items() if split == "valid")
    record(filled, "first", [PostPrediction(post=number, marks=())])
    asked = Question(kind="comparison", dataset="scenes", split="valid", runs=("first", "second"))
    done(filled, monkeypatch, want(filled, asked, "ann"))
    found = figure(filled, asked)
    assert found is not None
    assert found.is_current
    assert found.value["problem"].startswith("The run first has not predicted ")


def test_a_data_set_that_is_gone_ends_the_job_with_a_sentence(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    queued = want(filled, ASKED, "ann")
    question = {**queued.payload["question"], "dataset": "gone"}
    other = enqueue(filled, "figure", {"dataset": "gone", "question": question, "state": ""}, author="ann", priority=1)
    said = in_this_process(filled, monkeypatch, other)
    assert said.error == "There is no data set 'gone'; there are: scenes."


@pytest.mark.slow
def test_a_worker_computes_it_beside_whatever_trains(filled: Store, worker: Start) -> None:
    want(filled, ASKED, "ann")
    worker()
    wait_for(lambda: figure(filled, ASKED) is not None)
    wait_for(lambda: [each.status for each in jobs(filled)] == ["done"])
