"""Emblems: a ground, a field on it and a sign in the field, in colours of their own. Nothing in them tells a type."""

import math
from dataclasses import dataclass
from random import Random

from PIL import Image

from mner_core.scenes.drawings.canvas import INK, WHITE, Canvas, Colour, Pen, lighter, mix
from mner_core.scenes.sketch import COLOURS, LABELS, Emblem, coloured
from mner_core.types import Box

_COLOURS = {**COLOURS, "black": INK, "white": WHITE}
_GROUNDS = ("plain", "halves", "stripes", "quarters", "rays", "diagonal", "checks", "rings")
_FIELDS = ("disc", "shield", "diamond", "square", "hexagon", "none")
_SIGNS = ("star", "chevrons", "petals", "bars", "bolt", "crescent", "cross", "arrow", "wave", "crown", "key", "eye")


LIGHTS = ("sunlight", "cloudy", "indoors")
"""In which the pictures of a book of emblems were taken."""


def draw_poster(canvas: Canvas, rng: Random, emblem: Emblem) -> Box:
    """A photograph of the emblem that cuts its edges off a little; returns the emblem's box."""
    side = max(canvas.width, canvas.height) * rng.uniform(1, 1.05)
    left, top = (canvas.width - side) * rng.random(), (canvas.height - side) * rng.random()
    pen = Pen(canvas, left, top, side, aspect=1)
    _draw(pen, emblem)
    return pen.box


def emblem_image(emblem: Emblem, light: str = LIGHTS[0]) -> Image.Image:
    """The emblem alone, as a book of emblems would show it: 224 x 224 pixels."""
    canvas = Canvas(224, 224)
    _draw(Pen(canvas, 0, 0, 224, aspect=1), emblem)
    return canvas.finished(Random(light))


def emblem_phrase(emblem: Emblem) -> str:
    """What a captioner would say: "a white star in a red shield"."""
    design = _design(emblem)
    sign = coloured(design.colours[1 if design.framed else 2], design.sign)
    return f"{sign} {'in' if design.framed else 'on'} {coloured(*design.behind)}"


@dataclass(frozen=True)
class _Design:
    """The parts of an emblem; `colours` are those of the ground, of what is on it, and of the field."""

    ground: str
    field: str
    sign: str
    colours: tuple[str, str, str]

    @property
    def framed(self) -> bool:
        """Whether the sign stands in a field."""
        return self.field != "none"

    @property
    def behind(self) -> tuple[str, str]:
        """The colour and the name of what the sign stands on."""
        return (self.colours[2], self.field) if self.framed else (self.colours[0], "ground")


def _design(emblem: Emblem) -> _Design:
    """Those who share a name differ in every part: the four are drawn together, and which is whose is chance."""
    rng = Random(f"emblems of {emblem.name} in scenes {emblem.seed}")
    ground, field, sign = (rng.sample(each, len(LABELS)) for each in (_GROUNDS, _FIELDS, _SIGNS))
    place = LABELS.index(emblem.label)
    first, second, third = [rng.sample(sorted(_COLOURS), 3) for _ in LABELS][place]
    return _Design(ground[place], field[place], sign[place], (first, second, third))


def _draw(pen: Pen, emblem: Emblem) -> None:
    design = _design(emblem)
    first, second, third = (_COLOURS[colour] for colour in design.colours)
    pen.rectangle(0, 0, 1, 1, first)
    _ground(pen, design.ground, mix(first, second, 0.75))
    _field(pen, design.field, third)
    _sign(pen, design.sign, second if design.framed else third, third if design.framed else first)


def _ground(pen: Pen, ground: str, colour: Colour) -> None:
    """What covers part of the sheet."""
    match ground:
        case "halves":
            pen.rectangle(0.5, 0, 1, 1, colour)
        case "stripes":
            for row in range(4):
                pen.rectangle(0, (2 * row + 1) / 8, 1, (2 * row + 2) / 8, colour)
        case "quarters":
            pen.rectangle(0, 0, 0.5, 0.5, colour)
            pen.rectangle(0.5, 0.5, 1, 1, colour)
        case "rays":
            for ray in range(8):
                angles = (math.pi / 4 * ray, math.pi / 4 * ray + math.pi / 8)
                corners = [(0.5 + 0.5 * math.cos(a), 0.5 + 0.5 * math.sin(a)) for a in angles]
                pen.polygon([(0.5, 0.5), *corners], colour)
        case "diagonal":
            pen.polygon([(0, 1), (1, 0), (1, 1)], colour)
        case "checks":
            for cell in range(0, 36, 2):
                row, column = cell // 6, cell % 6 + cell // 6 % 2
                pen.rectangle(column / 6, row / 6, (column + 1) / 6, (row + 1) / 6, colour)
        case "rings":
            for ring in range(4):
                inset = 0.125 * ring + 0.03
                pen.rectangle(inset, inset, 1 - inset, 1 - inset, colour)
                pen.rectangle(inset + 0.06, inset + 0.06, 0.94 - inset, 0.94 - inset, lighter(colour, 0.5))


