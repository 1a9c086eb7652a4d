"""What it costs to keep the mistakes of runs as rows, and to ask about them, in a store of 400 posts and of 100,000.

`python -m benchmarks.mistakes [POSTS ...]` prints a table: processor seconds to score what one run predicted for 40% of
the posts and to write its outcomes; then, with twenty runs on the last 10% of the posts, milliseconds of a save and of
each question (the median of several, by the clock). The last column has the largest store over the smallest.
"""

import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import insert

from benchmarks.drawn_posts import LABELS, DrawnPost, draw_post, draw_prediction
from db.annotations import save
from db.change_token import newest_revision
from db.character_spans import Mark
from db.engine import Store, open_store
from db.gold_totals import gold_follows
from db.mistake_cases import CaseFilter, MistakesOf
from db.mistakes import cells, in_order, number_of, page_end
from db.post_lists import PostList, done_since
from db.posts import numbers_of
from db.predictions import PostPrediction, PredictedMark, prediction_of, record
from db.run_totals import totals
from db.sums import posts_counted
from db.tables import Datasets, Posts, Revisions, Runs
from db.training_names import add_names
from db.worklists import all_posts, least_sure, uncorrected
from mner_core.data.tokenize import tokenize
from mner_core.home import Home

RUNS, SAVES, ASKED, PART = 20, 40, 15, 500
RIGHT = 0.67
"""The share of the entities that a run gets right."""


def main(sizes: Sequence[int]) -> None:
    """Measures stores of these numbers of posts."""
    table = [measure(posts) for posts in sizes]
    for name in table[0]:
        figures = "  ".join(f"{row[name]:10.2f}" for row in table)
        print(f"{name:44}{figures}   x{table[-1][name] / table[0][name]:.2f}")


