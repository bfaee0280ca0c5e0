"""Were the arms alike before the experiment began? If not, the split or the data is wrong."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.stats.arrays import Number, give_object
from experiments.stats.compare import compare
from experiments.stats.reasons import Reasons
from experiments.stats.samples import Sample
from experiments.stats.settings import Settings

THRESHOLD = 0.001
BEFORE = Settings(method="fixed", scale="absolute")


@dataclass(frozen=True, kw_only=True)
class Imbalance:
    """`difference` is treatment - control before the start; `healthy` is p >= .001.

    `healthy` is None with a `reason` where the pre-period cannot be judged, by the same reasons and
    floor as a comparison.
    """

    difference: Number
    p_value: Number
    healthy: bool | NDArray[Any] | None
    reason: Reasons


def imbalance(pre_control: Sample, pre_treatment: Sample) -> Imbalance:
    """Welch's t between the arms' pre-period samples, of any kind, fixed horizon.

    The pre-period does not grow with the experiment, but users keep joining: the p is of one look.
    Raises SampleError when the samples differ in kind or their shapes do not fit.
    """
    found = compare(pre_control, pre_treatment, BEFORE)
    reason = np.asarray(found.reason, dtype=object)
    healthy = np.asarray(np.asarray(found.p_value) >= THRESHOLD).astype(object)
    healthy[reason != None] = None  # noqa: E711
    return Imbalance(
        difference=found.effect,
        p_value=found.p_value,
        healthy=give_object(healthy),
        reason=found.reason,
    )
