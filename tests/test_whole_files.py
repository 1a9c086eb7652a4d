"""Files and folders are there when they are complete, with the usual rights, and the old one until then."""

import errno
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from mner_core import files
from mner_core.data.corrupt import corrupt_folder
from mner_core.files import fresh_folder, sweep_up, whole_files, whole_folder, write_whole
from mner_core.types import InputError
from tests.rooms import ROOT, modules


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077], ids=oct)
def test_what_is_written_has_the_usual_rights(tmp_path: Path, mask: int) -> None:
    os.umask(mask)
    write_whole(tmp_path / "text", "a")
    write_whole(tmp_path / "bytes", b"a")
    write_whole(tmp_path / "tensors", lambda path: save_file({"a": np.zeros(3)}, path))
    write_whole(tmp_path / "private", lambda path: path.chmod(0o600))
    with whole_folder(tmp_path / "folder") as work:
        (work / "below").mkdir(mode=0o700)
        (work / "below" / "file").touch(mode=0o600)
    assert {mode(tmp_path / name) for name in ("text", "bytes", "tensors", "private", "folder/below/file")} == {
        0o666 & ~mask
    }
    assert {mode(tmp_path / name) for name in ("folder", "folder/below")} == {0o777 & ~mask}


def test_a_failed_writer_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", "old")

    def fails(path: Path) -> None:
        path.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(InputError, match=r"^Cannot write file: No space left on device\.$"):
        write_whole(tmp_path / "file", fails)

    def stopped() -> None:
        with whole_folder(tmp_path / "folder") as work:
            (work / "half").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"


def test_what_is_written_is_on_the_disk_before_it_has_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a power cut right behind the renaming, nothing half written may be left: the order of calls is the promise."""
    done: list[str] = []
    replace, sync = Path.replace, files._sync
    monkeypatch.setattr(Path, "replace", lambda path, to: (done.append(f"name {to.name}"), replace(path, to))[1])
    monkeypatch.setattr(
        files, "_sync", lambda path: (done.append("sync folder" if path.is_dir() else "sync file"), sync(path))[1]
    )
    write_whole(tmp_path / "file", "text")
    assert done == ["sync file", "name file", "sync folder"]
    done.clear()
    with whole_folder(tmp_path / "folder") as work:
        (work / "a").touch()
    assert done == ["sync file", "sync folder", "name folder", "sync folder"]


def test_a_folder_that_holds_something_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(InputError) as refused, fresh_folder(tmp_path / "out"):
        pass
    assert str(refused.value) == "out exists already; name a new or an empty folder."
    with fresh_folder(tmp_path / "deep" / "new") as work:
        (work / "file").touch()
    assert (tmp_path / "deep" / "new" / "file").is_file()


def test_what_killed_processes_left_is_swept_up_after_a_while(tmp_path: Path) -> None:
    old = time.time() - 2 * files.ABANDONED
    for name in (".a.1.partial", ".b.tmp", "c.partial", ".young.2.partial"):
        (tmp_path / name).touch()
    (tmp_path / ".folder.3.partial").mkdir()
    (tmp_path / ".folder.3.partial" / "file").touch()
    (tmp_path / ".busy.4.partial").mkdir()
    for path in tmp_path.rglob("*"):
        if "young" not in path.name:
            os.utime(path, (old, old))
    (tmp_path / ".busy.4.partial" / "growing").touch()
    os.utime(tmp_path / ".busy.4.partial", (old, old))
    sweep_up(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"c.partial", ".young.2.partial", ".busy.4.partial"}


def test_a_data_set_that_may_only_be_read_is_copied_for_its_owner(tmp_path: Path) -> None:
    source = tmp_path / "data"
    (source / "images").mkdir(parents=True)
    (source / "images" / "1.jpg").write_bytes(b"x")
    for split in ("train", "valid"):
        (source / f"{split}.txt").write_text("Paul B-PER\nsaw O\nRome B-LOC\n\nAnn B-PER\nsat O\n")
    shutil.copy(source / "train.txt", source / "test.txt")
    for path in source.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    source.chmod(0o555)
    assert len(corrupt_folder(source, tmp_path / "out", 0.5, seed=1)) == 2
    assert {mode(path) for path in (tmp_path / "out").rglob("*")} == {0o755, 0o644}


def test_nobody_else_writes_beside_and_renames() -> None:
    """One writer knows about rights, syncing and leftovers; renaming whole things that exist is another matter."""
    writers = {"mner_core.files", "db.backup", "mner_core.training.checkpoint", "mner_core.training.train"}
    # the folder of a run that is deleted, or called otherwise; what gc takes out of its place before it removes it
    renames = writers | {"db.run_folders", "db.gc_sweep"}
    found = {
        module
        for module, path in modules().items()
        for sign in ("NamedTemporaryFile", "mkstemp", "os.replace(", ".partial", "os.fsync", ".rename(", "os.rename(")
        if sign in path.read_text(encoding="utf-8")
    }
    assert found - renames <= {"pages.data.upload"}, "write with mner_core.files"
    assert (ROOT / "mner_core/files.py").read_text().count("os.fsync") == 1


def test_of_many_files_the_folder_is_synced_once_behind_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    replace, sync = Path.replace, files._sync
    monkeypatch.setattr(Path, "replace", lambda path, to: (done.append(f"name {to.name}"), replace(path, to))[1])
    monkeypatch.setattr(
        files, "_sync", lambda path: (done.append("sync folder" if path.is_dir() else "sync file"), sync(path))[1]
    )
    with whole_files(tmp_path) as write:
        write("a", b"1")
        write("b", b"2")
    assert done == ["sync file", "name a", "sync file", "name b", "sync folder"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"1", "b": b"2"}
    assert {mode(path) for path in tmp_path.iterdir()} == {0o644}


def test_of_many_files_the_one_that_finds_no_room_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with whole_files(tmp_path) as write:
        write("a", b"1")
        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", full)
            with pytest.raises(OSError, match="No space left"):
                write("b", b"2")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
