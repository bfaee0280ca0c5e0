"""Critical values and their inverse, the p-value: how many standard errors are enough.

Two families. `Student` is for one look planned beforehand: Welch's t. `Sequential` is for any
number of looks: the Gaussian-mixture asymptotic confidence sequence, and its one-sided form, of
Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), "Time-uniform central limit theory and
asymptotic confidence sequences", Annals of Statistics 52(6), arXiv:2103.06476.

In all of them `z` is (estimate - null) / standard error, and c > 0 is such that the interval
estimate -+ c * standard error excludes the null exactly when p < alpha.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from experiments.stats.arrays import Array
from experiments.stats.settings import Alternative, Settings


@dataclass(frozen=True, kw_only=True)
class Student:
    """One look, with `df` degrees of freedom (array, > 0)."""

    df: Array
    alpha: float
    alternative: Alternative

    def critical(self) -> Array:
        """The t quantile at 1 - alpha/2, or at 1 - alpha for one side."""
        tail = self.alpha / 2 if self.alternative == "two-sided" else self.alpha
        return np.asarray(-special.stdtrit(self.df, tail))

    def p_value(self, z: Array) -> Array:
        """Probability under the null of a statistic at least this far in the alternative's way."""
        tail = special.stdtr(self.df, -towards(self.alternative, z))
        return np.asarray(2 * tail if self.alternative == "two-sided" else tail)

    def e_value(self, z: Array) -> Array:
        """NaN: a test of one look is not built from an e-value."""
        return np.full(np.shape(z), np.nan)


@dataclass(frozen=True, kw_only=True)
class Sequential:
    """Any number of looks, at `users` in both arms together (array, > 0)."""

    users: Array
    alpha: float
    alternative: Alternative
    tuning: float

    @property
    def df(self) -> Array:
        """NaN: the boundary has no degrees of freedom."""
        return np.array(np.nan)

    @property
    def x(self) -> Array:
        """N rho^2, the information at this look relative to the mixture's prior."""
        level = self.alpha if self.alternative == "two-sided" else 2 * self.alpha
        return self.users * mixture_variance(level, self.tuning)

    def critical(self) -> Array:
        """c^2 = 2 (x+1)/x ln(sqrt(x+1)/alpha); one side has ln(1 + sqrt(x+1)/(2 alpha))."""
        x = self.x
        root = np.sqrt(x + 1)
        if self.alternative == "two-sided":
            log = np.log(root / self.alpha)
        else:
            log = np.log1p(root / (2 * self.alpha))
        return np.asarray(np.sqrt(2 * (x + 1) / x * log))

    def p_value(self, z: Array) -> Array:
        """The smallest alpha whose interval excludes the null, rho held; at most 1.

        rho stays that of the settings' alpha: with one mixture for all levels, the inverse of the
        boundary is always-valid. Choosing rho again for each level would not be.
        """
        x = self.x
        reach = towards(self.alternative, z)
        exponent = reach**2 * x / (2 * (x + 1))
        if self.alternative == "two-sided":
            p = np.exp(np.log1p(x) / 2 - exponent)
        else:
            with np.errstate(divide="ignore", over="ignore"):
                p = np.where(reach > 0, np.sqrt(x + 1) / (2 * np.expm1(exponent)), 1.0)
        return np.minimum(p, 1.0)

    def e_value(self, z: Array) -> Array:
        """The mixture's likelihood ratio at this look: mean at most 1 under the null.

        Two sides mix over a normal effect: exp(r^2/2) / sqrt(x + 1) with r^2 = z^2 x/(x + 1), and p
        is its inverse. One side mixes over the half normal: 2 Phi(r) exp(r^2/2) / sqrt(x + 1),
        which is above 1/p, as that boundary bounds Phi(r) from below.
        """
        x = self.x
        reach = towards(self.alternative, z) * np.sqrt(x / (x + 1))
        log = reach**2 / 2 - np.log1p(x) / 2
        if self.alternative != "two-sided":
            log = log + np.log(2) + special.log_ndtr(reach)
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(log))


def mixture_variance(alpha: float, tuning: float) -> float:
    """rho^2 that makes the two-sided boundary at level `alpha` tightest near `tuning` users."""
    twice = -2 * math.log(alpha)
    return (twice + math.log(twice + 1)) / tuning


def towards(alternative: Alternative, z: Array) -> Array:
    """`z` measured in the direction that speaks for the alternative."""
    if alternative == "two-sided":
        return np.abs(z)
    return z if alternative == "greater" else -z


def boundary(settings: Settings, *, users: Array, df: Array) -> Student | Sequential:
    """The family the settings ask for."""
    if settings.method == "fixed":
        return Student(df=df, alpha=settings.alpha, alternative=settings.alternative)
    return Sequential(
        users=users,
        alpha=settings.alpha,
        alternative=settings.alternative,
        tuning=settings.tuning,
    )


def running_minimum(p_values: Array, *, judged: object = True) -> Array:
    """The p to show at each look: the smallest so far (last axis: looks in order).

    Only for sequential p-values. Looks that are NaN or not `judged` (below the floor; bools that
    broadcast) do not count; NaN until one does.
    """
    counted = np.where(np.asarray(judged, dtype=bool), p_values, np.nan)
    return np.fmin.accumulate(counted, axis=-1)
