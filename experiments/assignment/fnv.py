"""The constants of 32-bit FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv), and tables of what it
makes of decimal digits.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

OFFSET_BASIS = 0x811C9DC5
PRIME = 0x01000193
MASK = 0xFFFFFFFF

TAIL = 10_000
"""A number's last four digits are hashed one after the other; what is before them is looked up."""


Numbers: TypeAlias = "npt.NDArray[np.uint32]"


def _heads() -> Numbers:
    most = 2**32 // TAIL + 1
    hashes = np.full(most, OFFSET_BASIS, dtype=np.uint32)
    low = 1
    while low < most:
        numbers = np.arange(low, min(low * 10, most), dtype=np.uint32)
        hashes[numbers] = after_digit(hashes[numbers // 10], numbers % 10)
        low *= 10
    return hashes


def _pairs() -> Numbers:
    low, pair = np.divmod(np.arange(256 * 100, dtype=np.uint32), 100)
    hashed: Numbers = after_digit(after_digit(low, pair // 10), pair % 10)
    carried: Numbers = low * np.uint32(PRIME_SQUARED)
    return hashed - carried


def after_digit(hashes: Numbers, digits: Numbers) -> Numbers:
    """The hashes with a digit appended to what was hashed."""
    mixed: Numbers = hashes ^ (digits + np.uint32(ord("0")))
    return mixed * np.uint32(PRIME)


PRIME_SQUARED = PRIME * PRIME & MASK

HEADS = _heads()
"""The hash of the decimal form of 1, 2, ..., by number; at 0 that of the empty text."""

PAIRS = _pairs()
"""What two digits add to a hash times PRIME_SQUARED, by 100 times the hash's lowest byte plus the
number that they are. Exclusive or with a digit changes the lowest byte alone, so this is all of it.
"""
