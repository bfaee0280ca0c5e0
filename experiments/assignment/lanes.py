"""Hashing one unit under many seeds in one go.

The hashes lie side by side in one long integer, each in a lane of 64 bits. The product of 32 bits
and the prime's 25 stays within its lane, so a step of FNV-1a is three operations on all of them.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from experiments.assignment.fnv import MASK, PRIME

_ASCII = 128


class Lanes:
    """The hashes of seeds, side by side."""

    def __init__(self, seed_hashes: Sequence[int]) -> None:
        self._form = struct.Struct(f"<{len(seed_hashes)}Q")
        self._begun = self._joined(seed_hashes)
        self._ones = self._joined([1] * len(seed_hashes))
        self._mask = self._ones * MASK
        self._ascii = [self._ones * unit for unit in range(_ASCII)]

    def after(self, units: Sequence[int]) -> tuple[int, ...]:
        """The hash of each seed with a text appended, given by its code units."""
        value, mask = self._begun, self._mask
        ascii_, ones = self._ascii, self._ones
        for unit in units:
            spread = ascii_[unit] if unit < _ASCII else ones * unit
            value = ((value ^ spread) * PRIME) & mask
        return self._form.unpack(value.to_bytes(self._form.size, "little"))

    def _joined(self, numbers: Sequence[int]) -> int:
        return int.from_bytes(self._form.pack(*numbers), "little")
