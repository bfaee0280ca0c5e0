"""What the journals of one stream hold beyond what the table has, and what is done with them.

Damaged bytes may be of something that was acknowledged. They are passed once a copy of them is on
the disk; until then their journal waits at its place, and the others go on, which makes room.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from events import journal_files
from events.delta import force_to_disk
from events.exceptions import DamageNotKept
from events.frames import Frame, is_torn
from events.journal_files import Damage
from events.records import Record, Stream, decode

log = logging.getLogger(__name__)

BATCH_BYTES = 64 * 2**20


@dataclass(kw_only=True)
class Batch:
    """Records for one commit, and for each journal they are from the offset behind them.

    `removed` are journals that are gone, with their last offsets: no reader can ask for them again.
    """

    records: list[Record] = field(default_factory=list)
    offsets: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    more: bool = False


class Collector:
    """Reads one stream's journals, and removes those that are done with.

    `committed` gives the offset up to which the table holds a journal, by the journal's name.
    """

    def __init__(
        self, journal_dir: Path, log_dir: Path, stream: Stream, committed: Callable[[str], int]
    ) -> None:
        self._journal_dir = journal_dir
        self._log_dir = log_dir
        self._stream = stream
        self._committed = committed
        self._complained_of: set[str] = set()
        self._removed: dict[str, int] = {}

    def collect(self, limit: int) -> Batch:
        """About `limit` new records at most, each journal having an equal share of them."""
        batch = Batch()
        pending = self._pending()
        for done, (path, offset) in enumerate(pending):
            left = len(pending) - done
            rows = max(1, (limit - len(batch.records)) // left)
            reached = self._take(path, offset, batch, rows, BATCH_BYTES // len(pending))
            if reached > offset:
                batch.offsets[path.name] = reached
            else:
                self._remove_if_done(path, offset)
        if batch.offsets and self._removed:  # that a journal is gone is worth no commit of its own
            force_to_disk(self._journal_dir)  # and no power cut may bring it back
            batch.removed, self._removed = self._removed, {}
        return batch

    def _pending(self) -> list[tuple[Path, int]]:
        pending = []
        for path in journal_files.journals(self._journal_dir, self._stream):
            offset = self._committed(path.name)
            if journal_files.size_of(path) > offset:
                pending.append((path, offset))
            else:
                self._remove_if_done(path, offset)
        return pending

    def _take(self, path: Path, offset: int, batch: Batch, rows: int, size: int) -> int:
        """Take frames, at least one, up to about `rows` and `size` bytes; return the end.

        Where damage cannot be set aside, the end is before it, and nothing may have been taken.
        """
        full = len(batch.records) + rows
        reached = offset
        while True:
            chunk = journal_files.read(path, reached)
            for frame in chunk.frames:
                if len(batch.records) >= full or reached - offset >= size:
                    batch.more = True
                    return reached
                try:
                    self._report_between(path, chunk, reached, frame.start)
                    batch.records += self._decode(path, frame)
                except DamageNotKept as error:
                    self._complain(path, error)
                    return reached
                reached = frame.end
            if chunk.at_end:
                return reached

    def _report_between(self, path: Path, chunk: journal_files.Chunk, start: int, end: int) -> None:
        for damage in chunk.damage:
            if start <= damage.start < end:
                self._report(path, damage)

    def _decode(self, path: Path, frame: Frame) -> Sequence[Record]:
        try:
            return decode(self._stream, frame.payload)
        except msgspec.MsgspecError as error:
            self._report(path, Damage(start=frame.start, end=frame.end), str(error))
            return []

    def _remove_if_done(self, path: Path, offset: int) -> None:
        """Remove the file if its writer is gone and the table holds all of it."""
        with journal_files.locked_if_dead(path) as dead:
            if not dead:
                return
            chunk = journal_files.read(path, offset)  # again: only now can nobody write any more
            if chunk.frames:
                return
            try:
                self._cut(path, chunk)
            except DamageNotKept as error:
                self._complain(path, error)
                return
            force_to_disk(self._log_dir)
            path.unlink()
            if offset:
                self._removed[path.name] = offset

    def _cut(self, path: Path, chunk: journal_files.Chunk) -> None:
        if not chunk.tail:
            return
        tail = Damage(start=chunk.offset, end=chunk.offset + chunk.tail)
        if is_torn(journal_files.slice_of(path, tail)):
            log.warning("%s: cut %d bytes of a record never finished", path.name, chunk.tail)
        else:
            self._report(path, tail)

    def _report(self, path: Path, damage: Damage, why: str = "checksum does not match") -> None:
        """Set damaged bytes aside, and say so. Raises DamageNotKept."""
        place = f"bytes {damage.start} to {damage.end} are damaged ({why})"
        try:
            copy = journal_files.set_aside(path, damage)
        except OSError as error:
            raise DamageNotKept(f"{place} and cannot be copied: {error}") from error
        self._complained_of.discard(path.name)
        log.error("%s: %s. They are kept in %s; what follows is read.", path.name, place, copy)

    def _complain(self, path: Path, error: DamageNotKept) -> None:
        if path.name not in self._complained_of:  # it is tried again every few seconds
            self._complained_of.add(path.name)
            log.error("%s: %s. It waits there, and the others go on. Make room.", path.name, error)
