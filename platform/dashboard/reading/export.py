"""The scorecard as rows for a file: exact values, units, and the settings behind them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dashboard.reading import words
from dashboard.reading.sheet import Sheet
from experiments.metrics.results import MetricResult, Scale, VariantComparison

if TYPE_CHECKING:
    from experiments.models import Snapshot

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so would be run by a spreadsheet."""

Cell = str | float | int | None


def rows(sheet: Sheet, snapshot: Snapshot) -> Iterator[dict[str, Cell]]:
    """A row per metric and treatment. Shares and relative effects are fractions: `0.05` is 5%."""
    controls = sheet.controls
    settings: dict[str, Cell] = {
        "experiment": sheet.card.experiment,
        "snapshot": snapshot.pk,
        "as_of": snapshot.as_of.isoformat(),
        "decides": "no" if controls.exploring else "yes",
        "scale": controls.scale,
        **{
            name: _text(next(o.value for o in control.options if o.chosen))
            for name, control in controls.by_name.items()
        },
    }
    scale: Scale = "absolute" if controls.scale == "absolute" else "relative"
    for metric in sheet.card.metrics:
        for comparison in metric.comparisons:
            yield settings | _row(metric, comparison, scale)


def _row(metric: MetricResult, comparison: VariantComparison, scale: Scale) -> dict[str, Cell]:
    values = {value.variant: value for value in metric.values}
    control, own = metric.values[0], values[comparison.variant]
    found, guard = comparison.decided(scale), comparison.guardrail
    return {
        "metric": _text(metric.metric),
        "name": _text(metric.name),
        "role": metric.role,
        "unit": _unit(metric),
        "control": control.variant,
        "control_users": control.users,
        "control_value": control.value,
        "variant": own.variant,
        "users": own.users,
        "value": own.value,
        "effect_unit": "fraction of control" if scale == "relative" else _unit(metric),
        "effect": found.effect,
        "low": found.low,
        "high": found.high,
        "confidence": comparison.confidence,
        "std_error": found.std_error,
        "p_value": comparison.p_value,
        "adjusted_p_value": comparison.adjusted_p_value,
        "chance_above_control": found.chance_to_win,
        "expected_loss": found.expected_loss,
        "margin": guard.margin if guard else None,
        "safety_p_value": guard.safety.p_value if guard else None,
        "reading": guard.state if guard else comparison.reading,
        "reason": found.reason,
    }


def _unit(metric: MetricResult) -> str:
    return "fraction" if metric.format == "percent" else words.style(metric)


def _text(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
