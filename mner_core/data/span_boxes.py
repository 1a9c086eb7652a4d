"""Boxes that stand in a file beside an entity's characters: where in the picture the entity is to be seen."""

from collections.abc import Sequence
from typing import Any

from mner_core.types import Box, InputError


def boxes_at(value: Any, place: str) -> tuple[Box, ...]:
    """The boxes of a field; an empty tuple for an empty list, which says that the entity is not in the picture.

    Args:
        value: what the field holds.
        place: the field, for a message.

    Raises:
        InputError: the value is no list of boxes.
    """
    if not isinstance(value, list):
        raise InputError(f"{place}: boxes has to be a list of boxes.")
    return tuple(_box(box, f"{place}, boxes[{number}]") for number, box in enumerate(value))


def _box(value: Any, place: str) -> Box:
    sides: Sequence[Any] = value if isinstance(value, list) else ()
    if len(sides) != 4 or any(isinstance(side, bool) or not isinstance(side, int | float) for side in sides):
        raise InputError(f"{place}: expected the four numbers [left, top, right, bottom].")
    left, top, right, bottom = map(float, sides)
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise InputError(f"{place}: the corners of a box are shares of the picture, 0..1, left < right, top < bottom.")
    return left, top, right, bottom
