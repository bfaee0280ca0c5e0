"""The questions that are asked before an experiment, answered from a baseline."""

from collections.abc import Sequence

import numpy as np

from experiments.metrics.forecasts.baseline import Baseline, Measured
from experiments.metrics.forecasts.forecast import (
    Asked,
    Counted,
    Forecast,
    LiftCurve,
    Outlook,
    Planned,
    Terms,
)
from experiments.metrics.forecasts.planner import Planner
from experiments.metrics.numbers import number
from experiments.stats.exceptions import SettingsError
from experiments.stats.planning.days import FURTHEST

STEPS = 2.0 ** (np.arange(-8, 13) / 4)
"""Where a curve has points, as multiples of the lift asked about."""


def forecast(
    baseline: Baseline,
    key: str,
    terms: Terms | None = None,
    *,
    lift: float | None = None,
    days: int | None = None,
    users: int | None = None,
) -> Forecast:
    """How long until a lift is found, or which lift is found by so many days, or users.

    Just one of the three is given: a `lift` as a fraction of the control's value (below 0 for a
    fall), `days` from 1 to 365, `users` in all arms together. Raises UnknownMetric, and
    SettingsError, which names the field.
    """
    _check(lift, days, users)
    measured, terms = baseline.of(key), terms or Terms()
    planner = Planner(baseline, measured, terms)
    if lift is not None:
        asked: Asked = "lift"
        found = [planner.for_lifts(test, np.array([lift]))[0] for test in planner.tests]
    elif days is not None:
        asked = "days"
        found = [planner.for_days(test, days) for test in planner.tests]
    else:
        asked = "users"
        found = [planner.for_users(test, int(users or 0)) for test in planner.tests]
    return _answer(baseline, measured, terms, asked, found)


def forecast_around(
    baseline: Baseline,
    key: str,
    terms: Terms | None = None,
    *,
    lift: float,
    times: Sequence[float] = (),
) -> tuple[Forecast, tuple[LiftCurve, ...]]:
    """The forecast for a lift, and a curve per test from a quarter of the lift to eight times it.

    `times` are further multiples of it to be on the curves. Raises as `forecast` does.
    """
    _check(lift, None, None)
    measured, terms = baseline.of(key), terms or Terms()
    planner = Planner(baseline, measured, terms)
    lifts = np.unique(lift * np.concatenate([STEPS, times]))
    lifts = lifts[lifts > -1]
    curves = tuple(
        LiftCurve(method=test.method, cuped=test.cuped, points=planner.for_lifts(test, lifts))
        for test in planner.tests
    )
    found = [next(p for p in curve.points if p.lift == lift) for curve in curves]
    return _answer(baseline, measured, terms, "lift", found), curves


def safe_by(
    baseline: Baseline, key: str, terms: Terms | None = None, *, margin: float, method: Planned
) -> Outlook:
    """When a guardrail is shown to lose less than `margin`, a share of the control's value, where
    the treatment changes nothing. Raises UnknownMetric, and SettingsError, which names the field.
    """
    return Planner(baseline, baseline.of(key), terms or Terms()).for_safety(method, margin)


def _check(lift: float | None, days: int | None, users: int | None) -> None:
    if sum(given is not None for given in (lift, days, users)) != 1:
        raise SettingsError("lift", "or days, or users: give just one of them")
    if lift is not None and not (-1 < lift < 0 or 0 < lift < np.inf):
        raise SettingsError("lift", f"must be above -100% and not 0, not {lift:.4g}")
    if days is not None and not 1 <= days <= FURTHEST:
        raise SettingsError("days", f"must be 1 to {FURTHEST}, not {days}")
    if users is not None and users < 1:
        raise SettingsError("users", f"must be 1 or more, not {users}")


def _answer(
    baseline: Baseline, measured: Measured, terms: Terms, asked: Asked, found: Sequence[Outlook]
) -> Forecast:
    metric = measured.metric
    return Forecast(
        metric=metric.key,
        name=metric.name,
        kind=metric.kind,
        direction=metric.direction,
        format=metric.format,
        window_days=0.0 if metric.window is None else metric.window.until_days,
        asked=asked,
        terms=terms,
        counted=Counted(
            placement=baseline.placement,
            since=baseline.since,
            until=baseline.until,
            days=baseline.days,
            users=int(measured.sums["n"]),  # type: ignore[arg-type]
            value=number(measured.sample.mean),
            new_users=baseline.new_users,
            lookback_days=baseline.lookback_days,
            lookback_covered=baseline.lookback_covered,
        ),
        outlooks=tuple(found),
    )
