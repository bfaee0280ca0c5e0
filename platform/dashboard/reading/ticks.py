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


ZERO = Tick(at=50.0, text="0")
"""The one label of an even scale whose rows have units of their own."""


def ticks(scale: Scale) -> tuple[Tick, ...]:
    """Round relative effects; none so close to an end that its label would leave the scale."""
    return tuple(tick(scale, effect) for effect in scale.ticks() if 4 <= scale.at(effect) <= 96)


def tick(scale: Scale, effect: float) -> Tick:
    """The label of one round relative effect."""
    return Tick(at=scale.at(effect), text=_text(effect))


def _text(effect: float) -> str:
    if not effect:
        return "0"
    digits = 0 if abs(effect * 100 - round(effect * 100)) < 1e-9 else 1
    return f"{formats.MINUS if effect < 0 else '+'}{abs(effect) * 100:.{digits}f}%"
