"""Where arrays become the plain values of a result."""

import math
from typing import Any


def number(value: Any) -> float | None:
    """A float; None for NaN and for an infinite end, which JSON cannot hold."""
    plain = float(value)
    return plain if math.isfinite(plain) else None


def text(value: Any) -> str | None:
    """A reason as a plain string."""
    return None if value is None else str(value)
