"""What an image is worth to a model: its score with the posts' own images, with none, and with swapped ones.

A model can gain from images without looking at what they show: the extra input acts as noise or as more parameters.
Then another post's image serves as well. So a gain counts only when it is lost in the swap (the congruence test of
Elliott 2018, Adversarial evaluation of multimodal machine translation); a gain that survives it is reported as none.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from mner_core.evaluation.comparison import Comparison, Predicted, compare
from mner_core.evaluation.gold import gold_entities
from mner_core.types import Example, Span, span_fields

Effect: TypeAlias = Literal["better", "worse", "otherwise wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A post on which a run says something else with its own image than without, or than with another's.

    `run` is the run's number; `effect` is that of the own image against none: fewer wrong and missed entities, more, or
    as many others; empty where those two agree.
    """

    post: str
    run: int
    gold: tuple[Span, ...]
    own: tuple[Span, ...]
    none: tuple[Span, ...]
    swapped: tuple[Span, ...]
    effect: Effect | Literal[""]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAblation:
    """Own images against none and against swapped ones, paired over runs and posts, and every post that changes."""

    against_none: Comparison
    against_swapped: Comparison
    changes: tuple[Change, ...]

    @property
    def gain(self) -> bool:
        """Whether the images are worth something: own images beat none, and beat swapped ones, as the tests say."""
        return self.against_none.better and self.against_swapped.better

    @property
    def verdict(self) -> str:
        """That in a sentence."""
        none, swapped = self.against_none.sentence, self.against_swapped.sentence
        if self.gain:
            return f"A gain: own images against none {none} Against swapped images {swapped}"
        if self.against_none.better:
            return f"No gain: own images beat none, {none} But the gain survives the swap, {swapped}"
        if self.against_none.supported:
            return f"No gain but a loss: own images against none {none}"
        return f"No gain: own images against none {none}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: the three scores' means and deviations, both comparisons, the verdict, the changes."""
        return {
            "own": asdict(self.against_none.ours),
            "none": asdict(self.against_none.theirs),
            "swapped": asdict(self.against_swapped.theirs),
            "gain": self.gain,
            "verdict": self.verdict,
            "against_none": self.against_none.to_json(),
            "against_swapped": self.against_swapped.to_json(),
            "changes": [asdict(change, dict_factory=span_fields) for change in self.changes],
        }


def image_ablation(
    gold: Sequence[Example],
    own: Sequence[Predicted],
    none: Sequence[Predicted],
    swapped: Sequence[Predicted],
    protocol: str = "entity",
) -> ImageAblation:
    """Judges what some runs (seeds of one model) say of the same posts with their own images, with none, and swapped.

    Raises:
        InputError: as `comparison.compare`.
    """
    against_none = compare(gold, own, none, protocol)
    against_swapped = compare(gold, own, swapped, protocol)
    entities = gold_entities(gold, protocol)
    changes = [
        _change(post, number, true, *(tuple(sorted(each)) for each in said))
        for number, run in enumerate(zip(own, none, swapped, strict=True))
        for post, true, *said in zip(gold, entities, *run, strict=True)
        if len({frozenset(each) for each in said}) > 1
    ]
    return ImageAblation(against_none=against_none, against_swapped=against_swapped, changes=tuple(changes))


def _change(
    post: Example,
    run: int,
    gold: frozenset[Span],
    own: tuple[Span, ...],
    none: tuple[Span, ...],
    swapped: tuple[Span, ...],
) -> Change:
    effect: Effect | Literal[""] = ""
    if own != none:
        with_image, without = len(gold ^ set(own)), len(gold ^ set(none))
        effect = "better" if with_image < without else "worse" if with_image > without else "otherwise wrong"
    return Change(post=post.id, run=run, gold=tuple(sorted(gold)), own=own, none=none, swapped=swapped, effect=effect)
