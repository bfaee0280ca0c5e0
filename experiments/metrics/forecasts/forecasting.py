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
    Terms,
)
from experiments.metrics.forecasts.planner import Planner
from experiments.metrics.numbers import number
from experiments.stats.exceptions import SettingsError
from experiments.stats.planning.days import FURTHEST

FEW_DAYS, MANY_DAYS, STEPS = 2, 56, 24
"""The ends of a curve over lifts, and its points."""


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


def lift_curves(
    baseline: Baseline, key: str, terms: Terms | None = None, *, through: float | None = None
) -> tuple[LiftCurve, ...]:
    """Users and days over the lifts that days from 2 to 56 find, the lift `through` among them.

    Empty where the log has too little to tell days. Raises as `forecast` does.
    """
    if through is not None:
        _check(through, None, None)
    planner = Planner(baseline, baseline.of(key), terms or Terms())
    known = [t for t in planner.tests if t.design is not None]
    ends = [
        outlook.lift
        for test in known
        for day in (FEW_DAYS + planner.window, MANY_DAYS + planner.window)
        if (outlook := planner.for_days(test, day)).lift is not None
    ]
    if not ends:
        return ()
    lifts = np.geomspace(min(ends), max(ends), STEPS)
    if through is not None:
        lifts = np.unique(np.append(lifts, abs(through)))
    signed = lifts if through is None or through > 0 else -lifts[lifts < 1]
    return tuple(
        LiftCurve(method=test.method, cuped=test.cuped, points=planner.for_lifts(test, signed))
        for test in known
    )


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
