"""One process at a time: waiting, being let in by a death, and no file that stays behind."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from db.store_room import bytes_freed
from mner_core.files import alone_or_not, one_at_a_time


def count_up(lock: Path, counter: Path, times: int) -> None:
    for _ in range(times):
        with one_at_a_time(lock):
            number = int(counter.read_text())
            time.sleep(0.001)
            counter.write_text(str(number + 1))


def hold(lock: Path, inside: Path) -> None:
    with one_at_a_time(lock):
        inside.touch()
        time.sleep(600)


def test_no_two_processes_are_inside_at_once(tmp_path: Path) -> None:
    lock, counter = tmp_path / "deep" / ".lock", tmp_path / "counter"
    counter.write_text("0")
    crowd = [multiprocessing.get_context("fork").Process(target=count_up, args=(lock, counter, 30)) for _ in range(4)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    assert [each.exitcode for each in crowd] == [0] * 4
    assert counter.read_text() == "120"
    assert not lock.exists()


def test_one_that_is_killed_lets_the_next_one_in(tmp_path: Path) -> None:
    lock, inside = tmp_path / ".lock", tmp_path / "inside"
    holder = multiprocessing.get_context("fork").Process(target=hold, args=(lock, inside))
    holder.start()
    while not inside.exists():
        time.sleep(0.01)
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    with one_at_a_time(lock):
        assert lock.exists()
    assert not lock.exists()
    holder.join()


def test_an_error_inside_leaves_no_lock(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="inside"), one_at_a_time(tmp_path / ".lock"):
        raise RuntimeError("inside")
    assert not list(tmp_path.iterdir())


def test_who_does_not_wait_hears_whether_another_is_inside(tmp_path: Path) -> None:
    lock, inside = tmp_path / ".lock", tmp_path / "inside"
    with alone_or_not(lock) as is_alone:
        assert is_alone
    assert not lock.exists()
    holder = multiprocessing.get_context("fork").Process(target=hold, args=(lock, inside))
    holder.start()
    while not inside.exists():
        time.sleep(0.01)
    with alone_or_not(lock) as is_alone:
        assert not is_alone
    assert lock.exists(), "it is the other's"
    holder.kill()
    holder.join()
    with pytest.raises(BlockingIOError, match="of the block's own"), alone_or_not(lock):
        raise BlockingIOError("of the block's own")


def test_room_is_freed_by_the_last_name_of_a_file(tmp_path: Path) -> None:
    one, other, folder = tmp_path / "one", tmp_path / "other", tmp_path / "folder"
    folder.mkdir()
    one.write_bytes(b"1" * 100)
    other.write_bytes(b"2" * 10)
    (folder / "again").hardlink_to(one)
    (folder / "link").symlink_to(other)
    link = (folder / "link").lstat().st_size
    assert bytes_freed([one, one]) == 0, "the same name twice is one name"
    assert bytes_freed([folder]) == link
    assert bytes_freed([folder, one, one]) == 100 + link
    assert bytes_freed([other, tmp_path / "nothing"]) == 10
