"""Whose a bucket is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Generic, TypeVar

from experiments.assignment.plan import Range

T = TypeVar("T")


class Owners(Generic[T]):
    """Owners of half-open ranges that do not overlap, found by bisection."""

    def __init__(self, owned: Iterable[tuple[Iterable[Range], T]]) -> None:
        held = sorted(
            ((low, high, owner) for ranges, owner in owned for low, high in ranges if low < high),
            key=lambda one: one[0],
        )
        self._lows = [low for low, _, _ in held]
        self._highs = [high for _, high, _ in held]
        self._owners = [owner for _, _, owner in held]

    def of(self, bucket: int) -> T | None:
        """The owner of the range that holds the bucket, or None."""
        at = bisect_right(self._lows, bucket) - 1
        return self._owners[at] if at >= 0 and bucket < self._highs[at] else None
