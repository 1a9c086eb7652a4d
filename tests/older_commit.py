"""What an older commit made still opens, and gives the same to the last digit: made there, compared here.

    python -m tests.older_commit make CHECKOUT FOLDER    with the code of CHECKOUT, a worktree of e2f1c39
    python -m tests.older_commit compare FOLDER          with the code that stands here

`make` draws scenes, trains a run of each system, predicts and scores with them, and fills a store: imported posts,
revisions on two tracks, jobs that were done, wait and were cancelled, a run with its predictions and scores. `compare`
copies that home, repeats every prediction and score (of the compact run once from the old features and once from new
ones), brings the store up to date and looks for every old row and every old value in it. It says what differs, and
ends with 1 when something does. Nothing that `make` wrote is changed, so it can be compared again and again.
"""

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1]
SYSTEMS = ("bert-crf", "rgcn", "umgf", "gei", "hamlearning", "iaik")
COMPACT = "compact-rgcn"
STORE = "mner.db"
SENTENCE = "Ann met Bob in Paris"
PATIENCE = 600.0
"""Seconds for the older worker to do its jobs."""

FILL_STORE = """
import sys
from db.annotations import newest, save
from db.engine import open_store
from db.exchange import import_folder
from db.jobs import cancel, enqueue
from db.marks import Mark
from db.posts import post_ids
from mner_core.home import Home
from pathlib import Path
store = open_store(Home.from_environment())
if sys.argv[1] == "before":
    for (split, name), post in sorted(post_ids(store, "Old scenes").items())[:6]:
        gold = newest(store, post)
        first = save(store, post, "ann", base=0, marks=gold.marks[:1], author="ann", status="draft")
        save(store, post, "ann", base=first.number, marks=(), author="ann")
        save(store, post, "gold", base=gold.number, marks=gold.marks[1:], author="bob")
    train = {"dataset": "Old scenes", "model": "bert-crf", "variant": "", "settings": {"epochs": 30},
             "profile": "tiny", "gold": "current", "seed": 1, "name": "stored"}
    enqueue(store, "train", train, author="ann")
    enqueue(store, "suspicious", {"dataset": "Old scenes", "gold": "current", "split": "train", "model": "bert-crf",
                                  "profile": "tiny"}, author="ann")
else:
    cancel(store, enqueue(store, "features", {"dataset": "Old scenes", "profile": "tiny"}, author="bob").id)
    enqueue(store, "predict", {"run": "stored", "dataset": "Old scenes", "split": "test"}, author="bob")
"""
"""Fills the store in the words of e2f1c39."""


@dataclass(frozen=True)
class Code:
    """One checkout's commands, on one home."""

    checkout: Path
    home: Path

    def __call__(self, *arguments: str) -> dict[str, Any]:
        """Runs `python -m ...` there and returns the JSON object of its last line."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.checkout, env=self.environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{' '.join(arguments)[:200]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        lines = done.stdout.splitlines()
        answer: dict[str, Any] = json.loads(lines[-1]) if "--json" in arguments else {}
        return answer

    @property
    def environment(self) -> dict[str, str]:
        """One thread, so that sums are made in one order; no demonstration sets."""
        return {**os.environ, "MNER_HOME": str(self.home), "MNER_DEMO": "0", "OMP_NUM_THREADS": "1"}


def make(checkout: Path, folder: Path) -> None:
    """Fills `folder` with what the code of `checkout` makes; a run that is there already is kept.

    Raises:
        SystemExit: a command failed there, or a run predicts nothing: equal silence would show nothing.
    """
    folder = folder.resolve()
    old = Code(checkout.resolve(), folder / "home")
    for name, size, seed in (("scenes", "120", "3"), ("few", "60", "4")):
        if not (folder / name).exists():
            old("-m", "mner_core", "scenes", str(folder / name), "--size", size, "--seed", seed, "--json")
    for run in (*SYSTEMS, COMPACT):
        _train(old, folder, run)
    answers(old, folder, folder / "then")
    for name in (*SYSTEMS, COMPACT):
        if not json.loads((folder / f"then/{name}.predicted.json").read_text())["spans"]:
            raise SystemExit(f"The run {name} predicts nothing, so it shows nothing: train it longer.")
    for half_filled in old.home.glob(f"{STORE}*"):
        half_filled.unlink()
    shutil.rmtree(folder / "then/export", ignore_errors=True)
    old("-m", "db", "import", str(folder / "scenes"), "--name", "Old scenes", "--json")
    old("-c", FILL_STORE, "before")
    _work(old)
    old("-c", FILL_STORE, "after")
    old("-m", "db", "export", str(folder / "then/export"), "--dataset", "Old scenes", "--json")
    (folder / "made.json").write_text(json.dumps({"tables": rows(old.home / STORE)}))


def _train(old: Code, folder: Path, run: str) -> None:
    if (folder / "runs" / run).exists():
        return
    model, data, profile, epochs = (run, "scenes", "tiny", "40")
    if run == COMPACT:
        model, data, profile, epochs = ("rgcn", "few", "compact", "4")
    where = ["--data", str(folder / data), "--out", str(folder / "runs" / run)]
    old("-m", "mner_core", "train", "--model", model, *where, "--profile", profile, "--epochs", epochs, "--json")


def answers(code: Code, folder: Path, out: Path) -> None:
    """What each run says: predictions of a file, one sentence with its evidence, scores with own and other pictures."""
    out.mkdir(parents=True, exist_ok=True)
    for run in sorted((folder / "runs").iterdir()):
        data = folder / ("few" if run.name == COMPACT else "scenes")
        picture = sorted((data / "images").iterdir())[0]
        asked = {
            "predicted": ["predict", "--data", str(data / "test.jsonl"), "--out", str(out / f"{run.name}.jsonl")],
            "sentence": ["predict", "--text", SENTENCE, "--image", str(picture)],
            "scores": ["evaluate", "--data", str(data / "test.jsonl"), "--details"],
            "swapped": ["evaluate", "--data", str(data / "test.jsonl"), "--images", "swapped"],
        }
        for name, (command, *rest) in asked.items():
            said = out / f"{run.name}.{name}.json"
            if not said.exists():
                answer = code("-m", "mner_core", command, "--run", str(run), *rest, "--json")
                answer.pop("file", None)
                said.write_text(json.dumps(answer))


def compare(folder: Path) -> list[str]:
    """A sentence for each thing that differs today."""
    folder = folder.resolve()
    shutil.rmtree(folder / "now", ignore_errors=True)
    now = Code(HERE, folder / "now/home")
    shutil.copytree(folder / "home", now.home)
    found = []
    answers(now, folder, folder / "now/kept-features")
    found += list(_answers_differ(folder / "then", folder / "now/kept-features", "with the features of then"))
    shutil.rmtree(now.home / "features")
    for data, profile in (("scenes", "tiny"), ("few", "compact")):  # the pictures of neighbours, too
        now("-m", "mner_core", "features", str(folder / data), "--profile", profile, "--json")
    answers(now, folder, folder / "now/new-features")
    found += list(_answers_differ(folder / "then", folder / "now/new-features", "with new features"))
    now("-m", "db", "migrate", "--json")
    found += list(_rows_differ(json.loads((folder / "made.json").read_text())["tables"], rows(now.home / STORE)))
    now("-m", "db", "export", str(folder / "now/export"), "--dataset", "Old scenes", "--json")
    found += list(_exports_differ(folder / "then/export", folder / "now/export"))
    return found


def rows(store: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of a SQLite store, as the file has it."""
    with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        names = connection.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
        return {
            name: [dict(row) for row in connection.execute(f'select * from "{name}"')]
            for (name,) in names.fetchall()
            if name != "alembic_version"
        }