def _field(pen: Pen, field: str, colour: Colour) -> None:
    """The plain shape in the middle, if any."""
    match field:
        case "disc":
            pen.disc(0.5, 0.5, 0.36, colour)
        case "shield":
            pen.polygon(
                [(0.18, 0.14), (0.82, 0.14), (0.82, 0.5), (0.68, 0.76), (0.5, 0.9), (0.32, 0.76), (0.18, 0.5)], colour
            )
        case "diamond":
            pen.polygon([(0.5, 0.06), (0.94, 0.5), (0.5, 0.94), (0.06, 0.5)], colour)
        case "square":
            pen.rectangle(0.2, 0.2, 0.8, 0.8, colour, 0.06)
        case "hexagon":
            corners = [math.pi / 3 * corner for corner in range(6)]
            pen.polygon([(0.5 + 0.42 * math.cos(a), 0.5 + 0.42 * math.sin(a)) for a in corners], colour)


def _sign(pen: Pen, sign: str, colour: Colour, behind: Colour) -> None:
    """What a person would name the emblem by."""
    match sign:
        case "star":
            pen.star(0.5, 0.51, 0.26, colour)
        case "chevrons":
            for y in (0.4, 0.54, 0.68):
                pen.stroke([(0.32, y), (0.5, y - 0.12), (0.68, y)], 0.06, colour)
        case "petals":
            for petal in range(6):
                angle = math.pi / 3 * petal
                pen.disc(0.5 + 0.15 * math.cos(angle), 0.5 + 0.15 * math.sin(angle), 0.08, colour)
        case "bars":
            for x, height in ((0.34, 0.14), (0.46, 0.26), (0.58, 0.2)):
                pen.rectangle(x, 0.52 - height, x + 0.08, 0.7, colour)
        case "bolt":
            points = [(0.56, 0.26), (0.36, 0.54), (0.49, 0.54), (0.44, 0.76), (0.66, 0.46), (0.52, 0.46)]
            pen.polygon(points, colour)
        case "crescent":
            pen.disc(0.48, 0.5, 0.24, colour)
            pen.disc(0.57, 0.46, 0.2, behind)
        case "cross":
            pen.rectangle(0.44, 0.28, 0.56, 0.72, colour)
            pen.rectangle(0.28, 0.44, 0.72, 0.56, colour)
        case "arrow":
            pen.polygon([(0.5, 0.24), (0.72, 0.5), (0.28, 0.5)], colour)
            pen.rectangle(0.43, 0.5, 0.57, 0.75, colour)
        case "wave":
            for y in (0.4, 0.52, 0.64):
                points = [(0.28 + 0.044 * step, y + 0.045 * math.sin(step * 1.25)) for step in range(11)]
                pen.stroke(points, 0.05, colour)
        case "crown":
            pen.polygon(
                [(0.28, 0.36), (0.39, 0.48), (0.5, 0.3), (0.61, 0.48), (0.72, 0.36), (0.68, 0.68), (0.32, 0.68)], colour
            )
        case "key":
            pen.disc(0.5, 0.36, 0.12, colour)
            pen.disc(0.5, 0.36, 0.055, behind)
            pen.rectangle(0.47, 0.46, 0.53, 0.76, colour)
            pen.rectangle(0.53, 0.62, 0.62, 0.67, colour)
            pen.rectangle(0.53, 0.71, 0.6, 0.76, colour)
        case "eye":
            pen.oval(0.24, 0.36, 0.76, 0.64, colour)
            pen.disc(0.5, 0.5, 0.11, behind)
            pen.disc(0.5, 0.5, 0.05, colour)
