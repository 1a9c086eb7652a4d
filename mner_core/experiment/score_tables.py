"""From a suite to its table: cells are run, scored and compared with the reference row, printed numbers set beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import SYSTEMS
from mner_core.evaluation.comparison import Comparison, compare, corrected
from mner_core.evaluation.protocols import ABOUT
from mner_core.evaluation.scoring import Score, score
from mner_core.evaluation.significance import MIN_SEEDS, spread
from mner_core.experiment.experiment_data import ExperimentData, basis
from mner_core.experiment.published_numbers import printed_line, published_blocks
from mner_core.experiment.result_table import DAGGER, Line, Number, ResultTable
from mner_core.experiment.run_cache import Cell, Predicted, RunCache, cell
from mner_core.experiment.suite import USUAL_TYPES, Row, Size, Suite
from mner_core.types import Example, InputError

PROTOCOL = "entity"
SHORT = {"P": "precision", "R": "recall", "F1": "f1"}
Told: TypeAlias = Mapping[tuple[str, str], Sequence[Predicted]]
"""The spans of every seed's run, by row and block."""
Comparisons: TypeAlias = Mapping[tuple[str, str], Comparison]
"""What a row has against the reference row in a block."""


@dataclass(frozen=True)
class Block:
    """A part of the table: what is scored on `posts` of one data set by runs that learnt from another or the same."""

    name: str
    taught_by: ExperimentData
    posts: Sequence[Example]
    columns: tuple[str, ...]
    printed: str
    """The data set's name, or "one->other", by which rows name the papers' numbers."""
    place: int
    """Which of the suite's splits."""


def scores_table(suite: Suite, size: Size, data_sets: Sequence[ExperimentData], run_cache: RunCache) -> ResultTable:
    """The table of a suite of the kinds `scores` and `transfer`.

    Raises:
        InputError: a row names a variant or setting that its system does not have.
    """
    blocks = _blocks(suite, data_sets)
    rows = [row for row in suite.rows if row.model in SYSTEMS]
    cells = {
        (row.name, data_set.name): [cell(row, data_set, size, seed) for seed in range(size.seeds)]
        for row in rows
        for data_set in {id(block.taught_by): block.taught_by for block in blocks}.values()
    }
    failed = run_cache.run([one for of_row in cells.values() for one in of_row])
    told: dict[tuple[str, str], list[Predicted]] = {}
    for row in rows:
        for block in blocks:
            of_row = cells[row.name, block.taught_by.name]
            if not any(one.key in failed for one in of_row):
                told[row.name, block.name] = [run_cache.predictions(one, block.posts) for one in of_row]
    published = published_blocks(suite, {(each.printed, each.place): (each.name, each.columns) for each in blocks})
    found = _comparisons(suite, blocks, told)
    lines = []
    for row in suite.rows:
        if any(said == row.name for said, _ in told):
            lines.append(_ours(row, suite, blocks, told, found))
        if printed := printed_line(row, published):
            lines.append(printed)
    broken = _missing(suite, cells, failed)
    notes = [*_notes(suite, size, data_sets, cells), *_marks(suite, size, found), *broken]
    columns = {block.name: block.columns for block in blocks} | {each.name: each.columns for each in published}
    return ResultTable(title=suite.title, columns=columns, lines=lines, notes=notes, broken=broken)


def _blocks(suite: Suite, data_sets: Sequence[ExperimentData]) -> list[Block]:
    pairs = [(one, one) for one in data_sets]
    if suite.kind == "transfer":
        pairs = [(one, other) for one in data_sets for other in data_sets if one is not other]
    found = {}
    for one, other in pairs:
        for place, wanted in enumerate(suite.splits):
            split = other.scored(wanted)
            name = f"{one.name} → {other.name}" if one is not other else one.name
            name += f" ({split})" if len(suite.splits) > 1 or split != wanted else ""
            printed = f"{one.name}->{other.name}" if one is not other else one.name
            if split == wanted or place == 0:
                found[name] = Block(name, one, other.splits[split], _columns(suite, other), printed, place)
    return list(found.values())


def _columns(suite: Suite, data_set: ExperimentData) -> tuple[str, ...]:
    types = [label for label in USUAL_TYPES if label in data_set.labels]
    types += [label for label in data_set.labels if label not in types]
    return {"full": (*types, "P", "R", "F1"), "prf": ("P", "R", "F1"), "types": (*types, "F1")}[suite.columns]


def _ours(row: Row, suite: Suite, blocks: Sequence[Block], told: Told, comparisons: Comparisons) -> Line:
    numbers, facts = {}, {}
    for block in blocks:
        if (row.name, block.name) not in told:
            continue
        runs = told[row.name, block.name]
        scores = [score(block.posts, spans, PROTOCOL) for spans in runs]
        found = comparisons.get((row.name, block.name))
        numbers[block.name] = [_number(scores, column, found) for column in block.columns]
        facts[block.name] = {
            "protocol": PROTOCOL,
            "support": scores[0].support,
            "posts": len(block.posts),
            "seeds": len(runs),
            "gold_sha256": scores[0].gold_sha256,
        }
        if found:
            compared = {"reference": suite.reference, "difference": found.difference, "supported": found.supported}
            verdict = found.verdict
            facts[block.name] |= {**compared, "p": verdict.p, "p_holm": verdict.holm, "sentence": found.sentence}
    return Line(name=row.name, source="ours", blocks=numbers, facts=facts)


