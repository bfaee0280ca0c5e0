"""Compare a treatment with a control: effect, interval and p-value, or a typed reason why not."""

from dataclasses import dataclass, replace

import numpy as np

from experiments.stats.arrays import Array, Bools, Number, give, give_object, values
from experiments.stats.critical import Sequential, Student, boundary
from experiments.stats.cuped import adjustable, adjusted_arms
from experiments.stats.exceptions import SampleError
from experiments.stats.intervals import (
    Arms,
    Interval,
    absolute,
    relative_delta,
    relative_fieller,
)
from experiments.stats.reasons import Reason, Reasons, first_reason
from experiments.stats.samples import Sample, shapes
from experiments.stats.settings import Method, Scale, Settings
from experiments.stats.unanswered import collecting, unanswerable, unanswerable_relative

ALWAYS_VALID = Settings()


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Floats for scalar samples, arrays of their shape for arrays. NaN where there is no number.

    effect     on `scale`: treatment - control, or treatment / control - 1
    low, high  the interval at the settings' confidence; infinite where it is open
    p_value    0..1, of this look alone; what is shown over several looks is `running_minimum`
    std_error  of the effect; under Fieller the delta method's, descriptive only
    df         Welch's degrees of freedom; NaN for the sequential method, which has none
    e_value    of this look, >= 0, for `e_bh`; NaN for the fixed method, which has none
    reason     None: the comparison may be judged. `collecting` and `control_mean_near_zero` come
               with the numbers that do exist, every other reason without p and interval
    """

    effect: Number
    low: Number
    high: Number
    p_value: Number
    std_error: Number
    df: Number
    e_value: Number
    scale: Scale
    method: Method
    reason: Reasons


def compare(control: Sample, treatment: Sample, settings: Settings = ALWAYS_VALID) -> Comparison:
    """Compare two samples of one kind over disjoint users; array fields broadcast.

    Raises SampleError when the samples differ in kind or their shapes do not fit.
    """
    shape = common_shape(control, treatment)
    with np.errstate(all="ignore"):
        arms = arms_of(control, treatment, shape)
        df = welch_df(arms, control.users, treatment.users)
        limits = boundary(settings, users=control.users + treatment.users, df=df)
        found = unanswerable(control, treatment, arms)
        found[Reason.COLLECTING] = collecting(control, treatment)
        return judge(arms, limits, found, settings)


def judge(
    arms: Arms, limits: Student | Sequential, found: dict[Reason, Bools], settings: Settings
) -> Comparison:
    """The comparison of two arms at the critical value of `limits`, `found` being in its way."""
    critical = limits.critical()
    if settings.scale == "relative":
        found = found | unanswerable_relative(arms, critical)
    interval = one_sided(interval_of(arms, critical, settings), settings)
    return assemble(interval, limits, found, settings)


def common_shape(control: Sample, treatment: Sample) -> tuple[int, ...]:
    """The shape of the result."""
    if type(control) is not type(treatment):
        kinds = f"{type(control).__name__} and {type(treatment).__name__}"
        raise SampleError("treatment", f"must be of the control's kind, got {kinds}")
    given = shapes(control) + shapes(treatment)
    try:
        return np.broadcast_shapes(*given)
    except ValueError:
        raise SampleError("treatment", f"must have the control's shape, got {given}") from None


def arms_of(control: Sample, treatment: Sample, shape: tuple[int, ...]) -> Arms:
    """Means and squared standard errors, all of one shape; adjusted where there is a pre-period."""
    if adjustable(control) and adjustable(treatment):
        return adjusted_arms(control, treatment).to(shape)
    return plain_arms(control, treatment, shape)


def plain_arms(control: Sample, treatment: Sample, shape: tuple[int, ...]) -> Arms:
    """Means and squared standard errors of one shape, without an adjustment."""
    return Arms(
        control=values(control.mean),
        control_error=values(control.variance) / control.users,
        treatment=values(treatment.mean),
        treatment_error=values(treatment.variance) / treatment.users,
    ).to(shape)


def welch_df(arms: Arms, control_users: Array, treatment_users: Array) -> Array:
    """Welch-Satterthwaite degrees of freedom of the difference (Welch 1947)."""
    control_part = arms.control_error**2 / (control_users - 1)
    treatment_part = arms.treatment_error**2 / (treatment_users - 1)
    return np.asarray(arms.difference_error**2 / (control_part + treatment_part))


def interval_of(arms: Arms, critical: Array, settings: Settings) -> Interval:
    """The interval on the settings' scale, two-sided at `critical` standard errors."""
    if settings.scale == "absolute":
        return absolute(arms, critical, settings.null)
    if settings.interval == "delta":
        return relative_delta(arms, critical, settings.null)
    return relative_fieller(arms, critical, settings.null)


def one_sided(interval: Interval, settings: Settings) -> Interval:
    """Open the end that a one-sided alternative does not bound."""
    if settings.alternative == "greater":
        return replace(interval, high=np.full_like(interval.high, np.inf))
    if settings.alternative == "less":
        return replace(interval, low=np.full_like(interval.low, -np.inf))
    return interval


def assemble(
    interval: Interval,
    limits: Student | Sequential,
    found: dict[Reason, Bools],
    settings: Settings,
) -> Comparison:
    """Blank what has no answer, and give each element its most serious reason."""
    shape = np.shape(interval.effect)
    no_effect = np.zeros(shape, dtype=bool)
    for reason in (Reason.TOO_FEW_USERS, Reason.ZERO_DENOMINATOR, Reason.CONTROL_MEAN_NEGATIVE):
        no_effect |= found.get(reason, False)
    no_test = no_effect | found[Reason.ZERO_VARIANCE] | np.isnan(interval.z)
    no_effect |= ~np.isfinite(interval.effect)
    return Comparison(
        effect=give(np.where(no_effect, np.nan, interval.effect)),
        low=give(np.where(no_test, np.nan, interval.low)),
        high=give(np.where(no_test, np.nan, interval.high)),
        p_value=give(np.where(no_test, np.nan, limits.p_value(interval.z))),
        std_error=give(np.where(no_test | no_effect, np.nan, interval.std_error)),
        df=give(np.where(no_test, np.nan, limits.df)),
        e_value=give(np.where(no_test, np.nan, limits.e_value(interval.z))),
        scale=settings.scale,
        method=settings.method,
        reason=give_object(first_reason(shape, found)),
    )
