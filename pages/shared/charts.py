"""Charts that several screens show, in the theme's colours."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import streamlit as st

from mner_core.data.entity_types import EntityType
from pages.shared.theme import label_inks, mode

if TYPE_CHECKING:
    pass  # loads scipy, which takes a second


LINE = {"light": "#3f5070", "dark": "#a9bfe8"}
"""The colour of a curve that belongs to no entity type."""


def show(figure: go.Figure, *, height: int, key: str) -> None:
    """Draws a chart in the theme's colours, without a toolbar."""
    figure.update_layout(height=height, margin={"l": 0, "r": 0, "t": 28, "b": 0}, hoverlabel={"align": "left"})
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})


def entity_bars(counts: Mapping[str, Mapping[str, int]], labels: Sequence[str | EntityType]) -> go.Figure:
    """Entities by split and type, one bar for each split, each part in the colour of its type.

    `counts` is {split: {label: number}}.
    """
    inks = label_inks(labels)
    splits = list(counts)[::-1]
    figure = go.Figure()
    for label in inks:
        numbers = [counts[split].get(label, 0) for split in splits]
        figure.add_bar(
            y=splits,
            x=numbers,
            name=label,
            orientation="h",
            marker={"color": inks[label], "line": {"width": 0}},
            hovertemplate="%{y}: %{x} " + label + "<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.45,
        legend={"orientation": "h", "y": 1.12, "x": 0, "yanchor": "bottom", "traceorder": "normal"},
        xaxis={"title": None, "showgrid": True},
        yaxis={"title": None},
    )
    return figure


def epoch_curve(epochs: Sequence[Mapping[str, Any]], best: int | None = None) -> go.Figure:
    """Dev F1 (0..100) by epoch, with the best one marked; the loss where nothing was measured.

    An epoch is {"number", "loss", "f1"}.
    """
    numbers = [epoch["number"] for epoch in epochs]
    scores = [epoch.get("f1") for epoch in epochs]
    figure = go.Figure()
    if all(score is None for score in scores):
        return _loss_curve(figure, numbers, [epoch["loss"] for epoch in epochs])
    figure.add_scatter(
        x=numbers,
        y=scores,
        mode="lines+markers",
        name="F1",
        line={"color": LINE[mode()]},
        customdata=[epoch["loss"] for epoch in epochs],
        hovertemplate="epoch %{x}: F1 %{y:.1f}, loss %{customdata:.3f}<extra></extra>",
    )
    if best in numbers:
        figure.add_scatter(
            x=[best],
            y=[scores[numbers.index(best)]],
            mode="markers+text",
            marker={"size": 11, "symbol": "circle-open", "color": LINE[mode()], "line": {"width": 2}},
            text=[f"best {scores[numbers.index(best)]:.1f}"],
            textposition="top center",
            cliponaxis=False,
            hoverinfo="skip",
        )
    figure.update_layout(
        showlegend=False,
        title={"text": "F1 on the validation posts, by epoch", "font": {"size": 13}},
        xaxis={"dtick": max(1, len(numbers) // 10), "title": None},
        yaxis={"rangemode": "tozero", "title": None},
    )
    return figure


def _loss_curve(figure: go.Figure, numbers: Sequence[int], losses: Sequence[float]) -> go.Figure:
    figure.add_scatter(
        x=numbers,
        y=losses,
        mode="lines+markers",
        line={"color": LINE[mode()]},
        hovertemplate="epoch %{x}: loss %{y:.3f}<extra></extra>",
    )
    figure.update_layout(
        showlegend=False,
        title={"text": "Loss on the training posts, by epoch", "font": {"size": 13}},
        xaxis={"dtick": max(1, len(numbers) // 10), "title": None},
        yaxis={"rangemode": "tozero", "title": None},
    )
    return figure


def reliability(points: Sequence[tuple[int, float, float]]) -> go.Figure:
    """The share of predicted entities that is right against the confidence they were given, beside the diagonal.

    Each point is (entities, mean confidence, share that is right); its area follows from how many entities it is.
    """
    colour = LINE[mode()]
    numbers = [number for number, _, _ in points]
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", line={"color": colour, "width": 1, "dash": "dot"}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=[100 * confidence for _, confidence, _ in points],
        y=[100 * right for _, _, right in points],
        customdata=numbers,
        mode="lines+markers",
        line={"color": colour},
        marker={"size": numbers, "sizemode": "area", "sizeref": max(numbers, default=1) / 200, "sizemin": 4},
        hovertemplate="%{customdata} entities: sure to %{x:.0f}%, right in %{y:.0f}%<extra></extra>",
        cliponaxis=False,
    )
    figure.update_layout(
        showlegend=False,
        xaxis={"title": "confidence, %", "range": [0, 109], "dtick": 20, "showgrid": True},
        yaxis={"title": "right, %", "range": [0, 106], "dtick": 20},
    )
    return figure
