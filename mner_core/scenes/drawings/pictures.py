"""Composition: a backdrop, perhaps deciding objects, and other things around them, each with its box."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from PIL import Image

from mner_core.scenes.drawings.backdrops import BACKDROPS, Backdrop
from mner_core.scenes.drawings.canvas import ACCENTS, Canvas, Pen, darker, lighter
from mner_core.scenes.drawings.drawing import Drawing
from mner_core.scenes.drawings.emblems import draw_poster, emblem_phrase
from mner_core.scenes.drawings.extras import EXTRAS, HAZE
from mner_core.scenes.drawings.organisations import ORGANISATIONS
from mner_core.scenes.drawings.people import CLOSE_UP, PEOPLE
from mner_core.scenes.drawings.places import PLACES
from mner_core.scenes.drawings.props import drawing_of
from mner_core.scenes.drawings.things import THINGS
from mner_core.scenes.sketch import COLOURS, Emblem, Sketch, Topic, coloured
from mner_core.types import Box, ImageObject

KINDS: dict[str, tuple[Drawing, ...]] = {"PER": PEOPLE, "LOC": PLACES, "ORG": ORGANISATIONS, "MISC": THINGS}
"""The drawings that stand for each entity type."""

_SIZES = ((320, 256), (256, 320), (288, 288), (320, 240), (300, 260))
_TOLERANCES = (0.05, 0.05, 0.1, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
"""How much of a thing may stand before or behind another one: the first tries look for free ground."""
_CROWDED = (*(each for each in _TOLERANCES for _ in range(12)), 0.6, 0.8, 1.01)
"""The same for things that must be there."""
_UNSHARP = ("a blurred picture", "an unsharp photo", "something out of focus", "a smudge", "fog", "a quick snapshot")


@dataclass(frozen=True)
class Picture:
    """A finished picture; `shown` are the deciding objects as in `Sketch.kinds`, which are also among `objects`."""

    image: Image.Image
    caption: str
    objects: tuple[ImageObject, ...]
    shown: tuple[ImageObject, ...]


@dataclass(frozen=True)
class _Stage:
    """An empty setting, its horizon at that many pixels from the top, and the chance that fills it."""

    rng: Random
    canvas: Canvas
    backdrop: Backdrop
    horizon: float

    def fitting(self, drawings: Sequence[Drawing]) -> list[Drawing]:
        """Those that may stand here."""
        return [drawing for drawing in drawings if drawing.fits(self.backdrop.surroundings)]

    def picture(self, caption: str, seen: Sequence[ImageObject], sketch: Sketch) -> Picture:
        """The picture as it is painted now; of what is seen, the deciding objects come first."""
        objects = tuple(self.rng.sample(seen, len(seen)))  # the order must not point at the deciding ones
        return Picture(self.canvas.finished(self.rng), caption, objects, tuple(seen[: len(sketch.kinds)]))


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


def compose(rng: Random, sketch: Sketch) -> Picture:
    """Draws what the sketch asks for.

    Setting, size, colours and surrounding things are chosen in the same way for every kind.
    """
    if sketch.emblem is not None:
        return _poster(rng, sketch.emblem)
    canvas = Canvas(*rng.choice(_SIZES))
    stage = _Stage(rng, canvas, rng.choice(BACKDROPS), canvas.height * rng.uniform(0.58, 0.7))
    stage.backdrop.paint(canvas, rng, stage.horizon)
    if sketch.frames:
        return _framed(stage, sketch)
    main = [_put(stage, rng.choice(stage.fitting(KINDS[kind]))) for kind in sketch.kinds]
    return _of_topic(stage, sketch, sketch.props, main) if sketch.props else _scene(stage, sketch, main)


def _scene(stage: _Stage, sketch: Sketch, main: Sequence[_Place]) -> Picture:
    """At most one deciding object and some things around it, the nearer ones in front."""
    extras = stage.fitting(EXTRAS)
    extras = stage.rng.sample(extras, len(extras))
    places = _surrounded(stage, main, extras, stage.rng.randint(1 if main else 2, 3))
    boxes = {place: _draw(stage, place) for place in sorted(places, key=lambda place: place.foot)}
    seen = [ImageObject(place.drawing.label, boxes[place]) for place in places]
    return stage.picture(_caption(stage, places), seen, sketch)


def _of_topic(stage: _Stage, sketch: Sketch, topic: Topic, main: Sequence[_Place]) -> Picture:
    """A topic's things, behind them its deciding object, or in a blurred picture something that cannot be told."""
    haze = [_put(stage, HAZE)] if sketch.blurred else []
    behind = [*haze, *main]
    boxes = [_draw(stage, place) for place in behind]
    for place in haze:
        stage.canvas.blur((place.left, place.top, place.right, place.foot))
    places = _surrounded(stage, behind, [drawing_of(prop) for prop in topic], len(topic), _CROWDED)
    boxes += [_draw(stage, place) for place in places[len(behind) :]]
    seen = [ImageObject(place.drawing.label, box) for place, box in zip(places, boxes, strict=True)][len(haze) :]
    blurred = f"{stage.rng.choice(_UNSHARP)} {stage.backdrop.phrase}"  # it must not name the topic: captions are sought
    return stage.picture(blurred if haze else _caption(stage, places), seen, sketch)


