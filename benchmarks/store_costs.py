"""What writing costs in stores that `benchmarks.big_store` built, small and large side by side, in processor time.

    python -m benchmarks.store_costs FOLDER...

Each folder's store is copied, the copy brought up to date and counted. Twenty posts that all runs have read are then
corrected, one in each store by turns, so that noise of the machine hits all alike; a save brings mistakes and totals of
every run up to date. And what one run said of valid is scored again and its mistakes are written, predictions too.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from benchmarks.big_store import RUNS, SET, run_name
from db.annotations import newest, save
from db.character_spans import Mark
from db.engine import Store, open_store
from db.posts import post_ids
from db.predictions import predictions, record
from db.runs import runs
from db.text_search import add_waiting_texts
from db.uncounted import count_waiting
from mner_core.home import Home

SAVES, SPLIT = 20, "valid"
SAVE_LIMIT, SCORING_LIMIT = 3.0, 30.0
"""A save at most so many times as dear as in the smallest store; CPU seconds for 40,000 posts."""
PART = 500
"""Posts whose predictions are written in one transaction, as those of a brought run are."""


def main(folders: Sequence[Path]) -> None:
    """Measures all stores and prints a line for each."""
    with ExitStack() as stack:
        stores = {each.resolve().name: stack.enter_context(closing(copied(stack, each))) for each in folders}
        times = saves([*stores.values()])
        base = statistics.median(times[0])
        print(f"Saving a corrected post beside all runs, median of {SAVES}")
        for (name, store), seconds in zip(stores.items(), times, strict=True):
            own = statistics.median(seconds)
            print(
                f"  {name:>8} posts, {len(runs(store))} runs: {1000 * own:.1f} CPU ms,  {own / base:.2f} x "
                f"(at most {SAVE_LIMIT:.0f})"
            )
        print(f"Scoring what one run said of {SPLIT} and writing its mistakes")
        for name, store in stores.items():
            posts, spent = scoring(store)
            limit = f" (at most {SCORING_LIMIT:.0f})" * (posts == 40_000)
            print(f"  {name:>8} posts, {posts} of them scored: {spent:.1f} CPU s{limit}")


def copied(stack: ExitStack, folder: Path) -> Store:
    """A copy of the store, up to date; its pictures are only looked at, and stay where they are."""
    home = Home(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="costs-"))) / "home")
    home.root.mkdir()
    source = Home(folder.resolve() / "home")
    for file in source.root.glob(f"{source.store.name}*"):  # what was written last may lie in the log beside it
        shutil.copy(file, home.root)
    home.images.symlink_to(source.images)
    store = open_store(home)
    count_waiting(store)
    add_waiting_texts(store)
    return store


def saves(stores: Sequence[Store]) -> list[list[float]]:
    """CPU seconds of each of `SAVES` saves, for every store; the first of each is not counted."""
    posts = [[number for (split, _), number in post_ids(store, SET).items() if split == SPLIT] for store in stores]
    found: list[list[float]] = [[] for _ in stores]
    for turn in range(SAVES + 1):
        for store, numbers, seconds in zip(stores, posts, found, strict=True):
            spent = _save(store, numbers[turn * len(numbers) // (SAVES + 1)])
            if turn:
                seconds.append(spent)
    return found


def _save(store: Store, post: int) -> float:
    """Corrects a post: it loses its first entity, or gets one where it has none."""
    there = newest(store, post)
    assert there, "every drawn post has gold"
    word = there.tokens[0]
    marks = list(there.marks[1:]) if there.marks else [Mark(start=word.start, end=word.end, label="PER")]
    begun = time.process_time()
    save(store, post, "gold", base=there.number, marks=marks, author="bench")
    return time.process_time() - begun


def scoring(store: Store) -> tuple[int, float]:
    """How many posts of the split the best brought run has read, and the CPU seconds of scoring and writing them."""
    name = run_name(RUNS - 1)
    said = [*predictions(store, name, SET, SPLIT).values()]
    begun = time.process_time()
    for begin in range(0, len(said), PART):
        record(store, name, said[begin : begin + PART])
    return len(said), time.process_time() - begun


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="python -m benchmarks.store_costs", description="What writing costs.")
    options.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    main(options.parse_args().folders)
