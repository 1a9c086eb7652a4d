"""What can be drawn: a name, a phrase for the caption, and the strokes that make it."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal, TypeAlias

from mner_core.scenes.drawings.canvas import Pen

Surroundings: TypeAlias = Literal["indoors", "outdoors", "anywhere"]


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """One thing that a picture can show.

    Args:
        label: what a detector would call it.
        phrase: what a captioner would say, article included.
        aspect: its width over its height.
        heights: the smallest and largest share of the picture's height that it takes up.
        paint: draws it from (0, 0) to (aspect, 1).
        surroundings: where it may stand.
        base: which part of the ground it stands on, 0 at the horizon and 1 at the picture's lower edge;
            None hangs it on the wall or into the air.
    """

    label: str
    phrase: str
    aspect: float
    heights: tuple[float, float]
    paint: Callable[[Pen, Random], None]
    surroundings: Surroundings = "anywhere"
    base: tuple[float, float] | None = (0.25, 0.8)

    def fits(self, surroundings: Surroundings) -> bool:
        """Whether it may stand in such a place."""
        return self.surroundings in ("anywhere", surroundings)
