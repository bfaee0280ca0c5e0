"""The drain: moves every journal of this host into the log, each row once."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from events.exceptions import DrainAlreadyRunning
from events.pace import Paced
from events.records import STREAMS
from events.stream_drain import BATCH_ROWS, Commit, StreamDrain

LOCK_NAME = "drain.lock"
INTERVAL_SECONDS = 2.0
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
        """Drain until `stop` is set, then what is there by then, one batch of a stream at most.

        What fails is logged and tried again, and the other stream goes on: see `Paced`.
        """
        streams = [Paced(stream, self._interval) for stream in self._streams]
        while not stop.is_set():
            for stream in streams:
                if stream.due <= time.monotonic():
                    stream.take_turn()
            stop.wait(max(0.0, min(stream.due for stream in streams) - time.monotonic()))
        for stream in streams:
            stream.take_turn()

    def once(self) -> list[Commit]:
        """Drain all that is there now. Raises what a commit raised, after the other stream."""
        commits: list[Commit] = []
        failed: Exception | None = None
        for stream in self._streams:
            try:
                while commit := stream.commit_batch():
                    commits.append(commit)
            except Exception as error:
                failed = failed or error
        if failed:
            raise failed
        return commits


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
