"""Attributions of one entity of a post, beside what the model's attention says of the same things."""

from collections.abc import Mapping, Sequence
from typing import Any

from mner_core.data.tokenize import entity_at
from mner_core.training.run import Run
from mner_core.types import Evidence, Example, InputError, Span


def explained(run: Run, example: Example, span: Span, method: str, evidence: Sequence[Evidence]) -> dict[str, Any]:
    """`Attributions.to_json`, with "attention" as `curves.attention_beside` has it.

    `evidence` is what the run showed when it read the post.

    Raises:
        InputError: the run does not know the label, or there is no such method.
    """
    from mner_core.explain import attributions, curves  # here, because Captum is slow to import

    found = attributions.explain(run, example, span, method)
    return {**found.to_json(), "attention": curves.attention_beside(found, evidence)}


def asked_span(payload: Mapping[str, Any], example: Example, label: str) -> Span:
    """The entity from "start" to "end" (code points) of the question, with a label of the run.

    Raises:
        InputError: the range lies outside the text, or holds no word.
    """
    start, end = int(payload.get("start", 0)), int(payload.get("end", 0))
    if not 0 <= start < end <= len(example.text):
        raise InputError(f"The range {start}..{end} lies outside the text, which has {len(example.text)} characters.")
    return entity_at(example.tokens, start, end, label)


def label_of_run(label: str, known: Sequence[str], mapping: Mapping[str, str]) -> str:
    """The run's own label that is called `label` in the post's data set, where `mapping` says so (`db.run_labels`).

    Raises:
        InputError: no label of the run is called so.
    """
    found = next((own for own in known if mapping.get(own, own) == label), None)
    if found is None:
        raise InputError(f"The run knows no type {label}: it cannot say what an entity of that type would rest on.")
    return found
