"""A forecast as the create page shows it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboard import formats
from dashboard.figures import days_to_detect
from dashboard.reading.words import within_sentence
from experiments.metrics import Metric
from experiments.metrics.forecasts import (
    Baseline,
    Forecast,
    LiftCurve,
    Outlook,
    Terms,
    forecast_around,
    words,
)

TABLE = (2.0, 4 / 3, 1.0, 2 / 3, 1 / 3)
"""The lifts in the table, as multiples of the one asked about."""


@dataclass(frozen=True, kw_only=True)
class OutlookRow:
    """A lift, and the days it takes by each test; the one asked about is `chosen`."""

    lift: str
    sequential: str
    fixed: str
    users: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class OutlookView:
    """`figure` is None where days cannot be told; then `reasons` say why."""

    title: str
    line: str
    figure: dict[str, Any] | None
    rows: tuple[OutlookRow, ...]
    cuped: str
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    rests_on: str


def outlook_view(baseline: Baseline, metric: Metric, terms: Terms, lift: float) -> OutlookView:
    """What a lift takes. Raises UnknownMetric where the baseline is older than the metric."""
    found, curves = forecast_around(baseline, metric.key, terms, lift=lift, times=TABLE)
    chart = days_to_detect(curves, lift)
    main = found.outlook("sequential", cuped=False)
    return OutlookView(
        title=_title(main),
        line=_line(found),
        figure=None if chart is None else chart.to_plotly_json(),
        rows=_rows(curves, lift) if main.reason is None else (),
        cuped=_cuped(found),
        reasons=tuple(
            dict.fromkeys(
                words.reason_words(reason)
                for o in found.outlooks
                if not o.cuped
                for reason in (o.reason, o.days_reason)
                if reason is not None
            )
        ),
        notes=words.notes(found),
        rests_on=_rests_on(found),
    )


def _title(main: Outlook) -> str:
    lift = formats.signed(main.lift, "percent")
    if main.users is None:
        return f"A change of {lift} cannot be planned for"
    if main.days is None:
        return f"A change of {lift} takes {main.users:,} users"
    return f"A change of {lift} takes about {words.days(main.days)}"


def _line(found: Forecast) -> str:
    name, often = within_sentence(found.name), words.share(found.terms.power)
    return f"To find it in {name} with {often} power, looking as often as you like"


def _rests_on(found: Forecast) -> str:
    mean = formats.value(found.counted.value, found.format)
    return f"{found.name} {mean} over {words.counted_words(found.counted)}. " + (
        f"{words.arrivals_words(found.counted)}."
    )


def _cuped(found: Forecast) -> str:
    """What adjusting for the pre-period would save, in one sentence; empty without one."""
    plain, less = (found.outlook("sequential", cuped=c) for c in (False, True))
    if less.reason == "no_pre_period" or less.users is None or plain.users is None:
        return ""
    saved = 1 - less.users / plain.users
    if saved < 0.01:
        return "Adjusting for what users did before (CUPED) would save next to nothing here."
    days = "" if less.days is None else f": {words.days(less.days)}"
    return (
        f"Adjusting for what users did before (CUPED, dashed) takes {saved:.0%} fewer users{days}."
    )


def _rows(curves: tuple[LiftCurve, ...], lift: float) -> tuple[OutlookRow, ...]:
    sequential, fixed = (
        next(c for c in curves if (c.method, c.cuped) == (method, False))
        for method in ("sequential", "fixed")
    )
    lifts = (lift * times for times in TABLE if lift * times > -1)
    return tuple(_row(sequential.at(each), fixed.at(each), chosen=each == lift) for each in lifts)


def _row(sequential: Outlook, fixed: Outlook, *, chosen: bool) -> OutlookRow:
    return OutlookRow(
        lift=formats.signed(sequential.lift, "percent"),
        sequential=_days(sequential),
        fixed=_days(fixed),
        users=formats.DASH if sequential.users is None else f"{sequential.users:,}",
        chosen=chosen,
    )


def _days(outlook: Outlook) -> str:
    if outlook.days is not None:
        return words.days(outlook.days)
    return "over a year" if outlook.days_reason == "unreachable_users" else formats.DASH
