"""A sheet to paint on and a pen that knows where it has been, so that every drawn thing has an exact box.

Pictures are painted three times too large and shrunk at the end, which is what smooths their edges.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from mner_core.types import Box

Colour: TypeAlias = tuple[int, int, int] | tuple[int, int, int, int]
Point: TypeAlias = tuple[float, float]

OVERSAMPLING = 3


def rgb(code: str) -> tuple[int, int, int]:
    """(224, 122, 95) for "e07a5f"."""
    return int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16)


def palette(codes: str) -> tuple[tuple[int, int, int], ...]:
    """The colours of several codes with spaces between them."""
    return tuple(map(rgb, codes.split()))


def mix(first: Colour, second: Colour, share: float) -> tuple[int, int, int]:
    """A colour between the two; `share` 0 gives the first, 1 the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first[:3], second[:3], strict=True))
    return red, green, blue


def darker(colour: Colour, share: float = 0.18) -> tuple[int, int, int]:
    """The colour in the shade: towards a deep blue rather than black, which keeps it calm."""
    return mix(colour, rgb("1d2440"), share)


def lighter(colour: Colour, share: float = 0.25) -> tuple[int, int, int]:
    """The colour in the light."""
    return mix(colour, WHITE, share)


WHITE = rgb("fdfbf7")
INK = rgb("2f3352")
ACCENTS = palette("d9705a e3a35c e8c878 8db48e 4f9d94 6fa3c7 4d6fa3 7f6a9c c9798d a8505a b98a6a 5c6f86 e0b9a0")
"""One palette for everything that is drawn, whatever it stands for: colour alone must not give the type away."""


def accents(rng: Random, count: int) -> list[tuple[int, int, int]]:
    """`count` different colours of the palette."""
    return rng.sample(ACCENTS, count)


class Canvas:
    """A picture in the making: `width` x `height` pixels, (0, 0) at the top left."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._large = Image.new("RGB", (width * OVERSAMPLING, height * OVERSAMPLING), WHITE)
        self._draw = ImageDraw.Draw(self._large, "RGBA")

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon; a fourth number in `colour` is its opacity (0..255)."""
        self._draw.polygon([(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in points], fill=colour)

    def oval(self, box: Box, colour: Colour) -> None:
        """A filled ellipse that touches the four sides of `box`, in pixels."""
        self._draw.ellipse([side * OVERSAMPLING for side in box], fill=colour)

    def rectangle(self, box: Box, colour: Colour, radius: float = 0) -> None:
        """A filled rectangle with corners rounded by `radius` pixels."""
        self._draw.rounded_rectangle([side * OVERSAMPLING for side in box], radius * OVERSAMPLING, fill=colour)

    def fade(self, box: Box, top: Colour, bottom: Colour) -> None:
        """A rectangle whose colour runs from `top` to `bottom`."""
        left, upper, right, lower = (round(side * OVERSAMPLING) for side in box)
        for row in range(upper, lower):
            self._draw.line([(left, row), (right, row)], fill=mix(top, bottom, (row - upper) / max(lower - upper, 1)))

    def blur(self, box: Box) -> None:
        """Makes what has been painted inside the box, in pixels, illegible; its edge is soft."""
        left, top, right, lower = (round(side * OVERSAMPLING) for side in box)
        edge = 16 * OVERSAMPLING
        around = (left - edge, top - edge, right + edge, lower + edge)
        sharp = self._large.crop(around)
        mask = Image.new("L", sharp.size)
        ImageDraw.Draw(mask).ellipse([edge / 3, edge / 3, sharp.width - edge / 3, sharp.height - edge / 3], 255)
        soft = sharp.filter(ImageFilter.BoxBlur(self.width / 16 * OVERSAMPLING))
        soft = soft.filter(ImageFilter.BoxBlur(self.width / 20 * OVERSAMPLING))
        self._large.paste(soft, around[:2], mask.filter(ImageFilter.BoxBlur(edge / 3)))

    def finished(self, rng: Random) -> Image.Image:
        """The picture at its own size, in a light of its own: no shade of the palette stays what it was."""
        picture = self._large.reduce(OVERSAMPLING)
        picture = ImageEnhance.Color(picture).enhance(rng.uniform(0.72, 1.15))
        warmth, brightness = rng.uniform(-0.07, 0.07), rng.uniform(0.88, 1.03)
        gains = [brightness * (1 + warmth), brightness, brightness * (1 - warmth)]
        return picture.point([min(255, round(level * gain)) for gain in gains for level in range(256)])


class Pen:
    """Draws one thing into a place of the canvas, in the thing's own units: its height is 1, (0, 0) its top left.

    A mirrored pen swaps left and right within `aspect`, the thing's width over its height.
    """

    def __init__(
        self, canvas: Canvas, left: float, top: float, height: float, *, aspect: float, mirrored: bool = False
    ) -> None:
        self._canvas, self._left, self._top, self._unit = canvas, left, top, height
        self.aspect, self._mirrored = aspect, mirrored
        self._touched: list[Point] = []

    @property
    def box(self) -> Box:
        """What the pen has touched so far, as shares of the picture and cut to it."""
        xs, ys = ([point[axis] for point in self._touched] for axis in (0, 1))
        width, height = self._canvas.width, self._canvas.height
        return max(min(xs) / width, 0), max(min(ys) / height, 0), min(max(xs) / width, 1), min(max(ys) / height, 1)

    def _place(self, points: Sequence[Point]) -> list[Point]:
        placed = [
            (self._left + (self.aspect - x if self._mirrored else x) * self._unit, self._top + y * self._unit)
            for x, y in points
        ]
        self._touched += placed
        return placed

    def _place_box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        (ax, ay), (bx, by) = self._place([(x0, y0), (x1, y1)])
        return min(ax, bx), ay, max(ax, bx), by

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon."""
        self._canvas.polygon(self._place(points), colour)

    def rectangle(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, radius: float = 0) -> None:
        """A filled rectangle with rounded corners."""
        self._canvas.rectangle(self._place_box(x0, y0, x1, y1), colour, radius * self._unit)

    def oval(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """A filled ellipse inside the rectangle."""
        self._canvas.oval(self._place_box(x0, y0, x1, y1), colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled circle around (x, y)."""
        self.oval(x - radius, y - radius, x + radius, y + radius, colour)

    def stroke(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """A line through the points with round ends and joints."""
        for (x0, y0), (x1, y1) in pairwise(points):
            length = math.hypot(x1 - x0, y1 - y0) or 1
            dx, dy = (y1 - y0) / length * width / 2, (x0 - x1) / length * width / 2
            self.polygon([(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy)], colour)
        for x, y in points:
            self.disc(x, y, width / 2, colour)

    def sector(self, x: float, y: float, radius: float, start: float, end: float, colour: Colour) -> None:
        """A slice of a circle between two angles in degrees, clockwise from three o'clock."""
        steps = max(8, int((end - start) / 6))
        angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
        self.polygon([(x, y), *((x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles)], colour)

    def star(self, x: float, y: float, radius: float, colour: Colour, points: int = 5, inner: float = 0.45) -> None:
        """A star that points upwards."""
        corners = []
        for corner in range(2 * points):
            reach = radius * (inner if corner % 2 else 1)
            angle = math.pi * corner / points - math.pi / 2
            corners.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
        self.polygon(corners, colour)
