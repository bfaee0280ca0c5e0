"""Why a comparison or a check gives no number, or one that must not be judged yet."""

from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from experiments.stats.arrays import Bools


class Reason(StrEnum):
    """Listed from the most to the least serious: where several hold, the first is the one given."""

    NOT_IN_PHASE = "not_in_phase"
    """The arm takes no users in the phase: it was added later, was killed or was taken out."""

    TOO_FEW_USERS = "too_few_users"
    """An arm has fewer than 2 users, which a variance needs; or a check expects fewer than 5."""

    ZERO_DENOMINATOR = "zero_denominator"
    """The denominator of a ratio sums to zero in an arm: there is no ratio."""

    ZERO_VARIANCE = "zero_variance"
    """All users of an arm have the same value: there is no standard error to judge by."""

    BEYOND_PRECISION = "beyond_precision"
    """So many users that rounding is no longer small beside the spread of a Beta posterior."""

    CONTROL_MEAN_NEGATIVE = "control_mean_negative"
    """A percentage of a negative baseline has no agreed meaning; the absolute scale has."""

    CONTROL_MEAN_NEAR_ZERO = "control_mean_near_zero"
    """The control mean is within c standard errors of zero: a relative effect has no upper end."""

    BASELINE_MEAN_ZERO = "baseline_mean_zero"
    """A plan for a relative effect on a mean of zero: every effect is no effect."""

    IMPOSSIBLE_EFFECT = "impossible_effect"
    """A plan for an effect that would take a share to 0 or 1, or beyond."""

    UNREACHABLE_POWER = "unreachable_power"
    """No number of users, or no effect, gives the power asked for."""

    TOO_FEW_DAYS = "too_few_days"
    """A plan in days needs two observed days, the first with users, to see how arrivals slow."""

    UNREACHABLE_USERS = "unreachable_users"
    """At the pace observed, so many users would not arrive within a year."""

    TOO_FEW_SEGMENTS = "too_few_segments"
    """Fewer than two segments have an effect: there is nothing to differ."""

    NOT_FIXED_HORIZON = "not_fixed_horizon"
    """Only p-values of the fixed method are uniform when there is no effect."""

    TOO_FEW_CONVERSIONS = "too_few_conversions"
    """Fewer than 1,000 users did it: p takes too few values to be compared with a uniform law."""

    COLLECTING = "collecting"
    """An arm is below the floor: the numbers are there, nothing may be judged by them yet."""


Reasons: TypeAlias = Reason | NDArray[Any] | None
"""One reason or None; for arrays an object array of the same."""


def first_reason(shape: tuple[int, ...], found: dict[Reason, Bools]) -> NDArray[Any]:
    """Object array of `shape` holding, per element, the most serious reason found, or None."""
    reasons = np.full(shape, None, dtype=object)
    for reason in reversed(Reason):
        if reason in found:
            reasons[np.broadcast_to(found[reason], shape)] = reason
    return reasons
