"""One metric's values of every user of an arm, for methods that draw users again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats.arrays import Array, Numbers
from experiments.stats.exceptions import SampleError
from experiments.stats.samples import MeanSample, RatioSample


@dataclass(frozen=True, kw_only=True)
class UserValues:
    """`values` per user; or of a ratio, its numerator as `values` and its `denominator`.

    One-dimensional, finite, equally long, at least one user; else SampleError.
    """

    values: Array
    denominator: Array | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", column("values", self.values))
        if self.denominator is not None:
            object.__setattr__(self, "denominator", column("denominator", self.denominator))
            if self.denominator.shape != self.values.shape:
                raise SampleError("denominator", "must have one number for each of values")

    @property
    def rows(self) -> Array:
        """Shape (users, 1), or (users, 2) of a ratio."""
        if self.denominator is None:
            return self.values[:, None]
        return np.column_stack([self.values, self.denominator])


def column(field: str, given: ArrayLike) -> Array:
    """As a float array, one finite number per user."""
    try:
        array: Array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise SampleError(field, "must be one number per user") from None
    if array.ndim != 1 or array.size == 0:
        raise SampleError(field, "must be one number per user, for at least one user")
    if not np.isfinite(array).all():
        raise SampleError(field, "must be finite")
    return array


def products(rows: Array) -> Array:
    """What is summed over users: value and square; of a ratio both of each, and the product."""
    if rows.shape[1] == 1:
        return np.column_stack([rows, rows**2])
    top, bottom = rows.T
    return np.column_stack([top, top**2, bottom, bottom**2, top * bottom])


def sample_of(users: Numbers, sums: Array) -> MeanSample | RatioSample:
    """The sample with these sums on the last axis."""
    parts = [np.asarray(part) for part in np.moveaxis(sums, -1, 0)]
    return MeanSample(users, *parts) if len(parts) == 2 else RatioSample(users, *parts)
