"""Drawings for ORG: an office and a shop under their emblem, a flag, a banner, a reception desk."""

import math
from random import Random

from mner_core.scenes.drawings.canvas import (
    ACCENTS,
    INK,
    WHITE,
    Colour,
    Pen,
    accents,
    darker,
    lighter,
    mix,
    palette,
    rgb,
)
from mner_core.scenes.drawings.drawing import Drawing

_GLASSES = palette("bcd8e3 d8e4cf e6dccb cdd0e6 b9c4cf")


def _emblem(pen: Pen, rng: Random, x: float, y: float, radius: float, colour: Colour, ground: Colour) -> None:
    """A company's mark: a ring around a simple shape."""
    pen.disc(x, y, radius, colour)
    pen.disc(x, y, radius * 0.82, ground)
    shape = rng.choice(("star", "chevrons", "petals", "bars"))
    if shape == "star":
        pen.star(x, y + radius * 0.05, radius * 0.66, colour)
    elif shape == "chevrons":
        for step in (-0.42, 0.0, 0.42):
            points = [(x - radius * 0.45, y + radius * (step + 0.22)), (x, y + radius * (step - 0.12))]
            pen.stroke([*points, (x + radius * 0.45, y + radius * (step + 0.22))], radius * 0.16, colour)
    elif shape == "petals":
        for petal in range(6):
            angle = math.pi * petal / 3
            reach = radius * 0.4
            pen.disc(x + reach * math.cos(angle), y + reach * math.sin(angle), radius * 0.2, colour)
    else:
        for bar, height in enumerate((0.35, 0.62, 0.48)):
            left = x + radius * (bar - 1) * 0.36 - radius * 0.12
            pen.rectangle(left, y - radius * height, left + radius * 0.24, y + radius * 0.45, colour)


