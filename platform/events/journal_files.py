"""The reader's side of journals: list, read from an offset, tell whether the writer is gone."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from events import frames
from events.records import STREAMS, Stream

SUFFIX = ".journal"
READ_BYTES = 8 * 2**20


@dataclass(frozen=True, kw_only=True)
class Damage:
    """Bytes `start` to `end` of a file that are no record, though sound ones follow."""

    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """What could be read: whole frames, and where to go on.

    `offset` lies behind the last frame. `tail` counts the bytes after it that are no whole record
    (yet). `at_end` is False while there is more to read.
    """

    frames: tuple[frames.Frame, ...]
    damage: tuple[Damage, ...]
    offset: int
    tail: int
    at_end: bool


def journals(folder: Path, stream: Stream | None = None) -> list[Path]:
    """The folder's journal files, of one stream or of all, by name."""
    wanted = (stream,) if stream else STREAMS
    return sorted(
        path for path in folder.glob(f"*{SUFFIX}") if path.name.partition("-")[0] in wanted
    )


def size_of(path: Path) -> int:
    """Bytes in the file; 0 for one that was removed meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def stored_bytes(folder: Path) -> int:
    """Bytes in all journals of the folder, committed ones included."""
    return sum(size_of(path) for path in journals(folder))


def read(path: Path, offset: int, *, read_bytes: int = READ_BYTES) -> Chunk:
    """The frames from `offset` on, about `read_bytes` of them.

    A record damaged in the middle is skipped up to the next sound one, and reported. An end that
    is no whole record is left alone: its writer may be writing it. Raises OSError.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(offset)
        data = file.read(read_bytes)
        chunk = _parse(data, offset, at_end=offset + len(data) >= size)
        if chunk is None:  # one frame, or damage, larger than what was read
            data += file.read()
            chunk = _parse(data, offset, at_end=True)
    assert chunk is not None  # noqa: S101  at the end of the file there is always an answer
    return chunk


def _parse(data: bytes, base: int, *, at_end: bool) -> Chunk | None:
    found: list[frames.Frame] = []
    damage: list[Damage] = []
    position = 0
    while position < len(data):
        frame = frames.frame_at(data, position)
        if frame:
            found.append(frames.Frame(payload=frame.payload, end=base + frame.end))
            position = frame.end
            continue
        if not at_end and position:
            break  # perhaps only cut off by the size of this read: the next one starts here
        start = frames.next_start(data, position)
        if start is None:
            break
        damage.append(Damage(start=base + position, end=base + start))
        position = start
    if not at_end and not position and data:
        return None
    return Chunk(
        frames=tuple(found),
        damage=tuple(damage),
        offset=base + position,
        tail=len(data) - position if at_end else 0,
        at_end=at_end,
    )


@contextmanager
def locked_if_dead(path: Path) -> Iterator[bool]:
    """Whether the file's writer is gone. If it is, nobody else deals with the file meanwhile."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        yield _try_lock(fd)
    finally:
        os.close(fd)


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def slice_of(path: Path, damage: Damage) -> bytes:
    """The bytes in question."""
    with path.open("rb") as file:
        file.seek(damage.start)
        return file.read(damage.end - damage.start)


def set_aside(path: Path, damage: Damage) -> Path:
    """Copy bytes that no reader understood into `damaged/`, durably, and return the copy's path.

    Raises OSError where the disk does not take the copy, and leaves none then.
    """
    folder = path.parent / "damaged"
    folder.mkdir(exist_ok=True)
    copy = folder / f"{path.name}.{damage.start}-{damage.end}"
    try:
        with copy.open("wb") as file:
            file.write(slice_of(path, damage))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        copy.unlink(missing_ok=True)
        raise
    return copy
