"""Drawings for MISC: a trophy, a framed poster, a record, a game in its box, a book."""

from random import Random

from mner_core.scenes.drawings.canvas import ACCENTS, INK, WHITE, Colour, Pen, accents, darker, lighter, palette
from mner_core.scenes.drawings.drawing import Drawing


def _plinth(pen: Pen, rng: Random, x0: float, x1: float, top: float) -> None:
    """The stand on which a thing is shown."""
    stone = lighter(rng.choice(ACCENTS), 0.7)
    pen.rectangle(x0 + 0.04, top, x1 - 0.04, 1, stone)
    pen.rectangle((x0 + x1) / 2 + 0.05, top, x1 - 0.04, 1, darker(stone, 0.08))
    pen.rectangle(x0, top, x1, top + 0.05, darker(stone, 0.14), 0.012)


def _trophy(pen: Pen, rng: Random) -> None:
    x, metal = pen.aspect / 2, rng.choice((*palette("e8c878 c9ccd6 b98a6a"), *ACCENTS[:3]))
    shade = darker(metal, 0.2)
    _plinth(pen, rng, x - 0.22, x + 0.22, 0.72)
    for side in (-1, 1):
        pen.disc(x + side * 0.2, 0.19, 0.115, shade)
    backdrop = [
        (x - 0.2, 0.02),
        (x + 0.2, 0.02),
        (x + 0.17, 0.25),
        (x + 0.06, 0.42),
        (x - 0.06, 0.42),
        (x - 0.17, 0.25),
    ]
    for side in (-1, 1):
        pen.disc(x + side * 0.2, 0.19, 0.07, lighter(metal, 0.75))
    pen.polygon(backdrop, metal)
    pen.polygon([(x + 0.06, 0.02), (x + 0.2, 0.02), (x + 0.17, 0.25), (x + 0.06, 0.42)], shade)
    pen.rectangle(x - 0.22, 0, x + 0.22, 0.05, lighter(metal, 0.3), 0.02)
    pen.rectangle(x - 0.035, 0.4, x + 0.035, 0.56, shade)
    pen.polygon([(x - 0.07, 0.54), (x + 0.07, 0.54), (x + 0.14, 0.63), (x - 0.14, 0.63)], metal)
    pen.rectangle(x - 0.16, 0.62, x + 0.16, 0.73, darker(rng.choice(ACCENTS), 0.45), 0.01)
    pen.rectangle(x - 0.08, 0.65, x + 0.08, 0.7, lighter(metal, 0.2))
    pen.star(x - 0.02, 0.2, 0.085, lighter(metal, 0.7))


def _art(pen: Pen, rng: Random, x0: float, y0: float, x1: float, y1: float, colours: list[Colour]) -> None:
    """Abstract cover art: a setting sun, rings, a bolt or coloured blocks."""
    width, height, (ground, first, second, third) = x1 - x0, y1 - y0, colours
    pen.rectangle(x0, y0, x1, y1, ground)
    motif = rng.choice(("sun", "rings", "bolt", "blocks"))
    middle = (x0 + x1) / 2
    if motif == "sun":
        pen.disc(middle, y0 + height * 0.45, width * 0.3, first)
        for stripe in range(4):
            y = y0 + height * (0.5 + 0.13 * stripe)
            pen.rectangle(x0, y, x1, y + height * 0.055, second if stripe % 2 else third)
    elif motif == "rings":
        for ring, colour in enumerate((first, ground, second, ground, third)):
            pen.disc(middle, (y0 + y1) / 2, min(width, height) * (0.44 - 0.085 * ring), colour)
    elif motif == "bolt":
        bolt = [(0.58, 0.08), (0.2, 0.56), (0.47, 0.56), (0.36, 0.94), (0.8, 0.4), (0.52, 0.4)]
        pen.disc(middle, (y0 + y1) / 2, min(width, height) * 0.44, second)
        pen.polygon([(x0 + width * x, y0 + height * y) for x, y in bolt], first)
    else:
        for row in range(3):
            for column in range(3):
                x, y = x0 + width * column / 3, y0 + height * row / 3
                pen.rectangle(x, y, x + width / 3, y + height / 3, rng.choice((ground, first, second, third)))
                pen.sector(x, y, width / 3, 0, 90, rng.choice((first, second, third)))


