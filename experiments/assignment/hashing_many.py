"""The buckets of many units at once: FNV-1a with NumPy, one character of all of them at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from experiments.assignment.fnv import PRIME
from experiments.assignment.hashing import fnv1a32
from experiments.assignment.hashing_decimal import buckets_of

Units: TypeAlias = "Sequence[str] | pa.Array | npt.NDArray[np.uint8]"
Hashes: TypeAlias = "npt.NDArray[np.uint32]"
Buckets: TypeAlias = "npt.NDArray[np.uint16]"
CodeUnits: TypeAlias = "npt.NDArray[np.uint8] | npt.NDArray[np.uint16]"
Positions: TypeAlias = "npt.NDArray[np.int64]"

_ROWS = 32_768
"""Hashed at a time: what they need stays in the processor's caches, where arithmetic is fastest."""

_PRIME = np.uint32(PRIME)


def bucket_many(seed: str, units: Units) -> Buckets:
    """The buckets of many units, shape (n,).

    `units` is a sequence of str, a pyarrow string array without nulls, or a matrix of shape (n,
    width) of bytes: ASCII units of one length. Raises ValueError for an array with nulls.
    """
    start = fnv1a32(seed)
    if isinstance(units, np.ndarray) and units.dtype == np.uint8:
        return _of_matrix(start, units)
    if isinstance(units, pa.Array):
        return _of_array(start, units)
    return _of_strings(start, *_encoded(list(units)))


def _of_array(start: int, array: pa.Array) -> Buckets:
    if array.null_count:
        raise ValueError(f"{array.null_count} units are null; a unit has to be text")
    text, offsets = _buffers(array.cast(pa.large_string()))
    if (text[offsets[0] : offsets[-1]] < 128).all():
        return _of_strings(start, text, offsets)
    return _of_strings(start, *_encoded(array.to_pylist()))


def _buffers(array: pa.Array) -> tuple[npt.NDArray[np.uint8], Positions]:
    """The characters of all strings in a row, and where each begins, with the end of the last."""
    _, where, text = array.buffers()
    offsets = np.frombuffer(where or b"\0" * 8, dtype=np.int64)
    characters = np.frombuffer(text or b"", dtype=np.uint8)
    return characters, offsets[array.offset : array.offset + len(array) + 1]


def _encoded(units: list[str]) -> tuple[CodeUnits, Positions]:
    """The code units of all strings in a row, and where each begins, with the end of the last."""
    joined = "".join(units)
    if joined.isascii():
        lengths = np.fromiter(map(len, units), dtype=np.int64, count=len(units))
        return np.frombuffer(joined.encode(), np.uint8), _ends(lengths)
    encoded = [unit.encode("utf-16-le", "surrogatepass") for unit in units]
    lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(units)) // 2
    return np.frombuffer(b"".join(encoded), dtype="<u2"), _ends(lengths)


def _ends(lengths: Positions) -> Positions:
    return np.concatenate([[0], lengths.cumsum()])


def _of_strings(start: int, text: CodeUnits, offsets: Positions) -> Buckets:
    """Buckets of the strings text[offsets[i] : offsets[i + 1]]."""
    lengths = np.diff(offsets)
    if len(lengths) and (lengths == lengths[0]).all():
        width = int(lengths[0])
        return _of_matrix(start, text[offsets[0] : offsets[-1]].reshape(len(lengths), width))
    buckets = np.empty(len(lengths), dtype=np.uint16)
    for at in range(0, len(lengths), _ROWS):
        here = slice(at, at + _ROWS)
        buckets[here] = buckets_of(_ragged(start, text, offsets[:-1][here], lengths[here]))
    return buckets


def _ragged(start: int, text: CodeUnits, begin: Positions, lengths: Positions) -> Hashes:
    """The hash of each string. The longest come first, so that those which have a character at some
    place are always the first so many.
    """
    longest = lengths.max(initial=0)
    narrow = np.uint16 if longest < 2**16 else np.uint64  # of 16 bits are sorted by counting
    order = np.argsort((longest - lengths).astype(narrow), kind="stable")
    having = len(lengths) - np.bincount(lengths).cumsum()
    at, value = begin[order], np.full(len(order), start, np.uint32)
    for n in having[:-1].tolist():
        np.bitwise_xor(value[:n], text.take(at[:n]), out=value[:n])
        np.multiply(value[:n], _PRIME, out=value[:n])
        at[:n] += 1
    hashes = np.empty_like(value)
    hashes[order] = value
    return hashes


def _of_matrix(start: int, matrix: CodeUnits) -> Buckets:
    """Buckets of the rows, each a unit: shape (n, width) to (n,)."""
    buckets = np.empty(len(matrix), dtype=np.uint16)
    for at in range(0, len(matrix), _ROWS):
        here: Any = matrix[at : at + _ROWS]
        value = np.full(len(here), start, np.uint32)
        for column in here.T:
            np.bitwise_xor(value, column, out=value)
            np.multiply(value, _PRIME, out=value)
        buckets[at : at + _ROWS] = buckets_of(value)
    return buckets
