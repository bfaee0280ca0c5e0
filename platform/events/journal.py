"""The writer's side of a journal: what Winnow is told is on this machine's disk before it says so.

Each process appends to a file of its own, `<stream>-<uuid>.<n>.journal`. The file's lock tells the
drain whether the writer still lives; the kernel lets go of it when the process ends, however it
ends. Readers' side: `events.journal_files`.
"""

import math
import os
import threading
import time
import uuid
import weakref
from collections.abc import Sequence
from pathlib import Path

from events import frames, records
from events.exceptions import JournalFull, JournalUnavailable, RecordTooLarge
from events.journal_files import stored_bytes
from events.segment import Segment

ROTATE_BYTES = 64 * 2**20
ROTATE_SECONDS = 600.0
BOUND_BYTES = 4 * 2**30
BOUND_CHECK_SECONDS = 0.25


class Journal:
    """Appends records of one stream. Safe for threads, and for a fork at any moment.

    `bound_bytes` is for all journals of the folder together. Other processes' bytes are counted
    again every quarter of a second, so the bound can be passed by what they write in between.
    """

    def __init__(
        self,
        folder: Path,
        stream: records.Stream,
        *,
        rotate_bytes: int = ROTATE_BYTES,
        rotate_seconds: float = ROTATE_SECONDS,
        bound_bytes: int = BOUND_BYTES,
    ) -> None:
        self.folder = folder
        self.stream = stream
        self.bound_bytes = bound_bytes
        self._rotate_bytes = rotate_bytes
        self._rotate_seconds = rotate_seconds
        self._segment: Segment | None = None
        self._counted_at = -math.inf
        self._start_afresh()
        _journals.add(self)

    def append(self, batch: Sequence[records.Record], *, durable: bool = True) -> None:
        """Append the batch, all or nothing, and with `durable` return only after an fsync of it.

        Without `durable` the batch survives the death of this process, not that of the machine.
        Raises JournalFull at the bound, JournalUnavailable where the disk refuses, RecordTooLarge
        beyond 32 MiB. After a failed fsync the batch may still reach the log: repeat it with the
        same ids.
        """
        if not batch:
            return
        frame = self._frame(batch)
        with self._lock:
            try:
                segment = self._segment_for(len(frame))
                end = segment.write(frame)
            except OSError as error:
                raise JournalUnavailable(f"Cannot write in {self.folder}: {error}") from error
            self._folder_bytes += len(frame)
        if durable:
            segment.sync(end)

    def close(self) -> None:
        """Sync and let go of the file, which the drain then removes once it has read it."""
        with self._lock:
            if self._segment:
                self._segment.close()
            self._segment = None

    def _frame(self, batch: Sequence[records.Record]) -> bytes:
        payload = records.encode(batch)
        if len(payload) > frames.MAX_PAYLOAD:
            raise RecordTooLarge(
                f"{len(payload)} bytes in one append; at most {frames.MAX_PAYLOAD} fit. Send fewer."
            )
        return frames.pack(payload)

    def _segment_for(self, size: int) -> Segment:
        self._check_bound(size)
        segment = self._segment
        if segment and self._is_due(segment):
            self._segment = None
            segment.close()
            segment = None
        if segment is None:
            segment = self._segment = self._open_next()
        return segment

    def _is_due(self, segment: Segment) -> bool:
        old = time.monotonic() - self._opened_at >= self._rotate_seconds
        return old or segment.given_up or segment.end >= self._rotate_bytes

    def _open_next(self) -> Segment:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._number += 1
        self._opened_at = time.monotonic()
        return Segment(self.folder / f"{self.stream}-{self._boot}.{self._number}.journal")

    def _check_bound(self, size: int) -> None:
        now = time.monotonic()
        if now - self._counted_at >= BOUND_CHECK_SECONDS:
            self._folder_bytes = stored_bytes(self.folder)
            self._counted_at = now
        if self._folder_bytes + size > self.bound_bytes:
            raise JournalFull(
                f"The journals in {self.folder} hold {self._folder_bytes} bytes of at most "
                f"{self.bound_bytes}. See that the drain runs and can write."
            )

    def _start_afresh(self) -> None:
        self._lock = threading.Lock()
        self._segment = None
        self._boot = uuid.uuid4().hex
        self._number = 0
        self._opened_at = 0.0
        self._folder_bytes = 0
        self._counted_at = -math.inf

    def _forget_parent(self) -> None:
        if self._segment:
            self._segment.abandon_after_fork()
        self._start_afresh()


_journals: "weakref.WeakSet[Journal]" = weakref.WeakSet()


def _forget_parents() -> None:
    for journal in list(_journals):
        journal._forget_parent()


# A child of a fork has a copy of the descriptor, and of locks that a thread of the parent may hold
# for ever. It starts a file of its own, at its first append.
os.register_at_fork(after_in_child=_forget_parents)
