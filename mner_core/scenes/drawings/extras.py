"""Things that decide nothing: they stand beside the deciding object, or alone in a picture that says nothing."""

from random import Random

from mner_core.scenes.drawings.canvas import ACCENTS, INK, WHITE, Pen, accents, darker, lighter, palette, rgb
from mner_core.scenes.drawings.drawing import Drawing

_GREENS = palette("7fa87a 5f9277 94ac6b 4f7f7a c08a55")
_BROWN = rgb("7d5f4c")


def _tree(pen: Pen, rng: Random) -> None:
    x, leaf = pen.aspect / 2, rng.choice(_GREENS)
    pen.rectangle(x - 0.04, 0.55, x + 0.04, 1, _BROWN)
    for dx, y, radius in ((-0.12, 0.42, 0.2), (0.12, 0.4, 0.2), (0.0, 0.24, 0.24)):
        pen.disc(x + dx, y, radius, leaf)
    pen.disc(x - 0.07, 0.2, 0.12, lighter(leaf, 0.16))


def _pine(pen: Pen, rng: Random) -> None:
    x, leaf = pen.aspect / 2, darker(rng.choice(_GREENS), 0.15)
    pen.rectangle(x - 0.035, 0.8, x + 0.035, 1, _BROWN)
    for top, half, bottom in ((0.42, 0.25, 0.88), (0.22, 0.2, 0.62), (0, 0.15, 0.38)):
        pen.polygon([(x, top), (x + half, bottom), (x - half, bottom)], leaf)
        pen.polygon([(x, top), (x + half, bottom), (x, bottom)], darker(leaf, 0.1))


def _car(pen: Pen, rng: Random) -> None:
    paint = rng.choice(ACCENTS)
    pen.polygon([(0.45, 0.42), (0.72, 0.02), (1.4, 0.02), (1.72, 0.42)], darker(paint, 0.1))
    pen.polygon([(0.6, 0.42), (0.78, 0.12), (1.02, 0.12), (1.02, 0.42)], rgb("cfe3ea"))
    pen.polygon([(1.1, 0.42), (1.1, 0.12), (1.34, 0.12), (1.56, 0.42)], rgb("cfe3ea"))
    pen.rectangle(0.05, 0.4, 2.1, 0.8, paint, 0.14)
    pen.rectangle(0.05, 0.5, 0.17, 0.6, rgb("ffe9b0"), 0.03)
    for x in (0.52, 1.62):
        pen.disc(x, 0.79, 0.2, INK)
        pen.disc(x, 0.79, 0.09, WHITE)


def _dog(pen: Pen, rng: Random) -> None:
    fur = rng.choice(palette("b98a6a e0b9a0 6d5a52 d8cfc4 8c8f9a"))
    pen.stroke([(1.0, 0.48), (1.16, 0.22)], 0.09, fur)
    for x in (0.42, 0.55, 0.88, 1.0):
        pen.rectangle(x - 0.05, 0.6, x + 0.05, 1, darker(fur, 0.08), 0.04)
    pen.rectangle(0.34, 0.4, 1.07, 0.76, fur, 0.17)
    pen.disc(0.32, 0.3, 0.2, fur)
    pen.rectangle(0.03, 0.27, 0.3, 0.44, lighter(fur, 0.25), 0.08)
    pen.oval(0.36, 0.12, 0.54, 0.48, darker(fur, 0.3))
    pen.disc(0.06, 0.31, 0.045, INK)
    pen.disc(0.26, 0.23, 0.03, INK)
    pen.rectangle(0.4, 0.45, 0.5, 0.55, rng.choice(ACCENTS), 0.03)


def _bench(pen: Pen, rng: Random) -> None:
    wood = rng.choice(ACCENTS)
    for x in (0.2, pen.aspect - 0.2):
        pen.rectangle(x - 0.05, 0.1, x + 0.05, 1, INK)
    for y, height in ((0.05, 0.14), (0.26, 0.14), (0.55, 0.13)):
        pen.rectangle(0, y, pen.aspect, y + height, wood if y < 0.5 else darker(wood), 0.03)


def _street_lamp(pen: Pen, rng: Random) -> None:
    x = 0.07
    pen.rectangle(x - 0.018, 0.05, x + 0.018, 1, INK)
    pen.rectangle(x - 0.05, 0.94, x + 0.05, 1, INK, 0.01)
    pen.stroke([(x, 0.06), (x + 0.17, 0.03)], 0.03, INK)
    pen.sector(x + 0.17, 0.05, 0.07, 0, 180, rgb("ffe9b0"))
    pen.rectangle(x + 0.08, 0.02, x + 0.26, 0.055, darker(rng.choice(ACCENTS), 0.3), 0.01)


