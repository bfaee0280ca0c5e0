"""From users' values to samples: arrays of users on the last axis, worlds on those before."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from experiments.stats import CupedRatioSample, CupedSample, MeanSample, RatioSample

Users: TypeAlias = NDArray[np.float64]


def mean_of(y: Users) -> MeanSample:
    return MeanSample(y.shape[-1], y.sum(-1), (y**2).sum(-1))


def ratio_of(top: Users, bottom: Users) -> RatioSample:
    sums = (top, top**2, bottom, bottom**2, top * bottom)
    return RatioSample(top.shape[-1], *(values.sum(-1) for values in sums))


def cuped_of(y: Users, x: Users) -> CupedSample:
    return CupedSample(mean_of(y), mean_of(x), (y * x).sum(-1))


def cuped_ratio_of(
    top: Users, bottom: Users, pre_top: Users, pre_bottom: Users
) -> CupedRatioSample:
    pairs = ((top, pre_top), (top, pre_bottom), (bottom, pre_top), (bottom, pre_bottom))
    return CupedRatioSample(
        ratio_of(top, bottom), ratio_of(pre_top, pre_bottom), *((a * b).sum(-1) for a, b in pairs)
    )


def at_most(rate: float, worlds: int) -> int:
    """Events that chance exceeds once in a million when each world has one at `rate`."""
    return int(stats.binom.isf(1e-6, worlds, rate))


def at_least(rate: float, worlds: int) -> int:
    return int(stats.binom.ppf(1e-6, worlds, rate))
