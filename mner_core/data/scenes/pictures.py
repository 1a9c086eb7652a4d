"""Composition: a backdrop, perhaps the deciding object, and other things around it, each with its box."""

from dataclasses import dataclass
from random import Random

from PIL import Image

from mner_core.data.scenes.backdrops import BACKDROPS, Backdrop
from mner_core.data.scenes.canvas import Canvas, Pen
from mner_core.data.scenes.drawing import Drawing
from mner_core.data.scenes.extras import EXTRAS
from mner_core.data.scenes.organisations import ORGANISATIONS
from mner_core.data.scenes.people import PEOPLE
from mner_core.data.scenes.places import PLACES
from mner_core.data.scenes.things import THINGS
from mner_core.types import Box, ImageObject

KINDS: dict[str, tuple[Drawing, ...]] = {"PER": PEOPLE, "LOC": PLACES, "ORG": ORGANISATIONS, "MISC": THINGS}
"""The drawings that stand for each entity type."""

_SIZES = ((320, 256), (256, 320), (288, 288), (320, 240), (300, 260))
_TOLERANCES = (0.05, 0.05, 0.1, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
"""How much of a thing may stand before or behind another one: the first tries look for free ground."""


@dataclass(frozen=True)
class Picture:
    """A finished picture; `shown` is the deciding object, which is also among `objects`, or None."""

    image: Image.Image
    caption: str
    objects: tuple[ImageObject, ...]
    shown: ImageObject | None


@dataclass(frozen=True)
class _Place:
    """Where a drawing goes, in pixels."""

    drawing: Drawing
    left: float
    top: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.height * self.drawing.aspect

    @property
    def foot(self) -> float:
        return self.top + self.height

    def covers(self, other: "_Place") -> float:
        """Which share of the narrower one's width the two have in common."""
        common = min(self.right, other.right) - max(self.left, other.left)
        return common / min(self.right - self.left, other.right - other.left)


def compose(rng: Random, kind: str | None) -> Picture:
    """Draws a picture that shows an entity of `kind`, or none where it is None.

    Setting, size, colours and surrounding things are chosen in the same way for every kind.
    """
    canvas = Canvas(*rng.choice(_SIZES))
    backdrop, horizon = rng.choice(BACKDROPS), canvas.height * rng.uniform(0.58, 0.7)
    backdrop.paint(canvas, rng, horizon)
    main = None
    if kind is not None:
        main = _put(rng, canvas, horizon, rng.choice([d for d in KINDS[kind] if d.fits(backdrop.surroundings)]))
    places = _surround(rng, canvas, horizon, backdrop, main)
    boxes = {place: _draw(rng, canvas, place) for place in sorted(places, key=lambda place: place.foot)}
    seen = {place: ImageObject(place.drawing.label, boxes[place]) for place in places}
    objects = tuple(rng.sample(list(seen.values()), len(seen)))  # the order must not point at the deciding one
    return Picture(canvas.finished(rng), _caption(backdrop, places), objects, seen[main] if main else None)


def _put(rng: Random, canvas: Canvas, horizon: float, drawing: Drawing) -> _Place:
    """A place for the drawing, inside the picture from left to right."""
    height = min(canvas.height * rng.uniform(*drawing.heights), canvas.width * 0.94 / drawing.aspect)
    left = rng.uniform(0.03 * canvas.width, 0.97 * canvas.width - height * drawing.aspect)
    if drawing.base is None:
        return _Place(drawing, left, rng.uniform(0.06, 0.3) * max(horizon - height, 0) + 4, height)
    foot = horizon + (canvas.height - horizon) * rng.uniform(*drawing.base)
    return _Place(drawing, left, max(foot - height, 4), height)


def _surround(rng: Random, canvas: Canvas, horizon: float, backdrop: Backdrop, main: _Place | None) -> list[_Place]:
    """The deciding object first, then one to three things that leave it in sight; two or three where it is alone."""
    places = [main] if main else []
    wanted = len(places) + rng.randint(1 if main else 2, 3)
    choices = [drawing for drawing in EXTRAS if drawing.fits(backdrop.surroundings)]
    for drawing in rng.sample(choices, len(choices)):
        for tolerance in _TOLERANCES:
            place = _put(rng, canvas, horizon, drawing)
            if len(places) < wanted and all(place.covers(other) < tolerance for other in places):
                places.append(place)
                break
    return places


def _draw(rng: Random, canvas: Canvas, place: _Place) -> Box:
    """Draws the thing with a soft shadow below it; returns its box."""
    drawing, width = place.drawing, place.right - place.left
    if drawing.base and drawing.base[0] > 0.1:
        depth = place.height * 0.025 + 3
        canvas.oval((place.left, place.foot - depth, place.right + width * 0.08, place.foot + depth), (29, 36, 64, 46))
    pen = Pen(canvas, place.left, place.top, place.height, aspect=drawing.aspect, mirrored=rng.random() < 0.5)
    drawing.paint(pen, rng)
    return pen.box


def _caption(backdrop: Backdrop, places: list[_Place]) -> str:
    """One plain sentence: what is there, and where."""
    first, *others = [place.drawing.phrase for place in places]
    if not others:
        return f"{first} {backdrop.phrase}"
    return f"{first} {backdrop.phrase} with {' and '.join(others)}"
