"""The lines of a chart over time: which points it shows, before anything is drawn. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.reading.arms import ArmView
from dashboard.reading.chart_view import ChartView
from experiments.metrics.results import MetricResult, Scorecard, SeriesPoint


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A value at a time, with its interval where it has one."""

    at: datetime
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Line:
    """One arm's points in the order of time; `phase` where it is that of one phase of several."""

    arm: ArmView
    dots: tuple[Dot, ...]
    phase: int | None = None


@dataclass(frozen=True, kw_only=True)
class Lines:
    """`current` are the lines to read, `earlier` those of phases before, and `periods` the values
    of each period alone that stand beside cumulative ones.
    """

    current: tuple[Line, ...]
    earlier: tuple[Line, ...] = ()
    periods: tuple[Line, ...] = ()


def lines(
    scorecard: Scorecard, metric: MetricResult, arms: Sequence[ArmView], view: ChartView
) -> Lines:
    """What the view shows of the metric. Arms without a point have no line."""
    if view.of == "lift":
        treated = [arm for arm in arms if not arm.is_control]
        alone = _lift_of_periods(scorecard, metric, arms)
        if view.by == "period":
            return Lines(current=alone)
        return Lines(current=_lifts(scorecard, metric, treated), periods=alone)
    alone = _periods(scorecard, metric, arms)
    if view.by == "period":
        return Lines(current=alone)
    *before, newest = _by_phase(scorecard, metric, arms)
    return Lines(
        current=newest, earlier=tuple(line for each in before for line in each), periods=alone
    )


def _by_phase(
    scorecard: Scorecard, metric: MetricResult, arms: Sequence[ArmView]
) -> list[tuple[Line, ...]]:
    """Of each phase by itself, oldest first; what is not kept by phase is one."""
    found = scorecard.phase_series.get(metric.metric, ())
    if not found:
        return [_of(scorecard.series.get(metric.metric, ()), arms, None)]
    return [_of(each.points, arms, each.phase) for each in found]


def _of(
    points: Sequence[SeriesPoint], arms: Sequence[ArmView], phase: int | None
) -> tuple[Line, ...]:
    return _drawn(
        Line(
            arm=arm,
            phase=phase,
            dots=tuple(
                Dot(at=p.as_of, value=p.value, low=p.low, high=p.high)
                for p in points
                if p.variant == arm.key and p.value is not None
            ),
        )
        for arm in arms
    )


def _periods(
    scorecard: Scorecard, metric: MetricResult, arms: Sequence[ArmView]
) -> tuple[Line, ...]:
    """Whole periods alone: one that has just begun swings widely."""
    points = scorecard.series.get(metric.metric, ())
    whole = whole_periods(scorecard, [p.as_of for p in points])
    return _drawn(
        Line(
            arm=arm,
            dots=tuple(
                Dot(at=p.as_of, value=p.period)
                for p in points
                if p.variant == arm.key and p.period is not None and p.as_of in whole
            ),
        )
        for arm in arms
    )


def whole_periods(scorecard: Scorecard, times: Iterable[datetime]) -> set[datetime]:
    """All but a last period that has not ended."""
    ends = sorted(set(times))
    length = timedelta(seconds=scorecard.period_seconds)
    cut = len(ends) > 1 and ends[-1] - ends[-2] < length
    return set(ends[:-1] if cut else ends)


def _lifts(scorecard: Scorecard, metric: MetricResult, arms: Sequence[ArmView]) -> tuple[Line, ...]:
    """Only from the floor on: before, a lift is noise that looks like news."""
    points = scorecard.lifts.get(metric.metric, ())
    return _drawn(
        Line(
            arm=arm,
            dots=tuple(
                Dot(at=p.as_of, value=p.effect, low=p.low, high=p.high)
                for p in points
                if p.variant == arm.key and p.effect is not None and p.judged
            ),
        )
        for arm in arms
    )


def _lift_of_periods(
    scorecard: Scorecard, metric: MetricResult, arms: Sequence[ArmView]
) -> tuple[Line, ...]:
    found = {line.arm.key: line for line in _periods(scorecard, metric, arms)}
    control = found.pop(scorecard.control, None)
    base = {dot.at: dot.value for dot in control.dots} if control else {}
    return _drawn(
        Line(
            arm=line.arm,
            dots=tuple(
                Dot(at=dot.at, value=dot.value / base[dot.at] - 1)
                for dot in line.dots
                if base.get(dot.at)
            ),
        )
        for line in found.values()
    )


def _drawn(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(line for line in lines if line.dots)
