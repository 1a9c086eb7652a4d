"""Small shards become one: no picture is lost, whoever reads meanwhile, and whoever kills it."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from db.engine import Store, open_store
from db.gc import collect
from mner_core.features import merging
from mner_core.features.image import ImageFeatures
from mner_core.features.merging import mergings
from mner_core.features.shards import Shards
from mner_core.home import Home
from mner_core.types import ImageObject

BOX = (0.25, 0.1, 1 / 3, 1.0)


def features(number: int, objects: int = 1) -> ImageFeatures:
    chance = np.random.default_rng(number)
    return ImageFeatures(
        image_ok=True,
        grid=chance.random((49, 3)).astype(np.float16),
        objects=tuple(ImageObject(f"thing \ud83d {each}", BOX, 0.1 * number) for each in range(objects)),
        object_vectors=chance.random((objects, 5)).astype(np.float16),
        attributes=(("a", 0.5), ("ü", 1 / 3)),
        caption=f"picture {number}",
        aspect=1.5,
    )


def same(one: ImageFeatures | None, other: ImageFeatures) -> bool:
    assert one is not None
    arrays = ("grid", "object_vectors")
    plain = ("image_ok", "objects", "attributes", "caption", "aspect")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays) and all(
        getattr(one, name) == getattr(other, name) for name in plain
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def store(home: Home) -> Any:
    opened = open_store(home)
    yield opened
    opened.close()


@pytest.fixture
def folder(home: Home) -> Path:
    """Five shards of one picture each, one without objects, and one that holds many."""
    folder = home.features / "tiny-0"
    shards = Shards(folder)
    shards.add({f"big{number}": features(1000 + number) for number in range(70)})
    for number in range(5):
        shards.add({f"key{number}": features(number, number % 2)})
    return folder


def must_hold_all(folder: Path) -> None:
    found = Shards(folder)
    assert len(found) == 75
    assert all(same(found.find(f"key{number}"), features(number, number % 2)) for number in range(5))
    assert all(same(found.find(f"big{number}"), features(1000 + number)) for number in range(70))


def on_disk(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def test_small_shards_become_one_and_no_picture_is_lost(store: Store, folder: Path) -> None:
    before = on_disk(folder)
    told = collect(store, apply=False).freed["features"]
    assert (len(list(folder.iterdir())), on_disk(folder)) == (6, before)
    assert collect(store, apply=True).freed["features"] == told == before - on_disk(folder) > 0
    assert len(list(folder.iterdir())) == 2
    must_hold_all(folder)
    assert collect(store, apply=True).freed["features"] == 0


def test_who_has_them_open_reads_on(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Shards(folder)
    listed = Shards(folder.with_name("nothing"))
    listed.folder = folder
    read, is_first = listed._open, [True]

    def merged_meanwhile(path: Path) -> None:
        if is_first.pop() if is_first else False:
            collect(store, apply=True)
        read(path)

    monkeypatch.setattr(listed, "_open", merged_meanwhile)
    listed.refresh()
    assert len(listed) == 75, "who has listed the shards and not opened them yet finds the pictures in the large one"
    for shards in (reader, listed):
        assert all(same(shards.find(f"key{number}"), features(number, number % 2)) for number in range(5))
    reader.refresh()
    assert len(reader) == 75


@pytest.mark.parametrize("removed", [0, 2])
def test_a_merging_that_was_killed_is_finished_by_the_next(store: Store, folder: Path, removed: int) -> None:
    [one] = mergings(folder)
    Shards(folder).add({f"key{number}": features(number, number % 2) for number in range(5)})
    for path in one.shards[:removed]:
        path.unlink()
    collect(store, apply=True)
    assert len(list(folder.iterdir())) == 2
    must_hold_all(folder)


def test_what_a_large_one_holds_is_not_kept_twice(store: Store, folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path)
    collect(store, apply=True)
    Shards(folder).add({"big3": features(1003)})
    collect(store, apply=True)
    assert len(list(folder.iterdir())) == 2
    must_hold_all(folder)


def test_a_shard_is_not_larger_than_those_of_a_sweep(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "FULL", 3)
    assert sorted(len(each.shards) for each in mergings(folder)) == [2, 3]
    collect(store, apply=True)
    must_hold_all(folder)


def test_a_damaged_shard_stays_and_the_others_are_merged(store: Store, folder: Path) -> None:
    (folder / "0damaged.safetensors").write_bytes(b"12345678 no shard")
    collect(store, apply=True)
    assert (folder / "0damaged.safetensors").is_file()
    must_hold_all(folder)