def _comparisons(suite: Suite, blocks: Sequence[Block], told: Told) -> Comparisons:
    """Every row that was trained against the reference, in each block; all are judged as one family."""
    posts = {block.name: block.posts for block in blocks}
    found = {
        (row, block): compare(posts[block], spans, told[suite.reference, block], PROTOCOL)
        for (row, block), spans in told.items()
        if row != suite.reference and (suite.reference, block) in told and len(posts[block]) > 1
    }
    return dict(zip(found, corrected(list(found.values())), strict=True))


def _number(scores: Sequence[Score], column: str, found: Comparison | None) -> Number:
    """A column's mean over seeds; F1 is marked where every test supports that it differs from the reference's."""
    values = [
        getattr(each, SHORT[column]) if column in SHORT else getattr(each.per_type.get(column), "f1", 0.0)
        for each in scores
    ]
    over = spread(values)
    deviation = over.deviation if len(values) > 1 else None
    return Number(over.mean, deviation, marked=column == "F1" and found is not None and found.supported)


def _notes(
    suite: Suite, size: Size, data_sets: Sequence[ExperimentData], cells: Mapping[tuple[str, str], Sequence[Cell]]
) -> list[str]:
    """What the numbers rest on: scorer, encoder, seeds, epochs, posts."""
    epochs = {of_row[0].row.model: of_row[0].request.plan.settings.epochs for of_row in cells.values()}
    said = ", ".join(f"{SYSTEMS[name].title} {number}" for name, number in epochs.items())
    notes = [
        f"Scorer `{PROTOCOL}`: {ABOUT[PROTOCOL]}. Printed numbers come from the papers' own scorers.",
        f"Profile {size.profile}, text encoder {profile(size.profile).text}; seeds: {size.seeds}, mean ± deviation "
        f"over them; epochs: {said or 'none'}; the best on valid counts.",
        *(f"Posts of {each.name}: {each.counts}." for each in data_sets),
        basis(data_sets),
    ]
    if suite.pictured:
        notes.append("Only posts whose picture opens.")
    if suite.labels:
        notes.append("Labels: " + ", ".join(f"{old} = {new}" for old, new in suite.labels.items()) + ".")
    late = [each.name for each in data_sets if "test" in suite.splits and not each.splits.get("test")]
    if late:
        notes.append(f"No labelled test split in {', '.join(late)}: scored on valid, which also picked the epoch.")
    return notes


def _marks(suite: Suite, size: Size, found: Comparisons) -> list[str]:
    """What the mark says, or that there is none; and what was tested."""
    if not found:
        return []
    tests = "bootstrap and randomisation over posts"
    if size.seeds >= MIN_SEEDS:
        tests += " and a paired t-test over seeds"
    else:
        tests += f" (a test over seeds needs at least {MIN_SEEDS})"
    tests += f", the largest p, after Holm's correction over the table's {len(found)} comparisons"
    if any(each.supported for each in found.values()):
        return [f"{DAGGER} F1 differs from that of {suite.reference}: {tests}, < 0.05."]
    return [f"No difference from {suite.reference} is supported, none is marked: {tests}, is nowhere < 0.05."]


def _missing(suite: Suite, cells: Mapping[tuple[str, str], Sequence[Cell]], failed: Mapping[str, str]) -> list[str]:
    absent = sorted({row.model for row in suite.rows if row.model and row.model not in SYSTEMS})
    notes = [
        f"The system {name} is not in the catalog yet: of its rows only printed numbers are shown." for name in absent
    ]
    broken = {of_row[0].row.name: failed[one.key] for of_row in cells.values() for one in of_row if one.key in failed}
    return [*notes, *(f"{name} could not be trained: {why}" for name, why in broken.items())]


def must_resolve(suite: Suite, size: Size) -> None:
    """Refuses a suite whose rows do not fit the catalog, before anything is computed.

    Raises:
        InputError: a row names a variant or setting that its system does not have, or the profile is unknown.
    """
    profile(size.profile)
    if size.seeds < 1:
        raise InputError(f"An experiment needs at least 1 seed, got {size.seeds}.")
    for name in ("posts", "epochs"):
        if getattr(size, name) < 0:
            raise InputError(f"An experiment needs 0 {name} or more, got {getattr(size, name)}.")
    for row in suite.rows:
        if row.model in SYSTEMS:
            SYSTEMS[row.model].resolve(size.profile, row.variant, {**size.set, **row.set})
