"""Labels on a scale of interval bars. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard import formats
from dashboard.reading.scale import Scale


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A label on a scale, at a percent of its width."""

    at: float
    text: str


MOST = {"percent": 6, "points": 5, "number": 5}
"""How many labels have room beside each other, by their unit."""


FEWEST = 3
"""Fewer do not say how long a bar is: then the step is a smaller one."""


def ticks(scale: Scale, unit: formats.Unit = "percent") -> tuple[Tick, ...]:
    """Round effects; none so close to an end that its label would leave the scale."""
    steps = (_inside(scale, MOST[unit] + more) for more in (0, 2, 4))
    few = _inside(scale, MOST[unit])
    shown = next((effects for effects in steps if len(effects) >= FEWEST), few)
    return tuple(tick(scale, effect, unit) for effect in shown)


def _inside(scale: Scale, most: int) -> list[float]:
    return [effect for effect in scale.ticks(most) if 4 <= scale.at(effect) <= 96]


def tick(scale: Scale, effect: float, unit: formats.Unit = "percent") -> Tick:
    """The label of one round effect."""
    return Tick(at=scale.at(effect), text=formats.rounded(effect, unit))
