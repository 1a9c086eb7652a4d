"""The sweep and the store, on the tiny profile."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mner_core.features import shards as shards_module
from mner_core.features.extract import ExtractionReport, extract
from mner_core.features.extractor import Extractor
from mner_core.features.image import ImageFeatures
from mner_core.features.profiles import profile
from mner_core.features.store import FeatureStore
from mner_core.features.tiny import TinyGrid
from mner_core.home import Home
from mner_core.types import Example, ImageObject, InputError
from tests.features.pictures import draw, post, posts

TINY = profile("tiny")
HAT = ImageObject("hat", (0.1, 0.2, 0.6, 0.9), 0.8)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Image.Image]:
    """All pictures that an extractor is given from now on."""
    given: list[Image.Image] = []
    describe = Extractor.describe

    def counted(self: Extractor, picture: Image.Image, objects: Any = None) -> ImageFeatures:
        given.append(picture)
        return describe(self, picture, objects)

    monkeypatch.setattr(Extractor, "describe", counted)
    return given


def sweep(examples: Sequence[Example], home: Home) -> ExtractionReport:
    return extract(examples, TINY, home)


def same(one: ImageFeatures, other: ImageFeatures) -> bool:
    return (
        (one.image_ok, one.objects, one.attributes, one.caption)
        == (other.image_ok, other.objects, other.attributes, other.caption)
        and np.array_equal(one.grid, other.grid)
        and np.array_equal(one.object_vectors, other.object_vectors)
    )


def test_cached_features_are_the_computed_ones(tmp_path: Path, home: Home) -> None:
    examples = posts(tmp_path / "images", 12)
    examples.append(post(examples[3].image, objects=(HAT, HAT)))
    examples.append(post(examples[4].image, objects=()))
    report = sweep(examples, home)
    assert (report.images, report.computed, report.broken) == (12, 14, [])
    store = FeatureStore(TINY, home)
    for example in examples:
        assert example.image is not None
        known = store.features(example)
        assert same(known, store.features_of(example.image, example.objects))
        assert known.grid.shape == (49, 16)
        assert known.grid.dtype == known.object_vectors.dtype == np.float16
        assert known.object_vectors.shape == (len(known.objects), 16)


def test_all_pictures_differ(tmp_path: Path, home: Home) -> None:
    examples = posts(tmp_path / "images", 40)
    store = FeatureStore(TINY, home)
    assert len({store.features(example).grid.tobytes() for example in examples}) == 40


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


def test_changed_file_of_the_same_name_is_looked_at_again(tmp_path: Path, home: Home) -> None:
    example = post(draw(tmp_path / "a.png", 1))
    store = FeatureStore(TINY, home)
    before = store.features(example)
    draw(tmp_path / "a.png", 2)
    os.utime(tmp_path / "a.png", ns=(1, 1))  # even where the clock's steps are too coarse to show it
    after = store.features(example)
    assert not same(before, after)
    assert same(after, store.features_of(tmp_path / "a.png"))


def test_objects_from_the_data_replace_the_detector(tmp_path: Path, home: Home) -> None:
    path = draw(tmp_path / "a.png", 3)
    store = FeatureStore(TINY, home)
    own, given, none = (store.features(post(path, objects)) for objects in (None, (HAT,), ()))
    assert [thing.label for thing in own.objects] == ["thing"]
    assert given.objects == (HAT,)
    assert given.caption.startswith("a picture of a hat")
    assert none.objects == ()
    assert none.object_vectors.shape == (0, 16)
    part = Image.open(path).crop((6, 9, 41, 44))  # floor and ceil of the box on 67 x 48 pixels
    assert np.array_equal(given.object_vectors[0], TinyGrid().look([part])[1][0].astype(np.float16))
    renamed = store.features(post(path, (ImageObject("cap", HAT.box, HAT.score),)))
    assert renamed.objects[0].label == "cap"


@pytest.mark.parametrize(
    "box", [(0.5, 0.5, 0.5, 0.5), (0.9, 0.9, 0.1, 0.1), (1.0, 1.0, 1.0, 1.0), (-3.0, 0.0, 9.0, 0.0)]
)
def test_box_without_area_is_one_pixel_at_least(tmp_path: Path, home: Home, box: Any) -> None:
    known = FeatureStore(TINY, home).features(post(draw(tmp_path / "a.png", 3), (ImageObject("dot", box),)))
    assert np.isfinite(known.object_vectors).all()


def test_caption_from_the_data_wins_even_if_empty(tmp_path: Path, home: Home) -> None:
    path = draw(tmp_path / "a.png", 3)
    store = FeatureStore(TINY, home)
    assert store.features(post(path)).caption.startswith("a picture of a thing")
    assert store.features(post(path, caption="Kim at a game")).caption == "Kim at a game"
    assert store.features(post(path, caption="")).caption == ""
    assert store.features(post(None, caption="no picture")).caption == "no picture"


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


def test_picture_live_from_path_bytes_and_image(tmp_path: Path, home: Home) -> None:
    path = draw(tmp_path / "a.png", 5)
    store = FeatureStore(TINY, home)
    of_path = store.features_of(path, (HAT,))
    assert same(of_path, store.features_of(path.read_bytes(), (HAT,)))
    with Image.open(path) as image:
        assert same(of_path, store.features_of(image, (HAT,)))
    assert not home.features.exists()
    with pytest.raises(InputError, match="not a picture"):
        store.features_of(b"no picture at all")


def test_new_version_never_reads_old_features(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = posts(tmp_path / "images", 3)
    sweep(examples, home)
    monkeypatch.setattr(TinyGrid, "version", "tiny-grid/2")
    assert sweep(examples, home).computed == 3
    monkeypatch.undo()
    assert sweep(examples, home).computed == 0


def test_kept_features_by_digest(tmp_path: Path, home: Home) -> None:
    examples = [*posts(tmp_path / "images", 2), post(draw(tmp_path / "given.png", 9), (HAT,))]
    store = FeatureStore(TINY, home)
    sweep(examples, home)  # through another store: this one learns of it when asked
    for example in examples:
        kept = store.of_picture(store.key(example).partition("-")[0])
        assert kept is not None
        assert same(kept, store.features(example))
    assert store.of_picture("0" * 64) is None


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
    monkeypatch.setattr(shards_module.os, "fsync", full)
    with pytest.raises(InputError, match=r"3 pictures could not be written .*No space left.*make room"):
        sweep(examples, home)
    assert [path for path in home.features.rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    assert sweep(examples, home).computed == 3


SWEEP = """
import sys
from pathlib import Path
from mner_core.features import extract
from mner_core.features.profiles import profile
from mner_core.home import Home
from tests.features.pictures import post

