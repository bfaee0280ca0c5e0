"""Taking a person out of this host's journals.

Records that the log has already need not wait until their file goes: they are overwritten where
they lie. The writer only ever appends, and readers begin behind what the log has.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from events import frames, journal_files
from events.data_files import open_table
from events.delta import force_to_disk
from events.erased import is_taken_by
from events.frames import Frame
from events.records import STREAMS, Stream, decode

_raws = msgspec.json.Decoder(list[msgspec.Raw])


def waiting(
    log_dir: Path, journal_dir: Path, user: str, *, before: datetime
) -> dict[Stream, set[str]]:
    """By stream, the ids of the person's records that only the journals have."""
    found: dict[Stream, set[str]] = {stream: set() for stream in STREAMS}
    for stream, path, drained in _journals(log_dir, journal_dir):
        for frame in _frames_of(path, drained, user):
            with suppress(msgspec.MsgspecError):  # the drain sets such a frame aside
                records = decode(stream, frame.payload)
                theirs = [r for r in records if r.user == user and is_taken_by(r, before)]
                found[stream] |= {record.key for record in theirs}
    return found


def blot_out(log_dir: Path, journal_dir: Path, user: str, *, before: datetime) -> int:
    """Overwrite the person's records that the log has already; in how many journals.

    Killed between, or by a power cut while a frame is written, nothing that waits is touched.
    """
    touched = 0
    for stream, path, drained in _journals(log_dir, journal_dir):
        frames_ = [frame for frame in _frames_of(path, 0, user) if frame.end <= drained]
        new = [(f, _without(stream, f, user, before)) for f in frames_]
        changed = [(frame, payload) for frame, payload in new if payload != frame.payload]
        if changed:
            force_to_disk(log_dir)  # as before a journal is removed: of others' rows it is a copy
            with suppress(FileNotFoundError):  # it is done with, and was removed
                _overwrite(path, changed)
            touched += 1
    return touched


def damaged(journal_dir: Path, user: str) -> int:
    """Of the files with damaged bytes that were set aside, how many name the person."""
    sign = _sign(user)
    return sum(sign in path.read_bytes() for path in (journal_dir / "damaged").glob("*"))


def _journals(log_dir: Path, journal_dir: Path) -> Iterator[tuple[Stream, Path, int]]:
    """Each journal, and how far the log has it."""
    for stream in STREAMS:
        paths = journal_files.journals(journal_dir, stream)
        table = open_table(log_dir, stream)
        for path in paths:
            yield stream, path, (table.transaction_version(path.name) or 0) if table else 0


def _frames_of(path: Path, offset: int, user: str) -> Iterator[Frame]:
    """The frames from `offset` on that name the person."""
    sign, at_end = _sign(user), False
    while not at_end:
        try:
            chunk = journal_files.read(path, offset)
        except FileNotFoundError:  # drained meanwhile
            return
        yield from (frame for frame in chunk.frames if sign in frame.payload)
        offset, at_end = chunk.offset, chunk.at_end


def _sign(user: str) -> bytes:
    return b'"user":' + msgspec.json.encode(user)


def _without(stream: Stream, frame: Frame, user: str, before: datetime) -> bytes:
    """The frame's payload without the person's records, and as long as it was."""
    try:
        kept = [raw for raw in _raws.decode(frame.payload) if not _is(stream, raw, user, before)]
    except msgspec.MsgspecError:
        return frame.payload
    return (b"[" + b",".join(map(bytes, kept)) + b"]").ljust(len(frame.payload))


def _is(stream: Stream, raw: msgspec.Raw, user: str, before: datetime) -> bool:
    [record] = decode(stream, b"[" + bytes(raw) + b"]")
    return record.user == user and is_taken_by(record, before)


def _overwrite(path: Path, changed: list[tuple[Frame, bytes]]) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        for frame, payload in changed:
            os.pwrite(fd, frames.pack(payload), frame.start)
        os.fsync(fd)
    finally:
        os.close(fd)