def _frame(pen: Pen, rng: Random, bottom: float) -> None:
    right, colours = pen.aspect, accents(rng, 4)
    pen.rectangle(0, 0, right, bottom, darker(rng.choice(ACCENTS), 0.5), 0.015)
    pen.rectangle(0.035, 0.035, right - 0.035, bottom - 0.035, WHITE)
    _art(pen, rng, 0.075, 0.075, right - 0.075, bottom * 0.72, [*colours])
    for row, share in enumerate((0.85, 0.55)):
        y = bottom * (0.77 + 0.085 * row)
        pen.rectangle(
            right / 2 * (1 - share * 0.8), y, right / 2 * (1 + share * 0.8), y + 0.04, darker(colours[1], 0.3)
        )


def _poster(pen: Pen, rng: Random) -> None:
    _frame(pen, rng, 1)


def _easel(pen: Pen, rng: Random) -> None:
    wood = darker(rng.choice(ACCENTS), 0.3)
    pen.stroke([(pen.aspect * 0.3, 0.5), (pen.aspect * 0.12, 0.985)], 0.03, wood)
    pen.stroke([(pen.aspect * 0.7, 0.5), (pen.aspect * 0.88, 0.985)], 0.03, wood)
    _frame(pen, rng, 0.8)


def _record(pen: Pen, rng: Random) -> None:
    colours = accents(rng, 4)
    _plinth(pen, rng, 0.12, pen.aspect - 0.12, 0.76)
    vinyl = darker(rng.choice(ACCENTS), 0.7)
    for radius, colour in (
        (0.34, vinyl),
        (0.27, lighter(vinyl, 0.14)),
        (0.25, vinyl),
        (0.12, colours[1]),
        (0.02, WHITE),
    ):
        pen.disc(0.76, 0.4, radius, colour)
    pen.rectangle(0.02, 0.02, 0.76, 0.77, darker(colours[0], 0.2), 0.012)
    _art(pen, rng, 0.05, 0.05, 0.73, 0.74, [*colours])


def _game(pen: Pen, rng: Random) -> None:
    box, (x0, x1) = rng.choice(ACCENTS), (0.1, 0.66)
    _plinth(pen, rng, 0, pen.aspect, 0.8)
    pen.polygon([(x1, 0.03), (x1 + 0.1, 0.07), (x1 + 0.1, 0.8), (x1, 0.81)], darker(box, 0.45))
    pen.rectangle(x0, 0.03, x1, 0.81, box, 0.015)
    pen.rectangle(x0, 0.03, x1, 0.14, darker(box, 0.35), 0.015)
    pen.rectangle(x0 + 0.04, 0.065, x0 + 0.3, 0.105, WHITE, 0.015)
    x, y = (x0 + x1) / 2, 0.47
    pad = lighter(box, 0.75)
    pen.rectangle(x - 0.2, y - 0.1, x + 0.2, y + 0.08, pad, 0.09)
    for side in (-1, 1):
        pen.disc(x + side * 0.15, y + 0.07, 0.075, pad)
    pen.rectangle(x - 0.16, y - 0.035, x - 0.05, y - 0.005, INK)
    pen.rectangle(x - 0.12, y - 0.075, x - 0.09, y + 0.035, INK)
    for dx, dy, colour in ((0.08, -0.02, ACCENTS[0]), (0.14, -0.05, ACCENTS[4]), (0.14, 0.02, ACCENTS[1])):
        pen.disc(x + dx, y + dy, 0.026, colour)
    pen.rectangle(x - 0.17, 0.66, x + 0.17, 0.71, WHITE, 0.02)


THINGS = (
    Drawing(label="trophy", phrase="a trophy on a stand", aspect=0.66, heights=(0.55, 0.78), paint=_trophy),
    Drawing(
        label="poster",
        phrase="a framed poster",
        aspect=0.72,
        heights=(0.48, 0.66),
        paint=_poster,
        surroundings="indoors",
        base=None,
    ),
    Drawing(label="poster", phrase="a poster on a stand", aspect=0.62, heights=(0.56, 0.8), paint=_easel),
    Drawing(label="record", phrase="a vinyl record in its sleeve", aspect=1.12, heights=(0.45, 0.62), paint=_record),
    Drawing(label="game box", phrase="a video game in its box", aspect=0.8, heights=(0.5, 0.7), paint=_game),
)