extract._SHARD = 8
images = sorted(Path(sys.argv[1]).iterdir())
say = lambda done, total: print(done, flush=True)
report = extract.extract([post(path) for path in images], profile("tiny"), Home(Path(sys.argv[2])), say)
print("computed", report.computed)
"""


def start(images: Path, home: Home) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SWEEP, str(images), str(home.root)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_killed_sweep_goes_on_where_it_saved(tmp_path: Path, home: Home) -> None:
    examples = posts(tmp_path / "images", 400)
    process = start(tmp_path / "images", home)
    assert process.stdout is not None
    while int(process.stdout.readline()) < 100:
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate()
    saved = len(FeatureStore(TINY, home).shards)
    assert 90 <= saved < 400
    report = sweep(examples, home)
    assert (report.images, report.computed) == (400, 400 - saved)
    store, fresh = FeatureStore(TINY, home), FeatureStore(TINY, Home(tmp_path / "fresh"))
    assert all(same(store.features(example), fresh.features(example)) for example in examples)


@pytest.mark.slow
def test_two_sweeps_at_once_share_the_work(tmp_path: Path, home: Home) -> None:
    examples = posts(tmp_path / "images", 400)
    both = [start(tmp_path / "images", home) for _ in range(2)]
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    computed = [int(output.rsplit(None, 1)[1]) for output in said]
    assert 400 <= sum(computed) < 700
    assert sweep(examples, home).computed == 0
    store, fresh = FeatureStore(TINY, home), FeatureStore(TINY, Home(tmp_path / "fresh"))
    assert all(same(store.features(example), fresh.features(example)) for example in examples)


def test_abandoned_temporary_files_are_removed_and_fresh_ones_left(tmp_path: Path, home: Home) -> None:
    examples = posts(tmp_path / "images", 1)
    sweep(examples, home)
    folder = FeatureStore(TINY, home).shards.folder
    for name, age in ((".old.tmp", 3600), (".new.tmp", 0)):
        (folder / name).write_bytes(b"half a shard")
        os.utime(folder / name, (time.time() - age,) * 2)
    assert sweep(examples, home).computed == 0
    assert [path.name for path in folder.glob(".*")] == [".new.tmp"]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc to see what is mapped")
def test_features_are_mapped_not_loaded(tmp_path: Path, home: Home) -> None:
    sweep(posts(tmp_path / "images", 2), home)
    store = FeatureStore(TINY, home)
    [shard] = home.features.rglob("*.safetensors")
    assert len(store.shards) == 2
    assert str(shard) in Path("/proc/self/maps").read_text()
