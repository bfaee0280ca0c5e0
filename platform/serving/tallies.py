"""What all processes of this host counted together, whether they still live or not.

Each process writes its counts to a file of its own, at fixed places; a reader adds the files up.
(Tried and rejected: the multi-process mode of prometheus-client. It maps sparse files into memory,
so that on a full disk the first touch of a new page kills the process by SIGBUS, and routing has to
go on then. A write that is refused is repeated with the next one.)
"""

from __future__ import annotations

import fcntl
import os
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from struct import Struct

import msgspec
from django.conf import settings

from events.counters import counters

RECORD = Struct("<120sq")  # a name, and how often
SUFFIX = ".counts"


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What processes that are gone counted, and the files of which it is the sum."""

    counts: dict[str, int] = {}
    folded: list[str] = []


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
    """Write down what this process counted so far."""
    with _opening:
        tally = _tally(settings.METRICS_DIR)
    tally.write(counters.snapshot())


def totals() -> dict[str, int]:
    """The counts of all processes up to now, by name."""
    keep()
    folder: Path = settings.METRICS_DIR
    with _held(folder, fcntl.LOCK_SH):
        return dict(_sum(folder))


_opening = threading.Lock()


@cache
def _tally(folder: Path) -> Tally:
    fold(folder)
    return Tally(folder)


def fold(folder: Path) -> None:
    """Add the files of processes that are gone into one. Killed half-way, it counts none twice."""
    with suppress(OSError), _held(folder, fcntl.LOCK_EX):
        past = _past(folder)
        for name in past.folded:
            (folder / name).unlink(missing_ok=True)
        gone = [path for path in _files(folder, past) if _is_left(path)]
        counts = Counter(past.counts)
        for path in gone:
            counts.update(_read(path))
        now = Past(counts=dict(counts), folded=[path.name for path in gone])
        draft = folder / "past.draft"
        draft.write_bytes(msgspec.json.encode(now))
        draft.replace(folder / "past.json")
        for path in gone:
            path.unlink()


def _sum(folder: Path) -> Counter[str]:
    past = _past(folder)
    counts = Counter(past.counts)
    for path in _files(folder, past):
        counts.update(_read(path))
    return counts


def _files(folder: Path, past: Past) -> list[Path]:
    return [path for path in folder.glob(f"*{SUFFIX}") if path.name not in past.folded]


def _read(path: Path) -> dict[str, int]:
    data = path.read_bytes()
    whole = len(data) - len(data) % RECORD.size
    rows = [(name.rstrip(b"\0"), n) for name, n in RECORD.iter_unpack(data[:whole])]
    return {name.decode(): n for name, n in rows if name}


def _past(folder: Path) -> Past:
    try:
        return msgspec.json.decode((folder / "past.json").read_bytes(), type=Past)
    except FileNotFoundError:
        return Past()


@contextmanager
def _held(folder: Path, how: int) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "fold.lock").open("a") as file:
        fcntl.flock(file, how)
        yield


def _is_left(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _create_locked(path: Path) -> int:
    """Create the file already locked, so that nobody takes it for one that was left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_suffix(".new")
    fd = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640)
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.rename(hidden, path)
    return fd
