"""From a baseline to outlooks, by the arithmetic of experiments.stats.planning."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.metrics.forecasts.baseline import Baseline, Measured
from experiments.metrics.forecasts.forecast import (
    NO_PRE_PERIOD,
    NOBODY_YET,
    WINDOW_NOT_PASSED,
    Outlook,
    Planned,
    Terms,
)
from experiments.metrics.guardrails import safety_settings
from experiments.metrics.numbers import text
from experiments.stats import Settings
from experiments.stats.planning import (
    Design,
    days_until,
    minimum_detectable_effect,
    sample_size,
    users_by,
)

LEAST_LEFT = 1e-9
"""Of the variance, where a pre-period tells everything: a plan needs a little."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A method, without or with CUPED; `design` None where the log has no pre-period."""

    method: Planned
    cuped: bool
    design: Design | None

    def outlook(self, **found: Any) -> Outlook:
        return Outlook(method=self.method, cuped=self.cuped, **found)


class Planner:
    """Plans one metric's tests. Raises SettingsError for terms that no test can have."""

    def __init__(self, baseline: Baseline, measured: Measured, terms: Terms) -> None:
        window = measured.metric.window
        self.window = 0 if window is None else math.ceil(window.ends / 86_400)
        self.arriving = np.asarray(baseline.new_users, dtype=float) * terms.traffic
        self.terms, self._measured = terms, measured
        kinds = (False, True) if measured.cuped is not None else (False,)
        known = baseline.lookback_covered > 0
        self.tests = tuple(
            Trial(
                method=method,
                cuped=cuped,
                design=self._design(method, cuped=cuped) if known or not cuped else None,
            )
            for method in terms.methods
            for cuped in kinds
        )

    def _design(self, method: Planned, *, cuped: bool) -> Design:
        return Design(
            baseline=self._measured.sample,
            weights=self.terms.weights,
            settings=Settings(confidence=self.terms.confidence, method=method),
            variance_factor=self._left() if cuped else 1.0,
            comparisons=self.terms.comparisons,
        )

    def _left(self) -> float:
        """What CUPED leaves of the variance; all of it where there is no variance to speak of."""
        assert self._measured.cuped is not None  # noqa: S101  (asked for with a lookback alone)
        left = Design(baseline=self._measured.cuped).left
        return 1.0 if math.isnan(left) else min(max(left, LEAST_LEFT), 1.0)

    def for_lifts(self, test: Trial, lifts: NDArray[np.float64]) -> tuple[Outlook, ...]:
        """Users and days for each lift."""
        if test.design is None:
            return tuple(test.outlook(lift=float(e), reason=NO_PRE_PERIOD) for e in lifts)
        size: Any = sample_size(test.design, lifts, power=self.terms.power)
        return tuple(
            test.outlook(
                lift=float(lift),
                users=whole(size.users[i]),
                tuning=whole(size.tuning[i]),
                reason=text(size.reason[i]),
                **self._until(size.users[i]),
            )
            for i, lift in enumerate(lifts)
        )

    def for_users(self, test: Trial, users: int) -> Outlook:
        """What so many users find, and when they are there."""
        return self._found(test, users, **self._until(users))

    def for_days(self, test: Trial, days: int) -> Outlook:
        """What is found by the end of so many days."""
        if days <= self.window:
            return test.outlook(days=days, reason=WINDOW_NOT_PASSED)
        come: Any = users_by(days - self.window, self.arriving)
        if come.reason is not None:
            return test.outlook(days=days, reason=str(come.reason))
        return self._found(test, int(come.users), days=days, extrapolated=bool(come.extrapolated))

    def for_safety(self, method: Planned, margin: float) -> Outlook:
        """When a guardrail is shown safe with the power, while nothing is changed: safety is tested
        for each guardrail by itself, with the whole error.
        """
        whole = Settings(confidence=self.terms.confidence, method=method)
        design = Design(
            baseline=self._measured.sample,
            weights=self.terms.weights,
            settings=safety_settings(whole, self._measured.metric.direction, margin),
            comparisons=1,
        )
        [found] = self.for_lifts(Trial(method=method, cuped=False, design=design), np.zeros(1))
        return found

    def _found(self, test: Trial, users: int, **when: Any) -> Outlook:
        if test.design is None:
            return test.outlook(users=users, reason=NO_PRE_PERIOD, **when)
        if users * min(test.design.shares) < 2:
            return test.outlook(users=users, reason=NOBODY_YET, **when)
        found: Any = minimum_detectable_effect(test.design, users, power=self.terms.power)
        return test.outlook(
            users=users,
            tuning=math.ceil(users * sum(test.design.shares)),
            lift=None if math.isnan(found.effect) else float(found.effect),
            reason=text(found.reason),
            **when,
        )

    def _until(self, users: float) -> dict[str, Any]:
        """Days for so many users; nothing where there are no users."""
        if math.isnan(users):
            return {}
        come: Any = days_until(users, self.arriving)
        return {
            "days": whole(come.days + self.window),
            "soonest": whole(come.soonest + self.window),
            "extrapolated": bool(come.extrapolated),
            "days_reason": text(come.reason),
        }


def whole(value: float) -> int | None:
    """A whole number; None for NaN."""
    return None if math.isnan(value) else int(value)
