"""Charts and numbers that several screens show: one look, and numbers that say what they are."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import streamlit as st

from mner_core.evaluation.scoring import Score
from pages.shared.theme import label_inks, mode

if TYPE_CHECKING:
    from mner_core.evaluation.calibration import Bin  # loads scipy, which takes a second

LINE = {"light": "#3f5070", "dark": "#a9bfe8"}
"""The colour of a curve that belongs to no entity type."""


def show(figure: go.Figure, *, height: int, key: str) -> None:
    """Draws a chart in the theme's colours, without a toolbar."""
    figure.update_layout(height=height, margin={"l": 0, "r": 0, "t": 28, "b": 0}, hoverlabel={"align": "left"})
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})


def entity_bars(counts: Mapping[str, Mapping[str, int]], labels: Sequence[str]) -> go.Figure:
    """Entities by split and type, one bar for each split, each part in the colour of its type.

    `counts` is {split: {label: number}}.
    """
    inks = label_inks(labels)
    splits = list(counts)[::-1]
    figure = go.Figure()
    for label in labels:
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
    """Dev F1 (0..100) by epoch, with the best one marked. An epoch is {"number", "loss", "f1"}."""
    numbers = [epoch["number"] for epoch in epochs]
    scores = [epoch["f1"] for epoch in epochs]
    figure = go.Figure()
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


def reliability(points: "Sequence[Bin]") -> go.Figure:
    """The share of predicted entities that is right against the confidence they were given, beside the diagonal.

    The area of a point follows from how many entities it stands for.
    """
    colour = LINE[mode()]
    most = max((each.number for each in points), default=1)
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", line={"color": colour, "width": 1, "dash": "dot"}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=[100 * each.confidence for each in points],
        y=[100 * each.right for each in points],
        customdata=[each.number for each in points],
        mode="lines+markers",
        line={"color": colour},
        marker={"size": [each.number for each in points], "sizemode": "area", "sizeref": most / 200, "sizemin": 4},
        hovertemplate="%{customdata} entities: sure to %{x:.0f}%, right in %{y:.0f}%<extra></extra>",
        cliponaxis=False,
    )
    figure.update_layout(
        showlegend=False,
        xaxis={"title": "confidence, %", "range": [0, 109], "dtick": 20, "showgrid": True},
        yaxis={"title": "right, %", "range": [0, 106], "dtick": 20},
    )
    return figure


def score_sentence(score: Score, gold: str, posts: int) -> str:
    """What an F1 rests on: protocol, entities, posts, gold and its fingerprint."""
    return (
        f"Protocol `{score.protocol}` · {score.support:,} entities in {posts:,} posts · {gold}, "
        f"fingerprint `{short(score.gold_sha256)}`"
    )


def short(fingerprint: str) -> str:
    """The beginning of a fingerprint, enough to tell it from others by eye."""
    return fingerprint[:8]


def duration(seconds: float) -> str:
    """A time span as people say it: "42 s", "3 min 5 s", "2 h 10 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def when(moment: float) -> str:
    """A moment (seconds since 1970) on this machine's clock: "21 Nov, 11:20", with the year where it is another one."""
    then, now = time.localtime(moment), time.localtime()
    year = "" if then.tm_year == now.tm_year else f" {then.tm_year}"
    return f"{then.tm_mday} {time.strftime('%b', then)}{year}, {time.strftime('%H:%M', then)}"


def plain(text: str) -> str:
    """Text that people or files gave, for places that read Markdown: nothing in it becomes a link or a picture."""
    return re.sub(r"([\\\[\]<*_~$#|])", r"\\\1", text)


def counted(number: int, one: str, several: str = "") -> str:
    """A number with its noun: "1 post", "1,204 posts"."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
