"""The arms of several phases side by side, and their weighted sum."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.stats.arrays import Array, Bools, Number
from experiments.stats.compare import arms_of, plain_arms
from experiments.stats.floor import PRECISION_NEEDED, below_floor, precision
from experiments.stats.intervals import Arms, SharedLevel
from experiments.stats.reasons import Reason
from experiments.stats.samples import Sample


@dataclass(frozen=True, kw_only=True)
class Phases:
    """Arrays of phases on the first axis. `plain` are the arms without an adjustment."""

    arms: Arms
    plain: Arms
    control_users: Array
    treatment_users: Array

    @property
    def users(self) -> Array:
        return self.control_users + self.treatment_users

    @property
    def null_error(self) -> Array:
        """Squared standard error of a phase's difference, if both arms had the same variance.

        Weights from it do not lean on the difference they weigh. From each arm's own variance they
        would: of a rare outcome the smaller arm's variance is small where it was unlucky.
        """
        pooled = self.pooled_variance(self.arms)
        return pooled * (1 / self.control_users + 1 / self.treatment_users)

    def pooled_variance(self, arms: Arms) -> Array:
        """Variance of one user's value, averaged over the users of both arms."""
        control = self.control_users**2 * arms.control_error
        return (control + self.treatment_users**2 * arms.treatment_error) / self.users

    def obstacles(self) -> dict[Reason, Bools]:
        """Why a phase cannot be weighed, by what treats both arms alike."""
        plain = self.plain
        total = self.control_users * plain.control + self.treatment_users * plain.treatment
        reached = precision(total / self.users, self.pooled_variance(plain) / self.users)
        fewest = np.minimum(self.control_users, self.treatment_users)
        return {
            Reason.TOO_FEW_USERS: fewest < 2,
            Reason.ZERO_DENOMINATOR: np.isnan(plain.control) | np.isnan(plain.treatment),
            Reason.ZERO_VARIANCE: self.pooled_variance(self.arms) == 0,
            Reason.COLLECTING: below_floor(fewest, reached),
        }

    def unanswerable(self, weights: Array, counted: Bools) -> dict[Reason, Bools]:
        """What stands in the way of judging the counted phases together."""
        arms, plain = weighted(self.arms, weights, counted), weighted(self.plain, weights, counted)
        least = np.minimum(
            precision(plain.control, plain.control_error),
            precision(plain.treatment, plain.treatment_error),
        )
        return {
            Reason.ZERO_VARIANCE: (arms.control_error == 0) | (arms.treatment_error == 0),
            Reason.COLLECTING: least < PRECISION_NEEDED,
        }

    def welch_df(self, weights: Array, counted: Bools) -> Array:
        """Welch-Satterthwaite degrees of freedom of the weighted difference."""
        parts = [
            np.where(counted, weights**2 * error, 0.0)
            for error in (self.arms.control_error, self.arms.treatment_error)
        ]
        users = (self.control_users, self.treatment_users)
        spread = sum(
            np.where(counted, part**2 / (n - 1), 0.0) for part, n in zip(parts, users, strict=True)
        )
        return np.asarray((parts[0] + parts[1]).sum(axis=0) ** 2 / np.sum(spread, axis=0))

    def equal_users(self, raw: Array, counted: Bools) -> Array:
        """Users that would tell as much at the first counted phase's ratio and spread.

        The sum of raw weight * difference moves like a random walk whose time is its variance. The
        sequential boundary holds along that time, which is users only while the ratio stays.
        """
        time = np.where(counted, raw**2 * self.arms.difference_error, 0.0)
        first = counted & (counted.cumsum(axis=0) == 1)
        users, start = (np.where(first, value, 0.0).sum(axis=0) for value in (self.users, time))
        return np.asarray(users * time.sum(axis=0) / start)


def stack(
    controls: Sequence[Sample], treatments: Sequence[Sample], shape: tuple[int, ...]
) -> Phases:
    """Phases side by side, each of `shape`."""
    pairs = list(zip(controls, treatments, strict=True))
    return Phases(
        arms=across([arms_of(*pair, shape) for pair in pairs], shape),
        plain=across([plain_arms(*pair, shape) for pair in pairs], shape),
        control_users=np.stack([np.broadcast_to(c.users, shape) for c, _ in pairs]),
        treatment_users=np.stack([np.broadcast_to(t.users, shape) for _, t in pairs]),
    )


def across(arms: Sequence[Arms], shape: tuple[int, ...]) -> Arms:
    """One `Arms` whose arrays have the given arms on their first axis."""

    def each(get: Callable[[Arms], Number]) -> Array:
        return np.stack([np.broadcast_to(get(one), shape) for one in arms])

    return Arms(
        control=each(lambda a: a.control),
        control_error=each(lambda a: a.control_error),
        treatment=each(lambda a: a.treatment),
        treatment_error=each(lambda a: a.treatment_error),
        shared=SharedLevel(
            error=each(lambda a: a.shared.error),
            with_control=each(lambda a: a.shared.with_control),
            with_treatment=each(lambda a: a.shared.with_treatment),
        ),
    )


def weighted(arms: Arms, weights: Array, counted: Bools) -> Arms:
    """Weighted means over the first axis, and their squared errors; phases are independent."""

    def mean(values: Number) -> Array:
        return np.asarray(np.where(counted, weights * values, weights * 0).sum(axis=0))

    def error(values: Number) -> Array:
        return np.asarray(np.where(counted, weights**2 * values, weights * 0).sum(axis=0))

    return Arms(
        control=mean(arms.control),
        control_error=error(arms.control_error),
        treatment=mean(arms.treatment),
        treatment_error=error(arms.treatment_error),
        shared=SharedLevel(
            error=error(arms.shared.error),
            with_control=error(arms.shared.with_control),
            with_treatment=error(arms.shared.with_treatment),
        ),
    )
