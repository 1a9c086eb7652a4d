"""What jobs found lies in a file each: found again, written whole or refused in a sentence, passed over if damaged."""

from collections.abc import Callable
from pathlib import Path

import pytest

from db import held_out_results, label_error_results
from db.connection import StoreError
from db.engine import Store
from db.held_out_results import keep_predictions, newest_held_out
from db.job_files import JobFiles
from db.job_leases import claim, finish
from db.jobs import Job, enqueue
from db.label_error_results import keep_ranking, newest_ranking
from db.predictions import PostPrediction

Keep = Callable[[Store, Job], Path]


def keep_nothing_predicted(store: Store, job: Job) -> Path:
    return keep_predictions(store, job, [PostPrediction(post=1, marks=())])


def keep_nothing_found(store: Store, job: Job) -> Path:
    return keep_ranking(store, job, [])


EVERY = pytest.mark.parametrize(
    ("files", "keep", "what"),
    [
        (held_out_results.FILES, keep_nothing_predicted, "the predictions"),
        (label_error_results.FILES, keep_nothing_found, "the list of labels"),
    ],
)


def ended(store: Store, files: JobFiles, dataset: str) -> Job:
    enqueue(store, files.kind, {"dataset": dataset, "model": "rgcn"}, author="ann")
    taken = claim(store, "w", "cpu")
    assert taken is not None
    return finish(store, taken, {})


@EVERY
def test_the_files_of_a_data_set_newest_first(store: Store, files: JobFiles, keep: Keep, what: str) -> None:
    one, other, lost, two = (ended(store, files, name) for name in ("set", "other", "set", "set"))
    kept = {job.id: keep(store, job) for job in (one, other, lost, two)}
    kept[lost.id].unlink()
    assert files.ended(store, "set") == [(two, kept[two.id]), (one, kept[one.id])]
    assert files.ended(store, "nobody's") == []
    assert newest_ranking(store, "set") == (two if what == "the list of labels" else None)


@EVERY
def test_what_cannot_be_written_is_said_and_leaves_nothing(
    store: Store, files: JobFiles, keep: Keep, what: str
) -> None:
    """A folder where the file should be, and a file where the folder should be."""
    job = ended(store, files, "set")
    file = files.of(store.home, job.id)
    file.mkdir(parents=True)
    with pytest.raises(StoreError, match=f"Cannot write {what}: "):
        keep(store, job)
    assert list(file.parent.iterdir()) == [file]
    file.rmdir()
    file.parent.rmdir()
    file.parent.write_text("in the way")
    with pytest.raises(StoreError, match=f"Cannot write {what}: "):
        keep(store, job)


def test_a_damaged_file_gives_way_to_the_one_before(store: Store) -> None:
    older, newer = (ended(store, held_out_results.FILES, "set") for _ in range(2))
    keep_nothing_predicted(store, older)
    keep_nothing_predicted(store, newer).write_text("{")
    found = newest_held_out(store, "set")
    assert found is not None
    assert (found.job, set(found.said)) == (older, {1})
