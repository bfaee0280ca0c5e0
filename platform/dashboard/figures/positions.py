"""CTR by position in the slate, a line per arm. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.figures.drawing import Figure, Layout, Trace, figure, scatter
from dashboard.figures.style import HEIGHT, LABEL_GAP, axis, bare, colour, spread
from dashboard.reading.arms import ArmView
from experiments.metrics.results import PositionRate

Points = Sequence[PositionRate]
ROOM = 0.07
"""Of the axis, left of the first position: for the letters."""


def ctr_by_position(rates: Points, arms: Sequence[ArmView]) -> Figure | None:
    """Positions at which an arm served nothing are left out; None before the first click."""
    held = {
        arm.letter: [rate for rate in rates if rate.variant == arm.key and rate.impressions]
        for arm in arms
    }
    drawn = [arm for arm in arms if held[arm.letter]]
    if not any(rate.clicks for rate in rates):
        return None
    highest = max(_ctr(rate) for points in held.values() for rate in points) * 1.15
    longest = max(rate.position for points in held.values() for rate in points)
    firsts = [_ctr(held[arm.letter][0]) for arm in drawn]
    places = spread(firsts, LABEL_GAP * highest / (HEIGHT - 48))
    return figure(
        [_line(held[arm.letter], arm) for arm in drawn],
        Layout(
            **bare(height=HEIGHT, left=56, right=16),
            hovermode="x unified",
            xaxis=axis(
                type="linear",
                range=[1 - max(0.5, longest * ROOM), longest + 0.5],
                dtick=max(1, -(-longest // 12)),
                tick0=1,
                showgrid=False,
            ),
            yaxis=axis(
                range=[0, highest], nticks=5, tickformat=".1~%", showline=False, ticklabelstandoff=6
            ),
            annotations=[
                _name(held[arm.letter][0], arm, place)
                for arm, place in zip(drawn, places, strict=True)
            ],
        ),
    )


def _ctr(rate: PositionRate) -> float:
    return rate.clicks / rate.impressions


def _line(points: Points, arm: ArmView) -> Trace:
    return scatter(
        x=[rate.position for rate in points],
        y=[_ctr(rate) for rate in points],
        mode="lines+markers",
        line={"color": colour(arm.hue), "width": 2},
        marker={"color": colour(arm.hue), "size": 5},
        name=f"{arm.letter} {arm.key}",
        text=[f"{_ctr(r):.2%} ({r.clicks:,} of {r.impressions:,})" for r in points],
        hovertemplate="%{text}",
    )


def _name(first: PositionRate, arm: ArmView, place: float) -> dict[str, object]:
    """Left of the first point, where no line runs; towards the end of a slate lines meet."""
    return {
        "x": first.position,
        "y": place,
        "text": arm.letter,
        "font": {"color": colour(arm.hue, "text"), "size": 12},
        "xanchor": "right",
        "xshift": -8,
        "showarrow": False,
    }
