"""Does the effect differ between segments? One test over all of them, so one p."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats.arrays import Array, Bools, Number, give, give_object
from experiments.stats.exceptions import SampleError
from experiments.stats.reasons import Reason, Reasons, first_reason


@dataclass(frozen=True, kw_only=True)
class Heterogeneity:
    """Floats for one set of segments; arrays when there were leading axes.

    p_value    of the hypothesis that all segments share one effect
    statistic  Cochran's Q, the weighted squares about `effect`
    df         segments counted - 1
    effect     the average over segments, weighted by precision
    dropped    segments without an effect or an error, which do not count
    reason     `too_few_segments` with fewer than two left: then all but `dropped` is NaN
    """

    p_value: Number
    statistic: Number
    df: Number
    effect: Number
    dropped: Number
    reason: Reasons


def heterogeneity(effects: ArrayLike, std_errors: ArrayLike) -> Heterogeneity:
    """Cochran's Q (Cochran 1954, "The Combination of Estimates from Different Experiments").

    `effects` and `std_errors` hold segments of disjoint users on the last axis, on one scale; NaN
    where a segment has no answer. Raises SampleError unless both have one shape and errors are
    above 0.
    """
    effect, error = accept("effects", effects), accept("std_errors", std_errors)
    if effect.shape != error.shape:
        raise SampleError("std_errors", "must have one value for each of effects")
    if (error <= 0).any():
        raise SampleError("std_errors", "must be above 0, or NaN where a segment has none")
    counted = np.isfinite(effect) & np.isfinite(error)
    weight, value = np.where(counted, 1 / error**2, 0.0), np.where(counted, effect, 0.0)
    with np.errstate(invalid="ignore"):
        average = (weight * value).sum(axis=-1) / weight.sum(axis=-1)
        squares = (weight * (value - average[..., None]) ** 2).sum(axis=-1)
    df = counted.sum(axis=-1) - 1.0
    return answer(average, squares, df, (~counted).sum(axis=-1))


def answer(average: Array, squares: Array, df: Array, dropped: Array) -> Heterogeneity:
    """Blank what fewer than two segments cannot say."""
    few: Bools = np.asarray(df < 1)
    with np.errstate(invalid="ignore"):
        p_value = np.where(few, np.nan, special.chdtrc(df, squares))
    return Heterogeneity(
        p_value=give(p_value),
        statistic=give(np.where(few, np.nan, squares)),
        df=give(np.where(few, np.nan, df)),
        effect=give(np.where(few, np.nan, average)),
        dropped=give(np.asarray(dropped, dtype=np.float64)),
        reason=give_object(first_reason(few.shape, {Reason.TOO_FEW_SEGMENTS: few})),
    )


def accept(field: str, given: ArrayLike) -> Array:
    """As a float array with segments on the last axis."""
    try:
        array: Array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise SampleError(field, "must be one number per segment") from None
    if array.ndim == 0:
        raise SampleError(field, "must be one number per segment")
    return array
