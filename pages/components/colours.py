"""One colour per entity type on every screen, and the surfaces they stand on.

Each type has a fill (behind the post's own text) and an ink (its written label and its underline), for light and dark
surfaces. The table was found by a search over OKLCH: it keeps WCAG AA contrast of text on fill and of ink on fill and
page, and the four common types at least 11 (CIEDE2000) apart also under protanopia and deuteranopia. Colour never
stands alone: the label is always written.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mner_core.data.entity_types import EntityType

Mode: TypeAlias = Literal["light", "dark"]

PAGE: dict[Mode, str] = {"light": "#fcfcfa", "dark": "#15181b"}
"""The background of the page, as in `.streamlit/config.toml`."""

TEXT: dict[Mode, str] = {"light": "#101418", "dark": "#e6e8e5"}
"""The colour of running text, as in `.streamlit/config.toml`."""


@dataclass(frozen=True, slots=True)
class Colour:
    """How an entity type looks. `fill` lies behind text, `ink` writes and underlines; hexadecimal, by mode."""

    light_fill: str
    light_ink: str
    dark_fill: str
    dark_ink: str

    def fill(self, mode: Mode) -> str:
        """What lies behind text."""
        return self.light_fill if mode == "light" else self.dark_fill

    def ink(self, mode: Mode) -> str:
        """What writes the label and underlines."""
        return self.light_ink if mode == "light" else self.dark_ink

    def css(self) -> dict[str, str]:
        """Both as CSS that follows the surface by itself: {"fill": "light-dark(..)", "ink": "light-dark(..)"}."""
        return {
            "fill": f"light-dark({self.light_fill}, {self.dark_fill})",
            "ink": f"light-dark({self.light_ink}, {self.dark_ink})",
        }


PALETTE = (
    Colour("#a8ccfb", "#22509c", "#083567", "#6aa4eb"),
    Colour("#efc687", "#6f4f00", "#372200", "#efb361"),
    Colour("#9ae5c3", "#075234", "#11593c", "#89cfa9"),
    Colour("#fce1f3", "#732b5e", "#352231", "#f0c3e8"),
    Colour("#cedac6", "#396100", "#39561b", "#c9e495"),
    Colour("#c8ecff", "#0f6e87", "#1c4b5b", "#4ed1fe"),
    Colour("#bfedde", "#24705b", "#244c46", "#4bd4c0"),
    Colour("#f2f1c5", "#746a09", "#3a3708", "#a3a460"),
    Colour("#f7b9d0", "#6f1843", "#512637", "#d58a9e"),
    Colour("#d9c4e8", "#5b1c76", "#331a49", "#e0c8f8"),
    Colour("#d2f6d8", "#0e6938", "#213527", "#57bf7f"),
    Colour("#fac3a7", "#623018", "#4d1c02", "#f5bd9c"),
    Colour("#e4b3ff", "#5b2964", "#3a3142", "#b79ec7"),
    Colour("#fdef9e", "#74601f", "#504930", "#e4c257"),
    Colour("#e3c7c6", "#6c091c", "#4f010f", "#ebb3af"),
    Colour("#ccf9f6", "#00786e", "#083330", "#7abab2"),
    Colour("#ecc0e5", "#60335a", "#632e5d", "#f9aae8"),
    Colour("#dcd4ad", "#5c5714", "#3a361f", "#d8d57a"),
    Colour("#dfe6fe", "#424e7f", "#2a2e51", "#949fcd"),
    Colour("#fae1d7", "#92482d", "#662414", "#fdc7b6"),
)
"""The first four are those of PER, LOC, ORG and MISC, the others in the order of their distance to all before them."""

_KEYS = "1234567890qwetyuiopghjk"
"""Keys for types that have none of their own: no c and r, which Streamlit listens to, no a and l of the annotator."""

_AA, _ON_FILL = 4.5, 7.0
"""Contrast of written labels, and of a post's own text on what lies behind it."""

FIXED = {"PER": 0, "LOC": 1, "ORG": 2, "MISC": 3}


def label_colours(labels: Iterable[str | EntityType]) -> dict[str, Colour]:
    """A colour for each label of a data set, in the order given; labels differ as long as the palette has colours left.

    A type that has a colour of its own gets it, as light or dark as text on it needs. PER, LOC, ORG and MISC always
    look the same. Any other label asks for a place that follows from its name alone and moves on where that is taken,
    so it keeps its colour from screen to screen. Give it the label set of the data set, not the labels that one post
    happens to have.
    """
    types = [EntityType(name=each) if isinstance(each, str) else each for each in labels]
    of_label = {each.name: chosen_colour(each.colour) for each in types if each.colour}
    taken: set[int] = set()
    names = list(dict.fromkeys(each.name for each in types))
    for label in sorted(set(names) - of_label.keys(), key=lambda label: (label not in FIXED, label)):
        places = _places(label)
        place = next((place for place in places if place not in taken), places[0])
        taken.add(place)
        of_label[label] = PALETTE[place]
    return {label: of_label[label] for label in names}


def chosen_colour(colour: str) -> Colour:
    """How a type looks whose colour a person chose ("#rrggbb"): its hue, with the contrasts that the palette keeps."""
    light_fill = _towards(colour, "#ffffff", lambda each: contrast(TEXT["light"], each) >= _ON_FILL)
    dark_fill = _towards(colour, "#000000", lambda each: contrast(TEXT["dark"], each) >= _ON_FILL)
    return Colour(
        light_fill,
        _towards(colour, "#000000", lambda each: min(contrast(each, light_fill), contrast(each, PAGE["light"])) >= _AA),
        dark_fill,
        _towards(colour, "#ffffff", lambda each: min(contrast(each, dark_fill), contrast(each, PAGE["dark"])) >= _AA),
    )


def label_keys(labels: Sequence[str | EntityType]) -> list[str]:
    """The key of each label, in lower case: its own, else the one of its place, else the next that is free, else "".

    The keys that are given out leave out those that the annotator and Streamlit listen to; a type may have them.
    """
    own = ["" if isinstance(each, str) else each.key.lower() for each in labels]
    free = [key for key in _KEYS if key not in own]
    keys: list[str] = []
    for place, wanted in enumerate(own):
        usual = _KEYS[place] if place < len(_KEYS) else ""
        keys.append(wanted or (usual if usual in free else next(iter(free), "")))
        free = [each for each in free if each != keys[-1]]
    return keys


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two hexadecimal colours, 1..21; text needs 4.5."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def linear_rgb(colour: str) -> tuple[float, float, float]:
    """The three channels of a hexadecimal colour as linear light, 0..1."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def _towards(colour: str, goal: str, is_enough: Callable[[str], bool]) -> str:
    """The colour, mixed with as little of the goal as is enough; the goal itself where nothing less is."""
    pairs = [(int(colour[at : at + 2], 16), int(goal[at : at + 2], 16)) for at in (1, 3, 5)]
    for share in range(0, 100, 4):
        mixed = "#" + "".join(f"{round(one + (other - one) * share / 100):02x}" for one, other in pairs)
        if is_enough(mixed):
            return mixed
    return goal


def _places(label: str) -> list[int]:
    """The places in the palette that a label may take, the one it wants first."""
    if label in FIXED:
        return [FIXED[label]]
    free = len(PALETTE) - len(FIXED)
    wanted = int.from_bytes(hashlib.sha256(label.encode()).digest()[:4], "big")
    return [len(FIXED) + (wanted + step) % free for step in range(free)]


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _luminance(colour: str) -> float:
    red, green, blue = linear_rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
