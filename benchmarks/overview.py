"""What the overview costs the web process and the worker, in a store of 400 posts and of 40,000, with twenty runs.

`python -m benchmarks.overview [POSTS ...]` prints a table: milliseconds of each question that the screen asks, after a
save each time (the median of several, by the clock); beside them what the screen computed itself before, and what each
figure costs the worker. Twenty runs have read the last 10% of the posts. The last column has the largest store over the
smallest.
"""

import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.mistakes import RUNS, fill, median_of, predict
from db.annotations import newest, save
from db.change_token import change_token
from db.character_spans import Mark
from db.engine import Store, open_store
from db.evaluations import evaluate
from db.fair_gold import suggested, suggesting_runs
from db.figure_kinds import compute
from db.figures import FigureKind, Question, figure, keep, state_of
from db.gold_totals import corrected_posts, gold_sums, pictures
from db.run_totals import measured
from mner_core.home import Home

ASKED, SUGGESTED = 15, 50
_PAIR = ("run 0", "run 1")
_COMPARISON = Question(kind="comparison", dataset="set", split="test", runs=_PAIR)


def main(sizes: Sequence[int]) -> None:
    """Measures stores of these numbers of posts."""
    table = [measure(posts) for posts in sizes]
    for name in table[0]:
        figures = "  ".join(f"{row[name]:10.2f}" for row in table)
        print(f"{name:52}{figures}   x{table[-1][name] / table[0][name]:.2f}")


def measure(posts: int) -> dict[str, float]:
    """The figures of one store."""
    with tempfile.TemporaryDirectory() as folder:
        store, chance = open_store(Home(Path(folder))), random.Random(1)
        drawn = fill(store, posts, chance)
        test = range(posts * 9 // 10 + 1, posts + 1)
        for run in range(RUNS):
            predict(store, run, {post: drawn[post] for post in test}, chance)
        for post in list(test)[:SUGGESTED]:
            _correct(store, post, "run 0")
        keep(store, _COMPARISON, state_of(store, _COMPARISON), compute(store, _COMPARISON))
        found = {"posts": float(posts)}
        for name, ask in questions(store).items():
            found[f"{name}, ms"] = _after_saves(store, list(test), ask)
        found["before: scores of all runs after a save, ms"] = _after_saves(
            store, list(test), lambda: _scored(store), 3
        )
        for kind, asked in _figures().items():
            begun = time.process_time()
            assert "problem" not in compute(store, asked)
            found[f"the worker: {kind}, CPU ms"] = 1000 * (time.process_time() - begun)
        before = _memory()
        for ask in [*questions(store).values()] * 40:
            ask()
        found["memory after 40 looks more, MB"] = 1 + _memory() - before
        store.close()
    return found


def questions(store: Store) -> dict[str, Callable[[], object]]:
    """What the overview asks while it is drawn."""
    runs = [f"run {run}" for run in range(RUNS)]
    return {
        "scores of all runs": lambda: measured(store, "set", "test"),
        "labels by split and type": lambda: gold_sums(store, "set"),
        "pictures": lambda: pictures(store, "set"),
        "corrected posts": lambda: corrected_posts(store, "set"),
        "runs that suggested labels": lambda: suggesting_runs(store, "set", "test", "current"),
        "what is fair to two runs": lambda: suggested(store, "set", "test", "current", _PAIR),
        "the token": lambda: change_token(store, "set", "test", ["current"], runs),
        "a figure that is kept": lambda: figure(store, _COMPARISON),
    }


def _figures() -> dict[FigureKind, Question]:
    return {
        "fingerprint": Question(kind="fingerprint", dataset="set", split="test"),
        "comparison": _COMPARISON,
        "inside": Question(kind="inside", dataset="set", split="test", runs=("run 0",)),
        "agreement": Question(kind="agreement", dataset="set", golds=("current", "original")),
    }


def _scored(store: Store) -> None:
    for run in range(RUNS):
        evaluate(store, [f"run {run}"], "set", "test")


def _after_saves(store: Store, posts: Sequence[int], ask: Callable[[], object], times: int = ASKED) -> float:
    asked = []
    for post in posts[:times]:
        _correct(store, post)
        asked.append(median_of([ask]))
    return sorted(asked)[len(asked) // 2]


def _correct(store: Store, post: int, run: str | None = None) -> None:
    there = newest(store, post)
    mark = Mark(start=0, end=2, label="MISC")
    save(store, post, "gold", base=there.number if there else 0, marks=[mark], author="ann", run=run)


def _memory() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [400, 40_000])
