"""What a table forgets: old days, the files of old versions, and the history of its commits.

A reader may go on reading the version it is pinned to for `KEEP_HOURS` after a later one replaced
that version's files. After that its files are gone, and it has to open the log again.
"""

import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
from deltalake import DeltaTable

from events import data_files
from events.data_files import by_day, files_of, folder_of, open_table, replace
from events.delta import KEEP_HOURS, force_to_disk
from events.records import Stream

CHECKPOINT_COMMITS = 50


def forget_days(log_dir: Path, stream: Stream, *, first_kept: date) -> list[date]:
    """Take the days before `first_kept` out of the table, and return them.

    Raises LogConflict where their files were being rewritten; then nothing was forgotten.
    """
    table = open_table(log_dir, stream)
    if table is None:
        return []
    old = [file for file in files_of(table) if file.day < first_kept]
    if old:
        replace(table, old, [], data_change=True)
    return sorted(by_day(old))


def vacuum(log_dir: Path, stream: Stream, *, keep_hours: int = KEEP_HOURS) -> int:
    """Delete files that have been in no version for `keep_hours`; how many.

    Among them are files that a killed process wrote, perhaps in part, and never committed.
    """
    table = open_table(log_dir, stream)
    if table is None:
        return 0
    return _remove_in_no_version(table, keep_hours) + _remove_half_written(table, keep_hours)


def _remove_in_no_version(table: DeltaTable, keep_hours: int) -> int:
    if not _present(table, _vacuum(table, keep_hours, dry_run=True)):
        return 0
    force_to_disk(folder_of(table))
    gone = _vacuum(table, keep_hours, dry_run=False)
    return len(gone)


def _remove_half_written(table: DeltaTable, keep_hours: int) -> int:
    """Delta writes `x.parquet#1` before it is `x.parquet`, and leaves that out of its vacuum."""
    limit = time.time() - keep_hours * 3600
    old = [p for p in folder_of(table).glob("day=*/*#*") if p.stat().st_mtime < limit]
    for path in old:
        path.unlink()
    return len(old)


def checkpoint(log_dir: Path, stream: Stream) -> bool:
    """Write the table's state into one file where 50 commits came since the last time.

    Opening the table then reads that file and the commits after it. Commits older than a day that
    a checkpoint covers are deleted.
    """
    table = open_table(log_dir, stream)
    if table is None or table.version() - _last_checkpoint(table) < CHECKPOINT_COMMITS:
        return False
    data_files.checkpoint(table)
    return True


def _vacuum(table: DeltaTable, keep_hours: int, *, dry_run: bool) -> list[str]:
    return list(
        table.vacuum(keep_hours, dry_run=dry_run, enforce_retention_duration=False, full=True)
    )


def _present(table: DeltaTable, paths: Sequence[str]) -> bool:
    return any((folder_of(table) / path).exists() for path in paths)


def _last_checkpoint(table: DeltaTable) -> int:
    path = folder_of(table) / "_delta_log" / "_last_checkpoint"
    try:
        return int(msgspec.json.decode(path.read_bytes())["version"])
    except (FileNotFoundError, msgspec.MsgspecError):  # not there, or torn: Delta needs it neither
        return -1
