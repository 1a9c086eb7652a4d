"""Runs of brought predictions have no weights: what needs a model refuses them in a sentence."""

import json
from pathlib import Path

import pytest

from mner_core.catalog.profiles import profile
from mner_core.commands.cli import main
from mner_core.home import Home
from mner_core.run_record import BROUGHT, read_record
from mner_core.training.import_run import import_run
from mner_core.training.run import load
from mner_core.training.warm_start import encoder_for
from mner_core.types import InputError
from tests.db.test_runs import write_run

WEIGHTLESS = "theirs consists of predictions that were brought: it has no weights"


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    folder = write_run(Home(tmp_path / "home"), "theirs", model=BROUGHT, profile="", settings={"predictions": "x"})
    (folder / "predictions.jsonl").write_text('{"id": "a", "spans": []}\n')
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "--run", "RUN", "--text", "Ann in Rome"],
        ["predict", "--run", "RUN", "--data", "DATA", "--out", "out.jsonl"],
        ["evaluate", "--run", "RUN", "--data", "DATA"],
        ["image-worth", "--run", "RUN", "--data", "DATA"],
        ["label-errors", "--run", "RUN", "--data", "DATA"],
        ["pointing", "--run", "RUN", "--data", "DATA"],
        ["train", "--model", "bert-crf", "--profile", "tiny", "--data", "DATA", "--out", "new", "--from", "RUN"],
    ],
)
def test_what_needs_weights_is_refused(
    theirs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    data = tmp_path / "train.jsonl"
    data.write_text(json.dumps({"id": "a", "text": "Ann left", "spans": [{"start": 0, "end": 3, "label": "PER"}]}))
    places = {
        "RUN": str(theirs),
        "DATA": str(data),
        "out.jsonl": str(tmp_path / "out.jsonl"),
        "new": str(tmp_path / "n"),
    }
    try:
        status = main([places.get(each, each) for each in arguments])
    except SystemExit as error:
        status = int(str(error.code))
    said = capsys.readouterr().err
    assert (status, WEIGHTLESS in said) == (2, True), said


def test_the_engine_refuses_it_too(theirs: Path) -> None:
    with pytest.raises(InputError, match=WEIGHTLESS):
        load(theirs)
    with pytest.raises(InputError, match=WEIGHTLESS):
        encoder_for(profile("tiny").text, [], theirs)


def test_it_is_packed_into_one_file(theirs: Path, tmp_path: Path) -> None:
    assert main(["export-run", str(theirs), str(tmp_path / "theirs.zip")]) == 0
    with pytest.raises(InputError, match="predictions that were brought"):
        load(tmp_path / "theirs.zip")
    assert read_record(theirs).is_brought
    back = import_run(tmp_path / "theirs.zip", Home(tmp_path / "other"), "back")
    assert (back / "predictions.jsonl").read_bytes() == (theirs / "predictions.jsonl").read_bytes()
    assert "there are no weights" in (back / "README.md").read_text()
