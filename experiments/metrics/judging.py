"""From numbers to words: the floor, the correction over treatments, readings and the verdict."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments import stats
from experiments.metrics.numbers import number
from experiments.metrics.results import (
    Check,
    Direction,
    Floor,
    Reading,
    RunningMinimum,
    State,
    VariantComparison,
    Verdict,
)
from experiments.metrics.samples import Sample
from experiments.stats import PRECISION_NEEDED, USERS_NEEDED, floor


def floor_over_arms(sample: Sample, variants: tuple[str, ...]) -> Floor:
    """The floor of a metric at the last as-of time: of all arms, the one that lacks most."""
    arms = floor(sample)
    users, precision = np.asarray(arms.users)[:, -1], np.asarray(arms.precision)[:, -1]
    lacking = np.maximum(
        np.asarray(arms.users_missing)[:, -1] / USERS_NEEDED,
        np.asarray(arms.precision_missing)[:, -1] / PRECISION_NEEDED,
    )
    worst = int(lacking.argmax())
    return Floor(
        reached=not lacking.any(),
        variant=variants[worst],
        users=int(users[worst]),
        users_needed=USERS_NEEDED,
        precision=number(precision[worst]),
        precision_needed=PRECISION_NEEDED,
    )


def is_healthy(checks: Sequence[Check]) -> bool:
    """Whether no check failed; one with too little to go by has not."""
    return all(check.healthy is not False for check in checks)


def running_minimum(
    before: RunningMinimum | None, p_value: float | None, effect: float | None, *, judged: bool
) -> RunningMinimum | None:
    """The smaller of this look, if it could be judged, and the looks before."""
    if p_value is None or effect is None or not judged:
        return before
    if before is not None and before.p_value <= p_value:
        return before
    return RunningMinimum(p_value=p_value, effect=effect)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's adjustment; a missing p counts as a hypothesis, and stays missing."""
    adjusted = stats.holm([math.nan if p is None else p for p in p_values])
    return [number(p) for p in adjusted]


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
    metric: str,
    direction: Direction,
    comparisons: Sequence[VariantComparison],
    checks: Sequence[Check],
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
    sign = 1.0 if direction == "increase" else -1.0
    gain = {
        c.variant: sign * (c.result("sequential", "absolute").effect or 0.0) for c in comparisons
    }
    better = [c for c in comparisons if c.reading == "better"]
    if better:
        return _verdict("better", metric, max(better, key=lambda c: gain[c.variant]))
    if all(c.reading == "worse" for c in comparisons):
        return _verdict("worse", metric, max(comparisons, key=lambda c: gain[c.variant]))
    return _verdict("no_call", metric, min(comparisons, key=lambda c: _or_one(c.adjusted_p_value)))


def _verdict(
    state: State,
    metric: str,
    about: VariantComparison | None,
    *,
    failed_checks: tuple[str, ...] = (),
    floor: Floor | None = None,
) -> Verdict:
    lift = None if about is None else about.result("sequential", "relative")
    return Verdict(
        state=state,
        metric=metric,
        variant=None if about is None else about.variant,
        effect=None if lift is None else lift.effect,
        low=None if lift is None else lift.low,
        high=None if lift is None else lift.high,
        p_value=None if about is None else about.adjusted_p_value,
        failed_checks=failed_checks,
        floor=floor,
    )