def _sign(pen: Pen, rng: Random, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
    """A board with the emblem and two bars where the company's name would stand."""
    height = y1 - y0
    pen.rectangle(x0, y0, x1, y1, colour, height * 0.16)
    _emblem(pen, rng, x0 + height * 0.56, (y0 + y1) / 2, height * 0.38, WHITE, colour)
    left = x0 + height * 1.12
    pen.rectangle(left, y0 + height * 0.26, x1 - height * 0.25, y0 + height * 0.48, WHITE, height * 0.08)
    pen.rectangle(left, y0 + height * 0.58, left + (x1 - left) * 0.6, y0 + height * 0.72, WHITE, height * 0.06)


def _office(pen: Pen, rng: Random) -> None:
    right, (wall, board) = pen.aspect, accents(rng, 2)
    wall, glass = lighter(wall, 0.3), rng.choice(_GLASSES)
    for x in (right * 0.3, right * 0.7):
        pen.rectangle(x - 0.012, 0.1, x + 0.012, 0.3, INK)
    pen.rectangle(0.04, 0.27, right - 0.04, 1, wall)
    pen.rectangle(right * 0.78, 0.27, right - 0.04, 1, darker(wall, 0.1))
    pen.rectangle(0.02, 0.26, right - 0.02, 0.29, darker(wall))
    for row in range(4):
        for column in range(4):
            x, y = 0.09 + column * (right - 0.14) / 4, 0.33 + row * 0.125
            pen.rectangle(x, y, x + (right - 0.14) / 4 - 0.045, y + 0.08, glass if rng.random() < 0.75 else WHITE)
    pen.rectangle(right / 2 - 0.15, 0.82, right / 2 + 0.15, 0.85, darker(board))
    pen.rectangle(right / 2 - 0.11, 0.85, right / 2 + 0.11, 1, INK)
    for x in (right / 2 - 0.09, right / 2 + 0.01):
        pen.rectangle(x, 0.87, x + 0.08, 1, glass)
    _sign(pen, rng, 0, 0, right, 0.22, darker(board, 0.1))


def _shop(pen: Pen, rng: Random) -> None:
    right, (wall, board, cloth), glass = pen.aspect, accents(rng, 3), rng.choice(_GLASSES)
    pen.rectangle(0.03, 0.02, right - 0.03, 1, lighter(wall, 0.35), 0.02)
    pen.rectangle(0.1, 0.5, right * 0.64, 0.88, darker(wall, 0.3))
    pen.rectangle(0.125, 0.525, right * 0.64 - 0.025, 0.855, glass)
    pen.polygon([(0.2, 0.855), (0.38, 0.525), (0.5, 0.525), (0.32, 0.855)], lighter(glass, 0.5))
    pen.rectangle(right * 0.7, 0.5, right - 0.11, 1, darker(wall, 0.3))
    pen.rectangle(right * 0.7 + 0.03, 0.54, right - 0.14, 0.8, glass)
    stripes, width = 8, (right + 0.02) / 8
    for stripe in range(stripes):
        x = -0.01 + stripe * width
        colour = WHITE if stripe % 2 else cloth
        pen.rectangle(x, 0.31, x + width, 0.45, colour)
        pen.sector(x + width / 2, 0.45, width / 2, 0, 180, colour)
    pen.rectangle(-0.01, 0.3, right + 0.01, 0.335, darker(cloth))
    _sign(pen, rng, 0.08, 0.05, right - 0.08, 0.26, darker(board, 0.1))


def _cloth(pen: Pen, left: float, right: float, top: float, bottom: float, colours: list[Colour], wave: float) -> None:
    """Horizontal bands of cloth in the wind."""
    steps, band = 24, (bottom - top) / len(colours)

    def edge(y: float, start: int, stop: int, step: int) -> list[tuple[float, float]]:
        places = [(left + (right - left) * at / steps, at / steps) for at in range(start, stop, step)]
        return [(x, y + 0.035 * math.sin(share * 6 + wave) * share) for x, share in places]

    for row, colour in enumerate(colours):
        upper = edge(top + row * band, 0, steps + 1, 1)
        pen.polygon([*upper, *edge(top + (row + 1) * band, steps, -1, -1)], colour)


def _flag(pen: Pen, rng: Random) -> None:
    first, second = accents(rng, 2)
    flags: list[list[Colour]] = [[first], [first, second], [first, lighter(second, 0.7), first]]
    bands = rng.choice(flags)
    wave = rng.uniform(0, 6)
    pen.rectangle(0.03, 0.02, 0.065, 1, rgb("8d8a86"), 0.01)
    pen.disc(0.048, 0.025, 0.03, rgb("e8c878"))
    _cloth(pen, 0.065, pen.aspect, 0.08, 0.56, bands, wave)
    ground = lighter(second, 0.85)
    _emblem(pen, rng, (pen.aspect + 0.065) / 2, 0.325, 0.16, darker(first, 0.3), ground)


def _banner(pen: Pen, rng: Random) -> None:
    right, (cloth, band) = pen.aspect, accents(rng, 2)
    pen.rectangle(right / 2 - 0.015, 0.9, right / 2 + 0.015, 0.98, INK)
    pen.rectangle(right * 0.15, 0.96, right * 0.85, 1, INK, 0.02)
    pen.rectangle(0, 0, right, 0.92, cloth, 0.02)
    pen.rectangle(0, 0.74, right, 0.92, darker(band), 0.02)
    _emblem(pen, rng, right / 2, 0.3, 0.17, WHITE, cloth)
    pen.rectangle(right * 0.18, 0.56, right * 0.82, 0.61, WHITE, 0.02)
    pen.rectangle(right * 0.3, 0.65, right * 0.7, 0.685, WHITE, 0.015)


def _reception(pen: Pen, rng: Random) -> None:
    right, (panel, desk) = pen.aspect, accents(rng, 2)
    pen.rectangle(right * 0.08, 0, right * 0.92, 0.8, mix(panel, WHITE, 0.55), 0.03)
    _sign(pen, rng, right * 0.16, 0.14, right * 0.84, 0.42, darker(panel, 0.15))
    pen.rectangle(0.05, 0.64, right - 0.05, 1, desk, 0.02)
    pen.rectangle(0, 0.6, right, 0.67, darker(desk, 0.25), 0.015)
    for x in (0.35, 0.65):
        pen.rectangle(right * x - 0.008, 0.7, right * x + 0.008, 1, darker(desk))
    pen.rectangle(right * 0.62, 0.46, right * 0.76, 0.58, INK, 0.015)
    pen.rectangle(right * 0.68, 0.57, right * 0.7, 0.61, rng.choice(ACCENTS))


ORGANISATIONS = (
    Drawing(
        label="office building",
        phrase="an office building with a sign on its roof",
        aspect=0.86,
        heights=(0.6, 0.82),
        paint=_office,
        surroundings="outdoors",
        base=(0.15, 0.5),
    ),
    Drawing(
        label="shop",
        phrase="a shop with a striped awning",
        aspect=1.15,
        heights=(0.44, 0.62),
        paint=_shop,
        surroundings="outdoors",
        base=(0.15, 0.5),
    ),
    Drawing(label="flag", phrase="a flag with an emblem", aspect=0.8, heights=(0.6, 0.82), paint=_flag),
    Drawing(label="banner", phrase="a banner with an emblem", aspect=0.46, heights=(0.56, 0.8), paint=_banner),
    Drawing(
        label="reception desk",
        phrase="a reception desk below a sign",
        aspect=1.3,
        heights=(0.42, 0.58),
        paint=_reception,
        surroundings="indoors",
        base=(0.1, 0.5),
    ),
)
