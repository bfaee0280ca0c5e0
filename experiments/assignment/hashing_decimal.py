"""The second hash of a bucket: FNV-1a of the decimal form of the first, for many at once.

The hash of the digits before the last few is looked up, and goes on with those few.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from experiments.assignment.hashing import BUCKETS, OFFSET_BASIS, PRIME, fnv1a32

_LAST = 5  # digits that are not looked up: the table of the others stays in the caches
_SCALE = np.uint32(10**_LAST)
_PRIME = np.uint32(PRIME)
_ZERO = np.uint32(ord("0"))
_BUCKETS = np.uint32(BUCKETS)


def buckets_of(numbers: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """fnv1a32(str(number)) % 10,000 of each."""
    heads = numbers // _SCALE
    rest = numbers - heads * _SCALE
    value = _hashes_of_heads().take(heads)
    for place in range(_LAST - 1, -1, -1):
        _go_on(value, rest, np.uint32(10**place))
    if not heads.all():  # a number without a head has fewer digits
        for short in np.flatnonzero(heads == 0).tolist():
            value[short] = fnv1a32(str(numbers[short]))
    value -= value // _BUCKETS * _BUCKETS  # faster than the remainder
    return value


def _go_on(value: npt.NDArray[np.uint32], rest: npt.NDArray[np.uint32], place: np.uint32) -> None:
    """Hashes the digit at `place` of `rest`, and takes it off, in place."""
    digit = rest // place
    np.bitwise_xor(value, digit, out=value)
    np.bitwise_xor(value, _ZERO, out=value)
    np.multiply(value, _PRIME, out=value)
    np.multiply(digit, place, out=digit)
    np.subtract(rest, digit, out=rest)


@cache
def _hashes_of_heads() -> npt.NDArray[np.uint32]:
    """FNV-1a of the decimal form of 1, 2, ..., by number; at 0 that of the empty text."""
    most = 2**32 // 10**_LAST + 1
    hashes = np.full(most, OFFSET_BASIS, dtype=np.uint32)
    low = 1
    while low < most:
        numbers = np.arange(low, min(low * 10, most), dtype=np.uint32)
        hashes[numbers] = (hashes[numbers // 10] ^ (numbers % 10 + _ZERO)) * _PRIME
        low *= 10
    return hashes
