"""How users are spread over a metric's values: bins by name, a chart, and quantiles. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dashboard import figures, formats
from dashboard.reading import words
from dashboard.reading.arms import ArmView
from dashboard.reading.charts import Chart
from dashboard.reading.series import NumberRow, NumberTable
from experiments.metrics.results import ArmSpread, MetricResult, Spread
from experiments.metrics.results.spread import QUANTILES

MANY = 0.5
"""With more users at 0 than that nothing else could be seen: the chart is of the others."""
SHOWN = (0.25, 0.5, 0.75, 0.9, 0.99)


@dataclass(frozen=True, kw_only=True)
class QuantileRow:
    """An arm's users: how many have 0, the values at SHOWN, and the largest."""

    arm: ArmView
    users: str
    zeros: str
    figures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class SpreadView:
    chart: Chart
    rows: tuple[QuantileRow, ...]


def spread_view(metric: MetricResult, arms: Sequence[ArmView]) -> SpreadView | None:
    """None where the snapshot holds no spread of the metric: see `no_spread`."""
    found = metric.spread
    if found is None:
        return None
    style = words.style(metric)
    titles = bins(found, style)
    held = {arm.variant: arm for arm in found.arms}
    apart = any(arm.zeros > MANY * arm.users for arm in found.arms)
    ticks = ",.1~%" if metric.format == "percent" else ",~g"
    figure = figures.spread(found, titles, arms, tickformat=ticks, without_zeros=apart)
    return SpreadView(
        chart=Chart(
            title=_("How users are spread"),
            line=_read(metric, without_zeros=apart),
            figure=figure,
            numbers=_numbers(found, titles, arms),
            empty=_("The lines appear with the first users."),
        ),
        rows=tuple(
            _row(arm, held[arm.key], style, whole=found.whole) for arm in arms if arm.key in held
        ),
    )


def no_spread(metric: MetricResult) -> str:
    """Why there is none."""
    if metric.kind in ("proportion", "retention"):
        return _("A user either did or did not: the value is the share of users who did.")
    return _("It comes with the next analysis that has users.")


def bins(found: Spread, style: str) -> tuple[str, ...]:
    """The bins in words: `3`, `10 to 14`, `0.10 to 0.12`, `30 or more`."""
    count = len(found.arms[0].counts)
    edges = [found.low + found.step * n for n in range(count + 1)]
    named = [_bin(low, low + found.step, style, whole=found.whole) for low in edges[:-1]]
    if found.open:
        named[-1] = _("%(value)s or more") % {"value": _value(edges[-2], style, whole=found.whole)}
    return tuple(named)


def _bin(low: float, high: float, style: str, *, whole: bool) -> str:
    if whole and style == "number":
        first, last = formats.number(low), formats.number(high - 1)
        return first if first == last else f"{first} to {last}"
    return formats.value_interval(low, high, style)


def _value(value: float | None, style: str, *, whole: bool) -> str:
    """Whole numbers without decimals."""
    return formats.number(value) if whole and style == "number" else formats.value(value, style)


def _read(metric: MetricResult, *, without_zeros: bool) -> str:
    whose = _("Share of the users above 0") if without_zeros else _("Share of users")
    if metric.kind == "ratio":
        return _("%(whose)s by their own ratio. Users with many count as one") % {"whose": whose}
    if any(cap is not None for cap in metric.caps):
        return _("%(whose)s by their total, before the cap") % {"whose": whose}
    return _("%(whose)s by their total") % {"whose": whose}


def _row(arm: ArmView, found: ArmSpread, style: str, *, whole: bool) -> QuantileRow:
    at = dict(zip(QUANTILES, found.quantiles, strict=False))
    shown = ((formats.share(q), _value(at.get(q), style, whole=whole)) for q in SHOWN)
    return QuantileRow(
        arm=arm,
        users=formats.number(found.users),
        zeros=formats.percent(found.zeros / found.users, 1) if found.users else formats.DASH,
        figures=(*shown, (_("Largest"), _value(found.largest, style, whole=whole))),
    )


def _numbers(found: Spread, titles: Sequence[str], arms: Sequence[ArmView]) -> NumberTable:
    held = {arm.variant: arm for arm in found.arms}
    drawn = tuple(arm for arm in arms if arm.key in held)
    return NumberTable(
        heading=_("Value"),
        arms=drawn,
        rows=tuple(
            NumberRow(title=title, cells=tuple(f"{held[arm.key].counts[n]:,}" for arm in drawn))
            for n, title in enumerate(titles)
        ),
    )