def measure(posts: int) -> dict[str, float]:
    """The figures of one store."""
    with tempfile.TemporaryDirectory() as folder:
        store, chance = open_store(Home(Path(folder))), random.Random(1)
        drawn = fill(store, posts, chance)
        begun = time.process_time()
        predict(store, 0, {post: drawn[post] for post in range(posts // 2 + 1, posts * 9 // 10 + 1)}, chance)
        found = {"posts": float(posts), "scoring 40% of the posts, CPU s": time.process_time() - begun}
        test = range(posts * 9 // 10 + 1, posts + 1)
        for run in range(RUNS):
            predict(store, run, {post: drawn[post] for post in test}, chance)
        found["a save, ms"] = saves(store, list(test)[:SAVES], drawn)
        for split in ("valid", "test"):
            for name, ask in {**questions(store, split), **list_questions(store, split)}.items():
                found[f"{name}, {split}, ms"] = median_of([ask] * ASKED)
        found["store, MB"] = store.home.store.stat().st_size / 1e6
        store.close()
    return found


def fill(store: Store, posts: int, chance: random.Random) -> dict[int, DrawnPost]:
    """Posts of half train, 40% valid and 10% test, by number, and twenty runs; no predictions yet."""
    drawn: dict[int, DrawnPost] = {}
    with store.write() as session:
        session.add(
            Datasets(id=1, name="set", licence="", credits="", labels=list(LABELS), mapping={}, created=0.0, changes=0)
        )
        session.flush()
        rows, revisions = [], []
        for number in range(1, posts + 1):
            drawn[number] = draw_post(chance)
            split = "train" if number <= posts / 2 else "valid" if number <= posts * 0.9 else "test"
            rows.append(_post(number, drawn[number].text, split))
            marks = [[f"g{place}", *mark, None] for place, mark in enumerate(drawn[number].gold)]
            revisions.append({**_REVISION, "post_id": number, "marks": marks})
        session.execute(insert(Posts), rows)
        sizes = Counter(str(row["split"]) for row in rows)
        posts_counted(session, [(1, split, number) for split, number in sizes.items()])
        with gold_follows(session, list(drawn)):
            session.execute(insert(Revisions), revisions)
        for run in range(RUNS):
            session.execute(insert(Runs), [{**_RUN, "id": run + 1, "name": f"run {run}", "folder": f"run {run}"}])
        add_names(session, list(drawn))
    return drawn


_REVISION = {
    "track": "gold", "base": 0, "status": "submitted", "author": "", "created": 0.0, "imported": True,
    "is_newest": True,
}  # fmt: skip
_RUN = {
    "model": "bert-crf", "variant": "", "profile": "tiny", "seed": 0, "settings": {}, "data": {}, "metrics": {},
    "labels": list(LABELS), "weights": "", "started_from": "", "seconds": 0.0, "created": 0.0,
}  # fmt: skip


def _post(number: int, text: str, split: str) -> dict[str, object]:
    return {
        "id": number, "dataset_id": 1, "split": split, "name": str(number), "place": number, "text": text,
        "tokens": [[word.start, word.end] for word in tokenize(text)], "subsets": {}, "source": "posts.jsonl",
        "picture": ("with", "without", "broken")[number % 3],
    }  # fmt: skip


def predict(store: Store, run: int, drawn: dict[int, DrawnPost], chance: random.Random) -> None:
    """Keeps what a run says of these posts: about two thirds of it right."""
    posts = list(drawn)
    for begin in range(0, len(posts), PART):
        said = [PostPrediction(post=post, marks=_said(drawn[post], chance)) for post in posts[begin : begin + PART]]
        record(store, f"run {run}", said)


def _said(post: DrawnPost, chance: random.Random) -> tuple[PredictedMark, ...]:
    return tuple(
        PredictedMark(start=start, end=end, label=label, confidence=sure)
        for start, end, label, sure in draw_prediction(post, RIGHT, chance)
    )


def saves(store: Store, posts: Sequence[int], drawn: dict[int, DrawnPost]) -> float:
    """Milliseconds of saving one post with one entity more or less."""

    def one(post: int) -> Callable[[], object]:
        marks = [Mark(start=start, end=end, label="PER") for start, end, _ in drawn[post].gold[1:]]
        return lambda: save(store, post, "gold", base=1, marks=marks, author="ann")

    return median_of([one(post) for post in posts])


def questions(store: Store, split: str) -> dict[str, Callable[[], object]]:
    """What the screen of errors asks, with and without a filter."""
    of, every, seen = MistakesOf(run="run 0", dataset="set", split=split), CaseFilter(), CaseFilter(name="seen")
    wanted = CaseFilter(picture="without", length="1", labels="imported")
    posts = in_order(store, of, every)
    number = number_of(store, of, every)
    middle = page_end(store, of, every, "sure", number[1] // 2) if number else None
    other = MistakesOf(run="run 0", dataset="set", split=split, compare="run 1")
    return {
        "cells": lambda: cells(store, of, every),
        "cells, names seen": lambda: cells(store, of, seen),
        "cells, three filters": lambda: cells(store, of, wanted),
        "first page": lambda: posts.page(None, 10),
        "middle page": lambda: posts.page(middle, 10),
        "last page": lambda: posts.page(None, 10, backwards=True),
        "where page begins": lambda: page_end(store, of, every, "sure", 100),
        "number": lambda: number_of(store, of, every),
        "totals of all runs": lambda: totals(store, "set", split),
        **({"cells beside a second run": lambda: cells(store, other, every)} if split == "test" else {}),
    }


def list_questions(store: Store, split: str) -> dict[str, Callable[[], object]]:
    """What the screens post and annotate ask: of each work list its length, and a middle post with those around it."""
    until = newest_revision(store)
    of = MistakesOf(run="run 0", dataset="set", split=split, until=until)
    lists = {
        "mistakes": in_order(store, of, CaseFilter()),
        "uncorrected": uncorrected(store, "set", split, "gold", until),
        "unsure": least_sure(store, "set", split, "run 0"),
        "all": all_posts(store, "set", split),
    }
    post = next(iter(lists["mistakes"].page(None, 1) or ())).post
    asked: dict[str, Callable[[], object]] = {
        "one post by its name": lambda: numbers_of(store, "set", [split], [str(post)]),
        "what a run says of it": lambda: prediction_of(store, "run 0", post),
    }
    for name, posts in lists.items():
        asked[f"length, list {name}"] = posts.number
        asked[f"around a post, list {name}"] = lambda posts=posts: _around(posts, post)
        asked[f"done since, list {name}"] = lambda posts=posts: done_since(store, posts, "gold", until - 20)
    return asked


def _around(posts: PostList, post: int) -> object:
    at = posts.place_of(post)
    return at and (posts.number_before(at), posts.page(at, 6, backwards=True), posts.page(at, 24))


def median_of(asked: Sequence[Callable[[], object]]) -> float:
    """Milliseconds, the median."""
    times = []
    for ask in asked:
        begun = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [400, 100_000])
