"""What comes out of a comparison, and what is blanked where there is no answer."""

from dataclasses import dataclass, replace

import numpy as np

from experiments.stats.arrays import Bools, Number, give, give_object
from experiments.stats.intervals import Interval
from experiments.stats.reasons import Reason, Reasons, first_reason
from experiments.stats.settings import Method, Scale, Settings


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Floats for scalar samples, arrays of their shape for arrays. NaN where there is no number.

    effect         on `scale`: treatment - control, or treatment / control - 1; for the bayesian
                   method the posterior's mean of that
    low, high      the interval at the settings' confidence; infinite where it is open
    p_value        0..1, of this look alone; what is shown over several looks is
                   `running_minimum`. NaN for the bayesian method, which has none
    std_error      of the effect; under Fieller the delta method's, descriptive only; for the
                   bayesian method the posterior's standard deviation
    df             Welch's degrees of freedom; of the fixed method only
    e_value        of this look, >= 0, for `e_bh`; of the sequential method only
    chance_to_win  of the bayesian method only: the probability of an effect above 0
    expected_loss  of the bayesian method only: what choosing the treatment costs on average, the
                   mean of max(-effect, 0), on `scale`. Both take more for better. Where less is
                   better, the chance is 1 - chance_to_win and the loss effect + expected_loss
    reason         None: the comparison may be judged. `collecting` and `control_mean_near_zero`
                   come with the numbers that do exist, every other reason without p and interval
    """

    effect: Number
    low: Number
    high: Number
    p_value: Number
    std_error: Number
    df: Number
    e_value: Number
    chance_to_win: Number
    expected_loss: Number
    scale: Scale
    method: Method
    reason: Reasons


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a method says of each element; NaN for what it does not."""

    interval: Interval
    p_value: Number = np.nan
    df: Number = np.nan
    e_value: Number = np.nan
    chance_to_win: Number = np.nan
    expected_loss: Number = np.nan


def one_sided(interval: Interval, settings: Settings) -> Interval:
    """Open the end that a one-sided alternative does not bound."""
    if settings.alternative == "greater":
        return replace(interval, high=np.full_like(interval.high, np.inf))
    if settings.alternative == "less":
        return replace(interval, low=np.full_like(interval.low, -np.inf))
    return interval


def assemble(outcome: Outcome, found: dict[Reason, Bools], settings: Settings) -> Comparison:
    """Blank what has no answer, and give each element its most serious reason."""
    interval = outcome.interval
    shape = np.shape(interval.effect)
    no_effect = np.zeros(shape, dtype=bool)
    for reason in (Reason.TOO_FEW_USERS, Reason.ZERO_DENOMINATOR, Reason.CONTROL_MEAN_NEGATIVE):
        no_effect |= found.get(reason, False)
    no_test = no_effect | found[Reason.ZERO_VARIANCE] | np.isnan(interval.z)
    no_test |= found.get(Reason.BEYOND_PRECISION, False)
    no_effect |= ~np.isfinite(interval.effect)
    return Comparison(
        effect=give(np.where(no_effect, np.nan, interval.effect)),
        low=give(np.where(no_test, np.nan, interval.low)),
        high=give(np.where(no_test, np.nan, interval.high)),
        p_value=give(np.where(no_test, np.nan, outcome.p_value)),
        std_error=give(np.where(no_test | no_effect, np.nan, interval.std_error)),
        df=give(np.where(no_test, np.nan, outcome.df)),
        e_value=give(np.where(no_test, np.nan, outcome.e_value)),
        chance_to_win=give(np.where(no_test, np.nan, outcome.chance_to_win)),
        expected_loss=give(np.where(no_test, np.nan, outcome.expected_loss)),
        scale=settings.scale,
        method=settings.method,
        reason=give_object(first_reason(shape, found)),
    )
