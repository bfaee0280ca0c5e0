"""Point estimate, interval and test statistic of a treatment against a control, on either scale.

Arms come in as means and their squared standard errors, c as the critical value. Every function is
elementwise over arrays and expects its caller to set aside what has no answer.
"""

from dataclasses import dataclass, replace

import numpy as np

from experiments.stats.arrays import Array, Number


@dataclass(frozen=True, kw_only=True)
class SharedLevel:
    """An estimate that is part of both means, so that it cancels from their difference.

    `error` is its squared standard error, `with_control` and `with_treatment` are its covariances
    with what is the arm's own.
    """

    error: Number = 0.0
    with_control: Number = 0.0
    with_treatment: Number = 0.0


@dataclass(frozen=True, kw_only=True)
class Arms:
    """Means of control and treatment, and squared standard errors of what is each arm's own.

    Without a shared level, as in every comparison but an adjusted one, those are the squared
    standard errors of the means, which are then independent.
    """

    control: Array
    control_error: Array
    treatment: Array
    treatment_error: Array
    shared: SharedLevel = SharedLevel()

    def to(self, shape: tuple[int, ...]) -> "Arms":
        """The same with means and errors of `shape`."""
        return replace(
            self,
            control=np.broadcast_to(self.control, shape),
            control_error=np.broadcast_to(self.control_error, shape),
            treatment=np.broadcast_to(self.treatment, shape),
            treatment_error=np.broadcast_to(self.treatment_error, shape),
        )

    @property
    def difference_error(self) -> Array:
        """Squared standard error of treatment - control."""
        return self.control_error + self.treatment_error

    @property
    def control_mean_error(self) -> Array:
        """Squared standard error of the control's mean."""
        return self.control_error + self.shared.error + 2 * self.shared.with_control

    @property
    def treatment_mean_error(self) -> Array:
        """Squared standard error of the treatment's mean."""
        return self.treatment_error + self.shared.error + 2 * self.shared.with_treatment

    @property
    def covariance(self) -> Number:
        """Of the two means."""
        return self.shared.error + self.shared.with_control + self.shared.with_treatment

    def contrast_error(self, ratio: Array | float) -> Array:
        """Squared standard error of treatment - ratio * control."""
        level = self.shared
        lean = level.with_treatment - ratio * level.with_control
        own = self.treatment_error + ratio**2 * self.control_error
        return np.asarray(own + (1 - ratio) ** 2 * level.error + 2 * (1 - ratio) * lean)


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

    Fieller (1954), "Some Problems in Interval Estimation", with the covariance of the means, which
    only adjusted arms have. At e = 0 that is the absolute test, so the interval excludes no effect
    exactly when that test rejects.
    A control mean within c standard errors of zero leaves it open above; the half on which the
    treatment's mean is not negative is the answer for a metric that cannot be negative, and NaN
    ends say that the metric can. `std_error` is the delta method's and only describes.
    """
    low, high = fieller_ratios(arms, c)
    target = 1 + null
    return Interval(
        effect=arms.treatment / arms.control - 1,
        low=low - 1,
        high=high - 1,
        std_error=ratio_error(arms),
        z=(arms.treatment - target * arms.control) / np.sqrt(arms.contrast_error(target)),
    )


def fieller_ratios(arms: Arms, c: Array) -> tuple[Array, Array]:
    """Lower and upper end for treatment / control, for control >= 0."""
    own, other, both = arms.control_mean_error, arms.treatment_mean_error, arms.covariance
    product = arms.treatment * arms.control
    a = arms.control**2 - c**2 * own
    b = arms.treatment**2 - c**2 * other
    h = product - c**2 * both
    # Equals (h^2 - a b) / c^2 without the cancellation; below zero only where nothing is bounded.
    inner = own * b + other * arms.control**2 + both * (c**2 * both - 2 * product)
    root = c * np.sqrt(np.maximum(inner, 0.0))
    # The two forms of a quadratic's root are equal; each is used where it does not cancel.
    low = np.where(h >= 0, b / (h + root), (h - root) / a)
    high = (h + root) / a
    opened = a <= 0
    signed = opened & (arms.treatment < 0)
    low = np.where(opened, np.where(b > 0, b / (h + root), 0.0), low)
    high = np.where(opened, np.inf, high)
    return np.where(signed, np.nan, low), np.where(signed, np.nan, high)


def ratio_error(arms: Arms) -> Array:
    """Delta-method standard error of treatment / control."""
    ratio = arms.treatment / arms.control
    return np.asarray(np.sqrt(arms.contrast_error(ratio) / arms.control**2))


def around(effect: Array, error: Array, c: Array, null: float) -> Interval:
    """The symmetric interval effect -+ c * error."""
    return Interval(
        effect=effect,
        low=effect - c * error,
        high=effect + c * error,
        std_error=error,
        z=(effect - null) / error,
    )
