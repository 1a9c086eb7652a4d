"""A learning curve as SVG: F1 against checks, a line and a band an order; it stands on light and on dark pages."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 84, 60
COLOURS = {"suspicious": "#2f81c7", "random": "#cf6f3c"}
WHOLE = "all put right"
NAMES = {"suspicious": "likeliest errors first", "random": "in random order", WHOLE: "all labels right"}
TICKS = (1, 2, 5, 10, 20)
LINE_HEIGHT = 16
STYLE = """
text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; font-size: 13px; fill: #6b7280 }
.title { font-size: 17px; font-weight: 600; fill: #6b7280 }
.grid { stroke: #8b949e; stroke-opacity: 0.25 }
.whole { stroke: #8b949e; stroke-dasharray: 5 5 }
.label { font-weight: 600 }
@media (prefers-color-scheme: dark) { text { fill: #9aa4b2 } .title { fill: #d7dde5 } }
"""  # noqa: E501 (a rule of the style stands on one line)

Record = Mapping[str, Any]


def curve_svg(title: str, records: Sequence[Record]) -> str:
    """The picture of `curve_table`'s records; what clean labels reach is a dashed line across."""
    drawn = [each for each in records if each["f1"] is not None]
    plot = _plot(drawn)
    seeds = drawn[0]["seeds"]
    over = f"mean and 95 % interval over {seeds} seeds" if seeds > 1 else "one seed"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        _text(LEFT, 30, title, "title"),
        _text(LEFT, 53, f"F1 on {drawn[0]['posts']} posts whose labels nobody touched, {over}"),
        *_axes(plot),
        *_orders(plot, drawn),
        "</svg>",
        "",
    ]
    return "\n".join(parts)


@dataclass(frozen=True)
class _Plot:
    """Where numbers lie on the sheet."""

    low: float
    high: float
    tick: int
    checks: tuple[float, ...]

    def across(self, checked: float) -> float:
        return LEFT + checked / max(self.checks[-1], 1) * (WIDTH - LEFT - RIGHT)

    def down(self, f1: float) -> float:
        return TOP + (self.high - f1) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def _plot(drawn: Sequence[Record]) -> _Plot:
    """Whole ticks around everything that is drawn, at most eight of them."""
    ends = [each[side] for each in drawn for side in ("f1", "low", "high") if each[side] is not None]
    bottom, top = max(min(ends), 0), min(max(ends), 100)
    tick = next(each for each in TICKS if (top - bottom) / each <= 6 or each == TICKS[-1])
    low = math.floor(bottom / tick) * tick
    high = max(math.ceil(top / tick) * tick, low + tick)
    return _Plot(low, high, tick, tuple(sorted({each["checked"] for each in drawn if each["order"] in COLOURS})))


def _axes(plot: _Plot) -> list[str]:
    end, foot = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = []
    for f1 in range(int(plot.low), int(plot.high) + 1, plot.tick):
        parts.append(f'<path class="grid" d="M{LEFT} {plot.down(f1):.1f}H{end}"/>')
        parts.append(_text(LEFT - 10, plot.down(f1) + 4, f"{f1}", anchor="end"))
    parts += [_text(plot.across(each), foot + 20, f"{each:.0f}", anchor="middle") for each in plot.checks]
    return [*parts, _text((LEFT + end) / 2, foot + 44, "labels checked by a person", anchor="middle")]


def _orders(plot: _Plot, drawn: Sequence[Record]) -> list[str]:
    """Bands first, lines above them, and each line's name at its end."""
    bands, lines, names = [], [], []
    for order, colour in COLOURS.items():
        points = [each for each in drawn if each["order"] == order]
        bands.append(_band(plot, points, colour))
        places = [(plot.across(each["checked"]), plot.down(each["f1"])) for each in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in places]
        names.append((places[-1][1], NAMES[order], colour))
    for each in drawn:
        if each["order"] == WHOLE:
            lines.insert(0, f'<path class="whole" d="M{LEFT} {plot.down(each["f1"]):.1f}H{WIDTH - RIGHT}"/>')
            names.append((plot.down(each["f1"]), NAMES[WHOLE], ""))
    return [*bands, *lines, *_labels(names)]


def _band(plot: _Plot, points: Sequence[Record], colour: str) -> str:
    """The interval around a line; nothing with one seed."""
    known = [each for each in points if each["low"] is not None]
    corners = [(each, "high") for each in known] + [(each, "low") for each in reversed(known)]
    path = " ".join(
        f"{plot.across(each['checked']):.1f},{plot.down(min(max(each[side], 0), 100)):.1f}" for each, side in corners
    )
    return f'<polygon points="{path}" fill="{colour}" fill-opacity="0.16"/>' if known else ""


def _labels(names: Sequence[tuple[float, str, str]]) -> list[str]:
    """Names right of the lines' ends, pushed apart where they would lie on each other."""
    parts, last = [], -math.inf
    for down, name, colour in sorted(names):
        last = max(down, last + LINE_HEIGHT)
        parts.append(_text(WIDTH - RIGHT + 12, last + 4, name, "label", colour=colour))
    return parts


def _text(x: float, y: float, text: str, kind: str = "", *, anchor: str = "start", colour: str = "") -> str:
    facts = f' class="{kind}"' if kind else ""
    facts += f' style="fill: {colour}"' if colour else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{facts}>{escape(text)}</text>'
