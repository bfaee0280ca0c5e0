"""The primary metric over time: cumulative per variant, with each arm's own band. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard import formats
from dashboard.figures.style import LineEnd, colour, layout
from dashboard.reading import words
from dashboard.reading.arms import ArmView
from experiments.metrics.results import Scorecard, SeriesPoint

SETTLING = 0.25  # of the time: the first looks swing so far that they would flatten the rest
CLEARANCE = 0.08


def over_time(scorecard: Scorecard, arms: Sequence[ArmView]) -> go.Figure | None:
    """Per arm a band and a line up to each as-of time; None until a point has a value."""
    metric = scorecard.metric(scorecard.primary)
    points = [p for p in scorecard.series.get(metric.metric, ()) if p.value is not None]
    if not points:
        return None
    traces: list[go.Scatter] = []
    ends = []
    for arm in arms:
        own = [point for point in points if point.variant == arm.key]
        if own:
            traces += _traces(own, arm, words.style(metric))
            ends.append(_line_end(own[-1], arm, words.style(metric)))
    low, high = _range(points)
    widest = max(len(end.text) for end in ends)
    ticks = {"tickformat": ",.1%"} if metric.format == "percent" else {"tickformat": ",~g"}
    return go.Figure(
        traces,
        layout(
            span=(min(p.as_of for p in points), max(p.as_of for p in points)),
            low=low,
            high=high,
            ends=ends,
            right=min(24 + 7 * widest, 200),
            **ticks,
        ),
    )


def _traces(points: Sequence[SeriesPoint], arm: ArmView, style: str) -> list[go.Scatter]:
    banded = [p for p in points if p.low is not None and p.high is not None]
    x = [p.as_of.isoformat() for p in banded]
    edge = {"width": 0}
    fill = colour(arm.hue, "band")
    return [
        go.Scatter(x=x, y=[p.high for p in banded], mode="lines", line=edge, hoverinfo="skip"),
        go.Scatter(
            x=x,
            y=[p.low for p in banded],
            mode="lines",
            line=edge,
            fill="tonexty",
            fillcolor=fill,
            hoverinfo="skip",
        ),
        go.Scatter(
            x=[p.as_of.isoformat() for p in points],
            y=[p.value for p in points],
            mode="lines" if len(points) > 1 else "markers",
            line={"color": colour(arm.hue), "width": 2},
            marker={"color": colour(arm.hue), "size": 6},
            name=f"{arm.letter} {arm.key}",
            text=[
                f"{formats.value(p.value, style)} ({formats.value_interval(p.low, p.high, style)})"
                for p in points
            ],
            hovertemplate="%{text}",
        ),
    ]


def _line_end(point: SeriesPoint, arm: ArmView, style: str) -> LineEnd:
    value = formats.value(point.value, style)
    return LineEnd(
        hue=arm.hue,
        x=point.as_of.isoformat(),
        y=point.value or 0.0,
        text=f"{arm.letter} {arm.key} {value}",
        short=f"{arm.letter} {value}",
    )


def _range(points: Sequence[SeriesPoint]) -> tuple[float, float]:
    first = min(p.as_of for p in points)
    settled = first + SETTLING * (max(p.as_of for p in points) - first)
    late = [p for p in points if p.as_of >= settled]
    known = [end for p in late for end in (p.value, p.low, p.high) if end is not None]
    low, high = min(known), max(known)
    room = (high - low or abs(high) or 1.0) * CLEARANCE
    return (max(low - room, 0.0) if low >= 0 else low - room), high + room
