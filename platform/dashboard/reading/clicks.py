"""Where the clicks come from: clicks per user = impressions per user x CTR, arm by arm. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard import formats
from dashboard.reading.arms import ArmView
from experiments.metrics.results import ArmValue, MetricResult, Scorecard

FACTORS = ("clicks_per_user", "impressions_per_user", "ctr")


@dataclass(frozen=True, kw_only=True)
class ClickRow:
    """The three figures of an arm, and the interval of its CTR alone."""

    arm: ArmView
    clicks_per_user: str
    impressions_per_user: str
    ctr: str
    ctr_interval: str


def clicks(scorecard: Scorecard, arms: Sequence[ArmView]) -> tuple[ClickRow, ...]:
    """A row per arm; none where the scorecard lacks one of the three metrics."""
    held = {metric.metric: metric for metric in scorecard.metrics}
    if any(key not in held for key in FACTORS):
        return ()
    return tuple(_row(arm, [_of(held[key], arm) for key in FACTORS]) for arm in arms)


def _of(metric: MetricResult, arm: ArmView) -> tuple[ArmValue | None, str]:
    found = next((value for value in metric.values if value.variant == arm.key), None)
    return found, metric.format


def _row(arm: ArmView, figures: Sequence[tuple[ArmValue | None, str]]) -> ClickRow:
    said = [formats.value(value.value if value else None, style) for value, style in figures]
    rate, style = figures[2]
    return ClickRow(
        arm=arm,
        clicks_per_user=said[0],
        impressions_per_user=said[1],
        ctr=said[2],
        ctr_interval=formats.value_interval(rate.low, rate.high, style) if rate else formats.DASH,
    )
