"""Which lines a chart over time shows, as its address says, and the links to the others. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from dashboard import formats
from experiments.metrics.results import MetricResult, Scorecard

Of = Literal["value", "lift"]
By = Literal["cumulative", "period"]


@dataclass(frozen=True, kw_only=True)
class ChartView:
    """The metric's value or its lift; from the start up to each time, or each period alone."""

    of: Of = "value"
    by: By = "cumulative"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A link of a group of which one is current."""

    key: str
    text: str
    href: str
    current: bool


def chart_view(asked: Mapping[str, str]) -> ChartView:
    """What the address asks for; what it cannot mean is the default."""
    return ChartView(
        of="lift" if asked.get("chart") == "lift" else "value",
        by="period" if asked.get("by") == "period" else "cumulative",
    )


def possible(view: ChartView, scorecard: Scorecard, metric: MetricResult) -> ChartView:
    """The view, or the cumulative one of a metric that has no periods."""
    return view if has_periods(scorecard, metric) else ChartView(of=view.of)


def has_periods(scorecard: Scorecard, metric: MetricResult) -> bool:
    return any(p.period is not None for p in scorecard.series.get(metric.metric, ()))


def choices(
    view: ChartView, scorecard: Scorecard, metric: MetricResult, kept: Mapping[str, str]
) -> tuple[tuple[Choice, ...], ...]:
    """The groups of links; `kept` is what else the address says."""
    of = _links(kept, "chart", view.of, (("value", metric.name), ("lift", _("Lift"))))
    if not has_periods(scorecard, metric):
        return (of,)
    by = (("cumulative", _("Cumulative")), ("period", each(scorecard.period_seconds)))
    return (of, _links(kept, "by", view.by, by))


def each(seconds: int) -> str:
    """Periods of that length: `Daily`, `Per 5 min`."""
    named = {60: _("Each minute"), 3600: _("Hourly"), 86400: _("Daily"), 604800: _("Weekly")}
    return named.get(seconds) or _("Per %(span)s") % {"span": formats.span(seconds)}


def _links(
    kept: Mapping[str, str], name: str, current: str, options: Sequence[tuple[str, str]]
) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            key=f"{name}-{key}",
            text=text,
            href=f"?{urlencode({**kept, name: key})}",
            current=key == current,
        )
        for key, text in options
    )
