"""A store as large as wanted, built through the store's own functions, kept in a folder and built once.

    python -m benchmarks.big_store FOLDER [--posts 40000] [--trained]

Half of the posts are train, 40% valid, 10% test. Three of five name a picture out of half as many, a hundredth of which
are not there. Twenty brought runs of F1 60 to 80 have read valid and test; one post of fifty has corrected gold. With
`--trained` a tiny model is trained and reads valid, too. Everything is drawn by a seed of its own, so that a killed
call goes on where it stopped and makes the same. `built.json` says what each part cost, in seconds.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from sqlalchemy import func, select

from benchmarks.drawn_posts import LABELS, DrawnPost, draw_post, draw_prediction
from db.annotations import newest, save
from db.brought import import_predictions
from db.character_spans import Mark
from db.engine import Store, open_store
from db.exchange import import_folder
from db.jobs import enqueue, job
from db.posts import datasets, post_ids
from db.runs import runs
from db.tables import Revisions
from mner_core.home import Home

ROOT = Path(__file__).parents[1]
SET, TRAINED, RUNS = "Big set", "trained", 20
SPLITS = {"train": 0.5, "valid": 0.9, "test": 1.0}
"""Up to which share of the posts a split goes."""
WITH_PICTURE, POSTS_OF_A_PICTURE, MISSING = 0.6, 2, 0.01
ONE_CORRECTED_OF = 50
AUTHOR = "reader"
_READ = ("valid", "test")


@dataclass(frozen=True, slots=True)
class BigStore:
    """What is to be built, and where."""

    folder: Path
    posts: int

    @property
    def home(self) -> Home:
        """The home with the store."""
        return Home(self.folder / "home")

    def split(self, number: int) -> str:
        """The split of a post, counted from 0."""
        return next(name for name, share in SPLITS.items() if number < self.posts * share)

    def drawn(self) -> Iterator[tuple[int, str, DrawnPost]]:
        """Every post with its number and split."""
        chance = random.Random(f"posts {self.posts}")
        for number in range(self.posts):
            yield number, self.split(number), draw_post(chance)


def build(big: BigStore, is_trained: bool = False) -> dict[str, float]:
    """Builds what is not there yet; returns the seconds of each part, by the clock and of the processor."""
    big.folder.mkdir(parents=True, exist_ok=True)
    said = big.folder / "built.json"
    took: dict[str, float] = json.loads(said.read_text()) if said.exists() else {}

    def part(name: str, make: Callable[[], None]) -> None:
        if name in took:
            return
        begun, processor = time.monotonic(), time.process_time()
        make()
        took[name] = round(time.monotonic() - begun, 1)
        took[f"{name}, processor"] = round(time.process_time() - processor, 1)
        said.write_text(json.dumps(took, indent=1))
        print(f"{name}: {took[name]} s, processor {took[f'{name}, processor']} s", flush=True)

    part("files", lambda: write_files(big))
    store = open_store(big.home)
    part("import", lambda: _import(store, big))
    for run in range(RUNS):
        part(run_name(run), lambda run=run: _bring(store, big, run))  # type: ignore[misc]
    part("corrections", lambda: _correct(store, big))
    if is_trained:
        part(TRAINED, lambda: _train(store))
    store.close()
    return took


def write_files(big: BigStore) -> None:
    """The posts as JSON lines, their pictures, and a file of predictions for each run."""
    pictures = big.folder / "posts" / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    chance = random.Random("pictures")
    number_of_pictures = max(1, int(big.posts * WITH_PICTURE / POSTS_OF_A_PICTURE))
    for number in range(number_of_pictures):
        if chance.random() >= MISSING:
            colours = Image.frombytes("RGB", (4, 4), chance.randbytes(48))
            colours.resize((48, 36), Image.Resampling.BICUBIC).save(pictures / f"{number}.jpg")
    files = {split: (big.folder / "posts" / f"{split}.jsonl").open("w", encoding="utf-8") for split in SPLITS}
    said = [(big.folder / f"{run_name(run)}.jsonl").open("w", encoding="utf-8") for run in range(RUNS)]
    chances = [random.Random(f"run {run}") for run in range(RUNS)]
    for number, split, post in big.drawn():
        spans = [{"start": start, "end": end, "label": label} for start, end, label in post.gold]
        record = {"id": f"p{number}", "text": post.text, "spans": spans}
        if chance.random() < WITH_PICTURE:
            record["image"] = f"{chance.randrange(number_of_pictures)}.jpg"
        files[split].write(json.dumps(record, ensure_ascii=False) + "\n")
        if split in _READ:
            for run, file in enumerate(said):
                file.write(json.dumps(_prediction(number, split, post, run, chances[run])) + "\n")
    for file in (*files.values(), *said):
        file.close()


def _prediction(number: int, split: str, post: DrawnPost, run: int, chance: random.Random) -> dict[str, object]:
    marks = draw_prediction(post, 0.6 + 0.2 * run / (RUNS - 1), chance)
    spans = [{"start": start, "end": end, "label": label, "confidence": sure} for start, end, label, sure in marks]
    return {"id": f"p{number}", "split": split, "spans": spans}


def run_name(number: int) -> str:
    """The name of a brought run, counted from 0; the last has the best F1."""
    return f"brought {number + 1:02}"


def _import(store: Store, big: BigStore) -> None:
    if not any(each.name == SET for each in datasets(store)):
        import_folder(store, big.folder / "posts", SET)


def _bring(store: Store, big: BigStore, run: int) -> None:
    name = run_name(run)
    if name not in {each.name for each in runs(store)}:
        import_predictions(store, big.folder / f"{name}.jsonl", SET, name)
    (big.folder / f"{name}.jsonl").unlink(missing_ok=True)


def _correct(store: Store, big: BigStore) -> None:
    """One entity less, or of another type, in posts that the runs have read."""
    chance = random.Random("corrections")
    numbers = [number for (split, _), number in post_ids(store, SET).items() if split in _READ]
    with store.read() as session:
        done = session.scalar(select(func.count()).where(Revisions.author == AUTHOR)) or 0
    for post in chance.sample(numbers, max(1, big.posts // ONE_CORRECTED_OF))[done:]:
        there = newest(store, post)
        assert there, "every drawn post has gold"
        marks = list(there.marks)
        if marks and chance.random() < 0.5:
            marks.pop()
        elif marks:
            marks[0] = Mark(id=marks[0].id, start=marks[0].start, end=marks[0].end, label=chance.choice(LABELS))
        save(store, post, "gold", base=there.number, marks=marks, author=AUTHOR)


def _train(store: Store) -> None:
    """One epoch of the smallest model, by a worker of its own that then reads valid."""
    payload = {
        "dataset": SET, "model": "bert-crf", "variant": "", "settings": {"epochs": 1}, "profile": "tiny",
        "gold": "original", "seed": 0, "name": TRAINED,
    }  # fmt: skip
    waiting = enqueue(store, "train", payload, author=AUTHOR, dedupe_key=TRAINED)
    few = {"MNER_HOME": str(store.home.root), "MNER_DEMO": "0", "MNER_SERVING": "0", "MNER_DEVICES": "cpu"}
    worker = subprocess.Popen([sys.executable, "-m", "worker"], cwd=ROOT, env={**os.environ, **few})
    while (now := job(store, waiting.id)).status in {"queued", "running"}:
        time.sleep(1)
    worker.send_signal(signal.SIGTERM)
    worker.wait(60)
    assert now.status == "done", now.error


def main() -> None:
    """Reads where and how large, builds."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.big_store", description="A large store, built once.")
    options.add_argument("folder", type=Path)
    options.add_argument("--posts", type=int, default=40_000)
    options.add_argument("--trained", action="store_true", help="with a trained run, too")
    chosen = options.parse_args()
    build(BigStore(chosen.folder.resolve(), chosen.posts), chosen.trained)


if __name__ == "__main__":
    main()
