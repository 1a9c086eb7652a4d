"""A checkpoint survives kills at any two moments of saving, and a damaged one gives way to a whole one."""

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mner_core.training.checkpoint import CheckpointPlace, restore, save


class KilledError(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process loses nothing that it has written: the hundreds of saves here need not reach the platter."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint"


def parts() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(2)).sum().backward()
    optimizer.step()
    return model, optimizer


def saved(folder: Path, step: int) -> None:
    model, optimizer = parts()
    torch.nn.init.constant_(model.weight, float(step))  # type: ignore[arg-type]
    save(folder, CheckpointPlace(step=step), model, optimizer)


def found(folder: Path) -> int:
    model, optimizer = parts()
    place = restore(folder, model, optimizer)
    assert place is not None, "no checkpoint is whole"
    assert torch.equal(model.weight, torch.full((2, 2), float(place.step))), "place and tensors of one checkpoint"
    return place.step


def killing_at(monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    """The process dies before its n-th step that changes the folder: a removal, a renaming, a file.

    A removal has two steps: before it, and in the midst of it.
    """
    steps = itertools.count()
    remove = shutil.rmtree

    def removed(path: Path, **named: Any) -> None:
        for half in ([], sorted(path.glob("*"))[:1]):
            for file in half:
                file.unlink()
            if next(steps) == moment:
                raise KilledError
        remove(path, **named)

    def counted(do: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if next(steps) == moment:
                raise KilledError
            return do(*arguments, **named)

        return call

    monkeypatch.setattr(shutil, "rmtree", removed)
    for name in ("rename", "replace", "mkdir"):
        monkeypatch.setattr(Path, name, counted(getattr(Path, name)))


def kill_while_saving(folder: Path, step: int, moment: int) -> bool:
    """Whether the save was killed; False where it has fewer steps."""
    with pytest.MonkeyPatch.context() as patch:
        killing_at(patch, moment)
        try:
            saved(folder, step)
        except KilledError:
            return True
    return False


def test_two_kills_at_any_moments_leave_a_whole_checkpoint(tmp_path: Path) -> None:
    moments = 0
    for first, second in itertools.product(range(20), repeat=2):
        folder = tmp_path / f"{first}-{second}" / "checkpoint"
        saved(folder, 1)
        if not kill_while_saving(folder, 2, first):
            break
        assert found(folder) in (1, 2)
        assert folder.exists() or found(folder) == 2, "the newer one is whole, and only lacks its name"
        kill_while_saving(folder, 3, second)
        assert found(folder) in (1, 2, 3)
        saved(folder, 4)
        assert found(folder) == 4
        assert [path.name for path in folder.parent.iterdir()] == ["checkpoint"]
        moments += 1
    assert moments > 100


def test_where_only_the_one_before_is_left_two_more_kills_leave_it(tmp_path: Path) -> None:
    """A kill between the two renamings, and one while the next save was writing, have come before."""
    moments = 0
    for first, second in itertools.product(range(20), repeat=2):
        folder = tmp_path / f"{first}-{second}" / "checkpoint"
        saved(folder, 1)
        folder.rename(folder.with_name("checkpoint.old"))
        if not kill_while_saving(folder, 2, first):
            break
        assert found(folder) in (1, 2)
        kill_while_saving(folder, 3, second)
        assert found(folder) in (1, 2, 3)
        moments += 1
    assert moments > 100


def test_kills_of_the_first_save_leave_what_was_whole(folder: Path) -> None:
    for moment in itertools.count():
        if not kill_while_saving(folder, 1, moment):
            break
        model, optimizer = parts()
        before = restore(folder, model, optimizer)
        is_whole = any((folder.with_name(name) / "place.json").exists() for name in ("checkpoint", "checkpoint.new"))
        assert (before is not None) == is_whole
        kill_while_saving(folder, 2, moment)
        assert restore(folder, model, optimizer) is not None or before is None
        for path in folder.parent.iterdir():
            shutil.rmtree(path)
    assert found(folder) == 1


@pytest.mark.parametrize("name", ["place.json", "model.safetensors", "optimizer.safetensors", "random.safetensors"])
@pytest.mark.parametrize("content", [b"", b"{"], ids=["empty", "cut off"])
def test_a_damaged_checkpoint_gives_way_to_a_whole_one(folder: Path, name: str, content: bytes) -> None:
    saved(folder, 1)
    folder.rename(folder.with_name("checkpoint.old"))
    saved(folder.parent / "elsewhere" / "checkpoint", 2)
    (folder.parent / "elsewhere" / "checkpoint").rename(folder)
    assert found(folder) == 2
    (folder / name).write_bytes(content)
    assert found(folder) == 1
    (folder.with_name("checkpoint.old") / name).write_bytes(content)
    model, optimizer = parts()
    assert restore(folder, model, optimizer) is None
