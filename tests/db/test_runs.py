"""The index of runs says what the folders say."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from db.__main__ import main
from db.engine import Store
from db.predictions import PostPrediction, predictions, record
from db.runs import add_run, reindex, run, runs
from mner_core.home import Home
from mner_core.run_record import RunRecord
from mner_core.types import InputError


def write_run(home: Home, name: str, **changes: Any) -> Path:
    """A run's folder with nothing but its record."""
    values: dict[str, Any] = {
        "model": "bert-crf", "variant": "", "profile": "tiny", "settings": {"epochs": 2}, "seed": 0,
        "labels": ("LOC", "PER"), "data": {"name": "set", "fingerprint": "d", "gold": "g", "train": 5, "dev": 1},
        "trained_posts": (), "pool": "", "started_from": "", "versions": {}, "dev": {"f1": 50.0}, "best_epoch": 1,
        "epochs": ({"epoch": 1},), "weights": f"sha-{name}", "seconds": 1.5, "created": 1000.0, **changes,
    }  # fmt: skip
    folder = home.runs / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(RunRecord(**values).to_json()))
    return folder


def test_a_run_is_listed_with_its_parent(store: Store) -> None:
    add_run(store, write_run(store.home, "first"))
    second = add_run(store, write_run(store.home, "second", started_from="sha-first", created=2000.0))
    assert (second.parent, second.folder, second.metrics["dev"]) == ("first", store.home.runs / "second", {"f1": 50.0})
    assert [each.name for each in runs(store)] == ["first", "second"]
    assert run(store, "first").parent is None
    assert run(store, "first").data["gold"] == "g"
    with pytest.raises(InputError, match="no run 'third'"):
        run(store, "third")


def test_the_index_is_rebuilt_from_the_folders(store: Store) -> None:
    for name in ("kept", "gone", "damaged"):
        add_run(store, write_run(store.home, name))
    shutil.rmtree(store.home.runs / "gone")
    (store.home.runs / "damaged" / "run.json").write_text("{")
    write_run(store.home, "new")
    write_run(store.home, "odd")
    record_file = store.home.runs / "odd" / "run.json"
    record_file.write_text(json.dumps({**json.loads(record_file.read_text()), "surprise": 1}))
    write_run(store.home, ".unfinished")
    found = reindex(store)
    assert (found.runs, found.removed) == (("kept", "new"), ("gone",))
    assert [problem.split()[2] for problem in found.problems] == ["damaged", "odd"]
    assert [each.name for each in runs(store)] == ["kept", "damaged", "new"]


def test_other_weights_under_a_known_name_drop_what_was_said(store: Store, ids: list[int]) -> None:
    folder = write_run(store.home, "run")
    add_run(store, folder)
    record(store, "run", [PostPrediction(post=ids[0], marks=())])
    add_run(store, folder)
    assert len(predictions(store, "run")) == 1
    add_run(store, write_run(store.home, "run", weights="other"))
    assert predictions(store, "run") == {}


def test_a_removed_run_takes_its_predictions_along(store: Store, ids: list[int]) -> None:
    add_run(store, write_run(store.home, "run"))
    record(store, "run", [PostPrediction(post=ids[0], marks=())])
    shutil.rmtree(store.home.runs / "run")
    assert reindex(store).removed == ("run",)
    with pytest.raises(InputError, match="no run 'run'"):
        predictions(store, "run")


def test_the_command_says_what_it_found(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNER_HOME", str(store.home.root))
    add_run(store, write_run(store.home, "gone"))
    shutil.rmtree(store.home.runs / "gone")
    (write_run(store.home, "damaged") / "run.json").write_text("{")
    write_run(store.home, "new")
    assert main(["reindex", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["runs"], answer["removed"]) == (["new"], ["gone"])
    assert [problem.split()[2] for problem in answer["problems"]] == ["damaged"]
    assert [each.name for each in runs(store)] == ["new"]
    assert main(["reindex"]) == 0
    said = capsys.readouterr().out
    assert "damaged" in said
    assert str(store.home.root) not in said


def test_what_is_no_run_here(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished run"):
        add_run(store, tmp_path)
    with pytest.raises(InputError, match="does not lie in the folder of runs"):
        add_run(store, write_run(Home(tmp_path / "elsewhere"), "run"))
