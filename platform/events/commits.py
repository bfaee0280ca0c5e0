"""A table's commits as files: forced to the disk, and mended after a power cut.

Data files are on the disk before the commit that names them is made, and each commit before the
next. So a power cut can spoil the newest commit alone, and what that one held is still in the
journals, which go only when the log is on the disk.
"""

import fcntl
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

log = logging.getLogger(__name__)

COMMITS = "_delta_log"
DAMAGED = "damaged"


def mend(table_path: Path) -> list[Path]:
    """Set aside the newest commit, or checkpoint, that is not whole; where it is now.

    A commit gets its name only when it is written whole, so one that is not was cut off with the
    machine. Of two processes that mend at once, each looks again at what the other left.
    """
    if not (table_path / COMMITS).is_dir():
        return []
    aside = []
    with _one_at_a_time(table_path):
        checkpoint = _newest(table_path, ".checkpoint.parquet")
        if checkpoint and not _is_parquet(checkpoint):
            # The commits it stands for are still there: they go when it is on the disk.
            (table_path / COMMITS / "_last_checkpoint").unlink(missing_ok=True)
            aside.append(_set_aside(checkpoint))
        while (newest := _newest(table_path, ".json")) and not _is_whole(newest):
            aside.append(_set_aside(newest))
    return aside


def sync_commits(table_path: Path, *, since: int, until: int) -> None:
    """Return once the commits `since` < version <= `until` would survive a power cut."""
    names = (f"{version:020}.json" for version in range(since + 1, until + 1))
    sync(path for name in names if (path := table_path / COMMITS / name).exists())


def sync(files: Iterable[Path]) -> None:
    """Force files to the disk, and the names by which they are found, up to the table's folder."""
    folders: set[Path] = set()
    for file in files:
        _fsync(file)
        folders |= {file.parent, file.parent.parent}
    for folder in folders:
        _fsync(folder)


def _fsync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _newest(table_path: Path, ending: str) -> Path | None:
    names = (path.name for path in (table_path / COMMITS).glob(f"*{ending}"))
    # Of twenty digits each, so the greatest name is that of the newest.
    newest = max((n for n in names if n.removesuffix(ending).isdigit()), default=None)
    return table_path / COMMITS / newest if newest else None


def _is_parquet(file: Path) -> bool:
    try:
        pq.read_metadata(file)
    except pa.ArrowInvalid:
        return False
    return True


def _is_whole(commit: Path) -> bool:
    lines = commit.read_bytes().splitlines()
    try:
        return bool(lines) and all(isinstance(msgspec.json.decode(line), dict) for line in lines)
    except msgspec.DecodeError:
        return False


def _set_aside(commit: Path) -> Path:
    folder = commit.parent.parent.parent / DAMAGED
    folder.mkdir(exist_ok=True)
    to = folder / f"{commit.parent.parent.name}-{commit.name}"
    os.replace(commit, to)
    sync([to])
    _fsync(commit.parent)
    log.error(
        "The machine stopped while %s was written: it is set aside as %s. Nothing is lost: "
        "what a commit held is in the journals, what a checkpoint held in the commits.",
        commit,
        to,
    )
    return to


@contextmanager
def _one_at_a_time(table_path: Path) -> Iterator[None]:
    with (table_path.parent / f"{table_path.name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def forget(files: Iterable[Path]) -> None:
    """Delete data files that no commit names."""
    for file in files:
        with suppress(FileNotFoundError):
            file.unlink()
