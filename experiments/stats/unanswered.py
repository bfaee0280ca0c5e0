"""Where two arms give no comparison, none on the relative scale, or none to be judged yet."""

import numpy as np

from experiments.stats.arrays import Array, Bools
from experiments.stats.floor import below_floor, precision_of
from experiments.stats.intervals import Arms
from experiments.stats.reasons import Reason
from experiments.stats.samples import Sample


def unanswerable(control: Sample, treatment: Sample, arms: Arms) -> dict[Reason, Bools]:
    """Where no comparison exists on any scale."""
    few = (control.users < 2) | (treatment.users < 2)
    no_mean = np.isnan(arms.control) | np.isnan(arms.treatment)
    constant = (arms.control_error == 0) | (arms.treatment_error == 0)
    return {
        Reason.TOO_FEW_USERS: few,
        Reason.ZERO_DENOMINATOR: no_mean,
        Reason.ZERO_VARIANCE: constant,
    }


def unanswerable_relative(arms: Arms, critical: Array) -> dict[Reason, Bools]:
    """Where a relative effect does not exist, or has no upper end."""
    return {
        Reason.CONTROL_MEAN_NEGATIVE: arms.control < 0,
        Reason.CONTROL_MEAN_NEAR_ZERO: arms.control <= critical * np.sqrt(arms.control_mean_error),
    }


def collecting(control: Sample, treatment: Sample) -> Bools:
    """Where either arm is below the floor, which no adjustment lowers."""
    return np.asarray(
        below_floor(control.users, precision_of(control))
        | below_floor(treatment.users, precision_of(treatment))
    )
