"""What a training's bar says: phases one after another, the epoch under way, figures that were measured."""

from typing import Any

import pytest

from db.engine import Store
from db.job_leases import claim
from db.jobs import enqueue, events
from mner_core.training.fit import Epoch
from worker.jobs.train import _SHARES, _Watcher

PHASES = ("preparing", "features", "phrases", "training")


class Heard:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.bar: list[tuple[float, str]] = []
        self.events: list[tuple[str, dict[str, Any]]] = []

    def progress(self, share: float, message: str) -> None:
        self.bar.append((share, message))

    def event(self, kind: str, data: dict[str, Any]) -> None:
        self.events.append((kind, data))


def watching(store: Store, epochs: int) -> tuple[_Watcher, Heard, Any]:
    job = enqueue(store, "train", {"model": "rgcn"}, author="anna")
    heard = Heard()
    reporter: Any = heard
    return _Watcher(store, job, reporter, epochs), heard, job


def epoch(number: int, f1: float | None) -> Epoch:
    dev: dict[str, Any] = {"f1": f1, "precision": f1, "recall": f1, "support": 7, "per_type": {}}
    return Epoch(number=number, loss=0.5, dev=dev, seconds=3.0)


def test_the_phases_follow_each_other_and_leave_room_for_the_predictions(store: Store) -> None:
    watcher, heard, _ = watching(store, 3)
    for phase in PHASES:
        for done in range(5):
            watcher.progress(phase, done, 4)
    shares = [share for share, _ in heard.bar]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == pytest.approx(0.9)
    assert len(set(shares)) == 4 * len(PHASES) + 1, "each phase begins where the last one ended"
    assert {_SHARES[what] for what in ("phrases", "neighbours", "knowledge")} == {_SHARES["phrases"]}


@pytest.mark.parametrize(
    ("what", "done", "total", "said"),
    [
        ("preparing", 0, 1, "getting ready"),
        ("features", 3, 40, "looking at pictures: 3 of 40"),
        ("phrases", 0, 9, "looking for phrases: 0 of 9"),
        ("neighbours", 9, 9, "looking for neighbours: 9 of 9"),
        ("knowledge", 1, 2, "looking for knowledge: 1 of 2"),
        ("training", 0, 0, "epoch 1 of 3"),
    ],
)
def test_a_person_reads_what_is_done(store: Store, what: str, done: int, total: int, said: str) -> None:
    watcher, heard, _ = watching(store, 3)
    watcher.progress(what, done, total)
    assert heard.bar[-1][1] == said


def test_each_step_is_of_its_epoch(store: Store) -> None:
    """Of 3 epochs with 4 steps each, steps 1 to 4 are the first, 5 to 8 the second."""
    watcher, heard, _ = watching(store, 3)
    for done in range(13):
        watcher.progress("training", done, 12)
    assert [said for _, said in heard.bar] == [
        f"epoch {number} of 3" for number in (1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3)
    ]


def test_the_bar_tells_dev_f1_once_it_was_measured(store: Store) -> None:
    watcher, heard, _ = watching(store, 2)
    watcher.epoch(epoch(1, 81.26))
    watcher.progress("training", 3, 4)
    assert heard.bar[-1][1] == "epoch 2 of 2, dev F1 81.3"
    watcher.epoch(epoch(2, None))
    watcher.progress("training", 4, 4)
    assert heard.bar[-1][1] == "epoch 2 of 2"


def test_an_epoch_is_told_of_once_in_all_attempts(store: Store) -> None:
    from db.job_leases import note

    job = enqueue(store, "train", {"model": "rgcn"}, author="anna")
    held = claim(store, "w", "cpu")
    assert held is not None
    note(store, held, "epoch", {"number": 1})
    note(store, held, "note", {"message": "number 2"})
    heard = Heard()
    reporter: Any = heard
    watcher = _Watcher(store, job, reporter, 2)
    watcher.epoch(epoch(1, 50.0))
    watcher.epoch(epoch(2, 60.0))
    assert [data["number"] for _, data in heard.events] == [2]
    kind, data = heard.events[0]
    assert kind == "epoch"
    assert data == {
        "number": 2, "epochs": 2, "loss": 0.5, "seconds": 3.0, "f1": 60.0, "precision": 60.0, "recall": 60.0,
        "support": 7,
    }  # fmt: skip
    assert len([each for each in events(store, job.id) if each.kind == "epoch"]) == 1
