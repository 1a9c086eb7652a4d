"""What the commands ask of a training: the seed that was named, train to learn from, valid to pick the epoch."""

import json
from pathlib import Path
from typing import Any

import pytest

from mner_core.label_errors import search
from mner_core.training import train as training
from mner_core.training.train import TrainingRequest
from tests.commands.conftest import Run

SPLITS = {"train": 6, "valid": 3, "test": 4}


class Caught(Exception):  # noqa: N818
    pass


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Posts with ids that say their split; the last one of each is not labelled."""
    folder = tmp_path / "data"
    folder.mkdir()
    for split, number in SPLITS.items():
        records = [
            {"id": f"{split}{each}", "text": f"Ann in Rome {each}", "spans": [{"start": 0, "end": 3, "label": "PER"}]}
            for each in range(number)
        ]
        records[-1]["spans"] = None
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return folder


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[TrainingRequest]:
    """The requests that commands make; nothing is trained."""
    found: list[TrainingRequest] = []

    def caught(request: TrainingRequest, *_: Any, **__: Any) -> None:
        found.append(request)
        raise Caught

    monkeypatch.setattr(training, "train", caught)
    monkeypatch.setattr(search, "by_cross_validation", caught)
    return found


def ids(posts: Any) -> list[str]:
    return [post.id for post in posts]


@pytest.mark.parametrize(("options", "seed"), [((), 0), (("--seed", "3"), 3), (("--seed", "41"), 41)])
def test_a_training_has_the_seed_and_each_split_its_part(
    run: Run, data: Path, tmp_path: Path, asked: list[TrainingRequest], options: tuple[str, ...], seed: int
) -> None:
    with pytest.raises(Caught):
        run("train", "--model", "bert-crf", "--data", data, "--out", tmp_path / "run", "--profile", "tiny", *options)
    [request] = asked
    assert request.seed == seed
    assert ids(request.train) == [f"train{each}" for each in range(5)], "and never a post of valid or test"
    assert ids(request.dev) == ["valid0", "valid1"]
    assert ids(request.others) == [f"test{each}" for each in range(4)]
    assert (request.left_out, request.start, request.data) == (1, None, "data")


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("seed", [0, 5])
def test_folds_have_the_seed_and_only_the_split_that_is_checked(
    run: Run, data: Path, asked: list[TrainingRequest], split: str, seed: int
) -> None:
    options = ["--model", "bert-crf", "--profile", "tiny", "--split", split, "--seed", seed]
    with pytest.raises(Caught):
        run("label-errors", "--data", data, *options)
    [request] = asked
    assert request.seed == seed
    labelled = SPLITS[split] - 1
    assert ids(request.train) == [f"{split}{each}" for each in range(labelled)]
    assert ids(request.dev) == ["valid0", "valid1"]
    other = "test" if split == "train" else "train"
    assert sorted(ids(request.others)) == sorted([f"{split}{labelled}", *(f"{other}{n}" for n in range(SPLITS[other]))])
