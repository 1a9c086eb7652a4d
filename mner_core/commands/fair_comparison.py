"""`evaluate --against` on labels that are fair to both sides: what one of the compared runs suggested is taken back.

The labels before count there, and a post that had none is left out. Runs of one setting (system, variant, profile and
settings, whatever the seed) count as one; a run that suggested labels is known by its folder's name, and its setting
is looked up beside the compared ones.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from statistics import fmean
from typing import Any

from mner_core.data.label_history import before, read_history, suggesting
from mner_core.data.tokenize import character_offsets, entity_at
from mner_core.evaluation.comparison import Comparison, Predicted, compare, compare_spans
from mner_core.evaluation.gold import PROTOCOLS, gold_entities
from mner_core.evaluation.legacy import PieceCounts
from mner_core.evaluation.protocols import score
from mner_core.run_record import RunRecord, read_record
from mner_core.types import Example, InputError, Span

Side = Sequence[tuple[Path, RunRecord, Sequence[Sequence[Span]]]]
"""The runs of one side: where each lies, its record, and its spans for each post, in words."""
_Before = Sequence[tuple[bool, Sequence[Span] | None]]
"""Of each post whether a compared run suggested its labels, and those from before that, in characters."""


def compare_fairly(
    data: Path,
    examples: Sequence[Example],
    ours: Side,
    theirs: Side,
    protocol: str,
    pieces: PieceCounts | None = None,
) -> dict[str, Any]:
    """The comparison as JSON, with `suggested` (posts whose labels go back to a compared run) and `left_out` of them.

    Where there are any, `as_labelled` has both sides' mean F1 on the labels as they are, without a verdict.

    Raises:
        InputError: the history beside the data cannot be read, or fewer than two posts are fair to both sides.
    """
    history = read_history(data)
    runs = _of_their_setting([*ours, *theirs], suggesting(history, examples))
    found = [before(history, post, runs) for post in examples]
    suggested = sum(is_suggested for is_suggested, _ in found)
    sides = [[spans for _, _, spans in side] for side in (ours, theirs)]
    if not suggested:
        return {**compare(examples, sides[0], sides[1], protocol, pieces).to_json(), "suggested": 0, "left_out": 0}
    as_labelled = [fmean(score(examples, spans, protocol, pieces).f1 for spans in side) for side in sides]
    compared = (
        _compare_places(examples, found, sides, protocol)
        if protocol in PROTOCOLS
        else _compare_tags(examples, found, sides, protocol, pieces)
    )
    return {
        **compared.to_json(),
        "suggested": suggested,
        "left_out": sum(is_suggested and labels is None for is_suggested, labels in found),
        "as_labelled": {"ours": as_labelled[0], "theirs": as_labelled[1]},
    }


def _compare_places(
    examples: Sequence[Example], found: _Before, sides: Sequence[Sequence[Predicted]], protocol: str
) -> Comparison:
    """By code points: labels from before may cut the words otherwise. Posts without gold are left out."""
    gold = [
        (None if labels is None else frozenset(labels)) if is_suggested else _places(post, spans)
        for post, spans, (is_suggested, labels) in zip(examples, gold_entities(examples, protocol), found, strict=True)
    ]
    kept = _fair(found)
    said = [[[sorted(_places(examples[place], spans[place])) for place in kept] for spans in side] for side in sides]
    return compare_spans([spans for spans in gold if spans is not None], said[0], said[1], protocol)


def _compare_tags(
    examples: Sequence[Example],
    found: _Before,
    sides: Sequence[Sequence[Predicted]],
    protocol: str,
    pieces: PieceCounts | None,
) -> Comparison:
    """By tags, with those of the labels from before; posts without any are left out of the split."""
    kept = _fair(found)
    gold = [
        examples[place].with_spans(
            [entity_at(examples[place].tokens, span.start, span.end, span.label) for span in labels]
        )
        if is_suggested and labels is not None
        else examples[place]
        for place in kept
        for is_suggested, labels in [found[place]]
    ]
    said = [[[spans[place] for place in kept] for spans in side] for side in sides]
    return compare(gold, said[0], said[1], protocol, pieces)


def _fair(found: _Before) -> list[int]:
    """The posts with labels that are fair to both sides."""
    kept = [place for place, (is_suggested, labels) in enumerate(found) if not is_suggested or labels is not None]
    if len(kept) < 2:
        raise InputError(
            f"Only {len(kept)} posts have labels that the compared runs did not suggest: nothing is fair to both sides."
        )
    return kept


def _places(post: Example, spans: Sequence[Span] | AbstractSet[Span]) -> frozenset[Span]:
    return frozenset(Span(*character_offsets(post.tokens, span), span.label) for span in spans)


def _of_their_setting(sides: Side, names: AbstractSet[str]) -> set[str]:
    """The compared runs' names, and which of the suggesting runs `names` have the setting of one of them."""
    compared = {path.name.removesuffix(".zip") for path, _, _ in sides}
    settings = [_setting(record) for _, record, _ in sides]
    folders = {path.parent for path, _, _ in sides}
    return compared | {
        name
        for name in names - compared
        for folder in folders
        if (folder / name / "run.json").is_file() and _setting(read_record(folder / name)) in settings
    }


def _setting(record: RunRecord) -> tuple[Any, ...]:
    return record.model, record.variant, record.profile, dict(record.settings)
