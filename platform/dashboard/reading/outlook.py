"""A forecast as the create page shows it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from dashboard import formats
from dashboard.figures import days_to_detect
from dashboard.reading.words import capital, counted, within_sentence
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
from experiments.metrics.forecasts.forecast import Planned
from experiments.metrics.results import Method

TABLE = (2.0, 4 / 3, 1.0, 2 / 3, 1 / 3)
"""The lifts in the table, as multiples of the one asked about."""

BY = {
    "sequential": lazy("looking as often as you like"),
    "fixed": lazy("at the one look, when the planned users have come"),
    "bayesian": lazy(
        "at the one look: a posterior with a weak prior takes about what a test takes"
    ),
}


@dataclass(frozen=True, kw_only=True)
class OutlookRow:
    """A lift, the days it takes by each test, and the users by the method's; the one asked about is
    `chosen`.
    """

    lift: str
    sequential: str
    fixed: str
    users: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class OutlookView:
    """`figure` is None where days cannot be told; then `reasons` say why.

    `planned_users` are what to plan with, of control and one treatment together, None where that
    cannot be told; `taken`, that the form does. `test` is the one that the method is planned as.
    """

    title: str
    line: str
    figure: dict[str, Any] | None
    rows: tuple[OutlookRow, ...]
    cuped: str
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    rests_on: str
    test: Planned
    planned_users: int | None
    taken: bool


def outlook_view(
    baseline: Baseline,
    metric: Metric,
    terms: Terms,
    lift: float,
    *,
    method: Method = "sequential",
    planned_users: int | None = None,
) -> OutlookView:
    """What a lift takes by a method; `planned_users` are what the form plans with now.

    Raises UnknownMetric where the baseline is older than the metric.
    """
    test: Planned = "sequential" if method == "sequential" else "fixed"
    found, curves = forecast_around(baseline, metric.key, terms, lift=lift, times=TABLE)
    chart = days_to_detect(curves, lift, main=test)
    main = found.outlook(test, cuped=False)
    return OutlookView(
        title=_title(main),
        line=_line(found, method),
        figure=chart,
        rows=_rows(curves, lift, test) if main.reason is None else (),
        cuped=_cuped(found, test),
        reasons=tuple(
            dict.fromkeys(
                words.reason_words(reason)
                for o in found.outlooks
                if not o.cuped
                for reason in (o.reason, o.days_reason)
                if reason is not None
            )
        ),
        notes=tuple(note for note in (_corrected(terms), *words.notes(found)) if note),
        rests_on=_rests_on(found),
        test=test,
        planned_users=main.tuning,
        taken=main.tuning is not None and main.tuning == planned_users,
    )


def _title(main: Outlook) -> str:
    lift = formats.signed(main.lift, "percent")
    if main.users is None:
        return _("A change of %(lift)s cannot be planned for") % {"lift": lift}
    if main.days is None:
        said = _("A change of %(lift)s takes %(users)s users")
        return said % {"lift": lift, "users": f"{main.users:,}"}
    return _("A change of %(lift)s takes about %(days)s") % {"lift": lift, "days": _days(main)}


def _line(found: Forecast, method: Method) -> str:
    said = _("To find it in %(metric)s with %(power)s power at %(confidence)s confidence, %(how)s")
    return said % {
        "metric": within_sentence(found.name),
        "power": words.share(found.terms.power),
        "confidence": words.share(found.terms.confidence),
        "how": BY[method],
    }


def _corrected(terms: Terms) -> str:
    """What several goals or treatments cost; empty for a single comparison."""
    several = terms.comparisons or len(terms.weights) - 1
    if several < 2:
        return ""
    said = _("%(count)s comparisons share the error: each is planned at %(level)s.")
    return said % {"count": capital(counted(several)), "level": words.share(terms.level)}


def _rests_on(found: Forecast) -> str:
    mean = formats.value(found.counted.value, found.format)
    return f"{found.name} {mean} over {words.counted_words(found.counted)}. " + (
        f"{words.arrivals_words(found.counted)}."
    )


def _cuped(found: Forecast, test: Planned) -> str:
    """What adjusting for the pre-period would save, in one sentence; empty without one."""
    plain, less = (found.outlook(test, cuped=c) for c in (False, True))
    if less.reason == "no_pre_period" or less.users is None or plain.users is None:
        return ""
    saved = 1 - less.users / plain.users
    if saved < 0.01:
        return _("Adjusting for what users did before (CUPED) would save next to nothing here.")
    said = _("Adjusting for what users did before (CUPED, dashed) takes %(saved)s fewer users.")
    if less.days is not None:
        said = _(
            "Adjusting for what users did before (CUPED, dashed) takes %(saved)s fewer users: "
            "%(days)s."
        )
    return said % {"saved": f"{saved:.0%}", "days": _days(less)}


def _rows(curves: tuple[LiftCurve, ...], lift: float, test: Planned) -> tuple[OutlookRow, ...]:
    plain = {curve.method: curve for curve in curves if not curve.cuped}
    lifts = [lift * times for times in TABLE if lift * times > -1]
    return tuple(
        _row({method: curve.at(each) for method, curve in plain.items()}, test, chosen=each == lift)
        for each in lifts
    )


def _row(by: dict[Planned, Outlook], test: Planned, *, chosen: bool) -> OutlookRow:
    return OutlookRow(
        lift=formats.signed(by[test].lift, "percent"),
        sequential=_days(by["sequential"]),
        fixed=_days(by["fixed"]),
        users=formats.number(by[test].users),
        chosen=chosen,
    )


def _days(outlook: Outlook) -> str:
    if outlook.days is not None:
        said = ngettext("%(days)s day", "%(days)s days", outlook.days)
        return said % {"days": f"{outlook.days:,}"}
    return _("over a year") if outlook.days_reason == "unreachable_users" else formats.DASH
