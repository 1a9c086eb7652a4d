"""Predictions that somebody brings become a run of kind `brought`: a folder, and rows like those of a trained run.

The folder holds its record (`run.json`) and `predictions.jsonl`, all that was brought about posts of the data set; it
has no weights. The posts are written in batches under a name that nobody sees, which becomes the run's in the end.
"""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.brought_matching import BroughtPost, match
from db.change_token import changed
from db.engine import Store
from db.jobs import ACTIVE, jobs
from db.posts import Dataset, dataset, dataset_key
from db.predictions import PostPrediction, PredictedMark, predictions, record
from db.runs import columns, forget_results, hidden, runs
from db.tables import Datasets, Runs
from mner_core.data.brought import read_brought
from mner_core.files import fresh_folder, one_at_a_time, write_json, write_whole
from mner_core.run_record import BROUGHT, RunRecord, checked_run_name
from mner_core.types import InputError

NO_CONFIDENCE = 1.0
"""What the store holds where no confidence was brought; the record says how many spans have one."""
PREDICTIONS = "predictions.jsonl"
_BATCH = 500
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What became of some predictions: of how many posts they are, how many of the data set's (or the split's) posts
    have none, which ids are of no post, and the labels that the data set does not have, each with its number.
    """

    run: str
    posts: int
    unpredicted: int
    unknown: tuple[str, ...]
    labels_unknown: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """The answer of `import-predictions --json`, with the first unknown ids."""
        return {
            "run": self.run,
            "posts": self.posts,
            "unpredicted": self.unpredicted,
            "unknown": list(self.unknown[:_SHOWN]),
            "unknown_count": len(self.unknown),
            "labels_unknown": dict(self.labels_unknown),
        }


def import_predictions(store: Store, file: Path, dataset_name: str, name: str, split: str | None = None) -> Brought:
    """Makes the run `name` of the predictions in a file: rows of `mner_core.data.brought`, or tags of the same posts.

    A post without a row is not predicted. Labels that the data set does not have are kept, and are wrong. `split`
    says where posts are looked up whose row names no split.

    Raises:
        InputError: something in the file cannot be used or is of no post's text, an id stands in several splits, or
            there is such a run; then nothing is written.
        StoreError: there is no room left.
    """
    checked_run_name(name)
    found = dataset(store, dataset_name)
    matched = match(store, found, read_brought(file), split, file.name)
    labels = Counter(span.label for post in matched.posts for span in post.spans)
    unknown = {label: number for label, number in sorted(labels.items()) if label not in found.labels}
    with one_at_a_time(store.home.runs / f".{name}.importing"):
        _must_be_free(store, name)
        _write(store, found, name, matched.posts, unknown)
    return Brought(
        run=name,
        posts=len(matched.posts),
        unpredicted=matched.unpredicted,
        unknown=matched.unknown,
        labels_unknown=unknown,
    )


def read_again(store: Store) -> list[str]:
    """Fills in what the store lacks of brought runs from their folders, whose posts are here: after `reindex`.

    Returns a sentence for each run whose predictions fit no data set of the store.
    """
    problems = []
    for run in runs(store):
        if not run.is_brought or predictions(store, run.name):
            continue
        try:
            found = dataset(store, str(run.data.get("name", "")))
            matched = match(store, found, read_brought(run.folder / PREDICTIONS), None, PREDICTIONS)
        except InputError as error:
            problems.append(f"The predictions of the run {run.name} cannot be brought again: {error}")
            continue
        for batch in _batches(matched.posts):
            record(store, run.name, batch)
    return problems


def _must_be_free(store: Store, name: str) -> None:
    """Refuses a name that is taken, and removes what a killed import left under it."""
    folder = store.home.runs / name
    with store.write() as session:
        is_taken = session.scalar(select(Runs.id).where(Runs.name == name)) is not None
        was_killed = session.scalar(select(Runs.id).where(Runs.name == hidden(name))) is not None
        if is_taken or (folder.exists() and not was_killed):
            raise InputError(f"There is a run {name!r} already: choose another name.")
        _forget(session, name)
    if folder.exists():
        shutil.rmtree(folder)
    if name in {job.payload.get("name") for job in jobs(store, ACTIVE, ("train",))}:
        raise InputError(f"A run {name!r} is being trained: choose another name.")


def _write(store: Store, found: Dataset, name: str, posts: Sequence[BroughtPost], unknown: Mapping[str, int]) -> None:
    """The folder and the rows; the run is there when the last transaction is done."""
    lines = "".join(f"{json.dumps(post.to_json(), ensure_ascii=False)}\n" for post in posts)
    about = _record(store, found, posts, unknown, hashlib.sha256(lines.encode()).hexdigest())
    folder, is_ours = store.home.runs / name, False
    try:
        with fresh_folder(folder) as work:
            write_whole(work / PREDICTIONS, lines)
            write_json(work / "run.json", about.to_json())
            with store.write() as session:
                session.add(Runs(name=hidden(name), folder=name, **columns(about)))
            for batch in _batches(posts):
                record(store, hidden(name), batch)
        is_ours = True
        with store.write() as session:
            session.scalars(select(Runs).where(Runs.name == hidden(name))).one().name = name
            changed(session.get_one(Datasets, dataset_key(session, found.name)))
    except BaseException:
        with store.write() as session:
            _forget(session, name)
        if is_ours:
            shutil.rmtree(folder)
        raise


def _forget(session: Session, name: str) -> None:
    key = session.scalar(select(Runs.id).where(Runs.name == hidden(name)))
    if key is not None:
        forget_results(session, key)
        session.execute(delete(Runs).where(Runs.id == key))


def _record(
    store: Store, found: Dataset, posts: Sequence[BroughtPost], unknown: Mapping[str, int], digest: str
) -> RunRecord:
    spans = [span for post in posts for span in post.spans]
    nothing = dict.fromkeys(("precision", "recall", "f1"))
    return RunRecord(
        model=BROUGHT,
        variant="",
        profile="",
        settings={"predictions": digest},
        seed=0,
        labels=(*found.labels, *unknown),
        data={
            "name": found.name, "fingerprint": "", "gold": {}, "train": 0, "dev": 0, "left_out": 0, "posts": len(posts),
            "spans": len(spans), "with_confidence": sum(span.confidence is not None for span in spans),
            "labels_unknown": dict(unknown),
        },
        trained_posts=(),
        pool="",
        started_from="",
        versions={},
        dev={"measured": False, **nothing, "support": 0, "per_type": {}, "slices": {}},
        best_epoch=0,
        epochs=(),
        weights=digest,
        seconds=0.0,
        created=store.now(),
    )  # fmt: skip


def _batches(posts: Sequence[BroughtPost]) -> Iterator[list[PostPrediction]]:
    for begin in range(0, len(posts), _BATCH):
        yield [_prediction(post) for post in posts[begin : begin + _BATCH]]


def _prediction(post: BroughtPost) -> PostPrediction:
    boxes = [[span.start, span.end, span.label, [list(box) for box in span.boxes]] for span in post.spans if span.boxes]
    return PostPrediction(
        post=post.key,
        marks=tuple(
            PredictedMark(
                start=span.start,
                end=span.end,
                label=span.label,
                confidence=NO_CONFIDENCE if span.confidence is None else span.confidence,
            )
            for span in post.spans
        ),
        summary={"boxes": boxes} if boxes else {},
    )
