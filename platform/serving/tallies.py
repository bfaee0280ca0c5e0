"""What all processes of this host counted together, whether they still live or not.

Each process writes its counts to a file of its own, at fixed places; a reader adds the files up
(`count_files`).
(Tried and rejected: the multi-process mode of prometheus-client. It maps sparse files into memory,
so that on a full disk the first touch of a new page kills the process by SIGBUS, and routing has to
go on then. A write that is refused is repeated with the next one.)
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from django.conf import settings

from events.counters import counters
from serving.count_files import RECORD, SUFFIX, added_up, fold

log = logging.getLogger(__name__)


class Tally:
    """The file of this process. It is not for a process that forks after it has counted."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{uuid.uuid4().hex}{SUFFIX}"
        self._fd: int | None = None
        self._places: dict[str, int] = {}
        self._written: dict[str, int] = {}
        self._lock = threading.Lock()

    def write(self, counts: Mapping[str, int]) -> None:
        """Keep counts, each at least as high as before. Never raises; costs microseconds."""
        with self._lock, suppress(OSError):
            for name, count in counts.items():
                if self._written.get(name) != count:
                    self._put(name, count)

    def _put(self, name: str, count: int) -> None:
        if self._fd is None:
            self._fd = _create_locked(self.path)
        place = self._places.setdefault(name, len(self._places))
        os.pwrite(self._fd, RECORD.pack(name.encode(), count), place * RECORD.size)
        self._written[name] = count


def keep() -> None:
    """Write down what this process counted so far. Never raises: answers do not depend on it."""
    with _opening:
        tally = _tally(settings.METRICS_DIR)
    tally.write(counters.snapshot())


def totals() -> dict[str, int]:
    """The counts of all processes up to now, by name."""
    keep()
    return dict(added_up(settings.METRICS_DIR))


_opening = threading.Lock()


@cache
def _tally(folder: Path) -> Tally:
    try:
        fold(folder)
    except Exception:
        log.exception("What earlier processes counted could not be added up. Counting goes on.")
    return Tally(folder)


def _create_locked(path: Path) -> int:
    """Create the file already locked, so that nobody takes it for one that was left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_suffix(".new")
    fd = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640)
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.rename(hidden, path)
    return fd
