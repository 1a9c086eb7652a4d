"""What jobs ask the engine for, what their bars say, and how long they wait: each rule by itself."""

import fcntl
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from db.engine import Store
from db.exchange import import_folder
from db.gold import examples
from db.jobs import Job, enqueue
from db.posts import dataset, posts
from mner_core.catalog.systems import system
from mner_core.label_errors.search import enough_epochs
from mner_core.types import Example, InputError, Prediction
from tests.worker.test_progress_sentences import Heard
from worker.jobs import features, imports, label_errors, predict_posts, train
from worker.jobs.experiments import TABLE
from worker.jobs.experiments import _Watcher as Experiment


@pytest.fixture
def heard() -> Any:
    return Heard()


def put(store: Store, **payload: Any) -> Job:
    asked = {"dataset": "scenes", "split": "train", "model": "bert-crf", "profile": "tiny", **payload}
    return enqueue(store, "suspicious", asked, author="anna")


@pytest.mark.parametrize("split", ["train", "test"])
def test_folds_learn_from_their_split_and_may_look_at_the_others(filled: Store, split: str) -> None:
    wanted = examples(filled, "scenes", split=split)
    request = label_errors.request_of(filled, put(filled, split=split), "scenes", wanted)
    other = "test" if split == "train" else "train"
    assert [post.key for post in request.train] == [post.key for post in wanted]
    assert {post.key for post in request.dev} == {post.key for post in examples(filled, "scenes", split="valid")}
    assert {post.key for post in request.others} == {post.key for post in examples(filled, "scenes", split=other)}
    assert request.plan.labels == tuple(sorted({span.label for post in wanted for span in post.spans or ()}))
    assert (request.plan.system.name, request.plan.variant, request.plan.profile.name) == ("bert-crf", "", "tiny")
    settings = system("bert-crf").resolve("tiny")
    assert request.plan.settings == replace(settings, epochs=enough_epochs(len(wanted), 5, settings.batch))
    assert (request.data, request.seed, request.graph) == ("scenes", 0, None)


