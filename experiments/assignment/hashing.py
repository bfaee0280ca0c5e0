"""Buckets: a pure function of a seed and a unit, the same in every language.

The hash is 32-bit FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv) over UTF-16 code units, applied
twice, as version 2 of the hash of the GrowthBook SDKs: hashing the decimal form of the first hash
breaks the correlation between experiments whose seeds differ in a few characters.
"""

from __future__ import annotations

import numpy as np

BUCKETS = 10_000

OFFSET_BASIS = 0x811C9DC5
PRIME = 0x01000193
_MASK = 0xFFFFFFFF


def fnv1a32(text: str) -> int:
    """FNV-1a of `text`'s UTF-16 code units, 0..2**32 - 1."""
    value = OFFSET_BASIS
    for unit in np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype="<u2").tolist():
        value = ((value ^ unit) * PRIME) & _MASK
    return value


def bucket(seed: str, unit: str) -> int:
    """The bucket of `unit` under `seed`, 0..9999."""
    return fnv1a32(str(fnv1a32(seed + unit))) % BUCKETS
