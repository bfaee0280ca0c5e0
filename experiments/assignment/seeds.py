"""The seeds of a plan, hashed once, and where the hashes of a user under all of them lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.assignment.hashing import fnv1a32
from experiments.assignment.lanes import Lanes
from experiments.assignment.plan import Unit


@dataclass(frozen=True, eq=False, slots=True)
class Seed:
    """A seed's hash, what is hashed under it, and its place among all seeds of that unit."""

    hash: int
    unit: Unit
    lane: int


class Seeds:
    """All seeds of a plan."""

    def __init__(self) -> None:
        self._hashes: dict[Unit, list[int]] = {"user": [], "device": []}
        self._lanes: dict[Unit, Lanes] = {}

    def add(self, seed: str, unit: Unit) -> Seed:
        """The seed, with a place of its own."""
        hashes = self._hashes[unit]
        hashes.append(fnv1a32(seed))
        return Seed(hash=hashes[-1], unit=unit, lane=len(hashes) - 1)

    def after(self, unit: Unit, units: Sequence[int]) -> tuple[int, ...]:
        """The hashes of all seeds with a text appended, by lane. No seed may be added any more."""
        lanes = self._lanes.get(unit)
        if lanes is None:
            lanes = self._lanes[unit] = Lanes(self._hashes[unit])
        return lanes.after(units)
