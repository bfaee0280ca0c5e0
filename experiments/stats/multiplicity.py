"""Several hypotheses at once: Holm on p-values, e-BH on e-values, and intervals that match.

Every function works on the last axis, one family of hypotheses for each leading element. NaN is a
hypothesis without an answer: it counts in the family and is never shown. Neither correction asks
anything of the dependence between the hypotheses.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from experiments.stats.arrays import Array, Bools
from experiments.stats.critical import mixture_variance
from experiments.stats.exceptions import SampleError, SettingsError
from experiments.stats.settings import Settings

Family: TypeAlias = Sequence[float] | Array


def holm(p_values: Family) -> Array:
    """Holm's (1979) step-down adjusted p-values, 0..1, NaN where p is.

    Reject where it is below alpha: the chance of any false rejection is then at most alpha. With
    always-valid p, and so with their running minimum, that holds over all looks together.
    """
    p = family("p_values", p_values, high=1.0)
    counted = np.where(np.isnan(p), 1.0, p)
    order = counted.argsort(axis=-1, kind="stable")
    stepped = np.take_along_axis(counted, order, axis=-1) * np.arange(p.shape[-1], 0, -1)
    adjusted = np.empty_like(p)
    highest = np.maximum.accumulate(np.minimum(stepped, 1.0), axis=-1)
    np.put_along_axis(adjusted, order, highest, axis=-1)
    return np.where(np.isnan(p), np.nan, adjusted)


def holm_confidence(p_values: Family, alpha: float) -> Array:
    """The confidence of each hypothesis' interval that agrees with Holm's decision on it.

    1 - alpha / K for K hypotheses, Bonferroni's; where Holm rejects but that interval would hold
    the null, 1 less the level of Holm's step. So an interval excludes the null exactly where the
    adjusted p is below alpha, and is never narrower than the unadjusted one. All intervals together
    hold with chance 1 - alpha but for what the second rule costs. NaN where p is.
    """
    require_alpha(alpha)
    p = family("p_values", p_values, high=1.0)
    adjusted = holm(p)
    all_together = alpha / max(p.shape[-1], 1)
    step = alpha / steps(p)
    by_step = (adjusted < alpha) & (p >= all_together)
    return np.where(np.isnan(p), np.nan, 1 - np.where(by_step, step, all_together))


def steps(p: Array) -> Array:
    """How many hypotheses Holm still holds possible when it comes to each: K first, 1 last."""
    ranks = np.where(np.isnan(p), 2.0, p).argsort(axis=-1, kind="stable").argsort(axis=-1)
    return np.asarray(p.shape[-1] - ranks, dtype=np.float64)


def e_bh(e_values: Family, alpha: float) -> Bools:
    """Where e-BH rejects: the false share of what is rejected is at most alpha on average.

    The k largest are rejected for the largest k whose k-th is at least K / (alpha k) (Wang and
    Ramdas 2022, "False discovery rate control with e-values", JRSS B 84(3), arXiv:2009.02824). The
    e-values are those of the look at which one stops, whenever that is, not the largest so far.
    """
    require_alpha(alpha)
    e = family("e_values", e_values, high=np.inf)
    counted = np.where(np.isnan(e), 0.0, e)
    size = e.shape[-1]
    largest = -np.sort(-counted, axis=-1)
    enough = largest * np.arange(1, size + 1) * alpha >= size
    rejections = np.where(enough, np.arange(1, size + 1), 0).max(axis=-1, initial=0, keepdims=True)
    return np.asarray((rejections > 0) & (counted * alpha * rejections >= size))


def e_bh_adjusted(e_values: Family) -> Array:
    """The smallest alpha at which e-BH rejects each, at most 1; NaN where e is.

    Of the j-th largest e-value it is the least of K / (i e_(i)) over i >= j.
    """
    e = family("e_values", e_values, high=np.inf)
    counted = np.where(np.isnan(e), 0.0, e)
    order = (-counted).argsort(axis=-1, kind="stable")
    ranks = np.arange(1, e.shape[-1] + 1)
    with np.errstate(divide="ignore", over="ignore"):
        needed = e.shape[-1] / (ranks * np.take_along_axis(counted, order, axis=-1))
    least = np.minimum.accumulate(needed[..., ::-1], axis=-1)[..., ::-1]
    adjusted = np.empty_like(e)
    np.put_along_axis(adjusted, order, np.minimum(least, 1.0), axis=-1)
    return np.where(np.isnan(e), np.nan, adjusted)


def e_bh_confidence(e_values: Family, alpha: float) -> Array:
    """The confidence of each interval once e-BH has rejected R of K: 1 - alpha R / K.

    Intervals of e-values at that level miss, among the rejected, a share of at most alpha on
    average (Xu, Wang and Ramdas 2022, "Post-selection inference for e-value based confidence
    intervals", arXiv:2203.12572). Others have the same; with none rejected all have 1 - alpha / K.
    NaN where e is.
    """
    rejected = e_bh(e_values, alpha)
    e = family("e_values", e_values, high=np.inf)
    count = np.maximum(rejected.sum(axis=-1, keepdims=True), 1)
    level = alpha * count / max(e.shape[-1], 1)
    return np.where(np.isnan(e), np.nan, 1 - level)


def at_confidence(settings: Settings, confidence: float) -> Settings:
    """The same settings at another confidence, with the sequential mixture left as it was.

    Only so does the interval exclude the null exactly where p, or e, passes that level: a mixture
    chosen again for the new level would be another test. `tuning` changes so that it stays.
    """
    moved = replace(settings, confidence=confidence)
    sides = 1 if settings.alternative == "two-sided" else 2
    was, now = (mixture_variance(sides * s.alpha, settings.tuning) for s in (settings, moved))
    return replace(moved, tuning=settings.tuning * now / was)


def family(field: str, given: Family, *, high: float) -> Array:
    """`given` as a float array of at least one axis, each NaN or within 0..high."""
    try:
        array: Array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise SampleError(field, "must be numbers, NaN where there is none") from None
    if array.ndim == 0:
        raise SampleError(field, "must hold one number for each hypothesis")
    if ((array < 0) | (array > high)).any():
        limit = "must not be negative" if np.isinf(high) else f"must lie between 0 and {high:g}"
        raise SampleError(field, limit)
    return array


def require_alpha(alpha: float) -> None:
    """Raise SettingsError unless 0 < alpha < .5."""
    if not 0 < alpha < 0.5:
        raise SettingsError("alpha", f"must lie above 0 and below 0.5, not {alpha!r}")
