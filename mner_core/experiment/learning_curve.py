"""The learning curve of correcting: labels are made wrong, put right in the order of `label-errors`, and the system
is trained again; F1 on untouched posts against the number of checks, beside checks in random order.
"""

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy import stats

from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import system
from mner_core.data.corrupt import Corruption, corrupt
from mner_core.evaluation.comparison import Comparison, compare, corrected
from mner_core.evaluation.protocols import ABOUT
from mner_core.evaluation.scoring import score
from mner_core.evaluation.significance import MIN_SEEDS, spread
from mner_core.evaluation.verdict import LEVEL
from mner_core.experiment.experiment_data import ExperimentData, basis
from mner_core.experiment.result_table import DAGGER, Line, Number, ResultTable
from mner_core.experiment.run_cache import Cell, Predicted, RunCache, cell, taught
from mner_core.experiment.suite import Size, Suite
from mner_core.label_errors.recall import ranks_found
from mner_core.label_errors.search import by_cross_validation
from mner_core.types import Example

FOLDS = 3
CHECKS = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Checks as multiples of the number of wrong labels."""
SUSPICIOUS, RANDOM, WHOLE = ORDERS = ("suspicious", "random", "all put right")
COLUMNS = ("checked", "corrected", "F1", "low", "high")


@dataclass(frozen=True)
class Point:
    """One training: in which order how many items were checked, and which share of the wrong labels that put right."""

    order: str
    checked: int
    corrected: float
    cell: Cell


def curve_table(suite: Suite, size: Size, data_set: ExperimentData, run_cache: RunCache) -> ResultTable:
    """Both orders at each number of checks, and the clean labels, with 95 % intervals over seeds.

    Raises:
        InputError: the suite's system is not in the catalog, or the labels cannot be made wrong.
    """
    system(suite.rows[0].model)
    by_seed = [_points(suite, data_set, size, seed, run_cache) for seed in range(size.seeds)]
    run_cache.must_run([point.cell for points in by_seed for point in points])
    posts = data_set.splits[data_set.scored("test")]
    places = list(zip(*by_seed, strict=True))  # one entry a point, with a training of each seed
    told = {
        (of_seeds[0].order, number % len(CHECKS)): [run_cache.predictions(each.cell, posts) for each in of_seeds]
        for number, of_seeds in enumerate(places)
    }
    steps = range(1, len(CHECKS)) if len(posts) > 1 else ()
    found = corrected([compare(posts, told[SUSPICIOUS, step], told[RANDOM, step]) for step in steps])
    against_chance = {(SUSPICIOUS, step): each for step, each in zip(steps, found, strict=True)}
    lines = [
        _line(of_seeds, posts, runs, against_chance.get(point))
        for (point, runs), of_seeds in zip(told.items(), places, strict=True)
    ]
    notes = _notes(suite, size, data_set, by_seed)
    return ResultTable(title=suite.title, columns={data_set.name: COLUMNS}, lines=lines, notes=notes)


def put_right(posts: Sequence[Example], changes: Iterable[Corruption]) -> list[Example]:
    """The posts with these changes undone."""
    spans = {post.key: set(post.spans or ()) for post in posts}
    touched = set()
    for change in changes:
        spans[change.key] -= {change.after} if change.after else set()
        spans[change.key] |= {change.before} if change.before else set()
        touched.add(change.key)
    return [post.with_spans(sorted(spans[post.key])) if post.key in touched else post for post in posts]


def _points(suite: Suite, data_set: ExperimentData, size: Size, seed: int, run_cache: RunCache) -> list[Point]:
    """What one seed is trained on: its wrong labels, put right in two orders check by check, and wholly."""
    # Spans alone, without a file's own tags: posts put right are then the very posts that were never wrong.
    clean = [post.with_spans(post.spans) for post in data_set.splits["train"]]
    wrong, changes = corrupt(clean, suite.share, seed)
    one = taught(cell(suite.rows[0], data_set, size, seed), wrong)
    items = by_cross_validation(
        one.request,
        FOLDS,
        run_cache.home,
        lambda what, *parts: run_cache.on_progress(f"label errors, seed {seed} of {size.seeds}: {what}", *parts),
    )
    shuffled = random.Random(seed).sample(items, len(items))
    points = []
    for order, ordered in ((SUSPICIOUS, items), (RANDOM, shuffled)):
        ranks = ranks_found(ordered, changes)
        for times in CHECKS:
            checked = min(round(times * len(changes)), len(items))
            undone = [each for each, rank in zip(changes, ranks, strict=True) if rank is not None and rank <= checked]
            corrected = 100 * len(undone) / len(changes)
            points.append(Point(order, checked, corrected, taught(one, put_right(wrong, undone))))
    return [*points, Point(WHOLE, len(items), 100.0, taught(one, clean))]


def _line(
    points: Sequence[Point], posts: Sequence[Example], runs: Sequence[Predicted], found: Comparison | None
) -> Line:
    """A point's mean over seeds; marked where `found`, the comparison with as many random checks, supports it."""
    scores = [score(posts, spans) for spans in runs]
    over = spread([each.f1 for each in scores])
    several = over.number > 1
    reach = float(stats.t.ppf(1 - LEVEL / 2, over.number - 1)) if several else math.nan
    half = over.deviation / math.sqrt(over.number) * reach
    order, checked = points[0].order, spread([point.checked for point in points]).mean
    numbers = [
        Number(checked),
        Number(spread([point.corrected for point in points]).mean),
        Number(over.mean, over.deviation if several else None, marked=found is not None and found.supported),
        Number(over.mean - half),
        Number(over.mean + half),
    ]
    facts = {
        "order": order,
        "protocol": "entity",
        "support": scores[0].support,
        "posts": len(posts),
        "seeds": len(runs),
        "gold_sha256": scores[0].gold_sha256,
    }
    if found:
        tested = {"difference": found.difference, "p": found.verdict.p, "p_holm": found.verdict.holm}
        facts |= {**tested, "supported": found.supported, "sentence": found.sentence}
    data = points[0].cell.data_set.name
    return Line(name=f"{order}, {checked:.0f} checked", source="ours", blocks={data: numbers}, facts={data: facts})


def _notes(suite: Suite, size: Size, data_set: ExperimentData, by_seed: Sequence[Sequence[Point]]) -> list[str]:
    plan = by_seed[0][0].cell.request.plan
    tested = data_set.scored("test")
    notes = [
        f"{100 * suite.share:g} % of the training spans made wrong, anew by each seed; a check is one item of "
        f"`label-errors` ({FOLDS} folds), or one of the same items in random order, and puts right what it finds; "
        "`corrected` is the share of the wrong labels in %. The labels of valid and test stay as they are.",
        f"Scorer `entity`: {ABOUT['entity']}.",
        f"{plan.system.title}, profile {size.profile}, text encoder {profile(size.profile).text}; seeds: {size.seeds}; "
        f"epochs: {plan.settings.epochs}, the best on valid counts; posts of {data_set.name}: {data_set.counts}.",
        f"Low and high: 95 % interval of the mean over seeds (t). {DAGGER} F1 differs from that of as many checks in "
        f"random order: bootstrap and randomisation over posts and a paired t-test over seeds (at least {MIN_SEEDS}), "
        f"the largest p, after Holm's correction over the {len(CHECKS) - 1} numbers of checks, < 0.05.",
    ]
    notes.append(basis([data_set]))
    if tested != "test":
        notes.append(f"No labelled test split in {data_set.name}: scored on valid, which also picked the epoch.")
    return notes
