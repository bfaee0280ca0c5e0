"""Curves as TensorBoard reads them: event files, written without TensorFlow.

A file is a run of records: the length of the data (uint64, little endian), its checksum, the data
and its checksum. The data is an `Event` in protocol buffers' encoding, of which a scalar needs four
fields (tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto).
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_POLYNOMIAL = 0x82F63B78  # CRC-32C (Castagnoli), reflected: RFC 3720, section 12.1
_MASK = 0xA282EAD8
_WIRE_VARINT, _WIRE_64, _WIRE_BYTES, _WIRE_32 = 0, 1, 2, 5


class EventFile:
    """One training's curves in `folder`, which is made with the first point."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path: Path | None = None

    def add(self, step: int, values: Mapping[str, float], *, now: float) -> None:
        """A point of each curve, in the file when this returns. `now`: seconds since 1970."""
        records = b""
        if self._path is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            name = f"events.out.tfevents.{int(now)}.{socket.gethostname()}.{os.getpid()}"
            self._path = self._folder / name
            records = _record(_event(now, 0, _bytes(3, b"brain.Event:2")))
        points = b"".join(_bytes(1, _value(tag, value)) for tag, value in values.items())
        records += _record(_event(now, step, _bytes(5, points)))
        with self._path.open("ab") as file:
            file.write(records)


def _event(now: float, step: int, what: bytes) -> bytes:
    return _key(1, _WIRE_64) + struct.pack("<d", now) + _key(2, _WIRE_VARINT) + _varint(step) + what


def _value(tag: str, value: float) -> bytes:
    return _bytes(1, tag.encode()) + _key(2, _WIRE_32) + struct.pack("<f", value)


def _bytes(field: int, data: bytes) -> bytes:
    return _key(field, _WIRE_BYTES) + _varint(len(data)) + data


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF)


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _table()[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


@cache
def _table() -> tuple[int, ...]:
    return tuple(_remainder(byte) for byte in range(256))


def _remainder(crc: int) -> int:
    for _ in range(8):
        crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
    return crc
