"""Bootstrap and permutation over users: an independent check of `compare`, on demand.

Both draw whole users, count how often each distinct value came, and get the sums by a matrix
product: the law is that of drawing users one by one, the work that of the distinct values.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from experiments.stats.arrays import Array
from experiments.stats.compare import compare
from experiments.stats.comparison import Comparison
from experiments.stats.exceptions import SampleError, SettingsError
from experiments.stats.per_user import UserValues, products, sample_of
from experiments.stats.reasons import Reason
from experiments.stats.settings import Alternative, Settings

Counts: TypeAlias = NDArray[np.int64]

CELLS = 2_000_000
"""Counts held at once: 16 MB."""

ONE_LOOK = Settings(method="fixed", scale="absolute")


@dataclass(frozen=True, kw_only=True)
class Resampled:
    """effect and std_error as `compare` gives them; low, high and p_value from `drawn` resamples.

    low, high  of the bootstrap only; NaN for the permutation test, which has none
    dropped    resamples without a standard error (no spread left), which do not count
    reason     as of `compare`; numbers are NaN where it says that there are none
    """

    effect: float
    low: float
    high: float
    p_value: float
    std_error: float
    drawn: int
    dropped: int
    reason: Reason | None


def bootstrap(
    control: UserValues,
    treatment: UserValues,
    *,
    rng: Generator,
    settings: Settings = ONE_LOOK,
    resamples: int = 2_000,
) -> Resampled:
    """The bootstrap-t of Efron and Tibshirani (1993), An Introduction to the Bootstrap, 12.5.

    Each arm is drawn again with replacement, and t = (drawn effect - effect) / drawn standard
    error. The interval is effect - t_high SE to effect - t_low SE on the settings' scale (relative:
    the delta method's SE). Studentised, because its error shrinks with n where the percentile
    interval's shrinks with sqrt(n), and because it leans to the side that skewed data need.
    """
    one_look(settings, resamples)
    rows, users = distinct(same_kind(control, treatment))
    # Each arm is drawn over the values it has; those of the other arm would only cost time.
    held = [counts[counts > 0] for counts in users]
    sums = [products(rows[counts > 0]) for counts in users]

    def compared(one: Counts, other: Counts) -> Comparison:
        arms = sample_of(one.sum(-1), one @ sums[0]), sample_of(other.sum(-1), other @ sums[1])
        return compare(*arms, settings)

    found, drawn = compared(*held), []
    for size in chunks(resamples, cells=len(rows)):
        one, other = (rng.multinomial(arm.sum(), arm / arm.sum(), size) for arm in held)
        drawn.append(studentised(compared(one, other), about=float(found.effect)))
    return resampled(found, np.concatenate(drawn), settings, interval=True)


def permutation(
    control: UserValues,
    treatment: UserValues,
    *,
    rng: Generator,
    alternative: Alternative = "two-sided",
    resamples: int = 2_000,
) -> Resampled:
    """The studentised permutation test (Chung and Romano 2013, "Exact and Asymptotically Robust
    Permutation Tests") of the absolute difference.

    Users of both arms are dealt again into arms of the same sizes. Exact when the treatment changes
    nobody; because it is studentised, also right in large samples when only the means are equal.
    """
    settings = Settings(method="fixed", scale="absolute", alternative=alternative)
    one_look(settings, resamples)
    pair = same_kind(control, treatment)
    rows, (first, second) = distinct(pair)
    everyone, n, sums = first + second, int(first.sum()), products(rows)

    def compared(counts: Counts) -> Comparison:
        rest = everyone - counts
        arms = sample_of(n, counts @ sums), sample_of(int(second.sum()), rest @ sums)
        return compare(*arms, settings)

    drawn = []
    for size in chunks(resamples, cells=len(rows)):
        dealt = rng.multivariate_hypergeometric(everyone, n, size, method="marginals")
        drawn.append(studentised(compared(dealt), about=0.0))
    return resampled(compared(first), np.concatenate(drawn), settings, interval=False)


def resampled(found: Comparison, t: Array, settings: Settings, *, interval: bool) -> Resampled:
    """Compare the observed t with the drawn ones; the observed counts as one of them."""
    effect, error = float(found.effect), float(found.std_error)
    kept = np.sort(t[np.isfinite(t)])
    low = high = p_value = np.nan
    if kept.size and np.isfinite(error):
        p_value = share_beyond(kept, (effect - settings.null) / error, settings.alternative)
        if interval:
            low, high = limits(kept, effect, error, settings)
    return Resampled(
        effect=effect,
        low=low,
        high=high,
        p_value=p_value,
        std_error=error,
        drawn=t.size,
        dropped=t.size - kept.size,
        reason=found.reason if isinstance(found.reason, Reason) else None,
    )


def share_beyond(t: Array, observed: float, alternative: Alternative) -> float:
    """p = (1 + draws at least as extreme) / (1 + draws): never 0 (Phipson and Smyth 2010).

    Two-sided: twice the smaller tail, since a skewed metric's tails differ.
    """
    slack = 1e-9 * max(1.0, abs(observed))  # equal draws, whose sums came in another order
    above = (1 + np.sum(t >= observed - slack)) / (1 + t.size)
    below = (1 + np.sum(t <= observed + slack)) / (1 + t.size)
    if alternative == "two-sided":
        return float(min(1.0, 2 * min(above, below)))
    return float(above if alternative == "greater" else below)


def limits(t: Array, effect: float, error: float, settings: Settings) -> tuple[float, float]:
    """Outside lie the nulls that `share_beyond` puts below alpha; sorted t in."""
    sides = 2 if settings.alternative == "two-sided" else 1
    rank = int(np.floor(settings.alpha / sides * (t.size + 1) + 1e-9))
    low, high = -np.inf, np.inf
    if rank and settings.alternative != "less":
        low = effect - t[-rank] * error
    if rank and settings.alternative != "greater":
        high = effect - t[rank - 1] * error
    return float(low), float(high)


def studentised(drawn: Comparison, *, about: float) -> Array:
    """Each draw's distance in its own standard errors; NaN where it has none."""
    return np.asarray((drawn.effect - about) / drawn.std_error)


def one_look(settings: Settings, resamples: int) -> None:
    """Raise unless this is a question that drawing users again can answer."""
    if settings.method != "fixed":
        raise SettingsError("method", "must be `fixed`: users are drawn again for one look")
    if resamples < 1:
        raise SettingsError("resamples", f"must be at least 1, not {resamples!r}")


def same_kind(control: UserValues, treatment: UserValues) -> tuple[UserValues, UserValues]:
    if (control.denominator is None) != (treatment.denominator is None):
        raise SampleError("treatment", "must be of the control's kind: both ratios, or neither")
    return control, treatment


def distinct(arms: tuple[UserValues, UserValues]) -> tuple[Array, list[Counts]]:
    """The distinct rows of both arms, and how many users of each arm have each."""
    rows, where = np.unique(np.concatenate([arm.rows for arm in arms]), axis=0, return_inverse=True)
    parts = np.split(where.reshape(-1), [len(arms[0].values)])
    return rows, [np.bincount(part, minlength=len(rows)) for part in parts]


def chunks(resamples: int, *, cells: int) -> Iterator[int]:
    """Sizes that add to `resamples`, with at most CELLS counts in each."""
    most = max(1, CELLS // cells)
    for start in range(0, resamples, most):
        yield min(most, resamples - start)
