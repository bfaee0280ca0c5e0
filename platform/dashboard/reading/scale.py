"""The common scale on which a group's interval bars are drawn. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

LONGEST = 4.0  # a bar may reach this many times the median reach; beyond, an arrow says it goes on
MARGIN = 0.06  # of the width, left free at both ends
STEPS = (1.0, 2.0, 5.0, 10.0)

Ends = tuple[float | None, float | None]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A stretch of effects, always with zero inside. Positions are percent of its width."""

    low: float
    high: float

    def at(self, effect: float) -> float:
        """Where an effect lies, 0..100; beyond an end it lies on that end."""
        place = (effect - self.low) / (self.high - self.low) * 100
        return round(min(max(place, 0.0), 100.0), 2)

    @property
    def zero(self) -> float:
        return self.at(0.0)

    def ticks(self, most: int = 6) -> tuple[float, ...]:
        """Round effects within the scale, zero among them, at most `most`."""
        step = _step((self.high - self.low) / (most - 1))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return tuple(round(n * step, 12) for n in range(first, last + 1))


def scale_of(
    intervals: Sequence[Ends], *, within: Sequence[float] = (), even: bool = False
) -> Scale:
    """A scale for intervals (low, high); an end of None is open and sets no bound.

    One interval far longer than the rest does not flatten them: it leaves the scale. What is
    `within` never does. `even` puts zero in the middle, for rows whose units differ but whose zero
    line is one.
    """
    known = [[end for end in pair if end is not None] for pair in intervals]
    reaches = [max(map(abs, pair)) for pair in known if pair]
    reach = max([LONGEST * median(reaches) if reaches else 0.0, *map(abs, within)])
    if not reach:
        return Scale(low=-1.0, high=1.0)
    every = [0.0, *within, *(end for pair in known for end in pair)]
    low, high = max(min(every), -reach), min(max(every), reach)
    if even:
        low, high = -max(-low, high), max(-low, high)
    room = (high - low) * MARGIN
    return Scale(low=low - room, high=high + room)


def _step(rough: float) -> float:
    base: float = 10.0 ** math.floor(math.log10(rough))
    return next(base * step for step in STEPS if base * step >= rough - 1e-12)
