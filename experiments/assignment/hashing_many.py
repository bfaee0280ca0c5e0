"""The buckets of many units at once: FNV-1a with NumPy, one character of all of them at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from experiments.assignment.hashing import BUCKETS, OFFSET_BASIS, PRIME, fnv1a32

Units: TypeAlias = "Sequence[str] | pa.Array | npt.NDArray[np.uint8]"
Hashes: TypeAlias = "npt.NDArray[np.uint32]"
CodeUnits: TypeAlias = "npt.NDArray[np.uint8] | npt.NDArray[np.uint16]"

_ROWS = 32_768
"""Hashed at a time: what they need stays in the processor's caches, where arithmetic is fastest."""

_PRIME = np.uint32(PRIME)
_TEN = np.uint32(10)
_MOST_DIGITS = 10  # of a 32-bit integer
_ZERO = np.uint32(ord("0"))


def bucket_many(seed: str, units: Units) -> npt.NDArray[np.uint16]:
    """The buckets of many units, shape (n,).

    `units` is a sequence of str, a pyarrow string array without nulls, or a matrix of shape (n,
    width) of bytes: ASCII units of one length.
    """
    start = fnv1a32(seed)
    if isinstance(units, np.ndarray) and units.dtype == np.uint8:
        return _of_one_length(start, units)
    array = units if isinstance(units, pa.Array) else _as_array(list(units))
    if array is not None and pc.all(pc.string_is_ascii(array)).as_py():
        return _of_ascii(start, array)
    return _of_any_text(start, array.to_pylist() if array is not None else list(units))


def _as_array(units: list[str]) -> pa.Array | None:
    """None for text that is no valid Unicode, which Arrow cannot hold."""
    try:
        return pa.array(units, pa.large_string())
    except UnicodeEncodeError:
        return None


def _of_ascii(start: int, array: pa.Array) -> npt.NDArray[np.uint16]:
    text, offsets = _buffers(array.cast(pa.large_string()))
    return _by_length(start, text, offsets)


def _buffers(array: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The characters of all strings in a row, and where each begins, with the end of the last."""
    _, where, text = array.buffers()
    offsets = np.frombuffer(where or b"\0" * 8, dtype=np.int64)
    characters = np.frombuffer(text or b"", dtype=np.uint8)
    return characters, offsets[array.offset : array.offset + len(array) + 1]


def _of_any_text(start: int, units: list[str]) -> npt.NDArray[np.uint16]:
    encoded = [unit.encode("utf-16-le", "surrogatepass") for unit in units]
    lengths = np.fromiter((len(e) // 2 for e in encoded), dtype=np.int64, count=len(encoded))
    offsets = np.concatenate([[0], lengths.cumsum()])
    return _by_length(start, np.frombuffer(b"".join(encoded), dtype="<u2"), offsets)


def _by_length(
    start: int, text: CodeUnits, offsets: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint16]:
    """Buckets of the strings text[offsets[i] : offsets[i + 1]]; those of one length together."""
    begin, lengths = offsets[:-1], np.diff(offsets)
    buckets = np.empty(len(lengths), dtype=np.uint16)
    for rows, length in _alike(lengths):
        if length == 0:
            buckets[rows] = _of_one_length(start, np.empty((1, 0), dtype=np.uint8))[0]
            continue
        windows: Any = np.lib.stride_tricks.sliding_window_view(text, length)
        for at in range(0, len(rows), _ROWS):
            some = rows[at : at + _ROWS]
            buckets[some] = _of_one_length(start, windows[begin[some]])
    return buckets


def _alike(lengths: npt.NDArray[np.int64]) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
    """The positions of each length that occurs, and the length."""
    order = np.argsort(lengths, kind="stable")
    changes = np.flatnonzero(np.diff(lengths[order])) + 1
    for rows in np.split(order, changes):
        if len(rows):
            yield rows, int(lengths[rows[0]])


def _of_one_length(start: int, matrix: CodeUnits) -> npt.NDArray[np.uint16]:
    """Buckets of the rows, each a unit: shape (n, width) to (n,)."""
    buckets = np.empty(len(matrix), dtype=np.uint16)
    for at in range(0, len(matrix), _ROWS):
        some = matrix[at : at + _ROWS]
        # A copy in which the characters at one place of all units lie side by side.
        first = _hash(np.full(len(some), start, np.uint32), some.T.astype(np.uint32, order="C"))
        buckets[at : at + _ROWS] = _hash_of_decimal(first) % np.uint32(BUCKETS)
    return buckets


def _hash(value: Hashes, columns: npt.NDArray[np.uint32]) -> Hashes:
    """FNV-1a continued from `value`, in place: shape (width, n) and (n,)."""
    for column in columns:
        np.bitwise_xor(value, column, out=value)
        np.multiply(value, _PRIME, out=value)
    return value


def _hash_of_decimal(numbers: Hashes, digits: int = _MOST_DIGITS) -> Hashes:
    """FNV-1a of the decimal form of numbers that have at most so many digits."""
    columns = np.empty((digits, len(numbers)), dtype=np.uint32)
    rest = numbers
    for column in columns[::-1]:
        tenth = rest // _TEN
        np.multiply(tenth, _TEN, out=column)
        np.subtract(rest, column, out=column)
        np.add(column, _ZERO, out=column)
        rest = tenth
    value = _hash(np.full(len(numbers), OFFSET_BASIS, dtype=np.uint32), columns)
    shorter = np.flatnonzero(columns[0] == _ZERO)
    if digits > 1 and len(shorter):
        value[shorter] = _hash_of_decimal(numbers[shorter], digits - 1)
    return value
