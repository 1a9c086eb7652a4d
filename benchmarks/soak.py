"""`make soak`: people save while many posts are imported and the worker is killed. Bounded, seeded, in its own home.

Printed: how many saves were acknowledged and refused, how long they took, and whether the posts are there once each.
"""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.drawn_posts import draw_post
from db.annotations import newest, save
from db.character_spans import Mark
from db.connection import StoreError
from db.engine import Store, open_store
from db.imports import About, import_examples
from db.jobs import Job, enqueue, job
from db.posts import dataset, post_ids
from db.workers import is_running
from mner_core.data.tokenize import tokenize
from mner_core.home import Home
from mner_core.types import Example

ROOT = Path(__file__).parents[1]
OPEN_POSTS = 50
"""Posts that each person goes through, again and again."""


@dataclass(frozen=True)
class Figures:
    """What was measured. Seconds of a save: the median, the 99th percentile, the longest.

    `silent` counts the looks, two a second, at which a screen would have said that no worker runs.
    """

    posts: int
    imported: int
    seconds: float
    kills: int
    tries: int
    saves: int
    refused: int
    median: float
    p99: float
    longest: float
    silent: int


def soak(root: Path, posts: int, people: int, pause: float, kills: int, seed: int) -> Figures:
    """Imports JSONL posts by a worker that is killed `kills` times, while people save every `pause` seconds."""
    store = open_store(Home(root / "home"))
    rng = random.Random(seed)
    folder = write_posts(store.home.root / "uploads" / "soak", posts, rng)
    _open_posts(store, people)
    with _people(store, people, pause, root) as said:
        queued = enqueue(store, "import", {"folder": str(folder), "name": "soak", "remove": True}, author="soak")
        begin = time.monotonic()
        silent = _follow(store, queued, kills, rng)
        seconds = time.monotonic() - begin
    times = [float(line) for file in said for line in file.read_text().split() if line != "refused"]
    refused = sum(file.read_text().split().count("refused") for file in said)
    ended = job(store, queued.id)
    imported = dataset(store, "soak").posts if ended.status == "done" else 0
    store.close()
    return Figures(
        posts=posts, imported=imported, seconds=round(seconds, 1), kills=kills, tries=ended.tries,
        saves=len(times), refused=refused, median=round(statistics.median(times), 4),
        p99=round(statistics.quantiles(times, n=100, method="inclusive")[98], 4), longest=round(max(times), 4),
        silent=silent,
    )  # fmt: skip


def _follow(store: Store, queued: Job, kills: int, rng: random.Random) -> int:
    """Keeps a worker alive until the job has ended, and kills it where `rng` says; returns how often it was silent."""
    silent, worker = 0, _worker(store)
    until = time.monotonic() + 3600
    due = sorted(rng.uniform(0.1, 0.9) for _ in range(kills))
    while (now := job(store, queued.id)).status in {"queued", "running"}:
        assert time.monotonic() < until, "the import did not end within an hour"
        if due and now.status == "running" and now.progress >= 0.4 + 0.6 * due[0]:
            due.pop(0)
            worker.kill()
            worker.wait()
            worker = _worker(store)
        silent += not is_running(store)
        time.sleep(0.5)
    worker.send_signal(signal.SIGTERM)
    worker.wait(30)
    return silent


def _worker(store: Store) -> "subprocess.Popen[bytes]":
    """A worker that has begun: starting is not what is measured."""
    few = {"MNER_HOME": str(store.home.root), "MNER_DEMO": "0", "MNER_SERVING": "0", "MNER_DEVICES": "cpu"}
    worker = subprocess.Popen([sys.executable, "-m", "worker"], cwd=ROOT, env={**os.environ, **few})
    while not is_running(store):
        time.sleep(0.05)
    return worker


def write_posts(folder: Path, number: int, rng: random.Random) -> Path:
    """Writes so many drawn posts as JSON lines into a new folder, which is returned."""
    folder.mkdir(parents=True)
    with (folder / "train.jsonl").open("w", encoding="utf-8") as file:
        for place in range(number):
            file.write(json.dumps({"id": f"p{place}", **_post(rng)}) + "\n")
    return folder


def _post(rng: random.Random) -> dict[str, object]:
    """A drawn post in a reader's own layout."""
    post = draw_post(rng)
    return {"text": post.text, "spans": [dict(zip(("start", "end", "label"), mark, strict=True)) for mark in post.gold]}


def _open_posts(store: Store, people: int) -> None:
    text = "Ann met Bob in Rome"
    posts = [Example(id=str(n), text=text, tokens=tokenize(text), spans=None) for n in range(people * OPEN_POSTS)]
    import_examples(store, "open", posts, About(labels=("NAME",)))


@contextmanager
def _people(store: Store, number: int, pause: float, root: Path) -> Iterator[list[Path]]:
    """Runs those who save, from before the block until after it; yields the files in which they say how it went."""
    files, stop = [root / f"person-{place}" for place in range(number)], root / "stop"
    running = []
    for place, file in enumerate(files):
        command = [sys.executable, "-m", "benchmarks.soak", "--save", str(store.home.root), str(place), str(pause)]
        with file.open("w") as out:
            running.append(subprocess.Popen([*command, str(stop)], cwd=ROOT, stdout=out))
    while not all(file.stat().st_size for file in files):
        time.sleep(0.05)
    yield files
    stop.touch()
    for each in running:
        if each.wait(60):
            raise RuntimeError("somebody who saved has died")


def save_on(home: str, person: str, pause: str, stop: str) -> None:
    """One person: saves a label every `pause` seconds until there is a file `stop`; prints the seconds of each save."""
    store, place = open_store(Home(Path(home))), int(person)
    mine = list(post_ids(store, "open").values())[place * OPEN_POSTS : (place + 1) * OPEN_POSTS]
    number = 0
    while not Path(stop).exists():
        post = mine[number % len(mine)]
        begin = time.monotonic()
        try:
            seen = newest(store, post)
            marks = [Mark(start=0, end=3 if number % 2 else 7, label="NAME")]
            save(store, post, "gold", base=seen.number if seen else 0, marks=marks, author=f"person {place}")
        except StoreError:
            print("refused", flush=True)
        else:
            print(f"{time.monotonic() - begin:.4f}", flush=True)
        number += 1
        time.sleep(max(0.0, begin + float(pause) - time.monotonic()))


def main(arguments: Sequence[str]) -> None:
    """Reads the options, soaks, prints the figures."""
    if arguments[:1] == ["--save"]:
        save_on(*arguments[1:])
        return
    options = argparse.ArgumentParser(prog="make soak")
    options.add_argument("--posts", type=int, default=100_000)
    options.add_argument("--people", type=int, default=5)
    options.add_argument("--kills", type=int, default=0, help="how often the worker is killed during the import")
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        figures = soak(Path(folder), chosen.posts, chosen.people, 1.0, chosen.kills, chosen.seed)
    print(json.dumps(asdict(figures)))


if __name__ == "__main__":
    main(sys.argv[1:])
