"""What this host's journals hold that a version of the log does not: how far behind it is."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from events import journal_files
from events.records import Stream, decode

PEEK_BYTES = 64 * 2**10


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """Bytes that are in no commit, and when the oldest record among them was written down."""

    size: int
    oldest: datetime | None


def backlog(journal_dir: Path, stream: Stream, committed: Callable[[str], int]) -> Backlog:
    """The stream's backlog, where `committed` gives the offset the log has of a journal."""
    size = 0
    oldest: list[datetime] = []
    for path in journal_files.journals(journal_dir, stream):
        offset = committed(path.name)
        behind = journal_files.size_of(path) - offset
        if behind > 0:
            size += behind
            oldest += _first_moment(path, offset, stream)
    return Backlog(size=size, oldest=min(oldest, default=None))


def waiting_ids(
    journal_dir: Path, stream: Stream, committed: Callable[[str], int]
) -> Iterator[list[str]]:
    """The ids of what waits, a few megabytes of journal at a time."""
    for path in journal_files.journals(journal_dir, stream):
        offset, at_end = committed(path.name), False
        with suppress(FileNotFoundError):  # drained meanwhile
            while not at_end:
                chunk = journal_files.read(path, offset)
                yield [id_ for frame in chunk.frames for id_ in _ids(stream, frame.payload)]
                offset, at_end = chunk.offset, chunk.at_end


def _ids(stream: Stream, payload: bytes) -> list[str]:
    try:
        return [record.key for record in decode(stream, payload)]
    except msgspec.MsgspecError:  # the drain sets it aside
        return []


def _first_moment(path: Path, offset: int, stream: Stream) -> list[datetime]:
    try:
        chunk = journal_files.read(path, offset, read_bytes=PEEK_BYTES)
        records = [record for frame in chunk.frames[:1] for record in decode(stream, frame.payload)]
    except (FileNotFoundError, msgspec.MsgspecError):  # drained meanwhile, or damaged
        return []
    return [record.taken_at for record in records[:1]]
