"""Samples that carry the same users' pre-period, for CUPED: what `cuped` adjusts by.

A user without a pre-period counts there as 0 and stays: leaving such users out would compare other
people than were randomised. `mean`, `variance` and so the floor are the unadjusted post-period's.
"""

from dataclasses import dataclass

import numpy as np

from experiments.stats.arrays import Array, Number, Numbers, give, values
from experiments.stats.exceptions import SampleError
from experiments.stats.samples import ROUNDING, MeanSample, RatioSample, Sums, divide, require


class Paired(Sums):
    """What both share: a post-period's and a pre-period's sample over the same users."""

    post: MeanSample | RatioSample
    pre: MeanSample | RatioSample

    def require_pair(self, kind: type[Sums]) -> None:
        """Raise SampleError unless post and pre are of `kind` and count the same users."""
        for name in ("post", "pre"):
            if not isinstance(getattr(self, name), kind):
                given = type(getattr(self, name)).__name__
                raise SampleError(name, f"must be a {kind.__name__}, not {given}")
        try:
            same = self.post.users == self.pre.users
        except ValueError:
            same = np.zeros(1, dtype=bool)
        require("pre", np.asarray(same), "must count the same users as post")

    @property
    def users(self) -> Array:
        """Users of the post-period, and so of both."""
        return self.post.users

    @property
    def mean(self) -> Number:
        """The post-period's mean, unadjusted."""
        return self.post.mean

    @property
    def variance(self) -> Number:
        """The post-period's variance, unadjusted."""
        return self.post.variance


@dataclass(frozen=True)
class CupedSample(Paired):
    """A value per user in two periods; `product` sums post * pre over users.

    A yes-or-no metric comes with 1 and 0 for values, so total and total_squares are equal. Raises
    SampleError, which names the field, for sums that no data can have.
    """

    post: MeanSample
    pre: MeanSample
    product: Numbers

    def __post_init__(self) -> None:
        self.require_pair(MeanSample)
        super().__post_init__()

    def check(self) -> None:
        post, pre = self.post, self.pre
        require_product("product", self.users, self.product, total(post), total(pre))

    @property
    def pre_weight(self) -> Array:
        """What the pre-period's mean is an average over: users."""
        return self.users

    @property
    def covariance(self) -> Number:
        """Of one user's post and pre (divided by n - 1); NaN with fewer than 2 users."""
        centred = values(self.product) - values(self.post.mean) * values(self.pre.total)
        return give(over_users(centred, self.users))


@dataclass(frozen=True)
class CupedRatioSample(Paired):
    """Two totals per user in two periods; the last four sum products over users.

    `num_pre_den`, for example, sums post numerator * pre denominator. Raises SampleError, which
    names the field, for sums that no data can have.
    """

    post: RatioSample
    pre: RatioSample
    num_pre_num: Numbers
    num_pre_den: Numbers
    den_pre_num: Numbers
    den_pre_den: Numbers

    def __post_init__(self) -> None:
        self.require_pair(RatioSample)
        super().__post_init__()

    def check(self) -> None:
        tops = {"num": numerator(self.post), "den": denominator(self.post)}
        bottoms = {"num": numerator(self.pre), "den": denominator(self.pre)}
        for one, post in tops.items():
            for other, pre in bottoms.items():
                field = f"{one}_pre_{other}"
                require_product(field, self.users, getattr(self, field), post, pre)

    @property
    def pre_weight(self) -> Array:
        """What the pre-period's ratio is an average over: the denominator's units."""
        return values(self.pre.denominator)

    @property
    def covariance(self) -> Number:
        """Of one user's linearised post ratio and linearised pre ratio (divided by n - 1).

        Linearised is (numerator - ratio * denominator) / mean denominator: the delta method's
        residual, whose sum over users is zero. NaN without a denominator or with one user.
        """
        post, pre = values(self.post.mean), values(self.pre.mean)
        residuals = (
            values(self.num_pre_num)
            - pre * values(self.num_pre_den)
            - post * values(self.den_pre_num)
            + post * pre * values(self.den_pre_den)
        )
        n = self.users
        denominators = divide(values(self.post.denominator), n) * divide(self.pre_weight, n)
        return give(divide(over_users(residuals, n), denominators))


Pair = tuple[Array, Array]
"""A total over users and the total of its squares."""


def total(sample: MeanSample) -> Pair:
    return values(sample.total), values(sample.total_squares)


def numerator(sample: RatioSample) -> Pair:
    return values(sample.numerator), values(sample.numerator_squares)


def denominator(sample: RatioSample) -> Pair:
    return values(sample.denominator), values(sample.denominator_squares)


def over_users(centred: Array, n: Array) -> Array:
    """centred / (n - 1), NaN for n < 2."""
    with np.errstate(all="ignore"):
        return np.where(n >= 2, centred / (n - 1), np.nan)


def require_product(field: str, n: Array, product: Numbers, one: Pair, other: Pair) -> None:
    """Cauchy-Schwarz: covariance^2 is at most the product of the variances."""
    slack = ROUNDING * one[1] * other[1]
    each = np.maximum(n, 1)
    centred = values(product) - one[0] * other[0] / each
    ceiling = (one[1] - one[0] ** 2 / each) * (other[1] - other[0] ** 2 / each)
    possible = centred**2 <= np.maximum(ceiling, 0.0) + slack
    require(field, possible, "is not between what post and pre allow")
