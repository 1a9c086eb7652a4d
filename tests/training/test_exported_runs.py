"""An exported run where something is missing or in the way: no pictures to pack, no room to unpack, somebody faster."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mner_core.home import Home
from mner_core.training import run as module
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
