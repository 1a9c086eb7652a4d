"""Drawings for LOC: skylines, mountains, a lighthouse, a bridge, maps with a pin, views through a window."""

from itertools import pairwise
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

_SEA = rgb("a9cfdc")
_PAPERS = palette("d9e2bd ecdfc2 e3dfe6 d5e3e0 f0d9c8")


def _tower(pen: Pen, rng: Random, x0: float, x1: float, top: float, base: float, colour: Colour) -> None:
    """A high-rise with a column or two of lit windows and perhaps a spire."""
    middle, width = (x0 + x1) / 2, x1 - x0
    if rng.random() < 0.4:
        pen.polygon([(middle - width * 0.1, top), (middle, top - 0.13), (middle + width * 0.1, top)], darker(colour))
    pen.rectangle(x0, top, x1, base, colour)
    pen.rectangle(middle + width * 0.22, top, x1, base, darker(colour, 0.14))
    lit = mix(colour, rgb("ffe9b0"), 0.75)
    rows = int((base - top) / 0.085)
    for row in range(rows):
        y = top + 0.045 + row * 0.085
        for share in (0.14, 0.42):
            if y + 0.04 < base and rng.random() < 0.8:
                pen.rectangle(x0 + width * share, y, x0 + width * (share + 0.17), y + 0.04, lit)


def _skyline(pen: Pen, rng: Random, left: float = 0, right: float = 1.6, top: float = 0, base: float = 1) -> None:
    height = base - top
    colours = accents(rng, 4)
    for row, (count, low, high) in enumerate(((5, 0.14, 0.42), (4, 0.38, 0.68))):
        width = (right - left) / count
        for place in range(count):
            x = left + place * width + rng.uniform(0, 0.12) * width
            colour = mix(colours[(place + row) % 4], INK, 0.12) if row else lighter(colours[place % 4], 0.32)
            _tower(pen, rng, x, x + width * 0.86, top + rng.uniform(low, high) * height, base, colour)


def _peak(pen: Pen, x: float, top: float, half: float, base: float, colour: Colour) -> None:
    """A mountain with a sunny and a shady side and snow on it."""
    reach = (base - top) * 0.34
    slope = half / (base - top)
    pen.polygon([(x, top), (x + half, base), (x - half, base)], colour)
    pen.polygon([(x, top), (x + half, base), (x + half * 0.1, base), (x - half * 0.08, top + reach)], darker(colour))
    edge = [(0.95, 1.0), (0.45, 0.72), (0.1, 1.12), (-0.35, 0.74), (-0.95, 1.0)]
    pen.polygon([(x, top), *((x + a * b * reach * slope, top + b * reach) for a, b in edge)], WHITE)


def _mountains(pen: Pen, rng: Random, left: float = 0, right: float = 1.7, top: float = 0, base: float = 1) -> None:
    width, height = right - left, base - top
    back, front = accents(rng, 2)
    _peak(pen, left + width * 0.24, top + height * rng.uniform(0.25, 0.4), width * 0.24, base, lighter(back, 0.2))
    _peak(pen, left + width * 0.74, top + height * rng.uniform(0.2, 0.35), width * 0.26, base, lighter(back, 0.1))
    _peak(pen, left + width * rng.uniform(0.42, 0.54), top + height * 0.03, width * 0.33, base, mix(front, INK, 0.2))


def _lighthouse(pen: Pen, rng: Random) -> None:
    x, (stripe, roof) = pen.aspect / 2, accents(rng, 2)
    pen.oval(x - 0.25, 0.9, x + 0.25, 1.06, darker(rgb("8d8a86"), 0.1))
    edges = [(y, 0.095 + 0.085 * (y - 0.24) / 0.74) for y in (0.24, 0.39, 0.54, 0.69, 0.84, 0.97)]
    for band, ((y0, w0), (y1, w1)) in enumerate(pairwise(edges)):
        colour = WHITE if band % 2 else stripe
        pen.polygon([(x - w0, y0), (x + w0, y0), (x + w1, y1), (x - w1, y1)], colour)
        pen.polygon([(x + w0 * 0.4, y0), (x + w0, y0), (x + w1, y1), (x + w1 * 0.4, y1)], darker(colour, 0.12))
    pen.rectangle(x - 0.13, 0.215, x + 0.13, 0.25, INK, 0.01)
    pen.rectangle(x - 0.075, 0.11, x + 0.075, 0.22, rgb("ffe9b0"))
    pen.rectangle(x - 0.012, 0.11, x + 0.012, 0.22, INK)
    pen.polygon([(x - 0.105, 0.115), (x, 0), (x + 0.105, 0.115)], darker(roof))
    pen.rectangle(x - 0.045, 0.84, x + 0.045, 0.97, INK, 0.04)


def _bridge(pen: Pen, rng: Random) -> None:
    steel, water = accents(rng, 1)[0], mix(rng.choice(ACCENTS), _SEA, 0.8)
    pen.rectangle(0, 0.8, pen.aspect, 1, water, 0.03)
    for x, y in ((0.25, 0.9), (0.95, 0.88), (1.5, 0.92)):
        pen.rectangle(x, y, x + 0.22, y + 0.018, lighter(water, 0.5), 0.009)
    pylons = (pen.aspect * 0.25, pen.aspect * 0.75)
    cable = []
    for step in range(33):
        x = pen.aspect * step / 32
        away = min(abs(x - pylon) for pylon in pylons) / (pen.aspect * 0.25)
        cable.append((x, 0.56 - 0.5 * (1 - away) ** 2))
        pen.rectangle(x - 0.006, cable[-1][1], x + 0.006, 0.66, lighter(steel, 0.3))
    pen.stroke(cable, 0.026, steel)
    pen.rectangle(0, 0.62, pen.aspect, 0.7, darker(steel))
    for x in pylons:
        pen.rectangle(x - 0.05, 0.02, x + 0.05, 0.9, steel, 0.02)
        pen.rectangle(x + 0.015, 0.02, x + 0.05, 0.9, darker(steel), 0.02)


