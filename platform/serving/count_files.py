"""The files of counts: one of each process, and the sum of those that are gone."""

from __future__ import annotations

import fcntl
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from struct import Struct

import msgspec

from events.segment import sync_path

log = logging.getLogger(__name__)

RECORD = Struct("<120sq")  # a name, and how often
SUFFIX = ".counts"
DAMAGED = ".damaged"


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What processes that are gone counted, and the files of which it is the sum."""

    counts: dict[str, int] = {}
    folded: list[str] = []


def fold(folder: Path) -> None:
    """Add the files of processes that are gone into one. Killed half-way, it counts none twice."""
    with suppress(OSError), _held(folder, fcntl.LOCK_EX):
        past = _past(folder)
        for name in past.folded:
            (folder / name).unlink(missing_ok=True)
        gone = [path for path in _files(folder, past) if _is_left(path)]
        counts = Counter(past.counts)
        for path in gone:
            counts.update(read(path))
        _write_past(folder, Past(counts=dict(counts), folded=[path.name for path in gone]))
        for path in gone:
            path.unlink(missing_ok=True)


def _write_past(folder: Path, past: Past) -> None:
    """On the disk when it returns: the files that it stands for go next."""
    draft = folder / "past.draft"
    draft.write_bytes(msgspec.json.encode(past))
    sync_path(draft)
    draft.replace(folder / "past.json")
    sync_path(folder)


def added_up(folder: Path) -> Counter[str]:
    """What the files of all processes, and of those that are gone, come to."""
    with _held(folder, fcntl.LOCK_SH):
        past = _past(folder)
        counts = Counter(past.counts)
        for path in _files(folder, past):
            counts.update(read(path))
        return counts


def _files(folder: Path, past: Past) -> list[Path]:
    return [path for path in folder.glob(f"*{SUFFIX}") if path.name not in past.folded]


def read(path: Path) -> dict[str, int]:
    """The file's counts; none where it is damaged, and then it is set aside."""
    data = path.read_bytes()
    whole = len(data) - len(data) % RECORD.size
    rows = [(name.rstrip(b"\0"), n) for name, n in RECORD.iter_unpack(data[:whole])]
    try:
        return {name.decode(): n for name, n in rows if name}
    except UnicodeDecodeError as error:
        _set_aside(path, error)
        return {}


def _past(folder: Path) -> Past:
    path = folder / "past.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Past)
    except FileNotFoundError:
        return Past()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        _set_aside(path, error)
        return Past()


def _set_aside(path: Path, error: Exception) -> None:
    to = path.with_name(f"{path.name}{DAMAGED}")
    with suppress(FileNotFoundError):  # another process was faster
        path.replace(to)
    log.error("%s is damaged (%s): what it counted is lost. It is kept as %s.", path, error, to)


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
