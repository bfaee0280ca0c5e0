"""Pinned items among those that a recommender ranked."""

from __future__ import annotations

from collections.abc import Container, Sequence

from experiments.assignment import Pin
from serving.engine import Ranked

WHY = "Pinned"


def applicable(pins: Sequence[Pin], k: int, out: Sequence[Container[object]]) -> tuple[Pin, ...]:
    """Those that a slate of k items shows, from its top down: of none that is in a set of `out`."""
    fitting = [pin for pin in pins if pin.position <= k and not any(pin.item in one for one in out)]
    return tuple(sorted(fitting, key=lambda pin: pin.position))


def with_pins(ranked: Sequence[Ranked], pins: Sequence[Pin]) -> list[Ranked]:
    """Each pin at its position, or at the end of a slate that is shorter. No chance was involved,
    and no model gave a score. `ranked` has none of the items pinned.
    """
    slate = list(ranked)
    for pin in pins:
        slate.insert(pin.position - 1, Ranked(item=pin.item, score=None, why=WHY, propensity=1.0))
    return slate