def _balloons(pen: Pen, rng: Random) -> None:
    knot = (pen.aspect / 2, 0.95)
    for (x, y), colour in zip(((0.16, 0.26), (0.5, 0.3), (0.33, 0.16)), accents(rng, 3), strict=True):
        pen.stroke([(x, y + 0.17), knot], 0.008, INK)
        pen.oval(x - 0.145, y - 0.16, x + 0.145, y + 0.18, colour)
        pen.oval(x - 0.08, y - 0.1, x - 0.02, y, lighter(colour, 0.5))


def _plant(pen: Pen, rng: Random) -> None:
    x, leaf, pot = pen.aspect / 2, rng.choice(_GREENS), rng.choice(ACCENTS)
    for dx, y in ((-0.24, 0.3), (0.24, 0.26), (-0.14, 0.1), (0.13, 0.06), (0.0, 0.2)):
        pen.stroke(
            [(x, 0.7), (x + dx * 0.6, (y + 0.6) / 2), (x + dx, y)], 0.075, leaf if dx < 0 else darker(leaf, 0.12)
        )
    pen.polygon([(x - 0.2, 0.64), (x + 0.2, 0.64), (x + 0.14, 1), (x - 0.14, 1)], pot)
    pen.rectangle(x - 0.22, 0.62, x + 0.22, 0.7, darker(pot), 0.02)


def _floor_lamp(pen: Pen, rng: Random) -> None:
    x, shade = pen.aspect / 2, lighter(rng.choice(ACCENTS), 0.3)
    pen.rectangle(x - 0.014, 0.2, x + 0.014, 0.98, INK)
    pen.rectangle(x - 0.11, 0.965, x + 0.11, 1, INK, 0.015)
    pen.polygon([(x - 0.09, 0), (x + 0.09, 0), (x + 0.16, 0.24), (x - 0.16, 0.24)], shade)


def _chair(pen: Pen, rng: Random) -> None:
    seat = rng.choice(ACCENTS)
    for x in (0.08, 0.24, 0.5, 0.6):
        pen.rectangle(x - 0.022, 0.58, x + 0.022, 1, darker(_BROWN, 0.2))
    pen.rectangle(0.02, 0, 0.17, 0.62, darker(seat, 0.12), 0.05)
    pen.rectangle(0.02, 0.52, 0.68, 0.68, seat, 0.06)


def _haze(pen: Pen, rng: Random) -> None:
    """Blots of any colour, to be blurred: whatever stood here, it cannot be told any more."""
    for _ in range(16):
        x, y = rng.uniform(0.16, pen.aspect - 0.16), rng.uniform(0.16, 0.84)
        pen.disc(x, y, rng.uniform(0.09, 0.16), rng.choice(ACCENTS))


HAZE = Drawing(label="", phrase="something blurred", aspect=0.8, heights=(0.5, 0.66), paint=_haze)
"""What a blurred picture shows in the place of its deciding object; no detector gives it a name."""

EXTRAS = (
    Drawing(label="tree", phrase="a tree", aspect=0.66, heights=(0.3, 0.55), paint=_tree, surroundings="outdoors"),
    Drawing(label="tree", phrase="a pine tree", aspect=0.5, heights=(0.3, 0.55), paint=_pine, surroundings="outdoors"),
    Drawing(label="car", phrase="a car", aspect=2.15, heights=(0.13, 0.2), paint=_car, surroundings="outdoors"),
    Drawing(label="bench", phrase="a bench", aspect=2.0, heights=(0.13, 0.19), paint=_bench, surroundings="outdoors"),
    Drawing(
        label="street lamp",
        phrase="a street lamp",
        aspect=0.32,
        heights=(0.45, 0.65),
        paint=_street_lamp,
        surroundings="outdoors",
    ),
    Drawing(label="dog", phrase="a dog", aspect=1.2, heights=(0.17, 0.26), paint=_dog),
    Drawing(label="balloon", phrase="balloons", aspect=0.66, heights=(0.3, 0.42), paint=_balloons, base=None),
    Drawing(
        label="potted plant",
        phrase="a potted plant",
        aspect=0.6,
        heights=(0.26, 0.42),
        paint=_plant,
        surroundings="indoors",
    ),
    Drawing(
        label="lamp",
        phrase="a floor lamp",
        aspect=0.34,
        heights=(0.45, 0.65),
        paint=_floor_lamp,
        surroundings="indoors",
    ),
    Drawing(label="chair", phrase="a chair", aspect=0.7, heights=(0.28, 0.4), paint=_chair, surroundings="indoors"),
)
