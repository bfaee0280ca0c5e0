"""Sample ratio: did users arrive in the arms in the ratio they were sent in?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from experiments.stats.arrays import Array, Number, give, give_object
from experiments.stats.exceptions import SampleError
from experiments.stats.reasons import Reason, Reasons, first_reason

THRESHOLD = 0.001
EXPECTED_NEEDED = 5.0


@dataclass(frozen=True, kw_only=True)
class SampleRatio:
    """`healthy` is p >= .001, and None with a `reason` while there is nothing to go by."""

    p_value: Number
    healthy: bool | NDArray[Any] | None
    reason: Reasons


def check_srm(
    observed: Sequence[float] | NDArray[Any], expected_weights: Sequence[float] | NDArray[Any]
) -> SampleRatio:
    """Pearson's chi-square of users per arm against the arms' weights.

    `observed` is users per arm on the last axis (at least 2 arms), one check per leading element;
    `expected_weights` are the arms' shares, positive, in any unit, and the same for all checks or
    of `observed`'s shape. Below 5 expected users in an arm the chi-square law does not hold, so
    there is no p and the reason is `too_few_users`. Raises SampleError for impossible input.
    """
    users = counts("observed", observed)
    weights = counts("expected_weights", expected_weights)
    check_shapes(users, weights)
    expected = users.sum(axis=-1, keepdims=True) * weights / weights.sum(axis=-1, keepdims=True)
    few = np.asarray((expected < EXPECTED_NEEDED).any(axis=-1))
    with np.errstate(all="ignore"):
        distance = ((users - expected) ** 2 / expected).sum(axis=-1)
    p_value = np.where(few, np.nan, special.chdtrc(users.shape[-1] - 1, distance))
    healthy = np.asarray(p_value >= THRESHOLD).astype(object)
    healthy[few] = None
    return SampleRatio(
        p_value=give(p_value),
        healthy=give_object(healthy),
        reason=give_object(first_reason(few.shape, {Reason.TOO_FEW_USERS: few})),
    )


def counts(field: str, given: Sequence[float] | NDArray[Any]) -> Array:
    """`given` as a float array of finite numbers >= 0 with at least two arms on the last axis."""
    try:
        array: Array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise SampleError(field, "must be one number per arm") from None
    if array.ndim == 0 or array.shape[-1] < 2:
        raise SampleError(field, "needs at least two arms")
    if not (np.isfinite(array) & (array >= 0)).all():
        raise SampleError(field, "must be finite and not negative")
    return array


def check_shapes(users: Array, weights: Array) -> None:
    """Every arm needs a weight, and every weight must be able to expect somebody."""
    if weights.shape not in (users.shape, users.shape[-1:]):
        raise SampleError("expected_weights", "must have one weight for each arm in observed")
    if not (weights > 0).all():
        raise SampleError("expected_weights", "must be above 0 for every arm")
