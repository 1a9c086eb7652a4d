"""What a run says about stored posts, with a summary of where it looked, and its scores on every gold there is."""

from collections.abc import Iterator, Sequence
from typing import Any

from db.engine import Store
from db.evaluations import Evaluation, evaluate
from db.gold import CURRENT, ORIGINAL, gold_posts
from db.posts import Post, posts
from db.posts import dataset as dataset_named
from db.predictions import PostPrediction, from_prediction, record
from db.run_labels import relabelled
from mner_core.data.tokenize import character_offsets
from mner_core.evidence import summarise
from mner_core.training.run import Run
from mner_core.types import Evidence, Example, Prediction
from worker.child_protocol import Reporter

CHUNK = 32
"""Posts looked at together; their full evidence is in memory for so long."""


def look(
    store: Store, run: Run, dataset: str, split: str | None, report: Reporter, begin: float = 0.0, end: float = 1.0
) -> int:
    """Predicts the posts of a split and keeps spans and summaries; returns how many posts that were.

    Where the run has other labels than the data set, they become the data set's (`db.run_labels`). `begin` and `end`
    are the job's progress before and after.
    """
    wanted = posts(store, dataset, split)
    mapping = dataset_named(store, dataset).run_labels.get(run.folder.name, {})
    called = f"{split} posts" if split else "posts"
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        said = [relabelled(each, mapping) for each in run.predict_posts([post.example for post in part], evidence=True)]
        record(store, run.folder.name, [_kept(post, each) for post, each in zip(part, said, strict=True)])
        done = min(start + CHUNK, len(wanted))
        report.progress(begin + (end - begin) * done / len(wanted), f"reading {called}: {done} of {len(wanted)}")
    return len(wanted)


def scores(store: Store, run: str, dataset: str, splits: Sequence[str | None], golds: Sequence[str]) -> Iterator[Any]:
    """Measures the run on each split under each named gold that has labelled posts there, the original and current ones
    among them; a JSON record each.
    """
    for split in splits:
        for gold in dict.fromkeys([*golds, ORIGINAL, CURRENT]):
            if any(each.revision is not None for each in gold_posts(store, dataset, gold, split)):
                yield _to_json(evaluate(store, [run], dataset, split, gold)[0])


def summary(example: Example, prediction: Prediction) -> dict[str, Any]:
    """Small JSON: where each entity looked most, and the neighbours.

    {"looked": [{"start", "end" (code points), "label", "evidence", "axis", "strongest": item, "share", "entropy"}],
    "neighbours": {evidence name: [{"post", "score"}]}}
    """
    looked = []
    for each in summarise(prediction.evidence, example, prediction.spans):
        start, end = character_offsets(example.tokens, each.span)
        looked.append(
            {
                "start": start, "end": end, "label": each.span.label, "evidence": each.evidence, "axis": each.axis,
                "strongest": dict(each.strongest), "share": round(each.share, 4), "entropy": round(each.entropy, 4),
            }
        )  # fmt: skip
    return {"looked": looked, "neighbours": {each.name: _items(each) for each in _of_neighbours(prediction.evidence)}}


def _of_neighbours(evidence: Sequence[Evidence]) -> Iterator[Evidence]:
    return (each for each in evidence if each.axes == ("neighbour",))


def _items(evidence: Evidence) -> list[dict[str, Any]]:
    return [dict(item) for item in evidence.items[0]]


def _kept(post: Post, prediction: Prediction) -> PostPrediction:
    return from_prediction(post.id, post.example.tokens, prediction, summary(post.example, prediction))


def _to_json(found: Evaluation) -> dict[str, Any]:
    score = found.score
    return {
        "split": found.split, "gold": found.gold, "posts": found.posts, "f1": score.f1, "support": score.support,
        "protocol": score.protocol, "gold_sha256": score.gold_sha256,
    }  # fmt: skip