def _pin(pen: Pen, x: float, tip: float, radius: float, colour: Colour) -> None:
    """The drop-shaped mark that maps put on a place."""
    y = tip - radius * 2.3
    pen.polygon([(x - radius * 0.93, y + radius * 0.4), (x + radius * 0.93, y + radius * 0.4), (x, tip)], colour)
    pen.disc(x, y, radius, colour)
    pen.disc(x, y, radius * 0.42, WHITE)


def _sheet(pen: Pen, rng: Random, base: float) -> None:
    """A folded map with roads, water and one pin, from the top to `base`."""
    right, fold = pen.aspect, pen.aspect / 3
    water, road, mark = lighter(rng.choice(ACCENTS[3:7]), 0.4), WHITE, darker(rng.choice(ACCENTS))
    pen.rectangle(0, 0.08, right, base, rng.choice(_PAPERS), 0.02)
    bend = rng.uniform(0.3, 0.6)
    river = [(0.04, base * bend), (right * 0.3, base * (bend + 0.2)), (right * 0.62, base * (bend + 0.1))]
    pen.stroke([*river, (right - 0.06, base * 0.92)], 0.09, water)
    pen.disc(right * rng.uniform(0.65, 0.85), base * 0.27, 0.1, water)
    for x in (right * rng.uniform(0.15, 0.3), right * rng.uniform(0.7, 0.85)):
        pen.stroke([(x, 0.11), (x + rng.uniform(-0.1, 0.1), base - 0.03)], 0.022, road)
    for share in (0.35, 0.75):
        pen.stroke([(0.03, base * share), (right - 0.03, base * (share + rng.uniform(-0.1, 0.1)))], 0.022, road)
    for side in (1, 2):
        pen.polygon([(fold * side, 0.08), (fold * side + 0.07, 0.08), (fold * side, base)], (29, 36, 64, 30))
    _pin(pen, right * rng.uniform(0.4, 0.6), base * rng.uniform(0.6, 0.75), base * 0.16, mark)


def _wall_map(pen: Pen, rng: Random) -> None:
    pen.rectangle(0, 0.03, pen.aspect, 1, darker(rng.choice(ACCENTS)), 0.02)
    _sheet(pen, rng, 0.94)


def _map_board(pen: Pen, rng: Random) -> None:
    post = darker(rng.choice(ACCENTS), 0.35)
    for x in (0.1, pen.aspect - 0.1):
        pen.rectangle(x - 0.03, 0.03, x + 0.03, 1, post)
    pen.rectangle(0, 0.03, pen.aspect, 0.78, post, 0.02)
    _sheet(pen, rng, 0.74)


def _window(pen: Pen, rng: Random) -> None:
    right, frame = pen.aspect, lighter(rng.choice(ACCENTS), 0.65)
    sky = rng.choice((rgb("bfe0e8"), rgb("f6d7c0"), rgb("cfd3ec")))
    pen.rectangle(0, 0, right, 0.95, frame, 0.02)
    pen.rectangle(0.06, 0.06, right - 0.06, 0.89, sky)
    view = rng.choice((_skyline, _mountains))
    view(pen, rng, left=0.07, right=right - 0.07, top=0.12, base=0.89)
    pen.rectangle(right / 2 - 0.02, 0.05, right / 2 + 0.02, 0.9, frame)
    pen.rectangle(-0.05, 0.92, right + 0.05, 1, darker(frame, 0.1), 0.015)


PLACES = (
    Drawing(
        label="skyline",
        phrase="a city skyline",
        aspect=1.6,
        heights=(0.36, 0.52),
        paint=_skyline,
        surroundings="outdoors",
        base=(0.0, 0.15),
    ),
    Drawing(
        label="mountain",
        phrase="mountains with snow on top",
        aspect=1.7,
        heights=(0.34, 0.48),
        paint=_mountains,
        surroundings="outdoors",
        base=(0.0, 0.12),
    ),
    Drawing(
        label="lighthouse",
        phrase="a striped lighthouse",
        aspect=0.52,
        heights=(0.6, 0.85),
        paint=_lighthouse,
        surroundings="outdoors",
    ),
    Drawing(
        label="bridge",
        phrase="a bridge over water",
        aspect=1.9,
        heights=(0.34, 0.46),
        paint=_bridge,
        surroundings="outdoors",
        base=(0.1, 0.6),
    ),
    Drawing(
        label="map",
        phrase="a map board with a pin",
        aspect=1.0,
        heights=(0.5, 0.7),
        paint=_map_board,
        surroundings="outdoors",
    ),
    Drawing(
        label="map",
        phrase="a wall map with a pin",
        aspect=1.25,
        heights=(0.36, 0.5),
        paint=_wall_map,
        surroundings="indoors",
        base=None,
    ),
    Drawing(
        label="window",
        phrase="a window with a wide view",
        aspect=1.2,
        heights=(0.38, 0.52),
        paint=_window,
        surroundings="indoors",
        base=None,
    ),
)
