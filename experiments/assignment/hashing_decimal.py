"""The second hash of a bucket: FNV-1a of the decimal form of the first, for many at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from experiments.assignment.fnv import HEADS, PRIME, TAIL
from experiments.assignment.hashing import BUCKETS, bucket_of

_PLACES = [np.uint32(place) for place in (1_000, 100, 10, 1)]
_TAIL = np.uint32(TAIL)
_PRIME = np.uint32(PRIME)
_ZERO = np.uint32(ord("0"))
_BUCKETS = np.uint32(BUCKETS)


def buckets_of(numbers: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """`bucket_of` each."""
    heads = numbers // _TAIL
    rest = numbers - heads * _TAIL
    value = HEADS.take(heads)
    for place in _PLACES:
        _go_on(value, rest, place)
    value -= value // _BUCKETS * _BUCKETS  # faster than the remainder
    if not heads.all():  # a number without a head has fewer digits
        for short in np.flatnonzero(heads == 0).tolist():
            value[short] = bucket_of(int(numbers[short]))
    return value


def _go_on(value: npt.NDArray[np.uint32], rest: npt.NDArray[np.uint32], place: np.uint32) -> None:
    """Hashes the digit at `place` of `rest`, and takes it off, in place."""
    digit = rest // place
    np.bitwise_xor(value, digit, out=value)
    np.bitwise_xor(value, _ZERO, out=value)
    np.multiply(value, _PRIME, out=value)
    np.multiply(digit, place, out=digit)
    np.subtract(rest, digit, out=rest)
