"""Where arrays become the plain values of a result."""

import math
from dataclasses import fields
from typing import Any

import numpy as np

from experiments.metrics.samples import Sample


def number(value: Any) -> float | None:
    """A float; None for NaN and for an infinite end, which JSON cannot hold."""
    plain = float(value)
    return plain if math.isfinite(plain) else None


def text(value: Any) -> str | None:
    """A reason as a plain string."""
    return None if value is None else str(value)


def part(sample: Sample, index: Any) -> Sample:
    """The sample of some variants or periods, by a NumPy index into (variants, periods)."""
    cut = {field.name: np.asarray(getattr(sample, field.name))[index] for field in fields(sample)}
    return type(sample)(**cut)