def _work(old: Code) -> None:
    """Lets the older worker do what is in the queue."""
    worker = subprocess.Popen([sys.executable, "-m", "worker"], cwd=old.checkout, env=old.environment)
    try:
        until = time.monotonic() + PATIENCE
        while waiting := [job for job in rows(old.home / STORE)["jobs"] if job["status"] in {"queued", "running"}]:
            if time.monotonic() > until or worker.poll() is not None:
                raise SystemExit(f"The older worker left {len(waiting)} jobs undone.")
            time.sleep(1)
    finally:
        worker.terminate()
        worker.wait()
    failed = [job["error"] for job in rows(old.home / STORE)["jobs"] if job["status"] != "done"]
    if failed:
        raise SystemExit(f"A job of the older worker failed: {failed[0]}")


def _answers_differ(then: Path, now: Path, how: str) -> Iterator[str]:
    for file in sorted(then.glob("*.json*")):
        if file.suffix == ".jsonl":
            one, other = (_lines(each / file.name) for each in (then, now))
        else:
            one, other = (json.loads((each / file.name).read_text()) for each in (then, now))
        yield from (f"{file.name}, {how}: {said}" for said in differences(one, other))


def _exports_differ(then: Path, now: Path) -> Iterator[str]:
    for file in sorted(path.relative_to(then) for path in then.rglob("*") if path.is_file()):
        if not (now / file).exists():
            yield f"export: {file} is not written any more"
        elif file.suffix == ".jsonl":
            one, other = (_lines(each / file) for each in (then, now))
            yield from (f"export: {file}: {said}" for said in differences(one, other))
        elif file.suffix != ".json" and (then / file).read_bytes() != (now / file).read_bytes():
            yield f"export: {file} has other bytes"


def _rows_differ(then: dict[str, list[dict[str, Any]]], now: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Old rows that are gone or hold another value; tables and columns may be added."""
    for table, old_rows in then.items():
        if table not in now:
            yield f"store: the table {table} is gone ({len(old_rows)} rows)"
            continue
        for row in old_rows:
            if not any(row.items() <= other.items() for other in now[table]):
                yield f"store: {table} lacks the row {str(row)[:160]}"


def differences(then: Any, now: Any, where: str = "") -> Iterator[str]:
    """Where today's answer lacks a field or item, or has another value; fields may be added."""
    if isinstance(then, dict) and isinstance(now, dict):
        for name, value in then.items():
            if name not in now:
                yield f"{where}/{name} is gone"
            else:
                yield from differences(value, now[name], f"{where}/{name}")
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for place, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from differences(one, other, f"{where}/{place}")
    elif then != now:
        yield f"{where} was {str(then)[:80]} and is {str(now)[:80]}"


def _lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def main() -> int:
    """Makes or compares; returns the exit status."""
    top = argparse.ArgumentParser(prog="python -m tests.older_commit", description=__doc__)
    commands = top.add_subparsers(required=True, dest="command")
    for name, places in {"make": ("checkout", "folder"), "compare": ("folder",)}.items():
        one = commands.add_parser(name)
        for place in places:
            one.add_argument(place, type=Path)
    options = top.parse_args()
    if options.command == "make":
        make(options.checkout, options.folder)
        return 0
    found = compare(options.folder)
    print(*(found or ["Everything is as it was."]), sep="\n")  # noqa: T201
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
