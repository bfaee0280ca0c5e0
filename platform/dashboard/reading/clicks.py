"""Where the clicks come from: clicks per user = impressions per user x CTR, arm by arm. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dashboard import formats
from dashboard.reading.arms import ArmView
from experiments.metrics.results import ArmValue, MetricResult, Scorecard, VariantComparison

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


def impressions_note(scorecard: Scorecard) -> str:
    """Which treatments differ in impressions per user, by the always-valid p; empty if none does.

    A change there moves CTR by itself: who is shown more clicks a smaller share of it.
    """
    held = (metric for metric in scorecard.metrics if metric.metric == "impressions_per_user")
    found = [c for metric in held for c in metric.comparisons if _differs(c, scorecard)]
    if not found:
        return ""
    named = ", ".join(
        f"{c.variant} {formats.signed(c.result('sequential', 'relative').effect, 'percent')} "
        f"({formats.equals_p(_always_valid(c, scorecard))})"
        for c in found
    )
    by_itself = _("That moves CTR by itself, so go by clicks per user too.")
    return f"Impressions per user differ: {named}. {by_itself}"


def _differs(comparison: VariantComparison, scorecard: Scorecard) -> bool:
    if scorecard.failed_checks or not comparison.floor.reached:
        return False
    p_value = _always_valid(comparison, scorecard)
    return p_value is not None and p_value < 1 - scorecard.confidence


def _always_valid(comparison: VariantComparison, scorecard: Scorecard) -> float | None:
    """The smallest over the looks where that is the p shown, else this look's."""
    if scorecard.method == "sequential":
        return comparison.p_value
    return comparison.result("sequential", "absolute").p_value


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
