"""Everything the page of one metric of an experiment shows, from its latest snapshot. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboard import formats
from dashboard.reading import table, words
from dashboard.reading.absent import no_adjustments, no_pre_period, no_segments
from dashboard.reading.adjustments import Adjustments, adjustments
from dashboard.reading.arms import ArmView
from dashboard.reading.below import Asked, Happened
from dashboard.reading.charts import Chart, metric_chart
from dashboard.reading.segments import Segments, segments
from dashboard.reading.spreads import SpreadView, no_spread, spread_view
from experiments.metrics import results
from experiments.metrics.results import ArmValue, MetricResult, Scorecard

if TYPE_CHECKING:
    from experiments.models import Snapshot


@dataclass(frozen=True, kw_only=True)
class ArmRow:
    """An arm's users who count, its value and the interval of that arm alone."""

    arm: ArmView
    users: str
    value: str
    interval: str


@dataclass(frozen=True, kw_only=True)
class Drill:
    """One metric. `without` says why there is no spread where there is none, and so do
    `no_segments`, `no_adjustments` and `no_pre_period` of theirs.
    """

    snapshot: Snapshot
    scorecard: Scorecard
    metric: MetricResult
    kind: str
    group: table.Group
    arms: tuple[ArmRow, ...]
    over_time: Chart
    spread: SpreadView | None
    without: str
    segments: Segments | None
    no_segments: str
    adjustments: Adjustments | None
    no_adjustments: str
    no_pre_period: str


def drill(
    snapshot: Snapshot,
    scorecard: Scorecard,
    metric: MetricResult,
    arms: Sequence[ArmView],
    *,
    scale: results.Scale,
    asked: Asked,
    happened: Happened,
) -> Drill:
    return Drill(
        snapshot=snapshot,
        scorecard=scorecard,
        metric=metric,
        kind=words.kind_line(metric),
        group=table.alone(scorecard, metric, arms, scale=scale),
        arms=_arms(metric, arms),
        over_time=metric_chart(
            scorecard,
            metric,
            arms,
            view=asked.view,
            marks=happened.on_metric(scorecard, arms),
            kept=asked.kept,
        ),
        spread=spread_view(metric, arms),
        without=no_spread(metric),
        segments=segments(scorecard, metric, arms, scale=scale),
        no_segments=no_segments(metric),
        adjustments=adjustments(scorecard, metric, arms, scale=scale),
        no_adjustments=no_adjustments(scorecard, metric),
        no_pre_period=no_pre_period(scorecard),
    )


def _arms(metric: MetricResult, arms: Sequence[ArmView]) -> tuple[ArmRow, ...]:
    held = {value.variant: value for value in metric.values}
    return tuple(_arm(arm, held[arm.key], words.style(metric)) for arm in arms if arm.key in held)


def _arm(arm: ArmView, found: ArmValue, style: str) -> ArmRow:
    return ArmRow(
        arm=arm,
        users=formats.number(found.users),
        value=formats.value(found.value, style),
        interval=formats.value_interval(found.low, found.high, style),
    )
