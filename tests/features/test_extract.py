"""The sweep, on the tiny profile."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mner_core.features.extract import _order, extract
from mner_core.features.extractor import Extractor
from mner_core.features.image import ImageFeatures
from mner_core.features.nets.tiny import TinyGrid
from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.types import Example, InputError
from tests.features.pictures import TINY, draw, post, posts, same, sweep


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Image.Image]:
    """All pictures that an extractor is given from now on."""
    given: list[Image.Image] = []
    describe = Extractor.describe

    def counted(self: Extractor, picture: Image.Image, objects: Any = None, asked: Any = ()) -> ImageFeatures:
        given.append(picture)
        return describe(self, picture, objects, asked)

    monkeypatch.setattr(Extractor, "describe", counted)
    return given


def test_second_sweep_and_second_process_do_no_work(tmp_path: Path, home: Home, looks: list[Image.Image]) -> None:
    examples = posts(tmp_path / "images", 5)
    sweep(examples, home)
    assert len(looks) == 5
    report = sweep(examples, home)
    assert (report.images, report.computed) == (5, 0)
    store = FeatureStore(TINY, home)
    assert all(store.features(example).image_ok for example in examples)
    assert len(looks) == 5


def test_copies_are_looked_at_once_under_any_name(tmp_path: Path, home: Home, looks: list[Image.Image]) -> None:
    [example] = posts(tmp_path / "images", 1)
    assert example.image is not None
    copy = post(Path(shutil.copy(example.image, tmp_path / "copy.jpg")))
    report = sweep([example, example, copy], home)
    assert (report.images, len(looks)) == (1, 1)
    assert same(FeatureStore(TINY, home).features(copy), FeatureStore(TINY, home).features(example))


def test_broken_and_missing_pictures_are_zeros_and_reported(tmp_path: Path, home: Home) -> None:
    good, cut = draw(tmp_path / "good.png", 1), tmp_path / "cut.png"
    cut.write_bytes(good.read_bytes()[:60])
    shutil.copy(cut, tmp_path / "cut2.png")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("no picture at all")
    (tmp_path / "folder.jpg").mkdir()
    names = ["cut.png", "cut2.png", "empty.jpg", "text.jpg", "folder.jpg", "absent.jpg"]
    lost = Example(id="lost", text="", tokens=(), image_name="lost.jpg")
    examples = [post(good), post(None), lost, *(post(tmp_path / name) for name in names)]
    done: list[tuple[int, int]] = []
    report = extract(examples, TINY, home, lambda *state: done.append(state))
    assert report.images == 1
    assert sorted(name for name, _ in report.broken) == sorted([*names, "lost.jpg"])
    assert all(name in sentence and sentence.endswith(".") for name, sentence in report.broken)
    assert done[0] == (0, 4)
    assert done[-1] == (4, 4)
    store = FeatureStore(TINY, home)
    assert store.features(examples[0]).image_ok
    for example in examples[1:]:
        known = store.features(example)
        assert (known.image_ok, known.objects, known.attributes, known.caption) == (False, (), (), "")
        assert known.grid.shape == (49, 16)
        assert known.object_vectors.shape == (0, 16)
        assert not known.grid.any()


def test_new_version_never_reads_old_features(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = posts(tmp_path / "images", 3)
    sweep(examples, home)
    monkeypatch.setattr(TinyGrid, "version", "tiny-grid/2")
    assert sweep(examples, home).computed == 3
    monkeypatch.undo()
    assert sweep(examples, home).computed == 0


def test_damaged_shard_is_left_out_and_its_pictures_read_again(
    tmp_path: Path, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    examples = posts(tmp_path / "images", 3)
    sweep(examples, home)
    [shard] = home.features.rglob("*.safetensors")
    shard.write_bytes(shard.read_bytes()[:-100])
    report = sweep(examples, home)
    assert (report.images, report.computed) == (3, 3)
    assert str(shard) in caplog.text


def test_cancelled_sweep_keeps_what_it_computed(tmp_path: Path, home: Home) -> None:
    examples = posts(tmp_path / "images", 6)

    def cancel(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(examples, TINY, home, cancel)
    assert sweep(examples, home).computed == 2


def test_failing_disk_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    examples = posts(tmp_path / "images", 3)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"3 pictures could not be kept .*No space left.*make room"):
        sweep(examples, home)
    assert [path for path in home.features.rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    assert sweep(examples, home).computed == 3


SWEEP = """
import os, sys, time
from pathlib import Path
from mner_core.features import extract, shards
from mner_core.catalog.profiles import profile
from mner_core.home import Home
from tests.features.pictures import post

def sync(file, really=os.fsync, calls=[]):
    calls.append(file)
    if len(calls) == 7 and sys.argv[3] == "hang":
        print("hangs in the fourth shard", flush=True)
        time.sleep(600)
    really(file)

os.fsync = sync
extract._SHARD = 8
posts = [post(path) for path in sorted(Path(sys.argv[1]).iterdir())]
print("ready", flush=True)
sys.stdin.readline()
print(extract.extract(posts, profile("tiny"), Home(Path(sys.argv[2]))).computed)
"""


def start(images: Path, home: Home, how: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SWEEP, str(images), str(home.root), how]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_sweep_killed_while_writing_goes_on_where_it_saved(tmp_path: Path, home: Home) -> None:
    examples = posts(tmp_path / "images", 60)
    with start(tmp_path / "images", home, "hang") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        assert [process.stdout.readline() for _ in range(2)] == ["ready\n", "hangs in the fourth shard\n"]
        process.send_signal(signal.SIGKILL)
    store = FeatureStore(TINY, home)
    assert len(store.shards) == 24
    assert len(list(store.shards.folder.glob(".*.partial"))) == 1
    report = sweep(examples, home)
    assert (report.images, report.computed) == (60, 36)
    fresh = FeatureStore(TINY, Home(tmp_path / "fresh"))
    assert all(same(store.features(example), fresh.features(example)) for example in examples)


@pytest.mark.slow
def test_two_sweeps_at_once_share_the_work(tmp_path: Path, home: Home) -> None:
    examples = posts(tmp_path / "images", 400)
    both = [start(tmp_path / "images", home) for _ in range(2)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    computed = [int(process.communicate()[0]) for process in both]
    assert 400 <= sum(computed) < 800
    assert sweep(examples, home).computed == 0
    store, fresh = FeatureStore(TINY, home), FeatureStore(TINY, Home(tmp_path / "fresh"))
    assert all(same(store.features(example), fresh.features(example)) for example in examples)


def test_two_processes_have_two_orders(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FeatureStore(TINY, home)
    pictures = {store.key(example): [example] for example in posts(tmp_path / "images", 20)}
    orders = []
    for process in (1, 2):
        monkeypatch.setattr(os, "getpid", lambda process=process: process)
        orders.append(_order(pictures, store))
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(pictures)


def test_abandoned_temporary_files_are_removed_and_fresh_ones_left(tmp_path: Path, home: Home) -> None:
    examples = posts(tmp_path / "images", 1)
    sweep(examples, home)
    folder = FeatureStore(TINY, home).shards.folder
    for name, age in ((".old.tmp", 3600), (".new.tmp", 0)):
        (folder / name).write_bytes(b"half a shard")
        os.utime(folder / name, (time.time() - age,) * 2)
    assert sweep(examples, home).computed == 0
    assert [path.name for path in folder.glob(".*")] == [".new.tmp"]