def test_posts_of_valid_that_nobody_has_labelled_measure_nothing(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = [replace(post, spans=None) if post.split == "valid" else post for post in examples(filled, "scenes")]
    monkeypatch.setattr(label_errors, "examples", lambda *asked: raw)
    wanted = [post for post in raw if post.split == "train"]
    request = label_errors.request_of(filled, put(filled), "scenes", wanted)
    assert request.dev == []
    assert {post.split for post in request.others} == {"test"}


def test_without_a_labelled_span_there_is_nothing_to_learn(filled: Store) -> None:
    bare = [replace(post, spans=()) for post in examples(filled, "scenes", split="train")]
    with pytest.raises(InputError, match="No post of scenes has a labelled span"):
        label_errors.request_of(filled, put(filled), "scenes", bare)


def test_one_bar_over_all_folds(heard: Any) -> None:
    bar = label_errors.Bar(heard)
    for fold in range(1, 6):
        bar.progress(f"fold {fold} of 5, features", 3, 4)
        bar.progress(f"fold {fold} of 5, training", 1, 4)
        bar.progress(f"fold {fold} of 5, training", 4, 4)
    assert [share for share, _ in heard.bar] == pytest.approx(
        [number / 20 for fold in range(5) for number in (4 * fold, 4 * fold + 1, 4 * fold + 4)]
    )
    assert heard.bar[1][1] == "fold 1 of 5, training"
    bar.progress("ranking", 0, 0)
    assert heard.bar[-1][0] == 1.0, "never beyond the whole"


@pytest.mark.parametrize(
    ("what", "done", "total", "share"),
    [
        ("run 3: training", 1, 4, 2.25 / 8),
        ("run 3: training", 0, 0, 2 / 8),
        ("run 3: features", 3, 4, 2 / 8),
        ("run 3: training", 4, 4, 3 / 8),
    ],
)
def test_one_bar_over_all_runs_of_a_table(heard: Any, what: str, done: int, total: int, share: float) -> None:
    watcher = Experiment(heard)
    watcher.progress("reading", 1, 2)
    assert heard.bar == [(0.0, "reading")], "how many runs are missing is not known yet"
    watcher.ran(2, 8)
    watcher.progress(what, done, total)
    assert heard.bar[-1] == (pytest.approx(TABLE * share), what)
    watcher.ran(8, 8)
    watcher.progress("run 9: training", 1, 1)
    assert heard.bar[-1][0] == TABLE


class Clock:
    """Sleeping takes no time but counts."""

    def __init__(self) -> None:
        self.now = 50.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(train, "time", found)
    return found


@pytest.mark.parametrize("there", [True, False])
def test_where_nobody_trains_nobody_waits(tmp_path: Path, clock: Clock, heard: Any, there: bool) -> None:
    lock = tmp_path / "lock"
    if there:
        lock.touch()
    train._wait_for(lock, heard)
    assert (clock.now, heard.bar) == (50.0, [])
    assert lock.exists() == there


def test_another_training_into_the_folder_is_waited_for_a_minute(tmp_path: Path, clock: Clock, heard: Any) -> None:
    lock = tmp_path / "lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        train._wait_for(lock, heard)
    assert clock.now == 50.0 + 60.0
    assert set(heard.bar) == {(0.0, "waiting until an earlier attempt has ended")}
    assert len(heard.bar) == 120


def test_what_was_begun_with_the_same_request_is_gone_on_with(tmp_path: Path, heard: Any) -> None:
    request: Any = SimpleNamespace(identity=lambda: {"labels": ("A", "B")})
    folder = tmp_path / "run"
    folder.mkdir()
    train._make_way(folder, request, heard)
    (folder / "request.json").write_text('{"labels": ["A", "B"]}')
    train._make_way(folder, request, heard)
    assert folder.is_dir()
    assert heard.events == []
    (folder / "request.json").write_text('{"labels": ["A"]}')
    train._make_way(folder, request, heard)
    assert not folder.exists()
    assert [kind for kind, _ in heard.events] == ["note"]


@pytest.mark.parametrize("split", ["valid", None])
def test_every_post_is_read_once_in_parts_and_the_bar_says_how_many(
    filled: Store, monkeypatch: pytest.MonkeyPatch, heard: Any, split: str | None
) -> None:
    kept: list[int] = []
    parts: list[int] = []

    def say(asked: list[Example], evidence: bool) -> list[Prediction]:
        assert evidence
        parts.append(len(asked))
        return [Prediction(spans=(), confidences=(), confidence_source="crf") for _ in asked]

    monkeypatch.setattr(predict_posts, "CHUNK", 5)
    monkeypatch.setattr(predict_posts, "record", lambda store, run, said: kept.extend(each.post for each in said))
    run: Any = SimpleNamespace(folder=Path("first"), predict_posts=say)
    wanted = [post.id for post in posts(filled, "scenes", split)]
    assert predict_posts.look(filled, run, "scenes", split, heard, 0.2, 0.6) == len(wanted)
    assert kept == wanted
    read = [min(5 * number, len(wanted)) for number in range(1, -(-len(wanted) // 5) + 1)]
    assert parts == [done - before for done, before in zip(read, [0, *read], strict=False)]
    called = "valid posts" if split else "posts"
    assert [said for _, said in heard.bar] == [f"reading {called}: {done} of {len(wanted)}" for done in read]
    assert [share for share, _ in heard.bar] == pytest.approx([0.2 + 0.4 * done / len(wanted) for done in read])


def training(store: Store, dataset: str, **more: Any) -> Any:
    payload = {"dataset": dataset, "model": "bert-crf", "profile": "tiny", "gold": "original", **more}
    return train._request(store, enqueue(store, "train", payload, author="anna"))


def test_a_training_learns_from_train_is_measured_on_valid_and_reads_test(filled: Store) -> None:
    request = training(filled, "scenes", seed="7")
    assert {post.split for post in request.train} == {"train"}
    assert {post.split for post in request.dev} == {"valid"}
    assert {post.split for post in request.others} == {"test"}
    parts = (request.train, request.dev, request.others)
    assert sum(map(len, parts)) == len(examples(filled, "scenes"))
    assert (request.seed, request.start, request.graph, request.left_out) == (7, None, None, 0)
    assert request.plan.labels == dataset(filled, "scenes").labels
    assert training(filled, "scenes").seed == 0


def test_without_types_of_entities_nothing_can_be_trained(store: Store, tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "train.jsonl").write_text('{"id": "1", "text": "so it goes", "spans": null}\n')
    import_folder(store, tmp_path / "raw", "raw")
    with pytest.raises(InputError, match="The data set raw has no types of entities"):
        training(store, "raw")


def test_a_part_has_32_posts() -> None:
    assert predict_posts.CHUNK == 32


def broken_set(folder: Path, number: int) -> Path:
    """Posts of which all pictures but one are no pictures."""
    (folder / "images").mkdir(parents=True)
    lines = []
    for place in range(number + 1):
        name = f"{place:03}.jpg"
        (folder / "images" / name).write_bytes(b"no picture %d" % place)
        lines.append(f"IMGID:{name.removesuffix('.jpg')}\nRome\tB-LOC\n\n")
    Image.new("RGB", (8, 8)).save(folder / "images" / "000.jpg")
    (folder / "train.txt").write_text("".join(lines))
    return folder


def test_pictures_are_counted_and_the_first_broken_ones_are_named(store: Store, tmp_path: Path, heard: Any) -> None:
    import_folder(store, broken_set(tmp_path / "set", 4), "set")
    queued = enqueue(store, "features", {"dataset": "set", "profile": "tiny", "note": "So."}, author="anna")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(features, "SHOWN", 3)
        done = features.run(store, queued, heard)
    assert (done["images"], done["computed"], done["broken_images"]) == (1, 1, 4)
    assert [each["image"] for each in done["broken"]] == ["001", "002", "003"]
    assert all(each["detail"].endswith(".") for each in done["broken"])
    assert heard.events == [("note", {"message": "So."})]
    assert heard.bar[-1][0] == 1.0
    again = features.run(store, enqueue(store, "features", {"dataset": "set", "profile": "tiny"}, author="b"), heard)
    assert (again["images"], again["computed"], again["broken_images"]) == (1, 0, 4)
    assert len(heard.events) == 1, "no note, none said"
    assert features.SHOWN == 100


def test_an_import_says_how_many_posts_are_in_and_what_it_left_out(store: Store, tmp_path: Path, heard: Any) -> None:
    folder = broken_set(tmp_path / "set", 2)
    (folder / "notes.xyz").write_text("nobody reads this")
    payload = {"folder": str(folder), "name": "mine", "labels": {"LOC": "PLACE"}}
    done = imports.run(store, enqueue(store, "import", payload, author="anna"), heard)
    assert (done["dataset"], done["added"], done["updated"], done["unchanged"]) == ("mine", 3, 0, 0)
    assert sum(done["defects"].values()) >= 2
    assert {span.label for post in examples(store, "mine") for span in post.spans or ()} == {"PLACE"}
    assert heard.bar[:2] == [(0.1, "reading posts and pictures"), (0.4, "0 of 3 posts")]
    again = imports.run(store, enqueue(store, "import", payload, author="anna"), heard)
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 3)


def test_an_import_fills_the_bar_from_two_fifths_to_the_whole(
    store: Store, heard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*asked: Any, progress: Any) -> Any:
        for done, total in ((0, 2000), (1000, 2000), (2000, 2000), (0, 0)):
            progress(done, total)
        return SimpleNamespace(dataset="x", added=2000, updated=0, unchanged=0, defects=[], left_out=["a.xyz"])

    monkeypatch.setattr(imports, "import_folder", slowly)
    done = imports.run(store, enqueue(store, "import", {"folder": "x"}, author="anna"), heard)
    assert [share for share, _ in heard.bar] == pytest.approx([0.1, 0.4, 0.7, 1.0, 0.4])
    assert [said for _, said in heard.bar[1:3]] == ["0 of 2,000 posts", "1,000 of 2,000 posts"]
    assert done["left_out"] == ["a.xyz"]


@pytest.mark.parametrize("payload", [{}, {"folder": ""}, {"folder": None}])
def test_an_import_of_nothing_is_refused(store: Store, heard: Any, payload: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="The import names no folder"):
        imports.run(store, enqueue(store, "import", payload, author="anna"), heard)


@pytest.mark.parametrize(("demo", "said"), [("scenes", "drawing pictures"), ("photos", "copying photographs")])
def test_a_demonstration_is_drawn_or_copied_and_nothing_is_left_beside_the_store(
    store: Store, heard: Any, demo: str, said: str
) -> None:
    payload = {"demo": demo, "size": 20, "seed": 1, "name": "shown"}
    done = imports.run(store, enqueue(store, "import", payload, author="anna"), heard)
    assert done["dataset"] == "shown"
    assert done["added"] > 0
    if demo == "scenes":
        assert done["added"] == 20
    assert heard.bar[0] == (0.05, said)
    assert list(store.home.root.glob(".demo-*")) == []
