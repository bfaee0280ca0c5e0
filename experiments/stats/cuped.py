"""CUPED: the same comparison with what the pre-period already knew of the users taken out.

Deng, Xu, Kohavi and Walker (2013), "Improving the Sensitivity of Online Controlled Experiments by
Utilizing Pre-Experiment Data", WSDM, section 3. An arm's adjusted mean is its mean less theta times
(its pre-period's mean less that of both arms together). No treatment can have changed the
pre-period, so any theta leaves the difference unbiased; the one that makes it most precise is

    theta = sum over arms of cov(post, pre) / n   over   sum over arms of var(pre) / n
"""

from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

from experiments.stats.arrays import Array, values
from experiments.stats.cuped_samples import CupedRatioSample, CupedSample
from experiments.stats.intervals import Arms, SharedLevel
from experiments.stats.samples import NO_VARIANCE, Sample

Adjustable = CupedSample | CupedRatioSample


def adjustable(sample: Sample) -> TypeGuard[Adjustable]:
    """Whether the sample carries a pre-period."""
    return isinstance(sample, CupedSample | CupedRatioSample)


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Of one arm: squared errors of the two means, their covariance, and the pre-period's share."""

    mean: Array
    pre_mean: Array
    error: Array
    pre_error: Array
    covariance: Array
    weight: Array

    @classmethod
    def of(cls, sample: Adjustable) -> "Moments":
        return cls(
            mean=values(sample.mean),
            pre_mean=values(sample.pre.mean),
            error=values(sample.variance) / sample.users,
            pre_error=values(sample.pre.variance) / sample.users,
            covariance=values(sample.covariance) / sample.users,
            weight=values(sample.pre_weight),
        )

    def residual_error(self, theta: Array) -> Array:
        """Squared standard error of mean - theta * pre_mean, rounding taken for zero."""
        scale = self.error + theta**2 * self.pre_error
        squared = scale - 2 * theta * self.covariance
        return np.where(squared <= NO_VARIANCE * scale, 0.0, squared)


def adjusted_arms(control: Adjustable, treatment: Adjustable) -> Arms:
    """Adjusted means, each with its own error, and the pre-period's level that both share.

    Both means hold theta times the pre-period's mean of all users. It cancels from the difference
    and not from a ratio, so it comes with its error. Where either arm has no pre-period's mean,
    or it does not vary, theta is 0 and the arms are the plain ones.
    """
    one, other = Moments.of(control), Moments.of(treatment)
    theta = best_theta(one, other)
    used = theta != 0
    share = np.where(used, other.weight / (one.weight + other.weight), 0.0)
    gap = np.where(used, theta * (one.pre_mean - other.pre_mean), 0.0)
    one_error, other_error = (
        np.where(used, one.pre_error, 0.0),
        np.where(used, other.pre_error, 0.0),
    )
    return Arms(
        control=one.mean - share * gap,
        control_error=own_error(one, theta),
        treatment=other.mean + (1 - share) * gap,
        treatment_error=own_error(other, theta),
        shared=SharedLevel(
            error=theta**2 * ((1 - share) ** 2 * one_error + share**2 * other_error),
            with_control=theta * (1 - share) * lean(one, theta),
            with_treatment=theta * share * lean(other, theta),
        ),
    )


def best_theta(control: Moments, treatment: Moments) -> Array:
    """The theta of least variance for the difference; 0 where there is nothing to adjust by."""
    with np.errstate(all="ignore"):
        theta = (control.covariance + treatment.covariance) / (
            control.pre_error + treatment.pre_error
        )
    return np.where(np.isfinite(theta), theta, 0.0)


def own_error(arm: Moments, theta: Array) -> Array:
    """Squared standard error of what is the arm's own, the plain one where theta is 0."""
    return np.where(theta == 0, arm.error, arm.residual_error(theta))


def lean(arm: Moments, theta: Array) -> Array:
    """Covariance of mean - theta * pre_mean with pre_mean."""
    return np.where(theta == 0, 0.0, arm.covariance - theta * arm.pre_error)
