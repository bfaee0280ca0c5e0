"""Buckets: a pure function of a seed and a unit, the same in every language.

The hash is 32-bit FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv) over UTF-16 code units, applied
twice, as version 2 of the hash of the GrowthBook SDKs: hashing the decimal form of the first hash
breaks the correlation between experiments whose seeds differ in a few characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

BUCKETS = 10_000

Units: TypeAlias = "Sequence[str] | pa.Array | npt.NDArray[np.uint8]"

_OFFSET_BASIS = 0x811C9DC5
_PRIME = 0x01000193
_MASK = 0xFFFFFFFF
_ZERO = ord("0")
_MOST_DIGITS = 10  # of a 32-bit integer


def fnv1a32(text: str) -> int:
    """FNV-1a of `text`'s UTF-16 code units, 0..2**32 - 1."""
    value = _OFFSET_BASIS
    for unit in np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype="<u2").tolist():
        value = ((value ^ unit) * _PRIME) & _MASK
    return value


def bucket(seed: str, unit: str) -> int:
    """The bucket of `unit` under `seed`, 0..9999."""
    return fnv1a32(str(fnv1a32(seed + unit))) % BUCKETS


def bucket_many(seed: str, units: Units) -> npt.NDArray[np.uint16]:
    """The buckets of many units, shape (n,).

    `units` is a sequence of str, a pyarrow string array without nulls, or a matrix of shape (n,
    width) of bytes: ASCII units of one length.
    """
    start = fnv1a32(seed)
    if isinstance(units, np.ndarray) and units.dtype == np.uint8:
        first = _hash_columns(start, units, None)
    else:
        first = _hash_columns(start, *_code_units(_to_list(units)))
    digits, lengths = _decimal(first)
    return (_hash_columns(_OFFSET_BASIS, digits, lengths) % BUCKETS).astype(np.uint16)


def _to_list(units: Units) -> list[str]:
    return units.to_pylist() if isinstance(units, pa.Array) else list(units)


def _code_units(units: list[str]) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]]:
    """UTF-16 code units as a matrix padded with zeros, shape (n, longest), and the lengths, shape
    (n,).
    """
    encoded = [unit.encode("utf-16-le", "surrogatepass") for unit in units]
    lengths = np.fromiter((len(e) // 2 for e in encoded), dtype=np.int64, count=len(encoded))
    width = int(lengths.max(initial=0))
    padded = b"".join(e.ljust(2 * width, b"\0") for e in encoded)
    return np.frombuffer(padded, dtype="<u2").reshape(len(units), width), lengths


def _hash_columns(
    start: int, columns: npt.NDArray[np.unsignedinteger], lengths: npt.NDArray[np.int64] | None
) -> npt.NDArray[np.uint32]:
    """FNV-1a continued from `start` over each row; a row ends at its length, or at the matrix's
    width.
    """
    value = np.full(len(columns), start, dtype=np.uint32)
    for i in range(columns.shape[1]):
        step = (value ^ columns[:, i]).astype(np.uint32) * np.uint32(_PRIME)
        value = step if lengths is None else np.where(i < lengths, step, value)
    return value


def _decimal(
    values: npt.NDArray[np.uint32],
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]]:
    """Decimal digits as character codes, left-aligned in shape (n, 10), and their count, shape
    (n,).
    """
    powers = 10 ** np.arange(_MOST_DIGITS, dtype=np.uint64)
    lengths = np.maximum(1, (values[:, None] >= powers).sum(axis=1))
    exponent = lengths[:, None] - 1 - np.arange(_MOST_DIGITS)
    digits = (values[:, None] // powers[np.maximum(exponent, 0)]) % 10
    return (digits + _ZERO).astype(np.uint16), lengths
