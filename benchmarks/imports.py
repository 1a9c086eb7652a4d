"""What importing JSONL posts costs over reading the same folder, both in CPU seconds, each in a process of its own.

    python -m benchmarks.imports [--posts N ...] [--with-pictures]

Posts as in `benchmarks.soak`: 8 to 40 words, up to three entities. With pictures, three of five name a small one out of
a third as many, which the import opens and copies and reading does not look at. The least of `TIMES` turns each, and a
post of the last size over one of the first: what grows faster than the posts do shows there.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.big_store import BigStore, write_files
from benchmarks.soak import write_posts
from db.engine import open_store
from db.exchange import import_folder
from mner_core.data.dataset import read_dataset
from mner_core.home import Home

ROOT = Path(__file__).parents[1]
SIZES = (1_000, 10_000)
"""Posts of the folders that `make bench` measures."""
TIMES = 3
"""Turns of the small folders; larger ones than `ONCE` posts are measured once."""
ONCE = 20_000
LIMIT = 2.0


@dataclass(frozen=True)
class Cost:
    """CPU seconds of reading a folder of so many posts, and of importing it."""

    posts: int
    reading: float
    importing: float

    @property
    def ratio(self) -> float:
        """Importing over reading."""
        return self.importing / self.reading


def main(sizes: Sequence[int] = SIZES, with_pictures: bool = False) -> None:
    """Prints the ratio that the issue bounds for each size, and whether it is linear."""
    costs = [measured(posts, with_pictures) for posts in sizes]
    print(f"\nImporting JSONL posts{' and their pictures' * with_pictures} over reading them, CPU s")
    for cost in costs:
        print(
            f"  {cost.posts:7,} posts: {cost.importing:.2f} over {cost.reading:.2f},  {cost.ratio:.2f} x "
            f"(at most {LIMIT:.0f}),  {1000 * cost.importing / cost.posts:.3f} ms a post"
        )
    if len(costs) > 1:
        first, last = (cost.importing / cost.posts for cost in (costs[0], costs[-1]))
        print(f"  a post among {costs[-1].posts:,} over one among {costs[0].posts:,}: {last / first:.2f} x")


def measured(posts: int, with_pictures: bool = False) -> Cost:
    """What a folder of so many posts costs to read and to import."""
    with tempfile.TemporaryDirectory(prefix="imports-") as scratch:
        folder = Path(scratch) / "posts"
        if with_pictures:
            write_files(BigStore(Path(scratch), posts))
        else:
            write_posts(folder, posts, random.Random(0))
        turns = TIMES if posts <= ONCE else 1
        reading, importing = zip(*[(_cpu("read", folder), _cpu("import", folder)) for _ in range(turns)], strict=True)
    return Cost(posts, min(reading), min(importing))


def _cpu(what: str, folder: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.imports", "--child", what, str(folder)]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return float(json.loads(answer.stdout))


def child(what: str, folder: Path) -> float:
    """CPU seconds of one reading or one import into a new store."""
    with tempfile.TemporaryDirectory(prefix="imports-") as scratch:
        store = open_store(Home(Path(scratch)))
        begun = time.process_time()
        if what == "read":
            read_dataset(folder)
        else:
            import_folder(store, folder, "measured")
        seconds = time.process_time() - begun
        store.close()
    return seconds


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="python -m benchmarks.imports", description="What importing costs.")
    options.add_argument("--posts", type=int, nargs="+", default=SIZES)
    options.add_argument("--with-pictures", action="store_true")
    options.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.child:
        print(json.dumps(child(chosen.child[0], Path(chosen.child[1]))))
    else:
        main(chosen.posts, chosen.with_pictures)
