"""Before the start: power, detectable effect, sample size and days.

docs/explanation/statistics/planning.md.
"""

from experiments.stats.planning.days import Arrived, Days, days_until, users_by
from experiments.stats.planning.design import Design
from experiments.stats.planning.power import Power, power
from experiments.stats.planning.solving import (
    DetectableEffect,
    SampleSize,
    minimum_detectable_effect,
    sample_size,
)

__all__ = [
    "Arrived",
    "Days",
    "Design",
    "DetectableEffect",
    "Power",
    "SampleSize",
    "days_until",
    "minimum_detectable_effect",
    "power",
    "sample_size",
    "users_by",
]
