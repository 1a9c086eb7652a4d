"""Whether each mechanism does what its paper says: drawn posts on which only it can help, with it and without.

A row names a system, the variant that lacks the mechanism (or another system, `against`), and the knobs of the scenes
that isolate it. The first knob's own posts are what valid picks the epoch by and what test is scored on, as a
difference paired over seeds: what else a system learns must not decide when it learnt this.
"""

import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mner_core.caches import kept
from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import SYSTEMS
from mner_core.evaluation.protocols import ABOUT
from mner_core.evaluation.scoring import Counts
from mner_core.evaluation.significance import MIN_SEEDS, Finding, Spread, paired_t, spread
from mner_core.evaluation.slices import entities_counts, posts_counts
from mner_core.evaluation.verdict import Verdict, in_family, p_said
from mner_core.experiment.experiment_data import SCENES_SEEDS, ExperimentData, basis, read_data_set
from mner_core.experiment.result_table import DAGGER, Line, Number, ResultTable
from mner_core.experiment.run_cache import Cell, RunCache, cell
from mner_core.experiment.suite import Row, Size, Suite
from mner_core.files import one_at_a_time, write_whole
from mner_core.scenes.knobs import Knobs
from mner_core.scenes.write import write_scenes
from mner_core.types import Example, InputError, Span

COLUMNS = ("text-only ceiling", "with", "without", "difference", "low", "high")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A row about to be measured: drawn posts, the best that text alone can do on them (F1), a cell a seed and side."""

    row: Row
    data_set: ExperimentData
    ceiling: float
    whole: Sequence[Cell]
    lacking: Sequence[Cell]

    @property
    def cells(self) -> list[Cell]:
        """Both sides seed by seed, so that a killed suite has whole pairs."""
        return [one for pair in zip(self.whole, self.lacking, strict=True) for one in pair]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A trial's F1 over seeds with the mechanism and without, and the test of their difference (None of one seed)."""

    trial: Trial
    whole: Spread
    lacking: Spread
    test: Finding | None


def mechanisms_table(suite: Suite, size: Size, run_cache: RunCache) -> ResultTable:
    """For each row what its knob's posts score with the mechanism and without, beside what text alone could score.

    Raises:
        InputError: a row names a system that is not in the catalog, or the scenes have no such knob or no room for it.
    """
    trials = [_trial(row, suite, size, run_cache.root) for row in suite.rows]
    failed = run_cache.run([one for trial in trials for one in trial.cells])
    whole, broken = [], []
    for trial in trials:
        why = [failed[one.key] for one in trial.cells if one.key in failed]
        if why:
            broken.append(f"{trial.row.name} could not be trained: {why[0]}")
        else:
            whole.append(_measured(trial, run_cache))
    verdicts = in_family([each.test.p if each.test else None for each in whole])
    lines = [_line(each, verdict) for each, verdict in zip(whole, verdicts, strict=True)]
    drawn = basis({trial.row.name: trial.data_set for trial in trials}.values())
    notes = [*_basis(size, trials), drawn, *_gains(lines, size), *broken]
    return ResultTable(title=suite.title, columns={"F1": COLUMNS}, lines=lines, notes=notes, broken=broken)


def subset_f1(posts: Sequence[Example], predicted: Sequence[Sequence[Span]], name: str) -> float:
    """F1 (0..100) on the entities of a subset, or on its whole posts where the subset is one of posts."""
    rows = [row for row, post in enumerate(posts) if name in post.subsets]
    gold, said = [posts[row] for row in rows], [predicted[row] for row in rows]
    if any(post.subsets[name] for post in gold):
        counts = entities_counts(gold, said, lambda post, span: span in post.subsets[name])
    else:
        counts = posts_counts(gold, said, lambda _: True)
    return sum(counts.values(), Counts()).figures().f1


def _trial(row: Row, suite: Suite, size: Size, root: Path) -> Trial:
    for name in (row.model, row.against):
        if name and name not in SYSTEMS:
            raise InputError(f"{row.name} names the system {name!r}; there are: {', '.join(SYSTEMS)}.")
    data_set, ceiling = _drawn(row, row.times * size.posts, root, suite)
    isolated = [post for post in data_set.splits["valid"] if row.knob in post.subsets]
    data_set = replace(data_set, splits={**data_set.splits, "valid": isolated})
    whole = Row(name=row.name, model=row.model, set=row.set)
    lacking = Row(
        name=f"{row.name}, without",
        model=row.against or row.model,
        variant=row.variant,
        set={} if row.against else row.set,
    )
    sides = [[cell(side, data_set, size, seed) for seed in range(size.seeds)] for side in (whole, lacking)]
    return Trial(row=row, data_set=data_set, ceiling=ceiling, whole=sides[0], lacking=sides[1])


