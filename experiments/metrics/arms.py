"""A metric in one arm, with the interval of that arm alone.

It describes; only comparisons decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from experiments.metrics.moments import Floats
from experiments.metrics.numbers import number, text
from experiments.metrics.presence import beside, phases_of
from experiments.metrics.results import ArmValue, SeriesPoint
from experiments.metrics.samples import Plain, Samples
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import ProportionSample, RatioSample, Reason


@dataclass(frozen=True, kw_only=True)
class ArmValues:
    """Arrays of shape (variants, periods); NaN where there is no number, then with a reason."""

    users: Floats
    value: Floats
    low: Floats
    high: Floats
    std_error: Floats
    reason: NDArray[Any]


def arm_values(sample: Plain, confidence: float) -> ArmValues:
    """Values with intervals for one look: value -+ z * std_error, cut at 0; Wilson for proportions.

    Where the value is 0 or more the interval does not go below 0. Wilson's (1927) stays inside 0..1
    and says something even when nobody, or everybody, did.
    """
    z = float(special.ndtri((1 + confidence) / 2))
    value, error = np.asarray(sample.mean), np.asarray(sample.std_error)
    if isinstance(sample, ProportionSample):
        low, high = _wilson(value, sample.users, z)
    else:
        spread = np.where(error > 0, z * error, np.nan)
        low = np.where(value >= 0, np.maximum(value - spread, 0.0), value - spread)
        high = value + spread
    return ArmValues(
        users=sample.users,
        value=value,
        low=low,
        high=high,
        std_error=error,
        reason=_reasons(value, low, sample.users),
    )


def _wilson(share: Floats, users: Floats, z: float) -> tuple[Floats, Floats]:
    n = np.where(users >= 2, users, np.nan)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def _reasons(value: Floats, low: Floats, users: Floats) -> NDArray[Any]:
    reasons = np.full(value.shape, None, dtype=object)
    reasons[np.isnan(low)] = Reason.ZERO_VARIANCE
    reasons[np.isnan(value)] = Reason.ZERO_DENOMINATOR
    reasons[users < 2] = Reason.TOO_FEW_USERS
    return reasons


def latest(values: ArmValues, variants: tuple[str, ...]) -> tuple[ArmValue, ...]:
    """One value per variant, at the last as-of time."""
    return tuple(
        ArmValue(
            variant=variant,
            users=int(values.users[i, -1]),
            value=number(values.value[i, -1]),
            low=number(values.low[i, -1]),
            high=number(values.high[i, -1]),
            std_error=number(values.std_error[i, -1]),
            reason=text(values.reason[i, -1]),
        )
        for i, variant in enumerate(variants)
    )


def control_beside(spec: ScorecardSpec, samples: Samples, treatment: int) -> ArmValue | None:
    """The control over the phases of the treatment, where these are not all."""
    if len(phases_of(spec, treatment)) == len(spec.phases):
        return None
    found = beside(spec, samples, treatment, [0])
    return latest(arm_values(found, spec.confidence), (spec.control,))[0]


def of_periods(sample: Plain, *, windowed: bool) -> Floats:
    """The metric of each period alone, of shape (variants, periods); NaN where there is none."""
    if isinstance(sample, RatioSample):
        tops, bottoms = sample.numerator, sample.denominator
    else:
        tops = sample.successes if isinstance(sample, ProportionSample) else sample.total
        bottoms = sample.users if windowed else np.zeros_like(sample.users)
    top, bottom = (np.diff(np.asarray(sums), axis=1, prepend=0.0) for sums in (tops, bottoms))
    alone: Floats = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)
    return alone


def series(
    values: ArmValues, periods: Floats, variants: tuple[str, ...], ends: Mapping[int, datetime]
) -> tuple[SeriesPoint, ...]:
    """The as-of times of `ends`, by their place, of every variant, variant by variant."""
    return tuple(
        SeriesPoint(
            as_of=end,
            variant=variant,
            users=int(values.users[i, k]),
            value=number(values.value[i, k]),
            low=number(values.low[i, k]),
            high=number(values.high[i, k]),
            period=number(periods[i, k]),
        )
        for i, variant in enumerate(variants)
        for k, end in ends.items()
    )
