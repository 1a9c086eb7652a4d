"""What kind of mistake each prediction is: gold and predicted entities of one post, paired one to one.

Pairs are made in this order, and no span is used twice:

1. the same words and the same type: correct;
2. the same words, another type: a type error;
3. of all that overlap, the two that share the most words; among equals those of one type, then those with the fewest
   words outside the overlap, then the leftmost: a boundary error, or boundary and type.

What is left over was missed (gold) or is spurious (predicted).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from mner_core.types import Span

Kind: TypeAlias = Literal["correct", "boundary", "type", "boundary and type", "missed", "spurious"]
KINDS: tuple[Kind, ...] = get_args(Kind)

NONE = "none"
"""The confusion matrix's name for no entity. A row and column of its own, last, even where a label has that name."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A gold entity and its prediction: `gold` is None where it is spurious, `predicted` where it was missed."""

    gold: Span | None
    predicted: Span | None

    @property
    def kind(self) -> Kind:
        """Which of the six kinds the pair is."""
        if self.predicted is None:
            return "missed"
        if self.gold is None:
            return "spurious"
        same_words = replace(self.gold, label=self.predicted.label) == self.predicted
        if self.gold.label == self.predicted.label:
            return "correct" if same_words else "boundary"
        return "type" if same_words else "boundary and type"

    @property
    def place(self) -> Span:
        """The gold span, or the predicted one where there is no gold: where to look."""
        span = self.gold or self.predicted
        assert span is not None, "an outcome has a gold span, a predicted one, or both"
        return span


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often an entity of one type was taken for another.

    `matrix[i, j]` counts pairs of gold `names[i]` and predicted `names[j]`; the last name is `none`: its column
    holds the missed entities, its row the spurious ones. Pairs with wrong boundaries count too.
    """

    names: tuple[str, ...]
    matrix: NDArray[np.int64]


def align(gold: Iterable[Span], predicted: Iterable[Span]) -> list[Outcome]:
    """Pairs one post's entities one to one, in the order of their first words. A span given twice counts once."""
    gold_left, predicted_left = sorted(set(gold)), sorted(set(predicted))
    candidates = [(one, other) for one in gold_left for other in predicted_left if one.overlaps(other)]
    outcomes: list[Outcome] = []
    for one, other in sorted(candidates, key=_worse):
        if one in gold_left and other in predicted_left:
            outcomes.append(Outcome(one, other))
            gold_left.remove(one)
            predicted_left.remove(other)
    outcomes += [Outcome(span, None) for span in gold_left]
    outcomes += [Outcome(None, span) for span in predicted_left]
    return sorted(outcomes, key=lambda outcome: (outcome.place, outcome.gold is None))


def _worse(pair: tuple[Span, Span]) -> tuple[bool, int, bool, int, Span, Span]:
    """Sorts the pairs that are to be made first to the front."""
    gold, predicted = pair
    shared = min(gold.end, predicted.end) - max(gold.start, predicted.start)
    outside = (gold.end - gold.start) + (predicted.end - predicted.start) - 2 * shared
    outside += gold.chars != predicted.chars  # one of them ends inside a word
    other_type = gold.label != predicted.label
    return (outside > 0, -shared, other_type, outside, gold, predicted)


def tally(outcomes: Iterable[Outcome]) -> dict[Kind, int]:
    """How many outcomes there are of each kind, all six of them."""
    counts = Counter(outcome.kind for outcome in outcomes)
    return {kind: counts[kind] for kind in KINDS}


def confusion(outcomes: Iterable[Outcome], labels: Sequence[str] = ()) -> Confusion:
    """The confusion matrix: types in the order of `labels`, then any others that occur, in alphabetical order."""
    pairs = [(_label(outcome.gold), _label(outcome.predicted)) for outcome in outcomes]
    found = {label for pair in pairs for label in pair if label is not None}
    names = (*labels, *sorted(found - set(labels)))
    places: dict[str | None, int] = {label: place for place, label in enumerate(names)} | {None: len(names)}
    matrix = np.zeros((len(names) + 1, len(names) + 1), np.int64)
    for gold, predicted in pairs:
        matrix[places[gold], places[predicted]] += 1
    return Confusion((*names, NONE), matrix)


def _label(span: Span | None) -> str | None:
    return None if span is None else span.label