def _drawn(row: Row, posts: int, root: Path, suite: Suite) -> tuple[ExperimentData, float]:
    """The scenes with the row's knobs and no other, and the ceiling of text alone on what is scored of them."""
    knobs = row.knobs
    if unknown := sorted(set(knobs) - set(Knobs().shares)):
        raise InputError(f"The scenes have no knob {unknown[0]!r}; they have: {', '.join(Knobs().shares)}.")
    name = f"scenes-{posts}-" + "-".join(f"{knob}{share:g}" for knob, share in sorted(knobs.items()))
    folder, report = root / "data" / name, root / "data" / f"{name}.json"

    def draw() -> dict[str, float]:
        shutil.rmtree(folder, ignore_errors=True)  # a kill between the two
        found = write_scenes(folder, posts, SCENES_SEEDS["scenes"], Knobs(**{"ambiguous": 0.0, **knobs}))
        return dict(found.text_only_ceilings)

    with one_at_a_time(root / "data" / ".lock"):
        ceilings = kept(report, _ceilings, draw, lambda found: write_whole(report, json.dumps(found)))
    if row.slice not in ceilings:
        raise InputError(f"{row.name}: these scenes have no {row.slice!r} to score; they have: {', '.join(ceilings)}.")
    return read_data_set("scenes", folder, suite), float(ceilings[row.slice])


def _measured(trial: Trial, run_cache: RunCache) -> Measured:
    posts = trial.data_set.splits["test"]
    sides = [
        [subset_f1(posts, run_cache.predictions(one, posts), trial.row.slice) for one in side]
        for side in (trial.whole, trial.lacking)
    ]
    test = paired_t(*sides) if len(trial.whole) >= MIN_SEEDS else None
    return Measured(trial=trial, whole=spread(sides[0]), lacking=spread(sides[1]), test=test)


def _ceilings(report: Path) -> dict[str, float]:
    return {name: float(f1) for name, f1 in json.loads(report.read_text(encoding="utf-8")).items()}


def _line(measured: Measured, verdict: Verdict) -> Line:
    trial, whole, lacking = measured.trial, measured.whole, measured.lacking
    row, posts = trial.row, trial.data_set.splits["test"]
    difference = whole.mean - lacking.mean
    inside = [post for post in posts if row.slice in post.subsets]
    facts: dict[str, Any] = {
        "slice": row.slice,
        "lacks": row.variant or f"all but {SYSTEMS[row.against].title}",
        "protocol": "entity",
        "posts": len(inside),
        "support": sum(len(post.subsets[row.slice] or post.spans or ()) for post in inside),
        "seeds": whole.number,
        "p": verdict.p,
        "p_holm": verdict.holm,
        "supported": verdict.supported,
        "gain": verdict.supported and difference > 0,
    }
    differs = _difference(difference, measured.test, verdict)
    numbers = [Number(trial.ceiling), _over_seeds(whole), _over_seeds(lacking), *differs]
    source = f"{row.variant or SYSTEMS[row.against].title}; {row.slice}"
    return Line(name=row.name, source=source, blocks={"F1": numbers}, facts={"F1": facts})


def _over_seeds(figure: Spread) -> Number:
    return Number(figure.mean, figure.deviation if figure.number > 1 else None)


def _difference(value: float, test: Finding | None, verdict: Verdict) -> list[Number]:
    low, high = (math.nan, math.nan) if test is None or test.low is None or test.high is None else (test.low, test.high)
    return [Number(value, marked=verdict.supported), Number(low), Number(high)]


def _basis(size: Size, trials: Sequence[Trial]) -> list[str]:
    """What the numbers rest on: scorer, encoder, posts, seeds, epochs."""
    passes: dict[str, set[int]] = {}
    for plan in (one.request.plan for trial in trials for one in trial.cells):
        passes.setdefault(plan.system.title, set()).add(plan.settings.epochs)
    epochs = ", ".join(f"{title} {' or '.join(map(str, sorted(numbers)))}" for title, numbers in passes.items())
    more = "".join(f", {trial.row.times} times as many for {trial.row.name}" for trial in trials if trial.row.times > 1)
    everywhere = ", ".join(f"{name} = {value}" for name, value in size.set.items())
    return [
        "Second column: what stands in place of the whole system, and the knob whose posts are scored. Scorer "
        f"`entity`: {ABOUT['entity']}.",
        f"Profile {size.profile}, text encoder {profile(size.profile).text}; posts drawn for each set of knobs: "
        f"{size.posts}{more}; seeds: {size.seeds}, mean ± deviation over them; epochs: {epochs}; the best on the "
        "knob's posts in valid counts." + (f" Set for all: {everywhere}." if everywhere else ""),
        "Text-only ceiling: the F1 of the best possible answer that sees no picture, computed exactly.",
        f"Difference: with - without, paired over seeds, with its 95 % interval (t); {DAGGER} where p < 0.05 after "
        f"Holm's correction over the rows. The test needs at least {MIN_SEEDS} seeds, and is undefined (a dash) where "
        "all seeds differ by the same.",
    ]


def _gains(lines: Sequence[Line], size: Size) -> list[str]:
    """Which rows show no gain, with their figures."""
    if not lines:
        return []
    if size.seeds < MIN_SEEDS:
        return [f"Nothing is tested: {size.seeds} seed, and a test over seeds needs at least {MIN_SEEDS}."]
    missed = []
    for line in lines:
        _, _, _, difference, low, high = line.blocks["F1"]
        facts = line.facts["F1"]
        if not facts["gain"]:
            figures = f"{difference.value:+.2f}, {low.text()} to {high.text()}, {p_said(facts['p_holm'])}"
            missed.append(f"{line.name} ({figures})")
    return [f"No gain is supported for: {'; '.join(missed)}." if missed else "Every row's gain is supported."]
