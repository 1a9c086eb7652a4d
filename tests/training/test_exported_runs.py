"""An exported run where something is missing or in the way: no pictures to pack, no room to unpack, somebody faster."""

import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mner_core.commands.cli import main
from mner_core.home import Home
from mner_core.run_record import read_record
from mner_core.training import run as module
from mner_core.training.import_run import import_run
from mner_core.training.run import export, load, without_images
from mner_core.training.train import TrainingRequest, train
from mner_core.types import InputError

Make = Callable[..., TrainingRequest]
FULL = OSError(28, "No space left on device")


@pytest.mark.parametrize("pictures", [0, 1])
def test_a_run_of_few_or_no_pictures_is_exported_whole(
    request_for: Make, home: Home, tmp_path: Path, pictures: int
) -> None:
    """Neighbours have no pictures then: there is nothing beside the file to be cleared away."""
    request = request_for("rgcn", epochs=1)
    posts = [post for post in request.train if post.image is not None]
    few = replace(
        request,
        train=[*posts[:pictures], *without_images(posts[pictures:12])],
        dev=without_images(request.dev[:4]),
        others=without_images(request.others[:4]),
    )
    train(few, tmp_path / "run", home)
    (tmp_path / "out").mkdir()
    size = export(tmp_path / "run", tmp_path / "out" / "run.zip", home)
    assert [(each.name, each.stat().st_size) for each in (tmp_path / "out").iterdir()] == [("run.zip", size)]
    elsewhere = load(tmp_path / "out" / "run.zip", Home(tmp_path / "empty home"))
    expected = load(tmp_path / "run", home).predict_posts(few.dev)
    assert [each.spans for each in elsewhere.predict_posts(few.dev)] == [each.spans for each in expected]


@pytest.mark.parametrize("is_there", [True, False])
def test_somebody_faster_unpacking_the_same_file_is_no_error(
    request_for: Make, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    """The folder cannot be put in its place: because another process has put it there, or because the disk is full."""
    request = request_for("bert-crf", epochs=1)
    train(replace(request, train=request.train[:8], dev=request.dev[:4]), tmp_path / "run", home)
    export(tmp_path / "run", tmp_path / "run.zip", home)

    @contextmanager
    def whole_folder(folder: Path) -> Iterator[Path]:
        yield tmp_path / "work"
        if is_there:
            shutil.copytree(tmp_path / "run", folder)
        raise FULL

    monkeypatch.setattr(module, "whole_folder", whole_folder)
    if is_there:
        posts = request.dev[:2]
        expected = load(tmp_path / "run", home).predict_posts(posts)
        said = load(tmp_path / "run.zip", home).predict_posts(posts)
        assert [each.spans for each in said] == [each.spans for each in expected]
    else:
        with pytest.raises(InputError, match=r"^Cannot unpack the run: No space left on device\.$"):
            load(tmp_path / "run.zip", home)


@pytest.fixture
def exported(request_for: Make, home: Home, tmp_path: Path) -> Path:
    request = request_for("rgcn", epochs=1)
    train(replace(request, train=request.train[:12], dev=request.dev[:4], others=()), tmp_path / "run", home)
    export(tmp_path / "run", tmp_path / "theirs.zip", home)
    return tmp_path / "theirs.zip"


def test_a_run_comes_back_whole_with_its_pool_and_card(
    exported: Path, request_for: Make, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a home that has never seen it; and what comes back is exported as the same files."""
    other = Home(tmp_path / "other")
    folder = import_run(exported, other)
    assert folder == other.runs / "theirs"
    posts = request_for("rgcn").dev[:6]
    expected = load(tmp_path / "run", home).predict_posts(posts, evidence=True)
    said = load(folder, other).predict_posts(posts, evidence=True)
    assert [each.spans for each in said] == [each.spans for each in expected]
    assert [each.confidences for each in said] == [each.confidences for each in expected]
    for ours, theirs in zip(said, expected, strict=True):
        assert [each.to_json() for each in ours.evidence] == [each.to_json() for each in theirs.evidence]
    record, card = read_record(folder), (folder / "README.md").read_text()
    assert card.startswith("# run\n")
    for part in (record.weights, f"seed {record.seed}", f"{record.dev['f1']:.2f}", "12 posts to learn from", "ORG"):
        assert part in card
    export(folder, tmp_path / "again.zip", other)
    with zipfile.ZipFile(exported) as one, zipfile.ZipFile(tmp_path / "again.zip") as two:
        assert {each.filename: each.CRC for each in one.infolist()} == {
            each.filename: each.CRC for each in two.infolist()
        }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNER_HOME", str(other.root))
        assert main(["import-run", str(exported), "--name", "of a colleague", "--json"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f'{{"run": "{other.runs / "of a colleague"}"}}'


def broken(exported: Path, how: str) -> Path:
    """The exported file with something wrong in it."""
    out = exported.with_name(f"{how}.zip")
    with zipfile.ZipFile(exported) as packed, zipfile.ZipFile(out, "w") as changed:
        for member in packed.infolist():
            content = packed.read(member)
            if member.filename == "weights.safetensors" and how == "other weights":
                content = content[:-1] + bytes([content[-1] ^ 1])
            if member.filename == "run.json" and how == "newer":
                content = content.replace(b'"format": 1', b'"format": 2')
            if member.filename != {"no weights": "weights.safetensors", "no record": "run.json"}.get(how):
                changed.writestr(member.filename, content)
    return out


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("other weights", "weights in other weights.zip are not those of its record"),
        ("no weights", "no weights.zip holds no weights"),
        ("no record", "no record.zip is no exported run"),
        ("newer", "run.json of the run newer.zip has format 2"),
    ],
)
def test_a_damaged_file_leaves_nothing_behind(exported: Path, tmp_path: Path, how: str, sentence: str) -> None:
    other = Home(tmp_path / "other")
    with pytest.raises(InputError, match=sentence):
        import_run(broken(exported, how), other)
    assert not other.runs.exists() or list(other.runs.iterdir()) == []


def test_what_is_no_exported_run_and_a_name_that_is_taken(exported: Path, tmp_path: Path) -> None:
    other = Home(tmp_path / "other")
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(InputError, match=r"text.zip is no exported run"):
        import_run(tmp_path / "text.zip", other)
    with pytest.raises(InputError, match=r"There is no file nowhere.zip"):
        import_run(tmp_path / "nowhere.zip", other)
    with pytest.raises(InputError, match="A run cannot be called 'a/b'"):
        import_run(exported, other, "a/b")
    import_run(exported, other, "mine")
    with pytest.raises(InputError, match="There is a run mine already"):
        import_run(exported, other, "mine")
