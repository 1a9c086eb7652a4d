"""A full disk gets a sentence, and what was acknowledged before stays."""

import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from db.annotations import history, save
from db.connection import StoreError
from db.engine import Store, open_store
from db.images import keep_image
from db.imports import import_examples
from mner_core.home import Home
from tests.db.samples import sample_post, sample_posts


@pytest.fixture
def full_store(store: Store, ids: list[int]) -> Iterator[Store]:
    """A store whose file may not grow any more."""
    store.close()

    @event.listens_for(store.engine, "connect")
    def limit(connection: object, _record: object) -> None:
        connection.execute("pragma max_page_count=1")  # type: ignore[attr-defined]

    yield store
    event.remove(store.engine, "connect", limit)


def save_for_ever(store: Store, post: int, acknowledged: list[int]) -> None:
    while True:
        saved = save(store, post, "gold", base=acknowledged[-1], marks=[], author="a" * 4000)
        acknowledged.append(saved.number)


def test_saving_says_so_and_keeps_what_was_there(full_store: Store, ids: list[int]) -> None:
    acknowledged = [1]
    with pytest.raises(StoreError, match="The disk that holds the store is full, nothing of this change was kept"):
        save_for_ever(full_store, ids[0], acknowledged)
    assert [revision.number for revision in history(full_store, ids[0])] == acknowledged


def test_an_import_says_so_and_leaves_nothing(full_store: Store) -> None:
    many = [sample_post(str(number), "word " * 200, ()) for number in range(200)]
    with pytest.raises(StoreError, match="is full"):
        import_examples(full_store, "big", many)
    with full_store.read() as session:
        assert session.connection().exec_driver_sql("select count(*) from posts").scalar() == len(sample_posts())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 600 KB: an empty store alone takes 280."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "none", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_is_really_full(small_disk: Path, tmp_path: Path) -> None:
    home = Home(small_disk / "home")
    store = open_store(home)
    import_examples(store, "set", sample_posts()[:1])
    acknowledged = [1]
    with pytest.raises(StoreError, match="is full"):
        save_for_ever(store, 1, acknowledged)
    assert [revision.number for revision in history(store, 1)] == acknowledged
    (tmp_path / "large.png").write_bytes(b"x" * 900_000)
    with pytest.raises(StoreError, match=r"The disk is full, the picture large\.png was not written"):
        keep_image(home, tmp_path / "large.png")
    assert list(home.images.iterdir()) == []
    store.close()


def test_a_picture_that_finds_no_room(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a.png").write_bytes(b"x")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match=r"The disk is full, the picture a\.png was not written"):
        keep_image(home, tmp_path / "a.png")
    assert list(home.images.iterdir()) == []
