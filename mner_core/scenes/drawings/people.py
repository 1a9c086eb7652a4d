"""Drawings for PER: people, standing or close up."""

from functools import partial
from random import Random
from typing import Literal, TypeAlias

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

Pose: TypeAlias = Literal["standing", "waving", "singing", "cheering"]

SKINS = palette("f2c9a8 e4b18a cb9068 a66d48 7d4f35")
HAIRS = palette("2e2733 4a3428 7a4b2c b07a45 d9b36c 8c8f9a a8505a")

_CLOTHES = ACCENTS[:10]
"""Without the palette's browns, which next to skin look like none at all."""

_ARMS: dict[str, tuple[tuple[float, float], ...]] = {
    "standing": ((0.155, 0.37), (0.165, 0.50)),
    "waving": ((0.185, 0.20), (0.205, 0.045)),
    "singing": ((0.165, 0.345), (0.055, 0.225)),
    "cheering": ((0.175, 0.17), (0.155, 0.01)),
}
"""Elbow and hand in each pose, as distances from the middle line and from the top."""


def _head(pen: Pen, rng: Random, x: float, y: float, radius: float) -> Colour:
    """A friendly face with one of four haircuts; returns the skin's colour."""
    skin, hair = rng.choice(SKINS), rng.choice(HAIRS)
    cut = rng.choice(("short", "long", "bun", "cap"))
    if cut == "long":
        pen.rectangle(x - radius * 1.22, y - radius, x + radius * 1.22, y + radius * 1.5, hair, radius * 0.9)
    if cut == "bun":
        pen.disc(x, y - radius * 1.25, radius * 0.5, hair)
    pen.rectangle(x - radius * 0.4, y + radius * 0.5, x + radius * 0.4, y + radius * 1.6, darker(skin, 0.14))
    pen.disc(x, y, radius, skin)
    pen.sector(x, y - radius * 0.12, radius * 1.06, 180, 360, hair)
    if cut == "cap":
        pen.sector(x, y - radius * 0.2, radius * 1.12, 180, 360, cap := accents(rng, 1)[0])
        pen.rectangle(x, y - radius * 0.36, x + radius * 1.6, y - radius * 0.16, darker(cap), radius * 0.1)
    else:
        pen.sector(x - radius * 0.2, y - radius * 0.2, radius * 0.85, 20, 160, skin)
    for side in (-0.36, 0.36):
        pen.disc(x + radius * side, y + radius * 0.12, radius * 0.1, INK)
    pen.sector(x, y + radius * 0.42, radius * 0.3, 0, 180, mix(skin, rgb("a03c46"), 0.6))
    return skin


def _legs(pen: Pen, rng: Random, x: float, trousers: Colour) -> None:
    shoe = darker(accents(rng, 1)[0], 0.4)
    for side in (-1, 1):
        pen.stroke([(x + side * 0.05, 0.56), (x + side * 0.062, 0.945)], 0.078, trousers)
        pen.rectangle(x + side * 0.07 - 0.055, 0.945, x + side * 0.07 + 0.055, 1, shoe, 0.025)


def _person(pen: Pen, rng: Random, pose: Pose) -> None:
    x = pen.aspect / 2
    shirt, trousers = rng.sample(_CLOTHES, 2)
    _legs(pen, rng, x, darker(trousers, 0.3))
    pen.rectangle(x - 0.118, 0.212, x + 0.118, 0.6, shirt, 0.06)
    if rng.random() < 0.5:
        pen.rectangle(x - 0.118, 0.36, x + 0.118, 0.42, lighter(shirt, 0.5))
    skin = _head(pen, rng, x, 0.112, 0.082)
    if pose == "singing":
        pen.stroke([(x + 0.045, 0.205), (x + 0.07, 0.26)], 0.022, INK)
        pen.disc(x + 0.04, 0.185, 0.026, rgb("5b6072"))
    for side, arm in ((-1, "cheering" if pose == "cheering" else "standing"), (1, pose)):
        elbow, hand = ((x + side * dx, y) for dx, y in _ARMS[arm])
        pen.stroke([(x + side * 0.095, 0.255), elbow, hand], 0.058, darker(shirt, 0.08))
        pen.disc(*hand, 0.034, skin)


def _player(pen: Pen, rng: Random) -> None:
    _person(pen, rng, "cheering")
    x, y, radius = pen.aspect - 0.085, 0.915, 0.085
    pen.disc(x, y, radius, WHITE)
    pen.star(x, y, radius * 0.5, INK, inner=0.8)
    for dx, dy in ((-0.8, -0.35), (0.8, -0.35), (0, 0.85)):
        pen.disc(x + dx * radius * 0.9, y + dy * radius * 0.9, radius * 0.16, INK)


def _close_up(pen: Pen, rng: Random) -> None:
    x = pen.aspect / 2
    shirt, collar = rng.sample(_CLOTHES, 2)
    pen.rectangle(0, 0.7, pen.aspect, 1.25, shirt, 0.24)
    skin = _head(pen, rng, x, 0.37, 0.24)
    pen.sector(x, 0.68, 0.16, 0, 180, lighter(collar))
    pen.sector(x, 0.67, 0.11, 0, 180, darker(skin, 0.14))


_upright = partial(Drawing, label="person", aspect=0.46, heights=(0.55, 0.84))

CLOSE_UP = (1.0, 1.0)
"""Where a drawing stands that the picture's lower edge cuts off."""

PEOPLE = (
    _upright(phrase="a person standing", paint=partial(_person, pose="standing")),
    _upright(phrase="a person waving", paint=partial(_person, pose="waving")),
    _upright(phrase="a singer with a microphone", paint=partial(_person, pose="singing")),
    Drawing(label="person", phrase="a cheering player with a ball", aspect=0.54, heights=(0.55, 0.84), paint=_player),
    Drawing(
        label="person",
        phrase="a close-up of a smiling person",
        aspect=0.9,
        heights=(0.6, 0.8),
        paint=_close_up,
        base=CLOSE_UP,
    ),
)
