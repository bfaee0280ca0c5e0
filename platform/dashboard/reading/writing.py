"""How the values of a chart are written: a metric's own, or lifts. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dashboard import formats
from dashboard.reading import words
from dashboard.reading.chart_view import ChartView
from dashboard.reading.lines import Dot
from experiments.metrics.results import MetricResult


@dataclass(frozen=True, kw_only=True)
class Writing:
    """`short` writes a value and `ends` an interval; `axis` is how Plotly writes ticks."""

    short: Callable[[float], str]
    ends: Callable[[float | None, float | None], str]
    axis: dict[str, Any] = field(default_factory=dict)

    def full(self, dot: Dot) -> str:
        """The value with its interval, where it has one."""
        if dot.low is None and dot.high is None:
            return self.short(dot.value)
        return f"{self.short(dot.value)} ({self.ends(dot.low, dot.high)})"


def writing(metric: MetricResult, view: ChartView) -> Writing:
    if view.of == "lift":
        return Writing(
            short=lambda lift: formats.signed(lift, "percent"),
            ends=lambda low, high: formats.interval(low, high, "percent"),
            axis={"tickformat": "+~%", "labelalias": {"+0%": "0"}},
        )
    style = words.style(metric)
    return Writing(
        short=lambda value: formats.value(value, style),
        ends=lambda low, high: formats.value_interval(low, high, style),
        axis={"tickformat": ",.1%" if metric.format == "percent" else ",~g"},
    )
