"""An import in which nothing can be read makes no data set, and says why; a gold that is not there is not exported."""

import json
from pathlib import Path

import pytest

from db.__main__ import main
from db.engine import open_store
from db.exchange import export_folder, import_folder
from db.posts import datasets
from mner_core.home import Home
from mner_core.types import InputError

LABEL_STUDIO = [{"id": 1, "data": {"text": "Ann met Bob"}, "annotations": [{"result": []}]}]
NOTHING = {
    "other layout": json.dumps(LABEL_STUDIO),
    "no text": '{"id": "a"}\n{"id": "b", "text": 7}\n',
    "blank": "\n\n",
}


@pytest.mark.parametrize("content", NOTHING.values(), ids=NOTHING)
def test_a_set_of_which_nothing_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "train.jsonl").write_text(content)
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    assert main(["import", str(folder), "--json"]) == 2
    said = capsys.readouterr().err
    assert "No post of set could be read, so nothing was imported." in said
    assert "Traceback" not in said
    assert not datasets(open_store(Home(tmp_path / "home")))


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train.jsonl").write_text('{"text": "Ann won"}\n')
    with pytest.raises(InputError, match="The data set's name is empty"):
        import_folder(open_store(Home(tmp_path / "home")), tmp_path / "set", name)


@pytest.mark.parametrize("gold", ["nobody", "Original", ""])
def test_a_gold_that_is_not_there_is_not_exported(tmp_path: Path, gold: str) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train.jsonl").write_text('{"text": "Ann won", "spans": []}\n')
    store = open_store(Home(tmp_path / "home"))
    import_folder(store, tmp_path / "set", "mine")
    with pytest.raises(InputError, match=f"mine has no labels called '{gold}'; choose one of original, current"):
        export_folder(store, tmp_path / "out", "mine", gold)
    assert not (tmp_path / "out").exists()


RENAMED = {
    "another name": ('{"text": "Ann won", "spans": [{"start": 0, "end": 3, "label": "PER"}]}\n', "there are PER"),
    "no labels": ('{"text": "Ann won"}\n', "the posts have no labels"),
    "other capitals": ('{"tokens": ["Ann", "won"], "ner_tags": ["B-Other", "O"]}\n', "there are Other"),
}


@pytest.mark.parametrize(("content", "says"), RENAMED.values(), ids=RENAMED)
def test_a_label_to_rename_that_no_post_has_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: str, says: str
) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train.jsonl").write_text(content)
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    assert main(["import", str(tmp_path / "set"), "--map", "OTHER=MISC"]) == 2
    said = capsys.readouterr().err
    assert f"No post of set has the label OTHER, which OTHER=MISC renames: {says}." in said
    assert not datasets(open_store(Home(tmp_path / "home")))


def test_a_declared_type_that_no_post_has_may_be_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train.jsonl").write_text('{"text": "Ann won"}\n')
    (tmp_path / "set" / "dataset.json").write_text('{"types": [{"name": "OTHER"}]}')
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    assert main(["import", str(tmp_path / "set"), "--map", "OTHER=MISC"]) == 0
    assert [each.labels for each in datasets(open_store(Home(tmp_path / "home")))] == [("MISC",)]
