"""The drain: moves every journal of this host into the log, each row once."""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from events.exceptions import DrainAlreadyRunning, LogConflict
from events.records import STREAMS
from events.stream_drain import BATCH_ROWS, Commit, StreamDrain

log = logging.getLogger(__name__)

LOCK_NAME = "drain.lock"
INTERVAL_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 30.0
ABANDONED_SECONDS = 60.0


class Drain:
    """One per host. Use as a context manager: entering takes the lock, leaving lets go of it.

    A row is readable at most about `interval` seconds and one commit after its append.
    """

    def __init__(
        self,
        journal_dir: Path,
        log_dir: Path,
        *,
        interval: float = INTERVAL_SECONDS,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        self.journal_dir = journal_dir
        self._interval = interval
        self._lock = only_drain(journal_dir)
        self._streams = [
            StreamDrain(journal_dir, log_dir, stream, batch_rows=batch_rows) for stream in STREAMS
        ]

    def __enter__(self) -> "Drain":
        self._lock.__enter__()
        remove_abandoned(self.journal_dir)
        return self

    def __exit__(self, *exc: object) -> None:
        self._lock.__exit__(None, None, None)

    def run(self, stop: threading.Event) -> None:
        """Drain until `stop` is set, then what is there by then, one batch at most.

        A cycle that fails (disk full, log out of reach) is logged and tried again after a growing
        pause: journals keep what it could not move.
        """
        failures = 0
        while not stop.is_set():
            begun = time.monotonic()
            failures = 0 if self._try_cycle(stop) else failures + 1
            pause = min(self._interval * 2**failures, LONGEST_PAUSE_SECONDS)
            stop.wait(max(0.0, begun + pause - time.monotonic()))
        self._try_cycle(stop)

    def once(self) -> list[Commit]:
        """Drain all that is there now. Raises what a commit raises."""
        commits: list[Commit] = []
        while new := self.cycle():
            commits += new
        return commits

    def cycle(self) -> list[Commit]:
        """At most one batch, thus one commit, of each stream."""
        commits = [commit for stream in self._streams if (commit := stream.commit_batch())]
        for commit in commits:
            log.debug("%s", commit)
        return commits

    def _try_cycle(self, stop: threading.Event) -> bool:
        try:
            while any(commit.more for commit in self.cycle()) and not stop.is_set():
                pass  # a backlog: go on at once
        except LogConflict:
            # Erasure and retention replace what the drain had seen: the next cycle starts there.
            log.info("The log was changed meanwhile; the rows go in with the next commit.")
            return False
        except Exception:
            log.exception("The drain could not commit; the journals keep the rows. Trying again.")
            return False
        return True


@contextmanager
def only_drain(journal_dir: Path) -> Iterator[None]:
    """Hold the host's drain lock. Raises DrainAlreadyRunning, which names the holder."""
    journal_dir.mkdir(parents=True, exist_ok=True)
    with (journal_dir / LOCK_NAME).open("a+") as file:
        if not _take_lock(file):
            raise DrainAlreadyRunning(
                f"Process {_holder(journal_dir)} already drains {journal_dir}. "
                "One drain per host is enough; stop that one first."
            )
        _leave_name(file)
        yield


def _leave_name(file: TextIO) -> None:
    """Say who drains. On a full disk that cannot be said, and the drain is what makes room."""
    with suppress(OSError):
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), f"{os.getpid()}\n".encode())


def _take_lock(file: TextIO) -> bool:
    """Try for half a second: a look by `drain_pid` holds the lock for an instant."""
    for _ in range(6):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.1)
    return False


def drain_pid(journal_dir: Path) -> int | None:
    """The process that drains this host's journals, or None."""
    try:
        with (journal_dir / LOCK_NAME).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except BlockingIOError:
        return int(_holder(journal_dir) or 0) or None
    return None


def remove_abandoned(journal_dir: Path) -> None:
    """Remove files whose writer died between creating and naming them; they are empty."""
    limit = datetime.now(UTC).timestamp() - ABANDONED_SECONDS
    for path in journal_dir.glob("*.new"):
        if path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)


def _holder(journal_dir: Path) -> str:
    return (journal_dir / LOCK_NAME).read_text().strip()
