"""The floor below which nothing is judged: normal theory does not hold there yet.

Peeking from the first user at a rare outcome in a small arm rejects far more than alpha, however
valid the boundary is asymptotically. So every arm first needs users, and a mean that stands clear
of its own standard error.
"""

from dataclasses import dataclass

import numpy as np

from experiments.stats.arrays import Array, Bools, Number, give, give_object, values
from experiments.stats.reasons import Reason, Reasons, first_reason
from experiments.stats.samples import Sample

USERS_NEEDED = 100
PRECISION_NEEDED = 25.0


@dataclass(frozen=True, kw_only=True)
class Floor:
    """How far one arm is. `reason` is `collecting` until nothing is missing, then None.

    `precision` is (mean / standard error)^2; for a rare yes-or-no outcome about the number of
    successes. It grows in proportion to users.
    """

    users: Number
    users_missing: Number
    precision: Number
    precision_missing: Number
    reason: Reasons


def floor(sample: Sample) -> Floor:
    """Measure one arm against 100 users and a precision of 25."""
    users = sample.users
    reached = precision_of(sample)
    below = below_floor(users, reached)
    return Floor(
        users=give(users),
        users_missing=give(np.maximum(USERS_NEEDED - users, 0.0)),
        precision=give(reached),
        precision_missing=give(np.maximum(PRECISION_NEEDED - reached, 0.0)),
        reason=give_object(first_reason(below.shape, {Reason.COLLECTING: below})),
    )


def precision_of(sample: Sample) -> Array:
    """The precision of one arm's mean."""
    with np.errstate(all="ignore"):
        return precision(values(sample.mean), values(sample.variance) / sample.users)


def precision(mean: Array, squared_error: Array) -> Array:
    """(mean / standard error)^2; 0 where there is no mean or no variance to speak of."""
    with np.errstate(all="ignore"):
        squared = mean**2 / squared_error
    return np.where(np.isnan(squared), 0.0, squared)


def below_floor(users: Array, reached: Array) -> Bools:
    """Whether an arm of so many users and such a precision still lacks either."""
    return np.asarray((users < USERS_NEEDED) | (reached < PRECISION_NEEDED))
