"""Buckets: a pure function of a seed and a unit, the same in every language.

The hash is 32-bit FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv) over UTF-16 code units, applied
twice, as version 2 of the hash of the GrowthBook SDKs: hashing the decimal form of the first hash
breaks the correlation between experiments whose seeds differ in a few characters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.assignment.fnv import HEADS, MASK, OFFSET_BASIS, PAIRS, PRIME, PRIME_SQUARED, TAIL

BUCKETS = 10_000

_HEADS = memoryview(HEADS.data)
_PAIRS: list[int] = PAIRS.tolist()


def code_units(text: str) -> Sequence[int]:
    """The UTF-16 code units of `text`."""
    if text.isascii():
        return text.encode()
    units: list[int] = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2").tolist()
    return units


def fnv1a32(text: str) -> int:
    """FNV-1a of `text`'s UTF-16 code units, 0..2**32 - 1."""
    return continued(OFFSET_BASIS, code_units(text))


def continued(value: int, units: Sequence[int]) -> int:
    """The hash of a text that goes on with `units`, where `value` is that of its beginning."""
    for unit in units:
        value = ((value ^ unit) * PRIME) & MASK
    return value


def bucket(seed: str, unit: str) -> int:
    """The bucket of `unit` under `seed`, 0..9999."""
    return bucket_of(fnv1a32(seed + unit))


def bucket_of(number: int) -> int:
    """The bucket that a first hash leads to: that of its decimal form, 0..9999."""
    head, rest = divmod(number, TAIL)
    if not head:
        return fnv1a32(str(number)) % BUCKETS
    value = _HEADS[head]
    value = value * PRIME_SQUARED + _PAIRS[(value & 255) * 100 + rest // 100]
    value = value * PRIME_SQUARED + _PAIRS[(value & 255) * 100 + rest % 100]
    return (value & MASK) % BUCKETS
