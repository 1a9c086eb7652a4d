"""How the figures of `db.figures` are computed: each is plain JSON that a screen draws. For the worker alone.

Nothing heavy is loaded before it is needed: scipy takes a second.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.agreement import agreement_of, beginnings
from db.engine import Store
from db.evaluations import Judged, judged, judged_together
from db.fair_gold import Suggested, of_their_setting, suggested
from db.figures import DEV, FigureKind, Question, learned_from
from db.gold import CURRENT, examples, fingerprint
from db.mistake_cases import CHANGES
from db.scores import count
from db.training_names import TRAIN
from mner_core.data.fingerprint import gold_fingerprint
from mner_core.data.tokenize import entity_at
from mner_core.evaluation.errors import align
from mner_core.evaluation.scoring import Score, from_counts, pool
from mner_core.evaluation.slices import score_slices
from mner_core.types import InputError, Span

DISAGREEMENTS = 500
"""So many are kept; `python -m db agreement` lists all."""
_DRAWS = 2000


def compute(store: Store, asked: Question) -> dict[str, Any]:
    """The answer, from one state of the store (`Store.frozen`); `{"problem": sentence}` where there is none."""
    try:
        return _KINDS[asked.kind](store, asked)
    except InputError as error:
        return {"problem": str(error)}


def _fingerprint(store: Store, asked: Question) -> dict[str, Any]:
    """{"sha256", "posts"} of the labels that the runs are measured on together."""
    gold = asked.golds[0]
    if not asked.runs:
        return {"sha256": fingerprint(store, asked.dataset, gold, asked.split)}
    fair_to, _ = _fair(store, asked)
    looked = judged_together(store, asked.runs, asked.dataset, asked.split, gold, fair_to)[0]
    return {"sha256": gold_fingerprint(each.gold_post.example for each in looked)}


def _agreement(store: Store, asked: Question) -> dict[str, Any]:
    """`Agreement.to_json` with the number of its disagreements, the first of them, and what tracks `began` with."""
    first, second = asked.golds
    found = agreement_of(store, asked.dataset, first, second, asked.split)
    record = found.to_json()
    return {
        **record,
        "number": len(found.disagreements),
        "disagreements": record["disagreements"][:DISAGREEMENTS],
        "began": {gold: beginnings(store, asked.dataset, gold) for gold in asked.golds},
    }


def _comparison(store: Store, asked: Question) -> dict[str, Any]:
    """What the second of two runs does otherwise than the first, on the same posts and a gold that is fair to both.

    `before` and `after` are the scores of the first and the second, `as_labelled` their F1 on the labels as they are.
    `changes` counts mistakes by what became of them, `by_type` does so for each entity type; `supported` says whether
    tests over the posts support that their F1 differs, `tested` what they say.
    """
    fair_to, found = _fair(store, asked)
    gold = asked.golds[0]
    sides = judged_together(store, asked.runs, asked.dataset, asked.split, gold, fair_to)
    as_they_are = sides if not fair_to else judged_together(store, asked.runs, asked.dataset, asked.split, gold)
    before, after = (_score(side) for side in sides)
    cases = Counter((place.label, change) for pair in zip(*sides, strict=True) for place, change in _changes(*pair))
    labels = sorted({label for label, _ in cases} | set(after.per_type))
    supported, tested = _tested(sides)
    return {
        "runs": list(asked.runs),
        "posts": len(sides[0]),
        "before": before.to_json(),
        "after": after.to_json(),
        "changes": {change: sum(cases[label, change] for label in labels) for change in CHANGES},
        "by_type": {label: {change: cases[label, change] for change in CHANGES} for label in labels},
        "supported": supported,
        "tested": tested,
        "fair": {"labelled": found.labelled, "posts": found.posts, "left_out": found.left_out},
        "as_labelled": [_score(side).f1 for side in as_they_are],
    }


def _inside(store: Store, asked: Question) -> dict[str, Any]:
    """One run's slices and the calibration of its confidences, on the labelled posts that it has read.

    `temperature` is what their log-odds have to be divided by, fitted on valid, `mended` the error after that; both are
    None where the run found no entity on valid.
    """
    from mner_core.evaluation.calibration import calibration, fit_temperature, with_temperature

    (run,), gold = asked.runs, asked.golds[0]
    read = judged(store, run, asked.dataset, asked.split, gold)
    posts = [each.gold_post.example for each in read]
    sure, right = _confidences(read)
    tuned = _confidences(read if asked.split == DEV else judged(store, run, asked.dataset, DEV, gold))
    temperature = fit_temperature(*tuned) if len(tuned[0]) else None
    learned = learned_from(store, run)
    train = examples(store, learned, CURRENT, TRAIN) if learned else []
    believed = calibration(sure, right)
    mended = None if temperature is None else calibration(with_temperature(sure, temperature), right).ece
    slices = score_slices(posts, [_in_words(each) for each in read], train=train)
    return {
        "gold_sha256": gold_fingerprint(posts),
        "slices": [[name, part.f1, part.precision, part.recall, part.support] for name, part in slices.items()],
        "spans": believed.spans,
        "ece": believed.ece,
        "bins": [[each.number, each.confidence, each.right] for each in believed.bins],
        "temperature": temperature,
        "mended": mended,
    }


def _fair(store: Store, asked: Question) -> tuple[tuple[str, ...], Suggested]:
    """The runs whose suggestions are taken back where two are compared, and on how many posts there are any."""
    both = of_their_setting(store, asked.runs) if len(asked.runs) > 1 else ()
    found = suggested(store, asked.dataset, asked.split, asked.golds[0], both)
    return (both if found.posts else ()), found


def _score(side: Sequence[Judged]) -> Score:
    """The score that `db.evaluations` gives, without a look at what it keeps."""
    counts = pool(count(each.gold_post.example, _said(each), "entity") for each in side)
    sha256 = gold_fingerprint(each.gold_post.example for each in side)
    return from_counts(counts, protocol="entity", gold_sha256=sha256)


def _changes(one: Judged, other: Judged) -> list[tuple[Span, str]]:
    """The mistakes of two runs on a post, each with what became of it from the first to the second."""
    before, after = _mistakes(one), _mistakes(other)
    fixed, broken, both = CHANGES
    return [
        (place, fixed if (place, made_up) not in after else both if (place, made_up) in before else broken)
        for place, made_up in before | after
    ]


def _mistakes(each: Judged) -> set[tuple[Span, bool]]:
    """Where a run is wrong: a gold entity that it does not find, or (True) one that it makes up."""
    return {(pair.place, pair.gold is None) for pair in align(each.gold, _said(each)) if pair.kind != "correct"}


def _tested(sides: Sequence[Sequence[Judged]]) -> tuple[bool, str]:
    """Whether the two runs' F1 differs on these posts, and what the tests say; with fewer draws than a paper's."""
    from mner_core.evaluation.comparison import compare_spans

    before, after = ([_said(each) for each in side] for side in sides)
    gold = [frozenset(each.gold) for each in sides[0]]
    try:
        found = compare_spans(gold, [after], [before], draws=_DRAWS)
    except InputError as error:
        return False, str(error)
    return found.supported, found.sentence


def _said(each: Judged) -> list[Span]:
    return [mark.span for mark in each.prediction.marks]


def _in_words(each: Judged) -> list[Span]:
    """What the run said, counted in the words of the post as its gold cuts them."""
    tokens = each.gold_post.example.tokens
    return [entity_at(tokens, mark.start, mark.end, mark.label) for mark in each.prediction.marks]


def _confidences(read: Sequence[Judged]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Of every predicted entity: how sure the run was, and whether the gold has exactly it."""
    pairs = [(mark.confidence, mark.span in each.gold) for each in read for mark in each.prediction.marks]
    return np.array([sure for sure, _ in pairs], float), np.array([right for _, right in pairs], bool)


_KINDS: Mapping[FigureKind, Callable[[Store, Question], dict[str, Any]]] = {
    "agreement": _agreement,
    "comparison": _comparison,
    "fingerprint": _fingerprint,
    "inside": _inside,
}
