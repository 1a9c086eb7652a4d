"""Few labelled posts: a run trains without dev, keeps its last epoch and says that nothing was measured."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mner_core.commands.cli import main
from mner_core.data.dataset import Dataset
from mner_core.data.labelled import UNMEASURED_BELOW, check_counts, labelled_posts
from mner_core.home import Home
from mner_core.run_record import read_record
from mner_core.training.run import load
from mner_core.training.train import TrainingRequest, train
from mner_core.types import InputError


def test_the_last_epoch_is_kept_and_nothing_is_measured(
    request_for: Callable[..., TrainingRequest], home: Home, tmp_path: Path
) -> None:
    request = replace(request_for("bert-crf", epochs=3), dev=(), left_out=4)
    out, kept = tmp_path / "run", []

    def after_each(_: object) -> None:
        weights = out.with_name(".run.unfinished") / "best.safetensors"
        kept.append(hashlib.sha256(weights.read_bytes()).hexdigest())

    record = train(request, out, home, on_epoch=after_each)
    assert len(set(kept)) == 3, "every epoch's parameters took the place of those before"
    assert (record.best_epoch, record.weights) == (3, kept[-1])
    assert [record.dev[name] for name in ("f1", "precision", "recall", "support", "measured")] == [
        *[None] * 3,
        0,
        False,
    ]
    assert (record.data["dev"], record.data["left_out"]) == (0, 4)
    assert [epoch["dev"]["f1"] for epoch in record.epochs] == [None] * 3
    assert read_record(out) == record, "the record on disk says the same"
    assert (out / "predictions.jsonl").read_text() == ""
    assert load(out, home).predict("Ann in Rome")


def test_with_dev_the_best_epoch_is_kept_as_ever(
    request_for: Callable[..., TrainingRequest], home: Home, tmp_path: Path
) -> None:
    record = train(request_for("bert-crf", epochs=3), tmp_path / "run", home)
    scores = [epoch["dev"]["f1"] for epoch in record.epochs]
    assert record.best_epoch == scores.index(max(scores)) + 1
    assert record.dev["f1"] == max(scores)
    assert "measured" not in record.dev


def test_raw_posts_are_left_out_and_counted(scenes: Dataset) -> None:
    raw = [post.with_spans(None) for post in scenes.split("train")[:5]]
    found = labelled_posts({"train": [*raw, *scenes.split("train")[5:]], "valid": scenes.split("valid")}, "x")
    assert found.left_out == 5
    assert found.train == tuple(scenes.split("train")[5:])
    assert found.dev == tuple(scenes.split("valid"))


@pytest.mark.parametrize(
    ("train_posts", "valid", "why"),
    [(1, 0, ""), (UNMEASURED_BELOW - 1, 0, ""), (UNMEASURED_BELOW, 0, "split valid in x"), (UNMEASURED_BELOW, 1, ""),
     (0, 5, "split train in x")],
)  # fmt: skip
def test_how_many_are_enough(train_posts: int, valid: int, why: str) -> None:
    if not why:
        check_counts(train_posts, valid, "x")
        return
    with pytest.raises(InputError, match=why):
        check_counts(train_posts, valid, "x")


def write_set(folder: Path, labelled: int, raw: int) -> Path:
    folder.mkdir()
    spans = [{"start": 0, "end": 3, "label": "PER"}]
    posts = [
        {"text": f"Ann in Rome {place}", "spans": spans if place < labelled else None}
        for place in range(labelled + raw)
    ]
    (folder / "train.jsonl").write_text("".join(json.dumps(post) + "\n" for post in posts))
    return folder


def test_the_command_trains_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    options = ["train", "--model", "bert-crf", "--profile", "tiny", "--epochs", "2", "--json"]
    few = write_set(tmp_path / "few", labelled=8, raw=3)
    assert main([*options, "--data", str(few), "--out", str(tmp_path / "run")]) == 0
    said = capsys.readouterr()
    answer = json.loads(said.out.splitlines()[-1])
    assert (answer["dev"]["f1"], answer["best_epoch"], answer["left_out"]) == (None, 2, 3)
    assert "3 posts of train have no labels and are left out." in said.err
    assert "nothing is measured" in said.err
    assert "epoch 2: loss" in said.err
    many = write_set(tmp_path / "many", labelled=UNMEASURED_BELOW, raw=0)
    assert main([*options, "--data", str(many), "--out", str(tmp_path / "other")]) == 2
    assert "No post of the split valid in many is labelled" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
