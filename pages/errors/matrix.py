"""The confusion matrix as a chart whose cells can be chosen."""

from typing import Any

import plotly.graph_objects as go

from mner_core.evaluation.errors import Confusion
from pages.components.colours import PAGE, TEXT, Mode

_SCALE: dict[Mode, list[list[Any]]] = {
    "light": [[0, "#fcfcfa"], [1e-6, "#eef1f6"], [1, "#6d82a8"]],
    "dark": [[0, "#15181b"], [1e-6, "#222a36"], [1, "#4c648f"]],
}
_RIGHT: dict[Mode, str] = {"light": "#6b7178", "dark": "#8b939a"}


def matrix_figure(confusion: Confusion, mode: Mode, picked: str = "") -> go.Figure:
    """Gold types down, predicted types across; `picked` is the cell "PER>ORG" that is framed.

    Colour follows the mistakes alone: the diagonal, which would drown them, is written but not coloured.
    """
    names, counts = list(confusion.names), confusion.matrix
    shown = [name.replace("&", "&amp;").replace("<", "&lt;") for name in names]
    size = len(names)
    wrong = [[0 if row == column else int(counts[row, column]) for column in range(size)] for row in range(size)]
    top = max(1, *(value for row in wrong for value in row))
    figure = go.Figure(
        go.Heatmap(
            z=wrong, zmin=0, zmax=top, colorscale=_SCALE[mode], showscale=False, xgap=2, ygap=2, hoverinfo="skip"
        )
    )
    figure.add_trace(_cells(names, shown, counts, mode))
    if picked:
        _frame(figure, names, picked, TEXT[mode])
    axis = {
        "showgrid": False,
        "zeroline": False,
        "tickvals": list(range(size)),
        "ticktext": shown,
        "fixedrange": True,
        "ticks": "",
    }
    axis |= {"tickfont": {"size": 13 if size < 9 else 11}, "range": [-0.5, size - 0.5]}
    figure.update_layout(
        xaxis={**axis, "side": "top", "title": {"text": "predicted", "font": {"size": 12}, "standoff": 8}},
        yaxis={**axis, "range": [size - 0.5, -0.5], "title": {"text": "gold", "font": {"size": 12}, "standoff": 14}},
        margin={"l": 96, "r": 10, "t": 56, "b": 10},
        plot_bgcolor=PAGE[mode],
        paper_bgcolor="rgba(0,0,0,0)",
        font={"color": TEXT[mode], "family": "Source Sans, sans-serif"},
        clickmode="event+select",
        dragmode=False,
        showlegend=False,
    )
    return figure


def height(confusion: Confusion) -> int:
    """Pixels that the chart needs to keep its numbers apart."""
    return 90 + max(26, 44 - 2 * len(confusion.names)) * len(confusion.names)


def picked_cell(event: Any) -> str | None:
    """The cell that a selection of the chart names, None where nothing is selected."""
    points = event.selection.points if event else []
    data = points[0].get("customdata") if points else None
    return str(data[0] if isinstance(data, list | tuple) else data) if data else None


def _cells(names: list[str], shown: list[str], counts: Any, mode: Mode) -> go.Scatter:
    """A transparent, clickable square on each cell, with its number: heat maps themselves report no clicks."""
    places = [(row, column) for row in range(len(names)) for column in range(len(names))]
    return go.Scatter(
        x=[column for _, column in places],
        y=[row for row, _ in places],
        text=[str(counts[place]) if counts[place] else "" for place in places],
        customdata=[[f"{names[row]}>{names[column]}"] for row, column in places],
        mode="markers+text",
        textfont={"size": 13, "color": [_RIGHT[mode] if row == column else TEXT[mode] for row, column in places]},
        marker={"symbol": "square", "size": 30, "color": "rgba(0,0,0,0)"},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}, "textfont": {}},
        hovertemplate=[_hover(shown[row], shown[column], int(counts[row, column])) for row, column in places],
    )


def _hover(gold: str, predicted: str, count: int) -> str:
    return f"gold {gold}, predicted {predicted}: {count}<extra></extra>"


def _frame(figure: go.Figure, names: list[str], picked: str, colour: str) -> None:
    for row, gold in enumerate(names):
        for column, predicted in enumerate(names):
            if f"{gold}>{predicted}" == picked:
                figure.add_shape(
                    type="rect", x0=column - 0.48, x1=column + 0.48, y0=row - 0.48, y1=row + 0.48,
                    line={"color": colour, "width": 2},
                )  # fmt: skip
