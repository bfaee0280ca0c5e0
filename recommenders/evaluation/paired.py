"""Two models measured on the same users: does one do better, and is one not worse beyond a bound?

Users are the unit. A measure of one user lies far from normal, its mean over users does not; the
differences of each user are taken first, which leaves out how hard a user is to guess for both.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from recommenders.exceptions import EvaluationError

FEWEST_USERS = 30
"""Below it nothing is judged: the mean of so few skewed figures is no t."""

Reason = Literal["", "too_few_users", "no_spread", "live_near_zero"]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """`b` less `a`: the mean over `n` users with its interval and two-sided p-value.

    All that is not known is None, and `reason` says why: `too_few_users`, or `no_spread` where
    every user has the same difference.
    """

    n: int
    mean_a: float
    mean_b: float
    difference: float
    std_error: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    reason: Reason = ""


@dataclass(frozen=True, kw_only=True)
class NotWorse:
    """Whether `candidate` is shown to lose less than `bound` of what `live` scores.

    bound, loss: shares of live's mean; `loss` is the largest loss that the data leave open at the
    confidence asked for, at most `bound` where it `passed`; below 0 the candidate is shown better.
    p_value: one-sided, of a candidate that is worse by `bound`; None where all users agree on what
    it is worth. Without an answer both are None, `passed` is False, and `reason` says why.
    """

    n: int
    live: float
    candidate: float
    bound: float
    passed: bool
    loss: float | None = None
    p_value: float | None = None
    reason: Reason = ""


def compare_paired(a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95) -> Difference:
    """Student's paired t-test on one figure per user of each model, users in the same order.

    Users with a NaN on either side are left out. Raises EvaluationError where lengths differ.
    """
    first, second = _pairs(a, b)
    apart = second - first
    n = len(apart)
    found = Difference(n=n, mean_a=_mean(first), mean_b=_mean(second), difference=_mean(apart))
    if n < FEWEST_USERS:
        return replace(found, reason="too_few_users")
    error = float(apart.std(ddof=1) / np.sqrt(n))
    if error == 0.0:
        return replace(found, reason="no_spread")
    half = error * float(student.ppf((1 + confidence) / 2, n - 1))
    return replace(
        found,
        std_error=error,
        low=found.difference - half,
        high=found.difference + half,
        p_value=float(2 * student.sf(abs(found.difference) / error, n - 1)),
    )


def not_worse(
    candidate: ArrayLike, live: ArrayLike, *, bound: float = 0.05, confidence: float = 0.95
) -> NotWorse:
    """One-sided non-inferiority with a relative bound, on figures of which more is better.

    Tested is the mean of candidate - (1 - bound) * live per user (paired t): a bound relative to
    live needs no other method than an absolute one. `loss` is Fieller's limit of the same test, so
    the two never disagree. Users with a NaN on either side are left out. `live_near_zero`: live's
    own mean is not clearly above 0, and nothing can be a share of it. Raises EvaluationError for
    lengths that differ or a bound outside 0..1.
    """
    if not 0.0 <= bound < 1.0:
        raise EvaluationError(f"the bound is {bound}; give a share from 0 to below 1")
    ours, theirs = _pairs(candidate, live)
    n = len(ours)
    found = NotWorse(n=n, live=_mean(theirs), candidate=_mean(ours), bound=bound, passed=False)
    if n < FEWEST_USERS:
        return replace(found, reason="too_few_users")
    kept = _kept(ours, theirs, float(student.ppf(confidence, n - 1)))
    if kept is None:
        return replace(found, reason="live_near_zero")
    above = ours - (1 - bound) * theirs
    error = float(above.std(ddof=1) / np.sqrt(n))
    p_value = float(student.sf(above.mean() / error, n - 1)) if error else None
    passed = above.mean() >= 0 if p_value is None else p_value <= 1 - confidence
    return replace(found, passed=bool(passed), loss=1 - kept, p_value=p_value)


def _pairs(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if first.shape != second.shape or first.ndim != 1:
        raise EvaluationError(f"{first.shape} figures against {second.shape}; give one per user")
    both = ~(np.isnan(first) | np.isnan(second))
    return first[both], second[both]


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _kept(ours: NDArray[np.float64], theirs: NDArray[np.float64], critical: float) -> float | None:
    """Fieller's lower limit of mean(ours) / mean(theirs), None where the latter is not above 0."""
    (v_ours, both), (_, v_theirs) = critical**2 * np.cov(ours, theirs) / len(ours)
    mean, base = ours.mean(), theirs.mean()
    a = base**2 - v_theirs
    if base <= 0 or a <= 0:
        return None
    b, c = mean * base - both, mean**2 - v_ours
    return float((b - np.sqrt(max(b**2 - a * c, 0.0))) / a)
