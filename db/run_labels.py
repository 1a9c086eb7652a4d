"""What the labels of a run mean in a data set that has other types: kept with the data set, applied when the run reads
its posts, so that all that is stored of them speaks the set's own types.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from db.change_token import changed
from db.engine import Store
from db.posts import Dataset, dataset_key
from db.runs import StoredRun
from db.tables import Datasets
from mner_core.types import InputError, Prediction, Span


def map_run(store: Store, dataset: str, run: str, mapping: Mapping[str, str]) -> None:
    """Keeps which type of the data set each label of a run stands for; an empty one: it is not used here.

    Raises:
        InputError: there is no such data set, or it has no type of that name.
    """
    with store.write() as session:
        row = session.get_one(Datasets, dataset_key(session, dataset))
        if unknown := sorted({label for label in mapping.values() if label} - set(row.labels)):
            raise InputError(f"The data set {dataset} has no type {unknown[0]}: name it first.")
        others = {label: here for label, here in mapping.items() if label != here}
        row.run_labels = {**(row.run_labels or {}), run: others}
        changed(row)


def likely_mapping(labels: Sequence[str], types: Sequence[str]) -> dict[str, str]:
    """For each label of a run the type of that name, or the only one that begins like it (PER, Person); else empty."""
    return {label: label if label in types else _likely(label, types) for label in labels}


def knows(run: StoredRun, found: Dataset) -> bool:
    """Whether a run can find every type of a data set, as its labels are understood there; a set without types: no."""
    return bool(found.labels) and known_types(run, found) >= set(found.labels)


def known_types(run: StoredRun, found: Dataset) -> frozenset[str]:
    """The types that a run can find, as its labels are understood in a data set."""
    mapping = found.run_labels.get(run.name, {})
    return frozenset(mapping.get(label, label) for label in run.labels)


def relabelled(prediction: Prediction, mapping: Mapping[str, str]) -> Prediction:
    """The prediction under other labels; a span whose label becomes empty is left out."""
    pairs = [
        (Span(span.start, span.end, label), confidence)
        for span, confidence in zip(prediction.spans, prediction.confidences, strict=True)
        if (label := mapping.get(span.label, span.label))
    ]
    return replace(
        prediction, spans=tuple(span for span, _ in pairs), confidences=tuple(confidence for _, confidence in pairs)
    )


def _likely(label: str, types: Sequence[str]) -> str:
    begins = [each for each in types if each[:3].casefold() == label[:3].casefold()]
    return begins[0] if len(begins) == 1 else ""
