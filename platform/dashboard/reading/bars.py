"""An interval bar: always-valid as a thin line, one fixed look as a thick core. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dashboard.reading.scale import Scale
from experiments.metrics.results import ComparisonResult

Tone = Literal["better", "worse", "flat"]


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Positions in percent of the scale's width. An end without a cap goes on beyond the scale.

    `margin` is where a guardrail's is, None of others.
    """

    low: float
    high: float
    low_capped: bool
    high_capped: bool
    core_low: float
    core_high: float
    dot: float
    tone: Tone
    margin: float | None = None

    @property
    def length(self) -> float:
        return round(self.high - self.low, 2)

    @property
    def core_length(self) -> float:
        return round(self.core_high - self.core_low, 2)


def bar(
    valid: ComparisonResult,
    fixed: ComparisonResult,
    *,
    scale: Scale,
    tone: Tone,
    margin: float | None = None,
) -> Bar | None:
    """The bar of a comparison, or None where there is no estimate or no interval."""
    if valid.effect is None or (valid.low is None and valid.high is None):
        return None
    low, high = _end(valid.low, scale.low), _end(valid.high, scale.high)
    return Bar(
        low=scale.at(low),
        high=scale.at(high),
        low_capped=valid.low is not None and valid.low >= scale.low,
        high_capped=valid.high is not None and valid.high <= scale.high,
        core_low=scale.at(_end(fixed.low, low)),
        core_high=scale.at(_end(fixed.high, high)),
        dot=scale.at(valid.effect),
        tone=tone,
        margin=None if margin is None else scale.at(margin),
    )


def _end(end: float | None, beyond: float) -> float:
    return beyond if end is None else end
