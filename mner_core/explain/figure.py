"""A post and what some runs see in it, as a figure for a paper: the cases that the five papers show.

Above stands the text, once for gold and once for each run, with the entities in colour; a predicted entity that gold
does not have is dashed. Below, for each run, the picture with the boxes that its entities looked at most (or a heat map
of its regions), and the whole matrix of entities by objects, as in GEI's Figure 4.
"""

import re
import unicodedata
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mner_core.data.images import open_image, opens
from mner_core.evaluation.grounding import groundings
from mner_core.evidence import mean_over_depth, per_entity
from mner_core.files import whole_file
from mner_core.types import Evidence, Example, Prediction, Span

FORMATS = (".svg", ".pdf")
MOST = 4
"""Runs that stand beside each other in one figure."""

_PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7F7F7F", "#8C6D1F")
"""Okabe and Ito's colours, which people tell apart who do not see red or green (without black and yellow)."""
_LINE, _WIDTH, _MARGIN, _PICTURE, _MATRIX = 0.18, 7.2, 0.05, 2.3, 1.5  # inches
_POINTS = 8
_COLUMNS = int((_WIDTH - _MARGIN) * 72 / (0.602 * _POINTS))  # of a line: a letter of the fixed pitch is 0.602 wide
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "mner", "pdf.fonttype": 42, "font.size": _POINTS, "text.parse_math": False,
}  # fmt: skip
_Colours = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run, called `name`, predicts for the post; its evidence included."""

    name: str
    prediction: Prediction


def draw(post: Example, seen: Sequence[Seen], out: Path) -> None:
    """Draws the post and up to MOST runs into an SVG (whose text stays text, in any script) or a PDF.

    Args:
        post: with its picture, if it has one, and its gold, if somebody labelled it.
        seen: what each run says of it.
        out: ends in .svg or .pdf; equal inputs write equal files.

    Raises:
        OSError: it cannot be written.
    """
    rows = list(_rows(post, seen))
    has_matrix = any(_entity_matrix(post, each.prediction) for each in seen)
    heights = [_LINE * (len(_lines(post.text)) + 1) * len(rows), _PICTURE + _MATRIX * has_matrix]
    with mpl.rc_context(_STYLE), warnings.catch_warnings(), whole_file(out) as beside:
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure = Figure(figsize=(_WIDTH, sum(heights)), layout="constrained")
        parts: Any = figure.subfigures(2, 1, height_ratios=heights)
        above, below = parts
        colours = _colours(post, seen)
        _draw_texts(above.add_axes((_MARGIN / _WIDTH, 0, 1 - _MARGIN / _WIDTH, 1)), post, rows, colours)
        grid = below.add_gridspec(1 + has_matrix, len(seen), height_ratios=[_PICTURE, _MATRIX][: 1 + has_matrix])
        for column, each in enumerate(seen):
            _draw_picture(below.add_subplot(grid[0, column]), post, each, colours)
            if has_matrix:
                _draw_matrix(below.add_subplot(grid[1, column]), post, each)
        kind = out.suffix[1:].lower()
        figure.savefig(beside, format=kind, metadata={"Date" if kind == "svg" else "CreationDate": None})


def _rows(post: Example, seen: Sequence[Seen]) -> Iterator[tuple[str, Sequence[Span]]]:
    """Whose entities stand in each line of text."""
    if post.spans is not None:
        yield "gold", post.spans
    for each in seen:
        yield each.name, each.prediction.spans


def _colours(post: Example, seen: Sequence[Seen]) -> _Colours:
    labels = sorted({span.label for _, spans in _rows(post, seen) for span in spans})
    return {label: _PALETTE[place % len(_PALETTE)] for place, label in enumerate(labels)}


def _draw_texts(axes: Axes, post: Example, rows: Sequence[tuple[str, Sequence[Span]]], colours: _Colours) -> None:
    """The text once a row; entities are coloured and have their type behind them."""
    lines = _lines(post.text)
    height = len(lines) + 1
    axes.set(xlim=(0, _COLUMNS), ylim=(height * len(rows), 0))
    axes.axis("off")
    gold = set(post.spans) if post.spans is not None else None
    for row, (name, spans) in enumerate(rows):
        top = row * height
        _write(axes, 0, top + 0.4, name, weight="bold")
        for line, (begin, end) in enumerate(lines):
            y = top + line + 1.4
            for word in re.finditer(r"\S+", post.text[begin:end]):  # each at its column, whatever font a viewer takes
                _write(axes, _columns(post.text[begin : begin + word.start()]), y, word[0], family="monospace")
            for span in spans:
                _mark(axes, post, span, (begin, end), y, colours, is_wrong=gold is not None and span not in gold)


def _mark(
    axes: Axes, post: Example, span: Span, line: tuple[int, int], y: float, colours: _Colours, is_wrong: bool
) -> None:
    """The part of an entity that stands in one line of text."""
    start, end = span.chars or (post.tokens[span.start].start, post.tokens[span.end - 1].end)
    left, right = max(start, line[0]), min(end, line[1])
    if left >= right:
        return
    x, width = _columns(post.text[line[0] : left]), _columns(post.text[left:right])
    colour = colours[span.label]
    style = "dashed" if is_wrong else "solid"
    axes.add_patch(Rectangle((x, y - 0.42), width, 0.84, facecolor=f"{colour}33", edgecolor=colour, linestyle=style))
    if right == end:
        _write(axes, x + width, y - 0.35, span.label, size=5, color=colour, weight="bold")


def _draw_picture(axes: Axes, post: Example, seen: Seen, colours: _Colours) -> None:
    """The picture with the boxes that entities looked at most, or with a heat map of regions."""
    axes.set_title(_plain(seen.name), fontsize=_POINTS)
    axes.axis("off")
    if post.image is None or not opens(post.image):
        _write(axes, 0.5, 0.5, "no picture", ha="center")
        return
    picture = np.asarray(open_image(post.image))
    high, wide = picture.shape[:2]
    axes.imshow(picture, aspect="equal")
    regions = _matrix(post, seen.prediction, "region")
    objects = _matrix(post, seen.prediction, "object")
    if objects is None and regions is not None:
        heat = regions.values.mean(axis=0)
        side = round(len(heat) ** 0.5)
        strength = (heat / max(float(heat.max()), 1e-12)).reshape(side, side)
        axes.imshow(strength, extent=(0, wide, high, 0), cmap="autumn", alpha=0.75 * strength, vmin=0, vmax=1)
        return
    for item in () if objects is None else objects.items[1]:
        _box(axes, item["box"], (wide, high), edgecolor="#BBBBBB", linewidth=0.6)
    for span, each in groundings(post, seen.prediction).items():
        _box(axes, each.box, (wide, high), edgecolor=colours[span.label], linewidth=1.6)
        said = f"{_plain(post.span_text(span))} {100 * each.share:.0f} %"
        _write(axes, each.box[0] * wide, each.box[1] * high, said, size=5, color="white", va="bottom",
               bbox={"facecolor": colours[span.label], "edgecolor": "none", "pad": 1})  # fmt: skip


def _draw_matrix(axes: Axes, post: Example, seen: Seen) -> None:
    """How much each predicted entity looks at each object (or else neighbour, attribute), rows that sum to 1."""
    found = _entity_matrix(post, seen.prediction)
    if found is None:
        axes.axis("off")
        _write(axes, 0.5, 0.5, "no attention from entities\nto objects", ha="center", size=6)
        return
    axes.imshow(found.values, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    columns = [_plain(str(item.get("label") or item.get("name") or item.get("post", ""))) for item in found.items[1]]
    names = [_plain(str(item["text"])) for item in found.items[0]]
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=5)
    axes.set_yticks(range(len(names)), names, fontsize=5)
    axes.set_title(_plain(found.name), fontsize=6)


def _entity_matrix(post: Example, prediction: Prediction) -> Evidence | None:
    """Entities by objects, or else by what other things the model looked at."""
    kinds = ("object", "neighbour", "attribute", "knowledge")
    return next((found for kind in kinds if (found := _matrix(post, prediction, kind))), None)


def _matrix(post: Example, prediction: Prediction, axis: str) -> Evidence | None:
    """The first attention or gate from entities to that axis [entities, items]; None where there is none."""
    for each in prediction.evidence:
        reduced = per_entity(mean_over_depth(each), post, prediction.spans) if each.kind != "score" else None
        if reduced is not None and reduced.axes == ("entity", axis) and reduced.items[1]:
            return reduced
    return None


def _box(axes: Axes, box: Sequence[float], size: tuple[int, int], **look: Any) -> None:
    left, top, right, bottom = (side * size[place % 2] for place, side in enumerate(box))
    axes.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, **look))


def _lines(text: str) -> list[tuple[int, int]]:
    """Where the lines of a text begin and end, at most _COLUMNS columns each, broken at spaces where possible."""
    lines, begin, space = [], 0, 0
    for place, character in enumerate(text):
        if character.isspace():
            space = place + 1
        if _columns(text[begin : place + 1]) > _COLUMNS - 6:
            cut = space if space > begin else place
            lines.append((begin, cut))
            begin = cut
    return [*lines, (begin, len(text))]


def _columns(text: str) -> float:
    """How many columns of a line the text takes: wide characters two, marks and joiners none."""
    widths = {"W": 2, "F": 2}
    return sum(0 if unicodedata.combining(each) else widths.get(unicodedata.east_asian_width(each), 1) for each in text)


def _write(axes: Axes, x: float, y: float, text: str, **look: Any) -> None:
    axes.text(x, y, _plain(text), **({"va": "center"} | look))


def _plain(text: str) -> str:
    """The text without characters that an SVG may not hold."""
    return "".join(each if each.isprintable() or each == "\n" else " " for each in text)
