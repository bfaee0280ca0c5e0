"""Buckets: a pure function of a seed and a unit, the same in every language.

The hash is 32-bit FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv) over UTF-16 code units, applied
twice, as version 2 of the hash of the GrowthBook SDKs: hashing the decimal form of the first hash
breaks the correlation between experiments whose seeds differ in a few characters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BUCKETS = 10_000

OFFSET_BASIS = 0x811C9DC5
PRIME = 0x01000193
_MASK = 0xFFFFFFFF


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
        value = ((value ^ unit) * PRIME) & _MASK
    return value


def bucket(seed: str, unit: str) -> int:
    """The bucket of `unit` under `seed`, 0..9999."""
    return bucket_after(fnv1a32(seed), code_units(unit))


def bucket_after(seed_hash: int, units: Sequence[int]) -> int:
    """The bucket of a unit, given by its code units, under a seed, given by its hash."""
    decimal = str(continued(seed_hash, units)).encode()
    return continued(OFFSET_BASIS, decimal) % BUCKETS
