"""What an A/A audit needs of a metric: columns to sum over users, and the sample they make."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats.arrays import Array
from experiments.stats.cuped_samples import CupedRatioSample, CupedSample
from experiments.stats.exceptions import SampleError
from experiments.stats.per_user import column
from experiments.stats.samples import MeanSample, ProportionSample, RatioSample, Sample


@dataclass(frozen=True, kw_only=True)
class AuditMetric:
    """`sample(users, *sums of columns)` is the sample of any set of users, vectorised.

    key          names the metric in the result
    columns      shape (users, k): what is summed
    conversions  users with a value other than zero
    """

    key: str
    columns: Array
    sample: Callable[..., Sample]
    conversions: int


def proportion(key: str, values: ArrayLike) -> AuditMetric:
    """`values`: 1 for each user who did it, else 0. Raises SampleError for anything else."""
    did = column("values", values)
    if not np.isin(did, (0.0, 1.0)).all():
        raise SampleError("values", "must be 0 or 1 for a proportion")
    return made(key, did, [did], ProportionSample)


def mean(key: str, values: ArrayLike, pre: ArrayLike | None = None) -> AuditMetric:
    """`values`: each user's count or sum, zeros included; with `pre`, adjusted by that (CUPED)."""
    value = column("values", values)
    columns = [value, value**2]
    if pre is None:
        return made(key, value, columns, MeanSample)
    before = same_users("pre", column("pre", pre), value)
    return made(key, value, [*columns, before, before**2, value * before], adjusted_mean)


def ratio(
    key: str,
    numerator: ArrayLike,
    denominator: ArrayLike,
    pre: tuple[ArrayLike, ArrayLike] | None = None,
) -> AuditMetric:
    """Each user's two totals, such as clicks and impressions; `pre`: the same two from before."""
    top = column("numerator", numerator)
    bottom = same_users("denominator", column("denominator", denominator), top)
    columns = [top, top**2, bottom, bottom**2, top * bottom]
    if pre is None:
        return made(key, top, columns, RatioSample)
    before, base = (same_users("pre", column("pre", each), top) for each in pre)
    columns += [before, before**2, base, base**2, before * base]
    columns += [top * before, top * base, bottom * before, bottom * base]
    return made(key, top, columns, adjusted_ratio)


def adjusted_mean(n: Array, *sums: Array) -> CupedSample:
    """Sums of value, its square, pre, its square, and their product."""
    return CupedSample(MeanSample(n, *sums[:2]), MeanSample(n, *sums[2:4]), sums[4])


def adjusted_ratio(n: Array, *sums: Array) -> CupedRatioSample:
    """Five sums of the ratio, five of the pre-period's, and the four products across."""
    return CupedRatioSample(RatioSample(n, *sums[:5]), RatioSample(n, *sums[5:10]), *sums[10:])


def same_users(field: str, given: Array, values: Array) -> Array:
    """`given`, once it has a number for each user. Raises SampleError."""
    if given.shape != values.shape:
        raise SampleError(field, "must have one number for every user")
    return given


def made(
    key: str, value: Array, columns: list[Array], sample: Callable[..., Sample]
) -> AuditMetric:
    return AuditMetric(
        key=key,
        columns=np.column_stack(columns),
        sample=sample,
        conversions=int(np.count_nonzero(value)),
    )
