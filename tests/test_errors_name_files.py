"""Errors name files and never where this machine keeps them; what an old or damaged run says is a sentence."""

import ast
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mner_core.catalog.profiles import profile
from mner_core.commands.cli import main
from mner_core.data.corrupt import corrupt_folder
from mner_core.features.image import ImageFeatures
from mner_core.features.shards import Shards
from mner_core.features.store import FeatureStore
from mner_core.files import fresh_folder, names_only
from mner_core.home import Home
from mner_core.run_record import FORMAT, read_record
from mner_core.training.plan import Plan
from mner_core.training.run import load
from mner_core.types import InputError
from mner_core.weights.hub import published_folder
from mner_core.weights.packages import weight_file
from mner_core.weights.state import read_state
from tests.rooms import modules

ERRORS = {"InputError", "StoreError", "BusyError", "Defect"}
MAKES_PATHS = {"with_name", "with_suffix", "expanduser", "resolve", "Path"}


def paths_in(function: ast.FunctionDef) -> set[str]:
    """Names that hold a path in the function: so annotated, or made by joining and the like."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    names = {each.arg for each in arguments if each.annotation and "Path" in ast.unparse(each.annotation).split(" | ")}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and is_path(node.value, names):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Call) and "glob" in ast.unparse(node.iter.func):
            names |= {each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)}
    return names


def is_path(value: ast.expr, names: set[str]) -> bool:
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div):
        return is_path(value.left, names) or (isinstance(value.left, ast.Name) and value.left.id in names)
    if isinstance(value, ast.Call):
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        return name in MAKES_PATHS
    return isinstance(value, ast.Name) and value.id in names


def shown_paths() -> Iterator[str]:
    for module, file in modules().items():
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            names = paths_in(function)
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ERRORS:
                    for part in ast.walk(call):
                        if isinstance(part, ast.FormattedValue) and is_path(part.value, names):
                            yield f"{module}:{part.lineno} shows {ast.unparse(part.value)}"


def test_no_error_shows_a_path() -> None:
    assert list(shown_paths()) == []


def test_what_libraries_say_loses_its_folders() -> None:
    assert names_only("cannot open /home/ann/.cache/x/model.bin: no") == "cannot open model.bin: no"
    assert names_only("see https://host/a/b and a/b and 1/2") == "see https://host/a/b and a/b and 1/2"
    assert names_only('in "/srv/data/set/train.txt", line 3') == 'in "train.txt", line 3'


FIRST: dict[str, Any] = {
    "model": "bert-crf", "variant": "", "profile": "tiny", "settings": {}, "seed": 0, "labels": ["PER"], "data": {},
    "trained_posts": [], "pool": "", "started_from": "", "versions": {}, "dev": {}, "best_epoch": 1, "epochs": [{}],
    "weights": "0", "seconds": 1, "created": 2.5, "format": FORMAT,
}  # fmt: skip
"""A record as the first program wrote it."""


def run_with(folder: Path, record: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(record if isinstance(record, str) else json.dumps(record))
    return folder


def refused(do: Callable[[], object]) -> str:
    with pytest.raises(InputError) as error:
        do()
    return str(error.value)


def test_a_record_of_the_first_program_is_read_and_one_of_a_newer_one_is_named(tmp_path: Path) -> None:
    assert read_record(run_with(tmp_path / "old", FIRST)).knowledge == ""
    with pytest.raises(InputError, match="run new has the field colour, which this program does not know"):
        read_record(run_with(tmp_path / "new", {**FIRST, "colour": "red"}))


@pytest.mark.parametrize("field", [name for name in FIRST if name != "format"])
def test_a_record_that_lacks_a_field_is_refused_in_a_sentence(field: str, tmp_path: Path) -> None:
    lacking = {name: value for name, value in FIRST.items() if name != field}
    said = refused(lambda: read_record(run_with(tmp_path / "first", lacking)))
    assert said == f"run.json of the run first lacks the field {field}; train or export it again."


@pytest.mark.parametrize(
    "record",
    ["", "{", "[]", "null", '"text"', {"format": "one"}, {"format": 2}, *({**FIRST, name: None} for name in FIRST),
     {**FIRST, "labels": "PER"}, {**FIRST, "settings": []}, {**FIRST, "seed": "0"}, {**FIRST, "seconds": True}],
    ids=str,
)  # fmt: skip
def test_a_damaged_record_is_refused_in_a_sentence_without_a_path(record: Any, tmp_path: Path) -> None:
    said = refused(lambda: read_record(run_with(tmp_path / "first", record)))
    assert "first" in said
    assert str(tmp_path) not in said
    assert said.endswith(".")


def test_a_setting_that_this_program_does_not_have_is_named(tmp_path: Path) -> None:
    record = read_record(run_with(tmp_path / "first", {**FIRST, "settings": {"colour": 1}}))
    assert "a setting 'colour'" in refused(lambda: Plan.of_record(record))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNER_HOME", str(folder / "home"))
        assert main(["scenes", str(folder / "data"), "--size", "24"]) == 0
        asked = ["--model", "bert-crf", "--profile", "tiny", "--epochs", "1"]
        assert main(["train", *asked, "--data", str(folder / "data"), "--out", str(folder / "run")]) == 0
    return folder / "run"


@pytest.mark.parametrize("name", ["weights.safetensors", "encoder/config.json"])
@pytest.mark.parametrize("content", [None, b"", b"cut off"], ids=["missing", "empty", "cut off"])
def test_a_run_with_a_damaged_part_says_so(trained: Path, tmp_path: Path, name: str, content: bytes | None) -> None:
    shutil.copytree(trained, tmp_path / "run")
    (tmp_path / "run" / name).unlink() if content is None else (tmp_path / "run" / name).write_bytes(content)
    said = refused(lambda: load(tmp_path / "run", Home(tmp_path / "home")))
    assert said.startswith("run is damaged: ")
    assert said.endswith("train or import the run again.")
    assert str(tmp_path) not in said


def test_errors_that_reach_a_screen_name_no_folder(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    (tmp_path / "weights.bin").write_bytes(b"no weights")
    blocked = tmp_path / "blocked"
    blocked.touch()

    def unwritable() -> None:
        with fresh_folder(blocked / "below" / "deep"):
            pass

    def shards() -> None:
        store = FeatureStore(profile("tiny"), Home(tmp_path / "home"))
        known: ImageFeatures = store.extractor.nothing()
        Shards(blocked / "shards").add({"key": known})

    def manual(value: str) -> Callable[[], object]:
        def ask() -> object:
            monkeypatch.setenv("MNER_WEIGHTS", value)
            return weight_file("efficientnet-lite0")

        return ask

    (tmp_path / "by hand").mkdir()
    (tmp_path / "by hand" / "efficientnet_lite0.tflite").write_bytes(b"another one")
    (tmp_path / "link").symlink_to(tmp_path / "by hand")
    run = load(trained, Home(tmp_path / "home"))
    says = [
        refused(lambda: fresh_folder(tmp_path / "out").__enter__()),
        refused(unwritable),
        refused(shards),
        refused(lambda: corrupt_folder(tmp_path / "out", tmp_path / "out", 0.1, 0)),
        refused(lambda: run.predict("text", tmp_path / "none.jpg")),
        refused(lambda: read_state(tmp_path / "weights.bin")),
        refused(lambda: read_state(tmp_path / "none.bin")),
        refused(manual(str(tmp_path / "nowhere"))),
        refused(manual(str(tmp_path / "by hand"))),
        refused(manual(str(tmp_path / "link"))),
        refused(lambda: published_folder("resnet152")),
        refused(lambda: load(tmp_path / "nowhere")),
    ]
    assert [said for said in says if str(tmp_path) in said or "/tmp" in said] == []
