"""The first start: a chain of jobs that goes on where it was, and never twice."""

import pytest

from db.engine import Store
from db.job_leases import claim, fail, finish
from db.jobs import cancel, enqueue, jobs
from mner_core.types import InputError
from worker import first_start
from worker.first_start import AUTHOR, go_on, steps


def finish_next(store: Store) -> None:
    taken = claim(store, "test", "here")
    assert taken is not None
    finish(store, taken, {})


def test_the_chain_one_step_at_a_time(store: Store) -> None:
    expected = steps("compact")
    for number, step in enumerate(expected, start=1):
        queued = go_on(store)
        assert queued is not None
        assert (queued.kind, queued.author) == (step.kind, AUTHOR)
        assert go_on(store) is None, "nothing comes while a step waits"
        assert len(jobs(store)) == number
        finish_next(store)
    assert go_on(store) is None, "it does not begin again"


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_a_step_that_did_not_end_well_ends_the_chain(store: Store, end: str) -> None:
    queued = go_on(store)
    assert queued is not None
    if end == "cancelled":
        cancel(store, queued.id)
    else:
        taken = claim(store, "test", "here")
        assert taken is not None
        fail(store, taken, "The disk is full.")
    assert go_on(store) is None


def test_who_has_begun_with_posts_of_their_own_gets_no_demonstration(store: Store) -> None:
    enqueue(store, "import", {"folder": "/somewhere"}, author="anna")
    assert go_on(store) is None


def test_without_the_compact_weights_it_is_tiny_and_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(extractor: str) -> None:
        raise InputError(f"The weights of {extractor} are not here.")

    monkeypatch.setattr(first_start, "weight_file", missing)
    go_on(store)
    finish_next(store)
    features = go_on(store)
    assert features is not None
    assert features.payload["profile"] == "tiny"
    assert features.payload["note"].startswith("The profile tiny stands in for compact")
    finish_next(store)
    monkeypatch.undo()
    training = go_on(store)
    assert training is not None
    assert training.payload["profile"] == "tiny", "the chain ends with the profile that it began with"


@pytest.mark.parametrize(("profile", "epochs"), [("compact", 4), ("tiny", 8)])
def test_the_first_run_trains_for_as_many_epochs_as_a_laptop_has_patience_for(profile: str, epochs: int) -> None:
    assert first_start.EPOCHS[profile] == epochs
