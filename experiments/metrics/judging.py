"""From numbers to words: the floor, the correction over treatments, readings and the verdict."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.metrics.definitions import Direction, Metric
from experiments.metrics.numbers import number
from experiments.metrics.results import (
    Check,
    Floor,
    Reading,
    RunningMinimum,
    State,
    VariantComparison,
    Verdict,
)
from experiments.metrics.samples import Plain
from experiments.stats import PRECISION_NEEDED, floor, holm


def floor_over_arms(sample: Plain, variants: tuple[str, ...], users_needed: int) -> Floor:
    """The floor of a metric at the last as-of time: of all arms, the one that lacks most."""
    arms = floor(sample)
    users, precision = np.asarray(arms.users)[:, -1], np.asarray(arms.precision)[:, -1]
    lacking = np.maximum(
        np.maximum(users_needed - users, 0) / users_needed,
        np.asarray(arms.precision_missing)[:, -1] / PRECISION_NEEDED,
    )
    worst = int(lacking.argmax())
    return Floor(
        reached=not lacking.any(),
        variant=variants[worst],
        users=int(users[worst]),
        users_needed=users_needed,
        precision=number(precision[worst]),
        precision_needed=PRECISION_NEEDED,
    )


def reached(sample: Plain, users_needed: int) -> NDArray[np.bool_]:
    """At which as-of times every arm is past the floor."""
    arms = floor(sample)
    enough = np.asarray(arms.users) >= users_needed
    return np.asarray((enough & (np.asarray(arms.precision_missing) == 0)).all(axis=0))


def is_healthy(checks: Sequence[Check]) -> bool:
    """Whether no check failed; one with too little to go by has not."""
    return all(check.healthy is not False for check in checks)


def running_minimum(
    before: RunningMinimum | None, looks: Sequence[tuple[float | None, float | None]]
) -> RunningMinimum | None:
    """The smallest p of the looks, each p and effect, and of those before; of equals the first."""
    least = before
    for p_value, effect in looks:
        if (
            p_value is not None
            and effect is not None
            and (least is None or p_value < least.p_value)
        ):
            least = RunningMinimum(p_value=p_value, effect=effect)
    return least


def adjusted(p_values: Sequence[float | None]) -> list[float | None]:
    """By Holm; a missing p counts as a hypothesis, and stays missing."""
    if not p_values:
        return []
    given = [math.nan if p is None else p for p in p_values]
    return [number(p) for p in holm(given)]


def _or_one(p_value: float | None) -> float:
    return 1.0 if p_value is None else p_value


@dataclass(frozen=True, kw_only=True)
class Judge:
    """What a reading needs beside the comparison: alpha, the good direction, and health."""

    alpha: float
    direction: Direction
    healthy: bool

    def read(
        self,
        *,
        floor: Floor,
        running: RunningMinimum | None,
        adjusted_p_value: float | None,
        effect: float | None,
    ) -> Reading:
        """One word for a comparison. `effect` is this look's, absolute.

        The verdict of an earlier look stands only while the effect still points the same way.
        """
        if not floor.reached:
            return "collecting"
        if not self.healthy:
            return "no_call"
        if running is None or adjusted_p_value is None or effect is None:
            return "no_answer"
        if adjusted_p_value >= self.alpha or effect * running.effect <= 0:
            return "no_call"
        return "better" if (effect > 0) == (self.direction == "increase") else "worse"


def verdict(
    metric: Metric,
    comparisons: Sequence[VariantComparison],
    checks: Sequence[Check],
    *,
    cuped: bool = False,
) -> Verdict:
    """The sentence at the top, from the primary metric.

    A treatment that is better decides, the one of the largest lift first; `worse` takes every
    treatment. Treatments are compared with control, never with one another.
    """
    failed = tuple(check.name for check in checks if check.healthy is False)
    below = comparisons[0].floor
    if failed:
        return _verdict("unhealthy", metric, None, failed_checks=failed)
    if not below.reached:
        return _verdict("collecting", metric, None, floor=below)
    sign = 1.0 if metric.direction == "increase" else -1.0
    gain = {
        c.variant: sign * (c.result("sequential", "absolute", cuped=cuped).effect or 0.0)
        for c in comparisons
    }
    better = [c for c in comparisons if c.reading == "better"]
    if better:
        return _verdict("better", metric, max(better, key=lambda c: gain[c.variant]), cuped=cuped)
    if all(c.reading == "worse" for c in comparisons):
        return _verdict(
            "worse", metric, max(comparisons, key=lambda c: gain[c.variant]), cuped=cuped
        )
    nearest = min(comparisons, key=lambda c: _or_one(c.adjusted_p_value))
    return _verdict("no_call", metric, nearest, cuped=cuped)


def _verdict(
    state: State,
    metric: Metric,
    about: VariantComparison | None,
    *,
    cuped: bool = False,
    failed_checks: tuple[str, ...] = (),
    floor: Floor | None = None,
) -> Verdict:
    lift = None if about is None else about.result("sequential", "relative", cuped=cuped)
    return Verdict(
        state=state,
        metric=metric.key,
        name=metric.name,
        variant=None if about is None else about.variant,
        effect=None if lift is None else lift.effect,
        low=None if lift is None else lift.low,
        high=None if lift is None else lift.high,
        p_value=None if about is None else about.adjusted_p_value,
        failed_checks=failed_checks,
        floor=floor,
    )
