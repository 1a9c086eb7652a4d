"""The worker with brought predictions: what needs a model fails in a sentence, and a finished import leaves no trap."""

import json
from pathlib import Path

import pytest

from db.brought import import_predictions
from db.engine import Store
from db.jobs import Kind, enqueue
from db.posts import posts
from tests.worker.test_training import in_this_process


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("predict", {"run": "theirs", "dataset": "scenes", "split": "valid"}),
        ("train", {"dataset": "scenes", "model": "bert-crf", "profile": "tiny", "start": "theirs", "name": "next"}),
    ],
)
def test_a_job_that_needs_weights_says_that_there_are_none(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Kind, payload: dict[str, str]
) -> None:
    rows = [{"id": each.example.id, "spans": []} for each in posts(filled, "scenes", "valid")[:2]]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    import_predictions(filled, tmp_path / "rows.jsonl", "scenes", "theirs", "valid")
    said = in_this_process(filled, monkeypatch, enqueue(filled, kind, payload, author="ann"))
    assert said.result is None
    assert said.error is not None
    assert "theirs consists of predictions that were brought: it has no weights" in said.error
