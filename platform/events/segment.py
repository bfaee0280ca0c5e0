"""One journal file while its writer is alive: append, group commit, lock."""

import fcntl
import os
import threading
from contextlib import suppress
from pathlib import Path

from events.exceptions import JournalUnavailable


class Segment:
    """An append-only file that its writer holds an exclusive flock on until it closes it or dies.

    `write` is for one thread at a time (the Journal's lock); `sync` may be called by any number of
    threads at once. After a failed fsync the file is given up: the kernel may have dropped the
    pages and would report the next fsync as good.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.end = 0
        self._torn = False
        self._failed = False
        self._fd = _create_locked(path)
        self._synced = 0
        self._syncing = False
        self._turn = threading.Condition()

    @property
    def given_up(self) -> bool:
        """Whether nothing may be appended any more; what was synced stays good."""
        return self._torn or self._failed

    def write(self, frame: bytes) -> int:
        """Append the whole frame and return the position behind it, or leave the file as it was.

        Raises OSError. The frame is in the page cache afterwards: it survives this process, but
        not the machine.
        """
        try:
            _write_all(self._fd, frame)
        except OSError:
            self._cut_back()
            raise
        self.end += len(frame)
        return self.end

    def sync(self, position: int) -> None:
        """Return once an fsync that covers `position` is done; concurrent callers share one.

        Raises JournalUnavailable where the disk refused.
        """
        while not self._is_synced(position):
            self._sync_for_all()

    def close(self) -> None:
        """Sync what is left for whoever waits, then let go of the lock. Never raises."""
        with suppress(JournalUnavailable):  # those who wait for that sync are told
            self.sync(self.end)
        os.close(self._fd)

    def abandon_after_fork(self) -> None:
        """Close the copy of the descriptor that a fork left; the parent keeps file and lock."""
        os.close(self._fd)

    def _is_synced(self, position: int) -> bool:
        """True when covered; False when this thread is to do the next fsync. Waits in between."""
        with self._turn:
            while True:
                if self._synced >= position:
                    return True
                if self._failed:
                    raise JournalUnavailable(f"fsync of {self.path.name} failed")
                if not self._syncing:
                    self._syncing = True
                    return False
                self._turn.wait()

    def _sync_for_all(self) -> None:
        target = self.end
        try:
            os.fsync(self._fd)
        except OSError as error:
            self._end_turn(failed=True)
            raise JournalUnavailable(f"fsync of {self.path.name} failed: {error}") from error
        self._end_turn(synced=target)

    def _end_turn(self, *, synced: int = 0, failed: bool = False) -> None:
        with self._turn:
            self._synced = max(self._synced, synced)
            self._failed = self._failed or failed
            self._syncing = False
            self._turn.notify_all()

    def _cut_back(self) -> None:
        try:
            os.ftruncate(self._fd, self.end)
        except OSError:
            # What was written of the frame stays: readers see a torn end. Nothing may follow it.
            self._torn = True


def _create_locked(path: Path) -> int:
    """Create the file already locked, so that nobody ever sees it without its writer's lock."""
    hidden = path.with_suffix(".new")
    fd = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o640)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.rename(hidden, path)
        sync_path(path.parent)
    except OSError:
        os.close(fd)
        raise
    return fd


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def sync_path(path: Path) -> None:
    """Make a file, or a folder's list of names, durable. Raises OSError."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
