"""Whose a bucket is."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Generic, TypeVar

from experiments.assignment.hashing import BUCKETS
from experiments.assignment.plan import Range

T = TypeVar("T")


class Owners(Generic[T]):
    """Owners of ranges that do not overlap: a table of all buckets, for looking up is what takes
    place at every request.
    """

    def __init__(self, owned: Iterable[tuple[Iterable[Range], T]]) -> None:
        self._owners: list[T | None] = [None]
        self._of_bucket = array("H", bytes(2 * BUCKETS))
        for ranges, owner in owned:
            for low, high in ranges:
                self._of_bucket[low:high] = array("H", [len(self._owners)]) * (high - low)
            self._owners.append(owner)

    def of(self, bucket: int) -> T | None:
        """The owner of the range that holds the bucket, or None."""
        return self._owners[self._of_bucket[bucket]]
