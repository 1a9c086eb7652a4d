"""The grounded score: an entity is right when its words, its type and its place in the picture are.

What gold says of an entity's place decides how it is counted:

    boxes           the predicted box has an intersection over union of at least 0.5 with one of them
    an empty list   the entity is not in the picture: the prediction has no box
    nothing         the entity is not scored, nor is a prediction of just its words, whatever its type
"""

from collections.abc import Mapping, Sequence

from mner_core.data.boxes import iou
from mner_core.evaluation.pointing import OVERLAP
from mner_core.evaluation.scoring import Counts, Figures, must_match
from mner_core.types import Box, Example, Span


def grounded_score(gold: Sequence[Example], predicted: Sequence[Mapping[Span, Box | None]]) -> Figures:
    """Precision, recall and F1 by words, type and place, pooled over the posts.

    Args:
        gold: labelled posts with `boxes`.
        predicted: what is found in each post, with its box; None for an entity that is not in the picture.

    Raises:
        InputError: a post is not labelled, or the numbers of posts differ.
    """
    must_match(gold, predicted)
    return sum(map(grounded_counts, gold, predicted), Counts()).figures()


def grounded_counts(gold: Example, predicted: Mapping[Span, Box | None]) -> Counts:
    """One post's counts; adding them over the posts of a split gives its score."""
    unsaid = {_words(span) for span in gold.spans or () if span not in gold.boxes}
    scored = {span: box for span, box in predicted.items() if _words(span) not in unsaid}
    right = sum(span in gold.boxes and is_there(box, gold.boxes[span]) for span, box in scored.items())
    return Counts(right, len(scored), len(gold.boxes))


def is_there(box: Box | None, gold: Sequence[Box]) -> bool:
    """Whether a predicted box, or that there is none, is what gold says."""
    if box is None or not gold:
        return box is None and not gold
    return bool((iou(box, gold) >= OVERLAP).any())


def first_boxes(post: Example) -> dict[Span, Box | None]:
    """A file's predictions of one post with their boxes: of several the first counts, no key says no box."""
    return {span: next(iter(post.boxes.get(span, ())), None) for span in post.spans or ()}


def _words(span: Span) -> tuple[int, int, tuple[int, ...]]:
    return span.start, span.end, span.chars
