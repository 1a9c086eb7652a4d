"""The palette, measured: contrast, and distance as the colour-blind see it."""

import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mner_core.data.entity_types import EntityType
from pages.components.colours import (
    FIXED,
    PAGE,
    PALETTE,
    TEXT,
    chosen_colour,
    contrast,
    label_colours,
    label_keys,
    linear_rgb,
)

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
}
CONFIG = Path(__file__).parents[2] / ".streamlit" / "config.toml"
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]])
PAINTING_LABELS = [f"TYPE{number}" for number in range(16)]


def lab(colour: str, vision: str) -> np.ndarray:
    seen = np.clip(np.asarray(VISION[vision]) @ linear_rgb(colour), 0, 1)
    x, y, z = (XYZ @ seen) / [0.95047, 1, 1.08883]
    fx, fy, fz = (value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """Sharma, Wu and Dalal 2005."""
    chroma = (np.hypot(*one[1:]) + np.hypot(*other[1:])) / 2
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25**7))
    (l1, a1, b1), (l2, a2, b2) = one, other
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1 * stretch)) % 360, np.degrees(np.arctan2(b2, a2 * stretch)) % 360
    turn = (h2 - h1 + 180) % 360 - 180
    hue = (h1 + turn / 2) % 360
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    light, c = (l1 + l2) / 2, (c1 + c2) / 2
    cosines = [np.cos(np.radians(angle)) for angle in (hue - 30, 2 * hue, 3 * hue + 6, 4 * hue - 63)]
    t = 1 + np.dot([-0.17, 0.24, 0.32, -0.2], cosines)
    sl = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    sc, sh = 1 + 0.045 * c, 1 + 0.015 * c * t
    rotate = -2 * np.sqrt(c**7 / (c**7 + 25**7)) * np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    parts = (l2 - l1) / sl, (c2 - c1) / sc, dh / sh
    return float(np.sqrt(sum(part**2 for part in parts) + rotate * parts[1] * parts[2]))


def test_ciede2000_on_published_pairs():
    assert ciede2000(np.array([50, 2.6772, -79.7751]), np.array([50, 0, -82.7485])) == pytest.approx(2.0425, abs=1e-4)
    assert ciede2000(np.array([50, 2.5, 0]), np.array([73, 25, -18])) == pytest.approx(27.1492, abs=1e-4)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("colour", PALETTE)
def test_text_and_labels_are_readable(colour, mode):
    assert contrast(TEXT[mode], colour.fill(mode)) >= 4.5
    assert contrast(colour.ink(mode), colour.fill(mode)) >= 4.5
    assert contrast(colour.ink(mode), PAGE[mode]) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_the_four_common_types_differ_for_every_eye(vision, mode):
    for one, other in combinations(PALETTE[: len(FIXED)], 2):
        assert ciede2000(lab(one.fill(mode), vision), lab(other.fill(mode), vision)) >= 11
        assert ciede2000(lab(one.ink(mode), vision), lab(other.ink(mode), vision)) >= 11


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_all_pairs_of_fill_and_ink_differ(vision, mode):
    for one, other in combinations(PALETTE, 2):
        fills = ciede2000(lab(one.fill(mode), vision), lab(other.fill(mode), vision))
        inks = ciede2000(lab(one.ink(mode), vision), lab(other.ink(mode), vision))
        assert np.hypot(fills, inks) >= 6.5, (one, other)


def test_common_types_are_fixed_and_others_distinct():
    colours = label_colours(["LOC", *PAINTING_LABELS, "PER"])
    assert colours["PER"] == PALETTE[0]
    assert colours["LOC"] == PALETTE[1]
    assert len(set(colours.values())) == 18
    assert list(colours) == ["LOC", *PAINTING_LABELS, "PER"]


def test_a_colour_does_not_depend_on_the_order_of_the_labels():
    assert label_colours(PAINTING_LABELS) == label_colours(reversed(PAINTING_LABELS))


def test_more_labels_than_colours_still_get_one():
    assert len(label_colours(f"L{number}" for number in range(60))) == 60


def test_the_theme_file_and_the_palette_agree():
    theme = tomllib.loads(CONFIG.read_text())["theme"]
    for mode in ("light", "dark"):
        assert theme[mode]["backgroundColor"] == PAGE[mode]
        assert theme[mode]["textColor"] == TEXT[mode]
        for surface in (theme[mode], theme[mode]["sidebar"]):
            for name in ("backgroundColor", "secondaryBackgroundColor"):
                assert contrast(surface["textColor"], surface[name]) >= 7
        assert contrast(theme[mode]["linkColor"], PAGE[mode]) >= 4.5
        assert contrast("#ffffff", theme[mode]["primaryColor"]) >= 4.5


def test_the_server_listens_here_alone_and_sends_nothing():
    config = tomllib.loads(CONFIG.read_text())
    assert config["server"]["address"] == "127.0.0.1"
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"
    assert "http" not in CONFIG.read_text()


@given(st.integers(0, 0xFFFFFF))
@example(0xFF0000)
@example(0x000000)
@example(0xFFFFFF)
@example(0x777777)
def test_a_chosen_colour_is_as_readable_as_the_palette(number: int) -> None:
    colour = chosen_colour(f"#{number:06x}")
    for mode in ("light", "dark"):
        assert contrast(TEXT[mode], colour.fill(mode)) >= 7
        assert contrast(colour.ink(mode), colour.fill(mode)) >= 4.5
        assert contrast(colour.ink(mode), PAGE[mode]) >= 4.5


def test_a_type_has_the_colour_that_was_chosen_for_it():
    types = [EntityType(name="PER", colour="#00aa00"), EntityType(name="LOC")]
    found = label_colours(types)
    assert (list(found), found["LOC"]) == (["PER", "LOC"], PALETTE[FIXED["LOC"]])
    red, green, blue = linear_rgb(found["PER"].light_fill)
    assert green > max(red, blue)
    assert label_colours(["PER", "LOC"])["PER"] == PALETTE[FIXED["PER"]]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["", "", ""], "123"),
        (["p", "", ""], "p23"),
        (["2", "", ""], "213"),
        (["", "1", ""], "213"),
        (["A", "l", "c"], "alc"),
        (["", "", "2"], "132"),
    ],
)
def test_every_type_has_one_key(keys: list[str], expected: str):
    assert label_keys([EntityType(name=f"T{place}", key=key) for place, key in enumerate(keys)]) == list(expected)


def test_the_keys_of_many_types_differ_and_end():
    keys = label_keys([f"T{place}" for place in range(30)])
    given_out = [key for key in keys if key]
    assert len(given_out) == len(set(given_out)) == 23
    assert not set(given_out) & set("acrl")
