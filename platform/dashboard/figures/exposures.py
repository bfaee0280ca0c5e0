"""New users per period and arm, against what the weights planned. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from dashboard.figures.drawing import Figure, Trace, figure, scatter
from dashboard.figures.style import LineEnd, colour, layout
from dashboard.reading.arms import ArmView
from dashboard.reading.lines import whole_periods
from dashboard.reading.marks import Mark
from experiments.metrics.results import ExposurePoint, Scorecard


def exposures_against_plan(
    scorecard: Scorecard, arms: Sequence[ArmView], marks: Sequence[Mark] = ()
) -> Figure | None:
    """Per arm a line of new users and a dashed one of its plan; None before the first user."""
    points = _whole_periods(scorecard)
    if not any(point.new_users for point in points):
        return None
    arrivals: dict[datetime, int] = defaultdict(int)
    for point in points:
        arrivals[point.as_of] += point.new_users
    weights = {arm.variant: arm.weight for arm in scorecard.arms}
    traces: list[Trace] = []
    ends = []
    for arm in arms:
        own = [point for point in points if point.variant == arm.key]
        if own:
            plan = [_planned(point, arrivals, weights) for point in own]
            traces += _traces(own, arm, plan)
            ends.append(_line_end(own[-1], arm))
    highest = max(max(p.new_users, _planned(p, arrivals, weights)) for p in points)
    return figure(
        traces,
        layout(
            span=(min(arrivals), max(arrivals)),
            low=0,
            high=highest * 1.1,
            ends=ends,
            right=32,
            marked=marks,
            tickformat=",d",
        ),
    )


def _whole_periods(scorecard: Scorecard) -> list[ExposurePoint]:
    """A last period that has not ended would look like a fall in traffic."""
    whole = whole_periods(scorecard, [point.as_of for point in scorecard.exposures])
    return [point for point in scorecard.exposures if point.as_of in whole]


def _planned(
    point: ExposurePoint, arrivals: dict[datetime, int], weights: dict[str, float]
) -> float:
    """By the weights of its phases; in snapshots from before, by those of the newest."""
    if point.planned is not None:
        return point.planned
    return arrivals[point.as_of] * weights.get(point.variant, 0.0)


def _traces(points: Sequence[ExposurePoint], arm: ArmView, plan: Sequence[float]) -> list[Trace]:
    x = [point.as_of.isoformat() for point in points]
    alone = len(points) == 1
    return [
        scatter(
            x=x,
            y=plan,
            mode="markers" if alone else "lines",
            line={"color": colour(arm.hue), "width": 1, "dash": "4px,3px"},
            marker={"color": colour(arm.hue), "size": 7, "symbol": "circle-open"},
            hoverinfo="skip",
        ),
        scatter(
            x=x,
            y=[point.new_users for point in points],
            mode="markers" if alone else "lines",
            line={"color": colour(arm.hue), "width": 2},
            marker={"color": colour(arm.hue), "size": 6},
            name=f"{arm.letter} {arm.key}",
            text=[
                f"{new.new_users:,} of {hoped:,.0f} planned"
                for new, hoped in zip(points, plan, strict=True)
            ],
            hovertemplate="%{text}",
        ),
    ]


def _line_end(point: ExposurePoint, arm: ArmView) -> LineEnd:
    return LineEnd(
        hue=arm.hue,
        x=point.as_of.isoformat(),
        y=float(point.new_users),
        text=arm.letter,
        short=arm.letter,
    )
