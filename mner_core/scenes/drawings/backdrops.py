"""Where a picture is set. Backdrops are chosen without a look at the deciding object, so none gives its type away."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from mner_core.scenes.drawings.canvas import ACCENTS, WHITE, Canvas, Colour, accents, darker, lighter, mix, rgb
from mner_core.scenes.drawings.drawing import Surroundings


@dataclass(frozen=True, kw_only=True)
class Backdrop:
    """A setting: how a captioner names it, and how to paint it with the horizon at `horizon` pixels from the top."""

    phrase: str
    surroundings: Surroundings
    paint: Callable[[Canvas, Random, float], None]


_SKIES = tuple(
    (rgb(pair[:6]), rgb(pair[7:]))
    for pair in ("9cc9de e4f1ee", "b5c7e8 f3e6e0", "e7b59f f8e6c8", "6f7fb0 e3b7b5", "2f3a66 6d73a3", "c3cbd6 ecebe6")
)


def _sky(canvas: Canvas, rng: Random, horizon: float) -> None:
    """A sky of some hour with a sun or moon and a few clouds."""
    top, bottom = rng.choice(_SKIES)
    width = canvas.width
    canvas.fade((0, 0, width, horizon + 2), top, bottom)
    if rng.random() < 0.6:
        x, y, radius = rng.uniform(0.1, 0.9) * width, rng.uniform(0.12, 0.5) * horizon, width * rng.uniform(0.04, 0.07)
        canvas.oval((x - radius * 1.6, y - radius * 1.6, x + radius * 1.6, y + radius * 1.6), (255, 244, 214, 60))
        canvas.oval((x - radius, y - radius, x + radius, y + radius), rgb("fff1cf"))
    for _ in range(rng.randint(0, 3)):
        x, y, unit = rng.uniform(-0.05, 0.95) * width, rng.uniform(0.08, 0.6) * horizon, width * rng.uniform(0.05, 0.09)
        white: Colour = (255, 253, 248, 150)
        canvas.rectangle((x, y, x + unit * 2.6, y + unit * 0.5), white, unit * 0.25)
        canvas.rectangle((x + unit * 0.6, y - unit * 0.35, x + unit * 1.9, y), white, unit * 0.17)


def _hills(canvas: Canvas, rng: Random, horizon: float, height: float, colour: Colour) -> None:
    """A soft wavy line of land whose foot is at the horizon."""
    width, phase, waves = canvas.width, rng.uniform(0, 6), rng.uniform(4, 8)
    ridge = [
        (x, horizon - height * (0.55 + 0.45 * math.sin(phase + waves * x / width))) for x in range(0, width + 8, 8)
    ]
    canvas.polygon([*ridge, (width, horizon + 2), (0, horizon + 2)], colour)


def _ground(canvas: Canvas, horizon: float, colour: Colour) -> None:
    canvas.fade((0, horizon, canvas.width, canvas.height), lighter(colour, 0.12), darker(colour, 0.08))


def _land(canvas: Canvas, rng: Random, horizon: float, colour: Colour, height: float) -> None:
    """Sky, far hills, and ground with a few light strokes on it."""
    _sky(canvas, rng, horizon)
    for depth in (0.4, 0.15):
        _hills(canvas, rng, horizon, canvas.height * height * rng.uniform(0.6, 1.2), lighter(colour, depth))
    _ground(canvas, horizon, colour)
    for _ in range(9):
        x, y = rng.uniform(0, 1) * canvas.width, rng.uniform(horizon + 6, canvas.height)
        canvas.rectangle((x, y, x + rng.uniform(6, 22), y + 2), (*lighter(colour, 0.3), 130), 1)


def _meadow(canvas: Canvas, rng: Random, horizon: float) -> None:
    _land(canvas, rng, horizon, rng.choice((rgb("9dbb7e"), rgb("86ad8a"), rgb("b3b87a"))), 0.07)


def _desert(canvas: Canvas, rng: Random, horizon: float) -> None:
    _land(canvas, rng, horizon, rng.choice((rgb("dcb57e"), rgb("d59b77"))), 0.06)


def _snow(canvas: Canvas, rng: Random, horizon: float) -> None:
    _land(canvas, rng, horizon, rng.choice((rgb("dfe6ec"), rgb("e9e6ee"))), 0.08)


def _beach(canvas: Canvas, rng: Random, horizon: float) -> None:
    _sky(canvas, rng, horizon)
    shore = horizon + (canvas.height - horizon) * rng.uniform(0.2, 0.3)
    sea = rng.choice((rgb("6fb1bf"), rgb("6f9fc7")))
    canvas.fade((0, horizon, canvas.width, shore), sea, lighter(sea, 0.35))
    _ground(canvas, shore, rgb("ecd6a8"))
    canvas.rectangle((-5, shore - 2, canvas.width + 5, shore + 2), (*WHITE, 190))


def _square(canvas: Canvas, rng: Random, horizon: float) -> None:
    _sky(canvas, rng, horizon)
    stone = mix(rng.choice(ACCENTS), rgb("cfc9c0"), 0.82)
    canvas.rectangle((-5, horizon - canvas.height * 0.035, canvas.width + 5, horizon + 3), darker(stone, 0.2))
    _ground(canvas, horizon, stone)
    middle = canvas.width * rng.uniform(0.3, 0.7)
    for step in range(-8, 9):
        foot = middle + step * canvas.width * 0.24
        top = middle + step * canvas.width * 0.1
        canvas.polygon(
            [(top, horizon), (top + 1, horizon), (foot + 2, canvas.height), (foot, canvas.height)],
            (*darker(stone, 0.16), 120),
        )


def _pitch(canvas: Canvas, rng: Random, horizon: float) -> None:
    _sky(canvas, rng, horizon)
    grass, wall = rgb("7fae78"), rng.choice(ACCENTS)
    canvas.rectangle((-5, horizon - canvas.height * 0.06, canvas.width + 5, horizon + 2), lighter(wall, 0.2))
    edges = [horizon + (canvas.height - horizon) * (band / 6) ** 1.5 for band in range(7)]
    for band, (upper, lower) in enumerate(pairwise(edges)):
        canvas.rectangle((-5, upper, canvas.width + 5, lower + 1), grass if band % 2 else darker(grass, 0.07))
    y = edges[rng.randint(2, 4)]
    canvas.rectangle((-5, y, canvas.width + 5, y + 3), (*WHITE, 210))


def _inside(canvas: Canvas, rng: Random, horizon: float, wall: Colour, floor: Colour) -> None:
    """A wall and a floor; `horizon` is where they meet."""
    canvas.fade((0, 0, canvas.width, horizon), lighter(wall, 0.12), wall)
    canvas.fade((0, horizon, canvas.width, canvas.height), floor, lighter(floor, 0.12))
    for step in range(1, 7):
        y = horizon + (canvas.height - horizon) * (step / 7) ** 1.4
        canvas.rectangle((0, y, canvas.width, y + 1), (*darker(floor, 0.2), 90))
    canvas.rectangle((0, horizon - 5, canvas.width, horizon), rng.choice((lighter(wall, 0.5), darker(wall, 0.2))))


def _room(canvas: Canvas, rng: Random, horizon: float) -> None:
    wall, floor = accents(rng, 2)
    _inside(canvas, rng, horizon, lighter(wall, 0.55), mix(floor, rgb("b98a6a"), 0.7))


def _hall(canvas: Canvas, rng: Random, horizon: float) -> None:
    wall, floor = accents(rng, 2)
    _inside(canvas, rng, horizon, lighter(wall, 0.72), mix(floor, rgb("c9c6c0"), 0.75))
    for x in (0.0, 0.92):
        canvas.rectangle((canvas.width * x, 0, canvas.width * (x + 0.08), horizon), (*darker(wall), 60))


def _stage(canvas: Canvas, rng: Random, horizon: float) -> None:
    cloth, width = darker(rng.choice(ACCENTS), 0.3), canvas.width
    _inside(canvas, rng, horizon, mix(cloth, rgb("2f3352"), 0.55), rgb("a8795a"))
    middle, folds = width * rng.uniform(0.35, 0.65), 5
    canvas.polygon(
        [
            (middle - 12, 0),
            (middle + 12, 0),
            (middle + width * 0.3, canvas.height),
            (middle - width * 0.3, canvas.height),
        ],
        (255, 246, 214, 46),
    )
    for fold in range(folds):
        for left in (fold * width * 0.03, width - (fold + 1) * width * 0.03):
            canvas.rectangle((left, 0, left + width * 0.03, horizon), cloth if fold % 2 else darker(cloth, 0.14))
    canvas.rectangle((0, 0, width, canvas.height * 0.07), cloth)


BACKDROPS = (
    Backdrop(phrase="in a meadow", surroundings="outdoors", paint=_meadow),
    Backdrop(phrase="in the desert", surroundings="outdoors", paint=_desert),
    Backdrop(phrase="in the snow", surroundings="outdoors", paint=_snow),
    Backdrop(phrase="on a beach", surroundings="outdoors", paint=_beach),
    Backdrop(phrase="on a paved square", surroundings="outdoors", paint=_square),
    Backdrop(phrase="on a sports field", surroundings="outdoors", paint=_pitch),
    Backdrop(phrase="in a room", surroundings="indoors", paint=_room),
    Backdrop(phrase="in a bright hall", surroundings="indoors", paint=_hall),
    Backdrop(phrase="on a stage", surroundings="indoors", paint=_stage),
)
