"""Intervals of means over users, by drawing the users again (Efron 1979)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from recommenders.exceptions import EvaluationError

RESAMPLES = 2_000
_DRAWN = 200_000  # users held at once


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean over `n` users with its percentile interval; `low` and `high` are None for n < 2."""

    n: int
    value: float
    low: float | None
    high: float | None


def interval(
    values: ArrayLike, *, confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """The mean of one figure per user, NaN left out, and how far it moves when users are redrawn.

    The same seed draws the same users. Raises EvaluationError where no user has a figure.
    """
    figures = np.asarray(values, np.float64)
    figures = figures[~np.isnan(figures)]
    n = len(figures)
    if not n:
        raise EvaluationError("no user has a figure, so there is no mean")
    if n == 1:
        return Interval(n=1, value=float(figures[0]), low=None, high=None)
    rng = np.random.default_rng(seed)
    at_once = max(1, _DRAWN // n)
    means = np.concatenate(
        [
            figures[rng.integers(n, size=(min(at_once, resamples - first), n))].mean(axis=1)
            for first in range(0, resamples, at_once)
        ]
    )
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(n=n, value=float(figures.mean()), low=float(low), high=float(high))
