"""Drawings of small things of a named colour: what texts point at, and what pictures of one topic have in common.

Nothing about them is left to chance: a red kite is the same red kite in every picture.
"""

import math
from collections.abc import Callable
from random import Random

from mner_core.scenes.drawings.canvas import INK, WHITE, Colour, Pen, darker, lighter, rgb
from mner_core.scenes.drawings.drawing import Drawing
from mner_core.scenes.sketch import COLOURS, PROP_NAMES, Prop

_WOOD = rgb("8a6a4f")


def _kite(pen: Pen, colour: Colour) -> None:
    x = pen.aspect / 2
    pen.stroke([(x, 0.6), (x - 0.1, 0.74), (x + 0.08, 0.86), (x, 1)], 0.022, INK)
    pen.polygon([(x, 0), (pen.aspect, 0.26), (x, 0.64), (0, 0.26)], colour)
    pen.polygon([(x, 0), (pen.aspect, 0.26), (x, 0.26)], lighter(colour, 0.4))
    pen.polygon([(x, 0.26), (x, 0.64), (0, 0.26)], darker(colour, 0.25))


def _umbrella(pen: Pen, colour: Colour) -> None:
    x = pen.aspect / 2
    pen.stroke([(x, 0.1), (x, 0.9), (x + 0.07, 0.97), (x + 0.13, 0.9)], 0.035, _WOOD)
    pen.sector(x, 0.52, x, 180, 360, colour)
    for step in range(4):
        pen.sector(x * (0.25 + 0.5 * step), 0.52, x * 0.25, 180, 360, darker(colour, 0.2) if step % 2 else WHITE)


def _suitcase(pen: Pen, colour: Colour) -> None:
    right = pen.aspect
    pen.rectangle(right * 0.32, 0, right * 0.68, 0.3, darker(colour, 0.5), 0.08)
    pen.rectangle(right * 0.4, 0.08, right * 0.6, 0.3, WHITE)
    pen.rectangle(0, 0.2, right, 1, colour, 0.1)
    for x in (0.2, 0.72):
        pen.rectangle(right * x, 0.2, right * (x + 0.08), 1, darker(colour, 0.35))
    pen.disc(right / 2, 0.6, 0.13, lighter(colour, 0.6))


def _drum(pen: Pen, colour: Colour) -> None:
    right = pen.aspect
    pen.oval(0, 0.68, right, 1, darker(colour, 0.35))
    pen.rectangle(0, 0.3, right, 0.84, colour)
    for step in range(4):
        x = right * step / 4
        pen.stroke([(x + 0.02, 0.36), (x + right / 8, 0.84), (x + right / 4 - 0.02, 0.36)], 0.03, WHITE)
    pen.oval(0, 0.14, right, 0.46, darker(colour, 0.35))
    pen.oval(0.04, 0.16, right - 0.04, 0.42, WHITE)
    pen.stroke([(right * 0.2, 0), (right * 0.62, 0.26)], 0.04, _WOOD)


def _tent(pen: Pen, colour: Colour) -> None:
    right, x = pen.aspect, pen.aspect / 2
    pen.polygon([(x, 0.04), (right, 1), (0, 1)], colour)
    for left in (0.12, 0.62):
        pen.polygon([(x, 0.04), (right * left, 1), (right * (left + 0.13), 1)], WHITE)
    pen.polygon([(x, 0.35), (x + right * 0.14, 1), (x - right * 0.14, 1)], darker(colour, 0.6))
    pen.polygon([(x, 0), (x + 0.16, 0.05), (x, 0.1)], darker(colour, 0.3))


def _pinwheel(pen: Pen, colour: Colour) -> None:
    x, y, reach = pen.aspect / 2, pen.aspect / 2, pen.aspect / 2
    pen.stroke([(x, y), (x, 0.98)], 0.04, _WOOD)
    for quarter in range(4):
        angle = math.pi / 2 * quarter
        tip = (x + reach * math.cos(angle), y + reach * math.sin(angle))
        side = (x + reach * 0.75 * math.cos(angle + 0.8), y + reach * 0.75 * math.sin(angle + 0.8))
        pen.polygon([(x, y), tip, side], lighter(colour, 0.45) if quarter % 2 else colour)
    pen.disc(x, y, 0.06, INK)


def _mushroom(pen: Pen, colour: Colour) -> None:
    x = pen.aspect / 2
    pen.rectangle(x - 0.16, 0.45, x + 0.16, 1, lighter(_WOOD, 0.75), 0.12)
    pen.sector(x, 0.56, x, 180, 360, colour)
    for dx, y, radius in ((-0.28, 0.42, 0.07), (0.0, 0.22, 0.09), (0.27, 0.4, 0.08)):
        pen.disc(x + dx, y, radius, WHITE)


