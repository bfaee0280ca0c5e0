"""Samples: the sufficient statistics of one variant for one metric, over users.

The user is the unit of randomisation, so every sum here runs over users, one total per user up to
the as-of day. Samples of disjoint users add with `+`. Samples of two days of the same users do not:
a user who returns would count twice. Every field is a number or an array; arrays broadcast, and
every property then is an array too.
"""

from dataclasses import dataclass, fields
from typing import Protocol, Self

import numpy as np

from experiments.stats.arrays import Array, Bools, Number, Numbers, accept, give, values
from experiments.stats.exceptions import SampleError

ROUNDING = 1e-9
"""Relative slack when sums are checked against each other: they were added in floating point."""

NO_VARIANCE = 1e-12
"""A variance below this share of the mean square is the rounding of a constant, not a spread."""


class Sample(Protocol):
    """What a comparison needs. `mean` is NaN without users, `variance` with fewer than 2."""

    @property
    def users(self) -> Array: ...

    @property
    def mean(self) -> Number: ...

    @property
    def variance(self) -> Number: ...


class Sums:
    """What all samples share: checked fields, `+` over disjoint users, and the standard error.

    A field is a number, an array, or another sample of the same users.
    """

    n: Numbers

    def __post_init__(self) -> None:
        names = [field.name for field in fields(self)]  # type: ignore[arg-type]
        for name in names:
            if not isinstance(getattr(self, name), Sums):
                object.__setattr__(self, name, accept(getattr(self, name), field=name))
        try:
            np.broadcast_shapes(*shapes(self))
        except ValueError:
            raise SampleError(names[0], f"and {', '.join(names[1:])} differ in shape") from None
        require("n", self.users >= 0, "must not be negative")
        self.check()

    def __add__(self, other: Self) -> Self:
        if type(self) is not type(other):
            return NotImplemented
        names = [field.name for field in fields(self)]  # type: ignore[arg-type]
        return type(self)(**{name: getattr(self, name) + getattr(other, name) for name in names})

    def check(self) -> None:
        """Raise SampleError when no data can have these sums."""
        raise NotImplementedError

    @property
    def users(self) -> Array:
        """`n` as a float array."""
        return values(self.n)

    @property
    def variance(self) -> Number:
        """Variance of one user's value."""
        raise NotImplementedError

    @property
    def std_error(self) -> Number:
        """Standard error of the mean, >= 0; NaN where the variance is."""
        with np.errstate(all="ignore"):
            return give(np.sqrt(values(self.variance) / self.users))


@dataclass(frozen=True)
class ProportionSample(Sums):
    """`successes` of `n` users did it; 0 <= successes <= n, else SampleError."""

    n: Numbers
    successes: Numbers

    def check(self) -> None:
        possible = (values(self.successes) >= 0) & (values(self.successes) <= self.users)
        require("successes", possible, "must lie between 0 and n")

    @property
    def mean(self) -> Number:
        """The share of users who did, 0..1."""
        return give(divide(values(self.successes), self.users))

    @property
    def variance(self) -> Number:
        """p (1 - p), the variance of a Bernoulli variable at the observed share."""
        share = values(self.mean)
        return give(np.where(self.users >= 2, share * (1 - share), np.nan))


@dataclass(frozen=True)
class MeanSample(Sums):
    """Sum and sum of squares of one value per user, in the metric's units and their square."""

    n: Numbers
    total: Numbers
    total_squares: Numbers

    def check(self) -> None:
        require_squares("total", self.n, self.total, self.total_squares)

    @property
    def mean(self) -> Number:
        """The average per user."""
        return give(divide(values(self.total), self.users))

    @property
    def variance(self) -> Number:
        """The unbiased sample variance (divided by n - 1)."""
        square = values(self.total_squares)
        centred = square - values(self.mean) * values(self.total)
        return give(spread(centred, scale=square, n=self.users))


@dataclass(frozen=True)
class RatioSample(Sums):
    """Two totals per user, such as clicks and impressions; `product` sums their products.

    The mean is sum(numerator) / sum(denominator). Its variance is the delta method's: that of
    (numerator - ratio * denominator) / mean denominator over users (Deng, Knoblich and Lu 2018,
    "Applying the Delta Method in Metric Analytics", on ratio metrics).
    """

    n: Numbers
    numerator: Numbers
    numerator_squares: Numbers
    denominator: Numbers
    denominator_squares: Numbers
    product: Numbers

    def check(self) -> None:
        require_squares("numerator", self.n, self.numerator, self.numerator_squares)
        require_squares("denominator", self.n, self.denominator, self.denominator_squares)
        ceiling = values(self.numerator_squares) * values(self.denominator_squares)
        possible = values(self.product) ** 2 <= ceiling * (1 + ROUNDING)
        require("product", possible, "is larger than the sums of squares allow")

    @property
    def mean(self) -> Number:
        """The ratio of the totals; NaN where the denominator is zero."""
        return give(divide(values(self.numerator), values(self.denominator)))

    @property
    def variance(self) -> Number:
        """n times the delta-method variance of the ratio (n - 1 in the user variances)."""
        ratio, denominator = values(self.mean), values(self.denominator)
        top, bottom = values(self.numerator_squares), values(self.denominator_squares)
        # Residuals numerator - ratio * denominator sum to zero, so nothing has to be centred.
        squares = top - 2 * ratio * values(self.product) + ratio**2 * bottom
        residual = spread(squares, scale=top + ratio**2 * bottom, n=self.users)
        return give(divide(residual, divide(denominator, self.users) ** 2))


def shapes(sample: object) -> list[tuple[int, ...]]:
    """The shapes of all fields, those of samples within a sample included."""
    found: list[tuple[int, ...]] = []
    for value in vars(sample).values():
        found += shapes(value) if isinstance(value, Sums) else [np.shape(value)]
    return found


def divide(top: Array, bottom: Array) -> Array:
    """top / bottom, NaN where bottom is zero."""
    with np.errstate(all="ignore"):
        return np.where(bottom == 0, np.nan, top / bottom)


def spread(squares: Array, *, scale: Array, n: Array) -> Array:
    """squares / (n - 1); zero where squares is rounding against `scale`, NaN for n < 2."""
    real = np.where(squares <= NO_VARIANCE * scale, 0.0, squares)
    with np.errstate(all="ignore"):
        return np.where(n >= 2, real / (n - 1), np.nan)


def require(field: str, possible: Bools, message: str) -> None:
    """Raise SampleError for `field` unless every element is possible."""
    if not np.all(possible):
        raise SampleError(field, message)


def require_squares(field: str, n: Numbers, total: Numbers, squares: Numbers) -> None:
    """Cauchy-Schwarz: (sum of values)^2 is at most n times the sum of their squares."""
    ceiling = values(n) * values(squares) * (1 + ROUNDING)
    possible = (values(squares) >= 0) & (values(total) ** 2 <= ceiling)
    require(f"{field}_squares", possible, f"is smaller than n and {field} allow")
