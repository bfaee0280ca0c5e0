"""Compare a treatment with a control: effect and interval, with p or a posterior's chance and loss.

Where there is no comparison, there is a typed reason why not.
"""

import numpy as np
from scipy import special

from experiments.stats.arrays import Array, Bools, values
from experiments.stats.bayesian import posterior
from experiments.stats.comparison import Comparison, Outcome, assemble, one_sided
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
from experiments.stats.posterior import Posterior, tail
from experiments.stats.reasons import Reason
from experiments.stats.samples import Sample, Sums, shapes
from experiments.stats.settings import Settings, require_settings
from experiments.stats.unanswered import collecting, unanswerable, unanswerable_relative

ALWAYS_VALID = Settings()


def compare(control: Sample, treatment: Sample, settings: Settings = ALWAYS_VALID) -> Comparison:
    """Compare two samples of one kind over disjoint users; array fields broadcast.

    Raises SampleError when the samples differ in kind or their shapes do not fit, SettingsError
    when the prior is not one for such samples.
    """
    require_settings(settings)
    shape = common_shape(control, treatment)
    with np.errstate(all="ignore"):
        arms = arms_of(control, treatment, shape)
        found = unanswerable(control, treatment, arms)
        found[Reason.COLLECTING] = collecting(control, treatment)
        if settings.method == "bayesian":
            after, found = posterior(control, treatment, arms, found, settings)
            return believe(after, arms, found, settings)
        df = welch_df(arms, control.users, treatment.users)
        limits = boundary(settings, users=control.users + treatment.users, df=df)
        return judge(arms, limits, found, settings)


def judge(
    arms: Arms, limits: Student | Sequential, found: dict[Reason, Bools], settings: Settings
) -> Comparison:
    """The comparison of two arms at the critical value of `limits`, `found` being in its way."""
    critical = limits.critical()
    if settings.scale == "relative":
        found = found | unanswerable_relative(arms, critical)
    interval = interval_of(arms, critical, settings)
    outcome = Outcome(
        interval=one_sided(interval, settings),
        p_value=limits.p_value(interval.z),
        df=limits.df,
        e_value=limits.e_value(interval.z),
    )
    return assemble(outcome, found, settings)


def believe(
    after: Posterior, arms: Arms, found: dict[Reason, Bools], settings: Settings
) -> Comparison:
    """The comparison by a posterior, `found` being in its way."""
    if settings.scale == "relative":
        found = found | unanswerable_relative(arms, np.asarray(-special.ndtri(tail(settings))))
    outcome = Outcome(
        interval=one_sided(after.interval, settings),
        chance_to_win=after.chance_to_win,
        expected_loss=after.expected_loss,
    )
    return assemble(outcome, found, settings)


def common_shape(control: Sample, treatment: Sample) -> tuple[int, ...]:
    """The shape of the result."""
    for field, given in (("control", control), ("treatment", treatment)):
        if not isinstance(given, Sums):
            raise SampleError(field, f"must be a sample such as a MeanSample, not {given!r}")
    if type(control) is not type(treatment):
        kinds = f"{type(control).__name__} and {type(treatment).__name__}"
        raise SampleError("treatment", f"must be of the control's kind, got {kinds}")
    both = shapes(control) + shapes(treatment)
    try:
        return np.broadcast_shapes(*both)
    except ValueError:
        raise SampleError("treatment", f"must have the control's shape, got {both}") from None


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