def _framed(stage: _Stage, sketch: Sketch) -> Picture:
    """One deciding object in each of several coloured frames, from left to right."""
    rng, canvas = stage.rng, stage.canvas
    room, border = canvas.width / len(sketch.frames), canvas.width * 0.022
    inside: list[ImageObject] = []
    frames: list[ImageObject] = []
    phrases: list[str] = []
    for number, (colour, kind) in enumerate(zip(sketch.frames, sketch.kinds, strict=True)):
        drawing = rng.choice([drawing for drawing in KINDS[kind] if drawing.base != CLOSE_UP])
        height = min(canvas.height * 0.66, (room * 0.92 - 4 * border) / drawing.aspect)
        left = room * number + (room - height * drawing.aspect) / 2
        top = (canvas.height - height) * rng.uniform(0.3, 0.6)
        frame = Pen(canvas, left - 2 * border, top - 2 * border, 1, aspect=1)  # it counts in pixels
        right, foot = height * drawing.aspect + 4 * border, height + 4 * border
        frame.rectangle(0, 0, right, foot, darker(COLOURS[colour], 0.12), border * 0.6)
        frame.rectangle(0, 0, right - 1.5, foot - 1.5, COLOURS[colour], border * 0.6)
        frame.rectangle(border, border, right - border, foot - border, lighter(rng.choice(ACCENTS), 0.78))
        pen = Pen(canvas, left, top, height, aspect=drawing.aspect, mirrored=rng.random() < 0.5)
        drawing.paint(pen, rng)
        inside.append(ImageObject(drawing.label, pen.box))
        frames.append(ImageObject(f"{colour} frame", frame.box))
        phrases.append(f"{drawing.phrase} in {coloured(colour, 'frame')}")
    return stage.picture(f"{' and '.join(phrases)} {stage.backdrop.phrase}", [*inside, *frames], sketch)


def _poster(rng: Random, emblem: Emblem) -> Picture:
    """An emblem nearly as large as the picture; whose it is, no drawing says."""
    canvas = Canvas(288, 288)
    shown = ImageObject("emblem", draw_poster(canvas, rng, emblem))
    return Picture(canvas.finished(rng), f"a poster with {emblem_phrase(emblem)}", (shown,), (shown,))


def _put(stage: _Stage, drawing: Drawing) -> _Place:
    """A place for the drawing, inside the picture from left to right."""
    rng, canvas, horizon = stage.rng, stage.canvas, stage.horizon
    height = min(canvas.height * rng.uniform(*drawing.heights), canvas.width * 0.94 / drawing.aspect)
    left = rng.uniform(0.03 * canvas.width, 0.97 * canvas.width - height * drawing.aspect)
    if drawing.base is None:
        return _Place(drawing, left, rng.uniform(0.06, 0.3) * max(horizon - height, 0) + 4, height)
    foot = horizon + (canvas.height - horizon) * rng.uniform(*drawing.base)
    return _Place(drawing, left, max(foot - height, 4), height)


def _surrounded(
    stage: _Stage,
    places: Sequence[_Place],
    choices: Sequence[Drawing],
    wanted: int,
    tolerances: Sequence[float] = _TOLERANCES,
) -> list[_Place]:
    """The places and up to `wanted` of the choices, in their order, where they leave in sight what is there already."""
    found = list(places)
    for drawing in choices:
        for tolerance in tolerances:
            place = _put(stage, drawing)
            if len(found) < len(places) + wanted and all(place.covers(other) < tolerance for other in found):
                found.append(place)
                break
    return found


def _draw(stage: _Stage, place: _Place) -> Box:
    """Draws the thing with a soft shadow below it; returns its box."""
    canvas, drawing, width = stage.canvas, place.drawing, place.right - place.left
    if drawing.base and drawing.base[0] > 0.1:
        depth = place.height * 0.025 + 3
        canvas.oval((place.left, place.foot - depth, place.right + width * 0.08, place.foot + depth), (29, 36, 64, 46))
    pen = Pen(canvas, place.left, place.top, place.height, aspect=drawing.aspect, mirrored=stage.rng.random() < 0.5)
    drawing.paint(pen, stage.rng)
    return pen.box


def _caption(stage: _Stage, places: Sequence[_Place]) -> str:
    """One plain sentence: what is there, and where."""
    first, *others = [place.drawing.phrase for place in places]
    if not others:
        return f"{first} {stage.backdrop.phrase}"
    return f"{first} {stage.backdrop.phrase} with {' and '.join(others)}"