def _guitar(pen: Pen, colour: Colour) -> None:
    x = pen.aspect / 2
    pen.rectangle(x - 0.035, 0.06, x + 0.035, 0.6, darker(_WOOD, 0.3))
    pen.rectangle(x - 0.07, 0, x + 0.07, 0.1, darker(colour, 0.4), 0.02)
    pen.disc(x, 0.56, 0.17, colour)
    pen.disc(x, 0.79, x, colour)
    pen.disc(x, 0.62, 0.07, INK)
    pen.rectangle(x - 0.1, 0.82, x + 0.1, 0.87, INK)


def _ladder(pen: Pen, colour: Colour) -> None:
    right = pen.aspect
    for x in (0.05, right - 0.05):
        pen.rectangle(x - 0.05, 0, x + 0.05, 1, colour, 0.02)
    for rung in range(6):
        y = 0.1 + rung * 0.155
        pen.rectangle(0.05, y, right - 0.05, y + 0.05, darker(colour, 0.25))


def _sailboat(pen: Pen, colour: Colour) -> None:
    right, x = pen.aspect, pen.aspect * 0.48
    pen.rectangle(x - 0.02, 0, x + 0.02, 0.8, _WOOD)
    pen.polygon([(x + 0.04, 0.04), (right * 0.95, 0.68), (x + 0.04, 0.68)], colour)
    pen.polygon([(x - 0.04, 0.14), (right * 0.1, 0.68), (x - 0.04, 0.68)], lighter(colour, 0.55))
    pen.polygon([(0, 0.76), (right, 0.76), (right * 0.82, 1), (right * 0.18, 1)], darker(colour, 0.3))


def _mailbox(pen: Pen, colour: Colour) -> None:
    x = pen.aspect / 2
    pen.rectangle(x - 0.06, 0.4, x + 0.06, 1, _WOOD)
    pen.sector(x, 0.24, 0.24, 180, 360, colour)
    pen.rectangle(x - 0.24, 0.23, x + 0.24, 0.56, colour)
    pen.rectangle(x - 0.14, 0.26, x + 0.14, 0.32, INK)
    pen.rectangle(x - 0.14, 0.39, x + 0.14, 0.48, lighter(colour, 0.7))


def _teapot(pen: Pen, colour: Colour) -> None:
    x = pen.aspect * 0.48
    pen.disc(pen.aspect - 0.26, 0.55, 0.26, darker(colour, 0.3))
    pen.disc(pen.aspect - 0.26, 0.55, 0.16, WHITE)
    pen.stroke([(x - 0.3, 0.66), (0.16, 0.55), (0.05, 0.32)], 0.1, darker(colour, 0.2))
    pen.oval(x - 0.44, 0.2, x + 0.44, 1, colour)
    pen.rectangle(x - 0.26, 0.17, x + 0.26, 0.24, darker(colour, 0.3), 0.03)
    pen.disc(x, 0.09, 0.09, darker(colour, 0.3))
    pen.oval(x - 0.3, 0.45, x + 0.3, 0.62, lighter(colour, 0.6))


_SHAPES: dict[str, tuple[Callable[[Pen, Colour], None], float]] = {
    "kite": (_kite, 0.8),
    "umbrella": (_umbrella, 1.0),
    "suitcase": (_suitcase, 1.15),
    "drum": (_drum, 1.1),
    "tent": (_tent, 1.25),
    "pinwheel": (_pinwheel, 0.72),
    "mushroom": (_mushroom, 0.95),
    "guitar": (_guitar, 0.46),
    "ladder": (_ladder, 0.5),
    "sailboat": (_sailboat, 0.95),
    "mailbox": (_mailbox, 0.56),
    "teapot": (_teapot, 1.3),
}
"""How each is drawn, and its width over its height."""
assert tuple(_SHAPES) == PROP_NAMES


def drawing_of(prop: Prop) -> Drawing:
    """The thing as something that can stand anywhere in a picture."""
    shape, aspect = _SHAPES[prop.name]

    def paint(pen: Pen, _: Random) -> None:
        shape(pen, COLOURS[prop.colour])

    height = 0.3 / max(aspect, 0.9)
    return Drawing(
        label=prop.name,
        phrase=prop.phrase,
        aspect=aspect,
        heights=(height, height * 1.1),
        paint=paint,
        base=(0.6, 0.95),
    )
