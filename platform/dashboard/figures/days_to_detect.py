"""Days until a lift is found, against the lift: both tests, CUPED dashed. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dashboard.figures.drawing import Figure, Trace, figure, scatter
from dashboard.figures.style import numbers_layout
from experiments.metrics.forecasts import LiftCurve, Outlook
from experiments.metrics.forecasts.forecast import Planned
from experiments.metrics.forecasts.words import change, days

MOST_WEEKS = 8
NAMED_AT = {"sequential": 0.72, "fixed": 0.45}
"""How high on the axis each line is named, so that the names do not meet."""


def days_to_detect(
    curves: Sequence[LiftCurve], lift: float, *, main: Planned = "sequential"
) -> Figure | None:
    """A line per test, with a dot at `lift` on the `main` one; None where no lift has days."""
    known = [curve for curve in curves if _points(curve)]
    plain = [curve for curve in known if not curve.cuped]
    if not plain:
        return None
    top = _top(plain)
    low, high = _span(known, lift, top)
    chosen = _chosen(plain, lift, main)
    return figure(
        [*(_line(curve, main) for curve in known), *([_dot(chosen)] if chosen else [])],
        numbers_layout(
            x={"range": [low * 100, high * 100], "ticksuffix": "%", "title": "change to be found"},
            y={"range": [0, top], "dtick": _step(top), "title": "days"},
            notes=[
                *(_name(curve, top, main) for curve in plain),
                *([_said(chosen)] if chosen else []),
            ],
        ),
    )


def _points(curve: LiftCurve) -> list[Outlook]:
    return [point for point in curve.points if point.days is not None]


def _top(curves: Sequence[LiftCurve]) -> int:
    """Whole weeks, with all that happens within eight of them."""
    longest = max(point.days or 0 for curve in curves for point in _points(curve))
    return 7 * min(max(math.ceil(longest / 7), 1), MOST_WEEKS)


def _span(curves: Sequence[LiftCurve], lift: float, top: int) -> tuple[float, float]:
    """From the least change within `top` to where every line has come down to its least days."""
    points = [p for curve in curves for p in _points(curve) if (p.days or 0) <= top]
    least = min((p.days or 0 for p in points), default=0)
    above = [abs(p.lift or 0) for p in points if (p.days or 0) > least]
    low = min((abs(p.lift or 0) for p in points), default=abs(lift))
    return min(low, abs(lift)), max([*above, abs(lift)]) * 1.1


def _step(top: int) -> int:
    return 7 if top > 14 else 2 if top > 7 else 1


def _colour(curve: LiftCurve, main: Planned) -> str:
    return "var(--ink)" if curve.method == main else "var(--ink-3)"


def _line(curve: LiftCurve, main: Planned) -> Trace:
    points = _points(curve)
    plain = 2.5 if curve.method == main else 1.5
    return scatter(
        x=[abs(p.lift or 0) * 100 for p in points],
        y=[p.days for p in points],
        mode="lines",
        line={
            "color": _colour(curve, main),
            "width": 1 if curve.cuped else plain,
            "dash": "4px,3px" if curve.cuped else "solid",
        },
        name=f"{curve.method}{' with CUPED' if curve.cuped else ''}",
        text=[f"{days(p.days or 0)}, {p.users:,} users" for p in points],
        hovertemplate="%{text}",
    )


def _chosen(plain: Sequence[LiftCurve], lift: float, main: Planned) -> Outlook | None:
    points = [p for c in plain if c.method == main for p in _points(c)]
    return next((p for p in points if p.lift == lift and (p.days or 0) <= 7 * MOST_WEEKS), None)


def _dot(point: Outlook) -> Trace:
    return scatter(
        x=[abs(point.lift or 0) * 100],
        y=[point.days],
        mode="markers",
        marker={"color": "var(--grain)", "size": 10, "line": {"color": "var(--ink)", "width": 1}},
        hoverinfo="skip",
    )


def _said(point: Outlook) -> dict[str, Any]:
    return {
        "x": abs(point.lift or 0) * 100,
        "y": point.days,
        "text": f"<b>{days(point.days or 0)}, {change(point.lift or 0)}</b>",
        "font": {"color": "var(--ink)", "size": 12},
        "xanchor": "left",
        "xshift": 10,
        "yshift": 8,
        "showarrow": False,
    }


def _name(curve: LiftCurve, top: int, main: Planned) -> dict[str, Any]:
    """The line's name to the right of it."""
    points = _points(curve)
    height = NAMED_AT[curve.method] * top
    near = min(points, key=lambda p: abs((p.days or 0) - height))
    return {
        "x": abs(near.lift or 0) * 100,
        "y": near.days,
        "text": curve.method,
        "font": {"color": _colour(curve, main), "size": 12},
        "xanchor": "left",
        "xshift": 8,
        "showarrow": False,
    }
