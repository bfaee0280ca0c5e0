"""Point estimate, interval and test statistic of a treatment against a control, on either scale.

Arms come in as means and their squared standard errors, c as the critical value. Every function is
elementwise over arrays and expects its caller to set aside what has no answer.
"""

from dataclasses import dataclass

import numpy as np

from experiments.stats.arrays import Array


@dataclass(frozen=True, kw_only=True)
class Arms:
    """Means, and squared standard errors of the means, of control and treatment."""

    control: Array
    control_error: Array
    treatment: Array
    treatment_error: Array

    @property
    def difference_error(self) -> Array:
        """Squared standard error of treatment - control."""
        return self.control_error + self.treatment_error


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Two-sided interval of an effect. `z` is its distance from the null in standard errors."""

    effect: Array
    low: Array
    high: Array
    std_error: Array
    z: Array


def absolute(arms: Arms, c: Array, null: float) -> Interval:
    """treatment - control -+ c standard errors."""
    effect = arms.treatment - arms.control
    error = np.sqrt(arms.difference_error)
    return around(effect, error, c, null)


def relative_delta(arms: Arms, c: Array, null: float) -> Interval:
    """treatment / control - 1 -+ c standard errors of the ratio, linearised at the estimates."""
    effect = arms.treatment / arms.control - 1
    return around(effect, ratio_error(arms), c, null)


def relative_fieller(arms: Arms, c: Array, null: float) -> Interval:
    """All effects e for which treatment - (1 + e) control is within c of its standard error.

    Fieller (1954), "Some Problems in Interval Estimation", for independent arms. At e = 0
    that is the absolute test, so the interval excludes no effect exactly when that test rejects.
    A control mean within c standard errors of zero leaves it open above; the half on which the
    treatment's mean is not negative is the answer for a metric that cannot be negative, and NaN
    ends say that the metric can. `std_error` is the delta method's and only describes.
    """
    low, high = fieller_ratios(arms, c)
    target = 1 + null
    contrast_error = np.sqrt(arms.treatment_error + target**2 * arms.control_error)
    return Interval(
        effect=arms.treatment / arms.control - 1,
        low=low - 1,
        high=high - 1,
        std_error=ratio_error(arms),
        z=(arms.treatment - target * arms.control) / contrast_error,
    )


def fieller_ratios(arms: Arms, c: Array) -> tuple[Array, Array]:
    """Lower and upper end for treatment / control, for control >= 0."""
    product = arms.treatment * arms.control
    a = arms.control**2 - c**2 * arms.control_error
    b = arms.treatment**2 - c**2 * arms.treatment_error
    # Equals product^2 - a b without the cancellation; below zero only where nothing is bounded.
    inner = arms.control_error * b + arms.treatment_error * arms.control**2
    root = c * np.sqrt(np.maximum(inner, 0.0))
    # The two forms of a quadratic's root are equal; each is used where it does not cancel.
    low = np.where(product >= 0, b / (product + root), (product - root) / a)
    high = (product + root) / a
    opened = a <= 0
    signed = opened & (arms.treatment < 0)
    low = np.where(opened, np.maximum(low, 0.0), low)
    high = np.where(opened, np.inf, high)
    return np.where(signed, np.nan, low), np.where(signed, np.nan, high)


def ratio_error(arms: Arms) -> Array:
    """Delta-method standard error of treatment / control."""
    ratio = arms.treatment / arms.control
    squared = (arms.treatment_error + ratio**2 * arms.control_error) / arms.control**2
    return np.sqrt(squared)


def around(effect: Array, error: Array, c: Array, null: float) -> Interval:
    """The symmetric interval effect -+ c * error."""
    return Interval(
        effect=effect,
        low=effect - c * error,
        high=effect + c * error,
        std_error=error,
        z=(effect - null) / error,
    )
