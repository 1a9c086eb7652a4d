"""The box of a predicted entity: the object that it looked at most, or the region where a model looks at regions only.

A model always looks somewhere, whether the picture shows the entity or not. Below a threshold, the share of attention
that is best on valid, an entity is taken to be not in the picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from mner_core.evaluation.grounded import is_there
from mner_core.evidence import summarise
from mner_core.types import Box, Example, Prediction, Span

NEVER = 2.0
"""A threshold that no share reaches: no entity has a box."""


@dataclass(frozen=True, slots=True)
class Grounding:
    """Where an entity looked most, and the share of its look that lies there, 0..1."""

    box: Box
    share: float


def groundings(post: Example, prediction: Prediction) -> dict[Span, Grounding]:
    """Where each predicted entity looked most, by the first evidence of its kind; nothing without such evidence.

    Regions count for posts without any evidence on objects.
    """
    looks = [each for each in summarise(prediction.evidence, post, prediction.spans) if "box" in each.strongest]
    axis = "object" if any("object" in each.axes for each in prediction.evidence) else "region"
    found: dict[Span, Grounding] = {}
    for look in looks:
        if look.axis == axis:
            left, top, right, bottom = look.strongest["box"]
            found.setdefault(look.span, Grounding((left, top, right, bottom), look.share))
    return found


def boxes_of(post: Example, prediction: Prediction, threshold: float) -> dict[Span, Box | None]:
    """The box of each predicted entity; None where its look has no box or is weaker than the threshold."""
    strong = {span: each.box for span, each in groundings(post, prediction).items() if each.share >= threshold}
    return {span: strong.get(span) for span in prediction.spans}


def best_threshold(posts: Sequence[Example], predictions: Sequence[Prediction]) -> float | None:
    """The threshold with the highest grounded score; of equal ones the lowest; None where gold says nothing of places.

    With another threshold the same entities are predicted, so that the score rises and falls with how many are right.
    """
    if not any(post.boxes for post in posts):
        return None
    looks = [
        (each.share, is_there(each.box, gold), is_there(None, gold))
        for post, prediction in zip(posts, predictions, strict=True)
        for each, gold in _known(post.boxes, groundings(post, prediction))
    ]
    shares = sorted({0.0, *(share for share, _, _ in looks)})
    gains = dict.fromkeys(shares, 0)  # what is won or lost where the looks of this share lose their box
    for share, with_box, without in looks:
        gains[share] += without - with_box
    above = [0, *accumulate(gains[share] for share in shares)]  # right entities more than with the threshold 0
    best = max(range(len(above)), key=lambda place: (above[place], -place))
    return shares[best] if best < len(shares) else NEVER


def _known(
    gold: Mapping[Span, tuple[Box, ...]], found: Mapping[Span, Grounding]
) -> list[tuple[Grounding, tuple[Box, ...]]]:
    return [(each, gold[span]) for span, each in found.items() if span in gold]
