"""The scorecard as rows: what a page, a file and the API show by the same settings."""

from collections.abc import Iterator
from typing import Any

import msgspec

from experiments.metrics.results import MetricResult, Scale, Scorecard, VariantComparison
from experiments.metrics.spec import Role


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment on one metric. Shares and relative effects are fractions: `0.05` is 5%.

    Below the floor there are the arms' values and no figure of their difference. `margin` and
    `safety_p_value` are of guardrails alone, `chance_above_control` and `expected_loss` of
    posteriors alone.
    """

    metric: str
    name: str
    role: Role
    unit: str
    control: str
    control_users: int
    control_value: float | None
    variant: str
    users: int
    value: float | None
    effect_unit: str
    effect: float | None
    low: float | None
    high: float | None
    confidence: float
    std_error: float | None
    p_value: float | None
    adjusted_p_value: float | None
    chance_above_control: float | None
    expected_loss: float | None
    margin: float | None
    safety_p_value: float | None
    reading: str
    reason: str | None


def shown(card: Scorecard, scale: Scale) -> Iterator[Shown]:
    """A row per metric and treatment, in their order."""
    for metric in card.metrics:
        for comparison in metric.comparisons:
            yield _row(metric, comparison, scale)


def _row(metric: MetricResult, comparison: VariantComparison, scale: Scale) -> Shown:
    values = {value.variant: value for value in metric.values}
    control, own = metric.values[0], values[comparison.variant]
    found, guard = comparison.decided(scale), comparison.guardrail
    row = Shown(
        metric=metric.metric,
        name=metric.name,
        role=metric.role,
        unit=_unit(metric),
        control=control.variant,
        control_users=control.users,
        control_value=control.value,
        variant=own.variant,
        users=own.users,
        value=own.value,
        effect_unit="fraction of control" if scale == "relative" else _unit(metric),
        effect=found.effect,
        low=found.low,
        high=found.high,
        confidence=comparison.confidence,
        std_error=found.std_error,
        p_value=comparison.p_value,
        adjusted_p_value=comparison.adjusted_p_value,
        chance_above_control=found.chance_to_win,
        expected_loss=found.expected_loss,
        margin=guard.margin if guard else None,
        safety_p_value=guard.safety.p_value if guard else None,
        reading=guard.state if guard else comparison.reading,
        reason=found.reason,
    )
    if comparison.floor.reached:
        return row
    return msgspec.structs.replace(row, **_WITHHELD, reason=found.reason or "collecting")


_WITHHELD: dict[str, Any] = dict.fromkeys(
    (
        "effect",
        "low",
        "high",
        "std_error",
        "p_value",
        "adjusted_p_value",
        "chance_above_control",
        "expected_loss",
        "safety_p_value",
    )
)


def _unit(metric: MetricResult) -> str:
    """`fraction`, `number`, or the letters of a currency."""
    return "fraction" if metric.format == "percent" else metric.currency or metric.format
