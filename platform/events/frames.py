"""The bytes of a journal: one frame per append, whole or not there at all.

A frame is a marker, the payload's length, a CRC-32 of length and payload (both little-endian
uint32), then the payload. The marker ends in NUL, which JSON text never holds, so the start of a
frame cannot be imitated by a payload: after damage the next frame is found by looking for it.
"""

import zlib
from dataclasses import dataclass
from struct import Struct

MARKER = b"\x1eWJ\x00"
HEADER = Struct("<4sII")
MAX_PAYLOAD = 32 * 2**20

_LENGTH = Struct("<I")


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A payload and the position just behind it."""

    payload: bytes
    end: int

    @property
    def start(self) -> int:
        """The position of the frame's first byte."""
        return self.end - len(self.payload) - HEADER.size


def pack(payload: bytes) -> bytes:
    """The frame of a payload of 1 to MAX_PAYLOAD bytes."""
    return HEADER.pack(MARKER, len(payload), _checksum(payload)) + payload


def frame_at(data: bytes, position: int) -> Frame | None:
    """The frame that starts at `position`, or None if no whole, sound one does."""
    start = position + HEADER.size
    if start > len(data):
        return None
    marker, length, checksum = HEADER.unpack_from(data, position)
    payload = data[start : start + length] if length <= MAX_PAYLOAD else b""
    if marker != MARKER or not length or len(payload) < length or _checksum(payload) != checksum:
        return None
    return Frame(payload=payload, end=start + length)


def next_start(data: bytes, position: int) -> int | None:
    """Where the first sound frame after `position` starts, or None."""
    start = data.find(MARKER, position + 1)
    while start >= 0:
        if frame_at(data, start):
            return start
        start = data.find(MARKER, start + 1)
    return None


def is_torn(tail: bytes) -> bool:
    """Whether `tail` is the beginning of a frame whose end was never written.

    A power cut may leave a file as long as it had become, with zeros for what never reached the
    disk: the end of a frame, and all that came after it.
    """
    written = tail.rstrip(b"\0")
    begun = MARKER.startswith(written[: len(MARKER)])
    if len(tail) < HEADER.size:
        return begun
    _, length, _ = HEADER.unpack_from(tail)
    return begun and length <= MAX_PAYLOAD and len(written) < HEADER.size + int(length)


def _checksum(payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_LENGTH.pack(len(payload))))
