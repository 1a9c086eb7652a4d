"""The table that needs no training: what the data sets hold."""

import math
from collections import Counter
from collections.abc import Sequence

from mner_core.evaluation.gold import gold_entities
from mner_core.experiment.experiment_data import ExperimentData, basis
from mner_core.experiment.result_table import Line, Number, ResultTable
from mner_core.experiment.suite import USUAL_TYPES, Suite


def data_statistics_table(suite: Suite, data_sets: Sequence[ExperimentData]) -> ResultTable:
    """Posts and entities of each split and type; strictly read, an orphan I- tag is no entity."""
    splits = ("train", "valid", "test")
    types = [*USUAL_TYPES, *sorted({label for each in data_sets for label in each.labels} - {*USUAL_TYPES})]
    printed = {row.name: row for row in suite.rows}
    lines = []
    for name in [*types, "entities", "posts"]:
        for source, protocol in (("ours", "entity"), ("ours, strict", "entity-strict")):
            if name != "posts" or protocol == "entity":
                counts = {each.name: [_count(each, split, name, protocol) for split in splits] for each in data_sets}
                lines.append(Line(name=name, source=source, blocks=counts))
        if row := printed.get(name):
            known = {
                each.name: [Number(part) for part in row.printed[each.name]]
                for each in data_sets
                if each.name in row.printed
            }
            if known:
                lines.append(Line(name=name, source="printed", blocks=known))
    notes = ["Entities as a lenient reader sees them (an orphan I- tag begins one), and strictly.", basis(data_sets)]
    return ResultTable(
        title=suite.title, columns={each.name: splits for each in data_sets}, lines=lines, notes=notes, digits=0
    )


def _count(data_set: ExperimentData, split: str, name: str, protocol: str) -> Number:
    posts = data_set.splits.get(split)
    if not posts:
        return Number(math.nan)
    if name == "posts":
        return Number(len(posts))
    labels = Counter(span.label for spans in gold_entities(posts, protocol) for span in spans)
    return Number(labels.total() if name == "entities" else labels[name])
