"""How many days until so many users have come, and how many by a day, by what past days brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.stats.arrays import (
    Array,
    Bools,
    Number,
    Numbers,
    accept,
    give,
    give_object,
    values,
)
from experiments.stats.exceptions import SampleError
from experiments.stats.reasons import Reason, Reasons, first_reason

FURTHEST = 365
"""Days beyond which nothing is said."""


@dataclass(frozen=True, kw_only=True)
class Days:
    """Whole days, as floats; NaN where a `reason` says that there is no answer.

    days           if everybody comes back as gladly as everybody else: arrivals fall by the same
                   factor every day, and the total levels off. Plan with this one
    soonest        if people differ without end: the total grows on as a power of time
    extrapolated   whether the answer lies beyond the days observed; up to there the two agree
    """

    days: Number
    soonest: Number
    extrapolated: bool | NDArray[Any]
    reason: Reasons


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """`users` NaN where a `reason` says why; `extrapolated` beyond the days observed."""

    users: Number
    extrapolated: bool | NDArray[Any]
    reason: Reasons


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The running total of the observed days, and what its last two halves brought."""

    total: Array
    earlier: float
    latter: float

    @property
    def half(self) -> int:
        return len(self.total) // 2

    def levelling(self, more: Array) -> Array:
        """Days for `more` users when every half brings the same share q <= 1 of the one before."""
        q = min(self.latter / self.earlier, 1.0)
        if q == 1.0:
            return self.half * more / self.latter
        return np.asarray(
            self.half * np.log1p(-more * (1 - q) / (q * self.latter)) / np.log(q), dtype=float
        )

    def levelled(self, ahead: Array) -> Array:
        """How many more users so many days bring: `levelling` turned round."""
        q, days = min(self.latter / self.earlier, 1.0), ahead / self.half
        if q == 1.0:
            return self.latter * days
        return np.asarray(q * self.latter * (1 - q**days) / (1 - q), dtype=float)

    def growing(self, more: Array) -> Array:
        """Days for `more` users when the total is a power <= 1 of time, as over the latter half."""
        days, now = len(self.total), self.total[-1]
        exponent = np.log(now / (now - self.latter)) / np.log(days / (days - self.half))
        return np.asarray(days * (((now + more) / now) ** (1 / min(exponent, 1.0)) - 1))


def days_until(users: Numbers, new_per_day: Numbers | Sequence[float]) -> Days:
    """Days until `users` (number or array) have come, when arrivals go as in `new_per_day`.

    `new_per_day`: people not seen since day one, of those who would enter the experiment (scale it
    by the share of traffic), as though it had started on the first of the days; two, four or six
    whole weeks are best. Within those days the answer is read off their running total.
    Raises SampleError when either is not numbers >= 0.
    """
    wanted = checked("users", users)
    curve = curve_of(new_per_day)
    now = curve.total[-1] if len(curve.total) else 0.0
    beyond = np.asarray(wanted > now)
    if curve.earlier == 0:
        nothing = np.full(wanted.shape, np.nan)
        return answer(curve, wanted, beyond, nothing, nothing, Reason.TOO_FEW_DAYS)
    with np.errstate(all="ignore"):
        more = np.maximum(wanted - now, 0.0)
        later, soon = curve.levelling(more), curve.growing(more)
    return answer(curve, wanted, beyond, later, soon, Reason.UNREACHABLE_USERS)


def users_by(days: Numbers, new_per_day: Numbers | Sequence[float]) -> Arrived:
    """How many users have come by the end of so many whole days (number or array), counted from
    day one as `days_until` does: of the two ways to carry on it takes the one to plan with.

    Raises SampleError when either is not numbers >= 0.
    """
    asked = np.floor(checked("days", days))
    curve = curve_of(new_per_day)
    beyond = np.asarray(asked > len(curve.total))
    within = np.concatenate([[0.0], curve.total])[np.minimum(asked, len(curve.total)).astype(int)]
    unknown = beyond & (curve.earlier == 0)
    users = np.where(unknown, np.nan, within)
    if curve.earlier > 0:
        users = within + curve.levelled(np.maximum(asked - len(curve.total), 0.0))
    return Arrived(
        users=give(users),
        extrapolated=give_object(beyond),
        reason=give_object(first_reason(users.shape, {Reason.TOO_FEW_DAYS: unknown})),
    )


def curve_of(new_per_day: Numbers | Sequence[float]) -> Curve:
    """The running total and its halves; of an odd number of days the first is in neither."""
    arriving = np.atleast_1d(checked("new_per_day", new_per_day))
    half = len(arriving) // 2
    return Curve(
        total=arriving.cumsum(),
        earlier=float(arriving[len(arriving) - 2 * half : len(arriving) - half].sum()),
        latter=float(arriving[len(arriving) - half :].sum()),
    )


def checked(field: str, given: object) -> Array:
    """The numbers, none of them negative."""
    numbers = values(accept(given, field=field))
    if not (numbers >= 0).all():
        raise SampleError(field, "must not be negative")
    return numbers


def answer(
    curve: Curve, wanted: Array, beyond: Bools, later: Array, soon: Array, missing: Reason
) -> Days:
    """Count from day one, and blank what is further than a year off."""
    observed = np.searchsorted(curve.total, wanted) + 1.0
    days, soonest = (
        np.where(beyond, np.ceil(len(curve.total) + ahead - 1e-9), observed)
        for ahead in (later, soon)
    )
    far = ~(days <= FURTHEST)
    return Days(
        days=give(np.where(far, np.nan, days)),
        soonest=give(np.where(soonest <= FURTHEST, soonest, np.nan)),
        extrapolated=give_object(beyond),
        reason=give_object(first_reason(far.shape, {missing: far})),
    )
